"""Edits and deletions: later runs find them by what the server tells, and replay safely."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.export.changing import (
    asked,
    assert_is_true,
    chat_of,
    forget_events,
    histories_of_empty_chats,
    texts,
)
from tobs_tui.archive import Archive, ArchiveReader
from tobs_tui.demo.rpc import REGISTRY, RpcError
from tobs_tui.export import changes
from tobs_tui.export.job import Span
from tobs_tui.export.report import ChatReport, RunReport, RunStatus
from tobs_tui.telegram import caller

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

KINDS = ("private", "group", "supergroup", "channel", "forum", "old group")


def of(report: RunReport, chat_id: int) -> ChatReport:
    return next(chat for chat in report.chats if chat.id == chat_id)


async def test_the_next_run_finds_edits_and_deletions_in_chats_of_every_kind(lab: MakeLab) -> None:
    one = await lab(messages=500)
    await one.run()
    chats = {kind: chat_of(one, kind) for kind in KINDS}
    changed: dict[str, list[int]] = {}
    for kind, chat in chats.items():
        first, second, third, fourth, *_ = changed[kind] = texts(one, chat)
        one.world.pin(chat.id, fourth)
        one.world.edit(chat.id, first, f"Said otherwise now in a {kind}")
        one.world.edit(chat.id, second, "A reaction, as Telegram tells it", hidden=True)
        one.world.delete(chat.id, [third])
    before = Counter(one.server.requests)
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    assert asked(one, before)["messages.getHistory"] == histories_of_empty_chats(one)
    assert asked(one, before)["updates.getDifference"] == 1
    assert_is_true(one)
    notes = b"".join(one.notes().values())
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        for kind, chat in chats.items():
            first, second, third, fourth, *_ = changed[kind]
            told = of(report, chat.migrated_to or chat.id)
            assert (told.new, told.updated, told.deleted) == (0, 2, 1), kind
            assert len(archive.versions(chat.id, first)) == 1
            edited, hidden, gone = (archive.message(chat.id, each) for each in (first, second, third))
            assert edited is not None and edited.message.edit_date is not None
            assert hidden is not None and hidden.message.edit_date is None
            assert gone is not None and gone.deleted_at is not None
            pinned = archive.message(chat.id, fourth)
            assert pinned is not None and pinned.message.pinned
            assert f"Said otherwise now in a {kind}".encode() in notes
    assert notes.count(b"deleted in Telegram, noticed") == len(KINDS)


async def test_nothing_new_costs_two_requests_and_new_messages_no_more_than_they_need(lab: MakeLab) -> None:
    one = await lab(messages=500)
    await one.run()
    for kind in ("supergroup", "private"):
        chat = chat_of(one, kind)
        before = Counter(one.server.requests)
        await one.run(only=chat.id)
        listing = sum(
            count
            for name, count in asked(one, before).items()
            if not name.startswith(("messages.getH", "upd"))
        )
        assert asked(one, before).total() - listing <= 2
    channel = chat_of(one, "channel")
    for number in range(250):
        one.world.post(channel.id, f"Post {number}")
    before = Counter(one.server.requests)
    report = await one.run(only=channel.id)
    assert of(report, channel.id).new == 250
    assert asked(one, before)["updates.getChannelDifference"] == 3
    assert asked(one, before)["messages.getHistory"] == 0
    assert_is_true(one)


async def test_what_happens_while_a_chat_is_read_is_found_by_the_next_run(lab: MakeLab) -> None:
    one = await lab(messages=3000)
    largest = one.world.chats[one.largest()]
    private = chat_of(one, "private")
    oldest, newest = texts(one, largest)[:3], texts(one, largest)[-3:]

    def change(call: Any, request: Any) -> None:
        one.world.delete(largest.id, [oldest[0], newest[0]])
        one.world.edit(largest.id, oldest[1], "Edited before its page")
        one.world.edit(largest.id, newest[1], "Edited after its page")
        one.world.edit(private.id, texts(one, private)[0], "Edited meanwhile")
        one.world.post(largest.id, "Posted meanwhile")

    one.server.faults.before("messages.getHistory", change, after=8)
    assert (await one.run()).status is RunStatus.COMPLETE
    assert (await one.run()).status is RunStatus.COMPLETE
    assert_is_true(one)


class KilledForATest(Exception):
    pass


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str, when: Callable[..., bool]) -> None:
    """The run ends where the archive is about to do this for the first time."""
    whole = getattr(Archive, name)

    def kill(self: Archive, *given: Any) -> Any:
        if not when(*given):
            return whole(self, *given)
        monkeypatch.setattr(Archive, name, whole)
        raise KilledForATest

    monkeypatch.setattr(Archive, name, kill)


@pytest.mark.parametrize(
    ("kind", "point"),
    [
        ("supergroup", "before the edit"),
        ("supergroup", "before the state"),
        ("private", "before the deletion"),
        ("private", "before the state"),
    ],
)
async def test_a_kill_between_changes_and_their_state_repeats_them_once(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch, kind: str, point: str
) -> None:
    one = await lab(messages=500)
    await one.run()
    chat = chat_of(one, kind)
    first, second, *_ = texts(one, chat)
    one.world.edit(chat.id, first, "Once")
    one.world.delete(chat.id, [second])
    one.world.post(chat.id, "New")
    match point:
        case "before the edit":
            kill_at(monkeypatch, "commit", lambda batch, _: batch.chat_id == chat.id)
        case "before the deletion":
            kill_at(monkeypatch, "commit", lambda batch, _: bool(batch.deleted))
        case _:
            kill_at(monkeypatch, "set_meta", lambda key, _: key in ("state", f"pts:{chat.id}"))
    with pytest.RaisesGroup(KilledForATest, flatten_subgroups=True):
        await one.run()
    assert (await one.run()).status is RunStatus.COMPLETE
    assert_is_true(one)
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        assert len(archive.versions(chat.id, first)) == 1
    assert (await one.run()).found_nothing


@pytest.mark.parametrize("kind", ["supergroup", "private"])
async def test_a_lost_state_has_what_is_held_read_again_once(lab: MakeLab, kind: str) -> None:
    one = await lab(messages=500)
    await one.run()
    chat = chat_of(one, kind)
    first, second, *_ = texts(one, chat)
    one.world.edit(chat.id, first, "Nobody tells of this")
    one.world.delete(chat.id, [second])
    one.world.post(chat.id, "New")
    forget_events(one, chat)
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    told = of(report, chat.id)
    assert (told.new, told.updated, told.deleted) == (1, 1, 1)
    assert_is_true(one)
    before = Counter(one.server.requests)
    assert (await one.run()).status is RunStatus.COMPLETE
    assert asked(one, before)["messages.getHistory"] == histories_of_empty_chats(one)


async def test_a_lost_state_costs_no_more_than_its_window(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=3000)
    largest = one.world.chats[one.largest()]
    await one.run(only=largest.id)
    monkeypatch.setattr(changes, "LOST_WINDOW", 300)
    one.world.edit(largest.id, texts(one, largest)[-1], "Near")
    forget_events(one, largest)
    before = Counter(one.server.requests)
    report = await one.run(only=largest.id)
    assert report.chats[0].updated == 1
    assert asked(one, before)["messages.getHistory"] <= 5
    assert any("--recheck" in notice for notice in report.notices)


@pytest.fixture
def lacking_updates() -> Iterator[None]:
    """Servers know no `updates.` methods."""
    before = dict(REGISTRY)
    for number, method in before.items():
        if method.name.startswith("updates."):
            del REGISTRY[number]
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


async def test_without_update_states_a_window_is_read_again(lab: MakeLab, lacking_updates: None) -> None:
    one = await lab(messages=500)
    await one.run()
    kinds = [chat_of(one, kind) for kind in ("private", "group", "supergroup", "channel")]
    for chat in kinds:
        *_, second, first = texts(one, chat)
        one.world.edit(chat.id, first, "Said otherwise now")
        one.world.delete(chat.id, [second])
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    assert all((of(report, chat.id).updated, of(report, chat.id).deleted) == (1, 1) for chat in kinds)
    assert_is_true(one)
    before = Counter(one.server.requests)
    await one.run(only=kinds[0].id)
    assert asked(one, before)["messages.getHistory"] + asked(one, before)["updates.getState"] <= 2


async def test_trouble_with_a_state_is_made_good_by_the_run_after(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.001)
    one = await lab(messages=3000)
    largest = one.world.chats[one.largest()]
    await one.run(only=largest.id)
    old, *_, new = texts(one, largest)
    one.world.edit(largest.id, old, "Told late")
    one.world.edit(largest.id, new, "Read again at once")
    outdated = RpcError(500, "PERSISTENT_TIMESTAMP_OUTDATED")
    one.server.faults.fail("updates.getChannelDifference", outdated, times=caller.TRIES)
    assert (await one.run(only=largest.id)).chats[0].updated == 1
    assert (await one.run(only=largest.id)).chats[0].updated == 1
    assert_is_true(one)


async def test_chats_outside_the_run_lose_no_changes(lab: MakeLab) -> None:
    one = await lab(messages=500)
    await one.run()
    private, group = chat_of(one, "private"), chat_of(one, "group")
    one.world.edit(group.id, texts(one, group)[0], "In a chat that this run is not for")
    assert (await one.run(only=private.id)).status is RunStatus.COMPLETE
    assert any(b"In a chat that this run is not for" in note for note in one.notes().values())
    assert_is_true(one)


async def test_only_what_was_asked_for_is_touched(lab: MakeLab) -> None:
    one = await lab(messages=500)
    chat = chat_of(one, "supergroup")
    dates = chat.history.dates
    span = Span(since=dates[len(dates) // 3], until=dates[2 * len(dates) // 3])
    await one.run(only=chat.id, span=span)
    held = one.saved()[chat.id]
    inside = [each for each in texts(one, chat) if each in held]
    one.world.edit(chat.id, texts(one, chat)[0], "Never asked for")
    one.world.edit(chat.id, inside[0], "Asked for")
    one.world.delete(chat.id, [inside[1]])
    one.world.post(chat.id, "Newer than was asked for")
    report = await one.run(only=chat.id, span=span)
    assert (report.messages_new, report.chats[0].updated, report.chats[0].deleted) == (0, 1, 1)
    assert one.saved()[chat.id] == [each for each in held if each != inside[1]]
    assert (await one.run(only=chat.id)).status is RunStatus.COMPLETE
    assert_is_true(one, only=chat.id)


@pytest.mark.parametrize("seed", [7])
async def test_any_mix_of_changes_ends_in_the_servers_truth(lab: MakeLab, seed: int) -> None:
    one = await lab(messages=1200)
    chance = random.Random(seed)
    chats = [chat_of(one, kind) for kind in KINDS]
    await one.run()
    for _ in range(4):
        for _ in range(60):
            chat = chance.choice(chats)
            match chance.randrange(4):
                case 0 if not chat.migrated_to:
                    one.world.post(chat.id, f"Post {chance.random()}")
                case 1:
                    one.world.delete(chat.id, chance.sample(list(chat.history), 2))
                case _:
                    one.world.edit(chat.id, chance.choice(texts(one, chat)), f"Edit {chance.random()}")
        only = chance.choice([None, *(chat.id for chat in chats if not chat.migrated_to)])
        assert (await one.run(only=only)).status is RunStatus.COMPLETE
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()
    assert_is_true(one)
