"""Whole runs over real sockets: complete, only what is new, and honest about every fault."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from tobs_tui.cli.screen.archive import ArchiveRoom
from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import REGISTRY, RpcError
from tobs_tui.export.report import RunStatus
from tobs_tui.ui.standing import standing_words, to_fetch

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

READS_ONLY = {
    "auth.sendCode",
    "auth.signIn",
    "channels.getForumTopics",
    "channels.getFullChannel",
    "help.getConfig",
    "messages.getDialogFilters",
    "messages.getDialogs",
    "messages.getForumTopics",
    "messages.getHistory",
    "messages.getPinnedDialogs",
    "updates.getState",
    "users.getUsers",
}
"""All that an export may ask: nothing of it can be seen by anybody else."""


async def test_everything_arrives_and_the_account_is_only_read(lab: MakeLab) -> None:
    one = await lab()
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    one.assert_holds_all()
    asked = {name for name in one.server.requests if not name.startswith(("invoke", "initConnection"))}
    assert asked <= READS_ONLY


async def test_the_second_run_asks_for_nothing_old(lab: MakeLab) -> None:
    one = await lab()
    await one.run()
    before = Counter(one.server.requests)
    report = await one.run()
    asked = Counter(one.server.requests) - before
    assert report.status is RunStatus.COMPLETE
    assert report.messages_new == 0
    # An empty chat has no ids that could be known: it alone is asked about again.
    assert asked["messages.getHistory"] <= sum(
        1 for chat in one.world.chats.values() if not len(chat.history)
    )


async def test_new_messages_alone_are_fetched(lab: MakeLab) -> None:
    one = await lab()
    await one.run()
    largest = one.largest()
    posted = [one.world.post(largest, f"New {number}") for number in range(130)]
    before = Counter(one.server.requests)
    report = await one.run()
    assert report.messages_new == len(posted)
    assert (Counter(one.server.requests) - before)["messages.getHistory"] <= 4
    one.assert_holds_all()


@pytest.mark.parametrize("workers", [1, 3, 9])
async def test_any_number_of_workers_gives_equal_notes(lab: MakeLab, workers: int) -> None:
    one = await lab(messages=4000, shard_count=workers)
    await one.run()
    one.assert_holds_all()
    in_turn = await lab(server=one.server, vault="in-turn", async_pipeline_enabled=False)
    await in_turn.run()
    assert one.notes() == in_turn.notes()
    assert one.notes()


async def test_a_chat_that_is_refused_stops_no_other(lab: MakeLab) -> None:
    one = await lab()
    largest = one.largest()
    one.server.faults.refuse_chat(largest, after=3)
    report = await one.run()
    assert report.status is RunStatus.INCOMPLETE
    chats = {chat.id: chat for chat in report.chats}
    assert chats[largest].state == "incomplete"
    assert chats[largest].failed > 0
    assert any(error.chat == chats[largest].title for error in report.errors)
    assert all(chat.state == "complete" for chat in report.chats if chat.id != largest)
    one.server.faults.clear()
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_an_ended_login_stops_all_and_keeps_what_was_fetched(lab: MakeLab) -> None:
    one = await lab(messages=4000)
    one.server.faults.log_out("messages.getHistory", after=12)
    report = await one.run()
    assert report.status is RunStatus.FAILED
    assert report.exit_code == 5
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_answers_cut_short_lose_nothing(lab: MakeLab) -> None:
    one = await lab()
    one.server.faults.cut_pages(7)
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_dropped_connections_lose_nothing(lab: MakeLab) -> None:
    one = await lab(messages=3000, knobs=Knobs(drop_every=5))
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_a_restarting_server_is_come_back_to(lab: MakeLab) -> None:
    one = await lab(messages=3000, knobs=Knobs(rtt_ms=5))
    asyncio.get_running_loop().call_later(0.4, lambda: one.server.restart_soon(0.5))
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_passing_trouble_is_waited_out_and_lasting_trouble_told(lab: MakeLab) -> None:
    one = await lab()
    one.server.faults.fail("messages.getHistory", RpcError(500, "INTERNAL"), times=2, after=2)
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_a_flood_wait_is_kept_and_told(lab: MakeLab) -> None:
    one = await lab(messages=600)
    one.server.faults.fail("messages.getHistory", RpcError(420, "FLOOD_WAIT_1"), times=1, after=2)
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    assert report.flood_wait_s >= 1
    one.assert_holds_all()


async def test_a_drain_keeps_what_was_fetched_and_the_next_run_the_rest(lab: MakeLab) -> None:
    one = await lab(messages=6000, knobs=Knobs(rtt_ms=30))
    loop = asyncio.get_running_loop()
    report = await one.run(connected=lambda: loop.call_later(0.7, lambda: one.shutdown.request("test")))
    assert report.status is RunStatus.DRAINED
    assert report.messages_new > 0
    rest = await one.run()
    assert rest.status is RunStatus.COMPLETE
    assert rest.messages_new > 0
    one.assert_holds_all()


async def test_messages_that_come_while_it_reads_are_the_next_runs(lab: MakeLab) -> None:
    one = await lab(messages=3000, knobs=Knobs(rtt_ms=5))
    largest = one.largest()
    loop = asyncio.get_running_loop()
    for number in range(5):
        loop.call_later(0.1 * number, lambda: one.world.post(largest, "While you read"))
    assert (await one.run()).status is RunStatus.COMPLETE
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_recheck_notices_edits_and_deletions(lab: MakeLab) -> None:
    one = await lab(messages=800)
    await one.run()
    largest = one.largest()
    ids = sorted(one.world.chats[largest].history)
    one.world.edit(largest, ids[10], "Changed my mind")
    one.world.delete(largest, ids[20:23])
    report = await one.run(only=largest, recheck=True)
    assert report.status is RunStatus.COMPLETE
    (chat,) = report.chats
    assert chat.updated == 1
    assert chat.deleted == 3
    assert any(b"Changed my mind" in note for note in one.notes().values())
    one.assert_holds_all()


async def test_one_topic_alone(lab: MakeLab) -> None:
    one = await lab()
    forum = next(chat for chat in one.world.chats.values() if chat.topics)
    topic_id = next(number for number in forum.topics if number != 1)
    report = await one.run(only=forum.id, topic_id=topic_id)
    assert report.status is RunStatus.COMPLETE
    assert 0 < report.messages_new < len(forum.history)
    assert (await one.run(only=forum.id, topic_id=topic_id)).messages_new == 0
    room = ArchiveRoom(one.settings)
    (saved,) = await room.saved()
    assert standing_words(saved.chat, saved.standing, "UTC")[0] == "some topics"
    assert to_fetch(saved.chat, saved.standing) != 0
    assert (await one.run(only=forum.id)).status is RunStatus.COMPLETE
    assert one.saved()[forum.id] == one.truth()[forum.id]
    (saved,) = await room.saved()
    assert standing_words(saved.chat, saved.standing, "UTC")[0] == "up to date"
    room.close()


async def test_pausing_asks_for_nothing_until_it_goes_on(lab: MakeLab) -> None:
    one = await lab(messages=4000, knobs=Knobs(rtt_ms=10))
    run = asyncio.ensure_future(one.run())
    while one.exporter is None or not one.exporter.snapshot().messages_new:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    one.exporter.pause()
    await asyncio.sleep(0.3)
    asked = one.server.requests["messages.getHistory"]
    await asyncio.sleep(0.3)
    assert one.server.requests["messages.getHistory"] == asked
    one.exporter.resume()
    await one.exporter.set_workers(2)
    await asyncio.sleep(0.05)
    await one.exporter.set_workers(6)
    assert (await run).status is RunStatus.COMPLETE
    one.assert_holds_all()


REQUIRED = {
    "auth.sendCode",
    "auth.signIn",
    "help.getConfig",
    "messages.getDialogs",
    "messages.getHistory",
    "users.getUsers",
}
"""What a server must have: the login, the list of chats, their history."""


async def test_a_server_that_has_only_the_least_is_enough(lab: MakeLab) -> None:
    before = dict(REGISTRY)
    try:
        for number, method in before.items():
            if method.name not in REQUIRED and not method.before_login:
                del REGISTRY[number]
        one = await lab(messages=700)
        report = await one.run()
    finally:
        REGISTRY.clear()
        REGISTRY.update(before)
    assert report.status is RunStatus.COMPLETE
    one.assert_holds_all()
