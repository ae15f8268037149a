"""A takeout session: all requests inside it, begun, taken up and ended, and never in the way."""

from __future__ import annotations

from typing import Any

import pytest

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import RpcError
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram.sharded import ShardedTelegramManager
from tobs_tui.telegram.takeout import Takeout

KINDS = {ChatType.CHANNEL, ChatType.PERSON}
WRAPPER = "invokeWithTakeout"


@pytest.fixture(autouse=True)
def no_shared_ids(small_world: Any) -> None:
    """Give the small world no chat whose ids could be split."""
    small_world.chats = {}


async def test_requests_go_inside_and_the_session_is_ended(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with Takeout(account, KINDS) as takeout:
        assert takeout.active
        assert not takeout.notice
        async with ShardedTelegramManager(account, 2) as manager:
            for worker in manager.workers:
                await worker.page(channel, 0, 10)
        # Beside the pages it was asked how the shared ids are split.
        assert server.wrappers[WRAPPER] == 3
        takeout.complete = True
    assert server.requests["account.finishTakeoutSession"] == 1
    assert server.wrappers[WRAPPER] == 4
    assert account.takeout_id == 0
    assert not server.keyring.takeouts
    await account.is_authorized()
    assert server.wrappers[WRAPPER] == 4


async def test_the_scope_is_what_will_be_read(demo_server: Any, small_world: Any, logged_in: Any) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    asked: list[Any] = []
    server.faults.before("account.initTakeoutSession", lambda call, request: asked.append(request), times=9)
    for kinds in ({ChatType.CHANNEL}, {ChatType.SUPERGROUP}, {ChatType.PERSON}):
        async with Takeout(account, kinds):
            pass
    async with Takeout(account, KINDS, file_size=10_000_000):
        pass
    scopes = [
        (a.message_users, a.message_chats, a.message_megagroups, a.message_channels, a.files) for a in asked
    ]
    assert [tuple(bool(flag) for flag in scope) for scope in scopes] == [
        (False, False, False, True, False),
        (False, True, True, False, False),
        (True, False, False, False, False),
        (True, False, False, True, True),
    ]
    assert asked[-1].file_max_size == 10_000_000


async def test_a_delay_is_told_and_the_export_goes_on_without(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world, knobs=Knobs(takeout_delay=7200))
    account = await logged_in(server)
    async with Takeout(account, KINDS) as takeout:
        assert not takeout.active
        assert "2 h 00 min" in takeout.notice
        assert "Data export request" in takeout.notice
        async with ShardedTelegramManager(account, 1) as manager:
            await manager.workers[0].page(channel, 0, 10)
    assert server.wrappers[WRAPPER] == 0
    server.allow_takeout()
    async with Takeout(account, KINDS) as takeout:
        assert takeout.active


async def test_a_refusal_is_told_and_the_export_goes_on_without(
    demo_server: Any, small_world: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.fail("account.initTakeoutSession", RpcError(400, "INPUT_METHOD_INVALID_1"), times=None)
    async with Takeout(account, KINDS) as takeout:
        assert not takeout.active
        assert "INPUT_METHOD_INVALID" in takeout.notice
    assert await account.is_authorized()


async def test_one_that_a_killed_run_left_is_taken_up(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    first = Takeout(account, KINDS)
    await first.__aenter__()
    left = account.takeout_id
    await account.close()

    again = await logged_in(server)
    assert again.takeout_id == left
    async with Takeout(again, KINDS) as takeout:
        assert takeout.active
        assert again.takeout_id == left
    assert server.requests["account.initTakeoutSession"] == 1
    assert not server.keyring.takeouts


async def test_one_that_the_server_has_forgotten_is_begun_anew(
    demo_server: Any, small_world: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    account.enter_takeout(12345)
    account.leave_takeout()
    async with Takeout(account, KINDS) as takeout:
        assert takeout.active
        assert account.takeout_id != 12345


async def test_one_that_ends_in_the_middle_does_not_end_the_export(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with Takeout(account, KINDS) as takeout, ShardedTelegramManager(account, 2) as manager:
        await manager.workers[0].page(channel, 0, 10)
        server.keyring.takeouts.clear()
        page = await manager.workers[1].page(channel, 0, 10)
        assert len(page.answer.messages) == 10
        assert not takeout.active
    assert server.requests["account.finishTakeoutSession"] == 0


async def test_it_is_ended_even_when_the_governor_was_stopped(
    demo_server: Any, small_world: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with Takeout(account, KINDS):
        account.governor.stop()
    assert server.requests["account.finishTakeoutSession"] == 1


@pytest.mark.parametrize("silent", [True, False])
async def test_ending_it_takes_a_bounded_time(
    demo_server: Any, small_world: Any, logged_in: Any, silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tobs_tui.telegram.takeout.FINISH_TIMEOUT", 0.3)
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with Takeout(account, KINDS):
        if silent:
            server.faults.silent = True
        else:
            await server.stop()
        account.governor.stop()
    assert account.takeout_id, "the next run may take it up"
    assert not account.in_takeout


@pytest.mark.parametrize(
    ("kinds", "file_size", "sessions"),
    [
        (KINDS, 0, 1),
        ({ChatType.PERSON}, 0, 1),
        (KINDS | {ChatType.GROUP}, 0, 2),
        (KINDS, 1_000_000, 2),
    ],
)
async def test_one_left_for_less_than_is_wanted_is_ended_and_another_begun(
    demo_server: Any, small_world: Any, logged_in: Any, kinds: Any, file_size: int, sessions: int
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    await Takeout(account, KINDS).__aenter__()
    left = account.takeout_id
    await account.close()
    again = await logged_in(server)
    async with Takeout(again, kinds, file_size=file_size) as takeout:
        assert takeout.active
        assert (again.takeout_id == left) == (sessions == 1)
        assert list(server.keyring.takeouts) == [again.takeout_id]
    assert server.requests["account.initTakeoutSession"] == sessions
