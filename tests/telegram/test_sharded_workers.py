"""Worker clients: one authorization in memory, connections that heal, nothing left behind."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.server import DemoServer
from tobs_tui.errors import ChatUnavailable, NotLoggedIn, RangeFailed, ServerUnreachable
from tobs_tui.model import Chat
from tobs_tui.telegram import caller, link, sharded, wire
from tobs_tui.telegram.governor import Stopped
from tobs_tui.telegram.sharded import ShardedTelegramManager, WorkerCondition

HISTORY = "messages.getHistory"


def others() -> set[str]:
    """The tasks that run beside this one and are ours or Telethon's."""
    return {
        task.get_coro().__qualname__  # type: ignore[union-attr]
        for task in asyncio.all_tasks()
        if task is not asyncio.current_task()
    }


def ids(page: Any) -> list[int]:
    return [message.id for message in page.answer.messages]


async def test_workers_share_one_key_and_leave_no_file(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, tmp_path: Path
) -> None:
    server: DemoServer = await demo_server(small_world)
    account = await logged_in(server)
    before = sorted(path.name for path in (tmp_path / "sessions").iterdir())
    async with ShardedTelegramManager(account, 4) as manager:
        pages = await asyncio.gather(*(worker.page(channel, 0, 5) for worker in manager.workers))
        assert all(ids(page) == [1000, 999, 998, 997, 996] for page in pages)
        assert len(server.connections) == 5
        assert len(server.keyring.of_account(77)) == 1
        assert sorted(path.name for path in (tmp_path / "sessions").iterdir()) == before
        assert {worker.state.condition for worker in manager.workers} == {WorkerCondition.IDLE}
        assert [worker.state.pages for worker in manager.workers] == [1, 1, 1, 1]
    await asyncio.sleep(0.05)
    assert len(server.connections) == 1


async def test_one_worker_uses_the_accounts_own_connection(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 1) as manager:
        await manager.workers[0].page(channel, 0, 5)
        assert len(server.connections) == 1
    assert await account.is_authorized()


async def test_workers_come_and_go_while_they_run(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 1) as manager:
        await manager.resize(3)
        pages = await asyncio.gather(*(worker.page(channel, 0, 5) for worker in manager.workers))
        assert len(pages) == 3
        surplus = manager.workers[2]
        small_world.gate.clear()
        asking = asyncio.create_task(surplus.page(channel, 0, 5))
        await small_world.arrived(4)
        await manager.resize(2)
        with pytest.raises(Stopped):
            await asking
        with pytest.raises(Stopped):
            await surplus.page(channel, 0, 5)
        assert surplus.state.condition is WorkerCondition.GONE
        small_world.gate.set()
        assert len(manager.workers) == 2
        assert ids(await manager.workers[1].page(channel, 3, 5)) == [2, 1]


async def test_a_dropped_connection_is_replaced_and_the_page_asked_again(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world, knobs=Knobs(drop_every=3))
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 2) as manager:
        for below in range(1001, 1, -100):
            page = await manager.workers[below % 2].page(channel, below, 100)
            assert ids(page) == list(range(below - 1, below - 101, -1))


async def test_a_restarted_server_is_found_again(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.restart(HISTORY, after=1, down=0.3)
    async with ShardedTelegramManager(account, 2) as manager:
        await manager.workers[0].page(channel, 0, 5)
        asking = asyncio.create_task(manager.workers[0].page(channel, 0, 5))
        states = set()
        while not asking.done():
            states.add(manager.workers[0].state.condition)
            await asyncio.sleep(0.01)
        assert ids(await asking) == [1000, 999, 998, 997, 996]
        assert WorkerCondition.RECONNECTING in states


async def test_a_server_that_stays_away_is_given_up_in_a_bounded_time(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharded, "GIVE_UP_AFTER", 0.5)
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 2) as manager:
        worker = manager.workers[0]
        await worker.page(channel, 0, 5)
        await server.stop()
        async with asyncio.timeout(3):
            together = await asyncio.gather(
                *(worker.page(channel, 0, 5) for _ in range(4)), return_exceptions=True
            )
        assert all(isinstance(error, ServerUnreachable) for error in together)
        assert f"127.0.0.1:{server.info.port}" in str(together[0])
        assert worker.state.condition is not WorkerCondition.WORKING


async def test_a_silent_connection_is_replaced(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    monkeypatch.setattr(sharded, "ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr(link, "OPEN_TIMEOUT", 0.5)
    monkeypatch.setattr(wire, "PROBE_TIMEOUT", 0.1)
    async with ShardedTelegramManager(account, 2) as manager:
        await manager.workers[0].page(channel, 0, 5)
        server.faults.silent = True
        asking = asyncio.create_task(manager.workers[0].page(channel, 0, 5))
        await asyncio.sleep(0.5)
        server.faults.silent = False
        assert ids(await asking) == [1000, 999, 998, 997, 996]


async def test_a_link_that_was_idle_is_asked_whether_it_lives(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    monkeypatch.setattr(wire, "IDLE", -1.0)
    monkeypatch.setattr(wire, "PROBE_TIMEOUT", 0.2)
    monkeypatch.setattr(link, "OPEN_TIMEOUT", 0.5)
    async with ShardedTelegramManager(account, 2) as manager:
        assert len(ids(await manager.workers[0].page(channel, 0, 5))) == 5
        assert account.requests == sum(server.requests.values())
        server.faults.silent = True
        asking = asyncio.create_task(manager.workers[0].page(channel, 0, 5))
        await asyncio.sleep(0.4)
        server.faults.silent = False
        async with asyncio.timeout(20):
            assert len(ids(await asking)) == 5


async def test_a_request_that_is_never_answered_is_asked_again_then_fails_its_range(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharded, "ANSWER_TIMEOUT", 0.1)
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.0)
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.hang(HISTORY, times=2)
    async with ShardedTelegramManager(account, 2) as manager:
        assert ids(await manager.workers[0].page(channel, 0, 2)) == [1000, 999]
        server.faults.clear()
        server.faults.hang(HISTORY)
        with pytest.raises(RangeFailed, match="did not answer"):
            await manager.workers[0].page(channel, 0, 2)
        assert await account.is_authorized()


async def test_troubles_of_telegram_are_tried_again_and_then_fail_the_range(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.0)
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 1) as manager:
        for error in (RpcError(500, "RPC_CALL_FAIL"), RpcError(-503, "Timeout"), RpcError(500, "No workers")):
            server.faults.fail(HISTORY, error, times=2)
            assert ids(await manager.workers[0].page(channel, 0, 2)) == [1000, 999]
        server.faults.fail(HISTORY, RpcError(500, "INTERDC_2_CALL_ERROR"), times=None)
        with pytest.raises(RangeFailed, match="INTERDC_2_CALL_ERROR"):
            await manager.workers[0].page(channel, 0, 2)


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        (400, "CHANNEL_PRIVATE", ChatUnavailable),
        (406, "CHANNEL_PRIVATE", ChatUnavailable),
        (400, "CHANNEL_INVALID", ChatUnavailable),
        (403, "CHAT_FORBIDDEN", ChatUnavailable),
        (403, "SOME_NEW_REFUSAL", ChatUnavailable),
        (400, "PEER_ID_INVALID", ChatUnavailable),
        (400, "SOMETHING_NEW", RangeFailed),
        (401, "SESSION_REVOKED", NotLoggedIn),
        (401, "AUTH_KEY_UNREGISTERED", NotLoggedIn),
        (401, "USER_DEACTIVATED", NotLoggedIn),
    ],
)
async def test_refusals_say_whom_they_stop(
    demo_server: Any,
    small_world: Any,
    logged_in: Any,
    channel: Chat,
    code: int,
    name: str,
    kind: type[Exception],
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.fail(HISTORY, RpcError(code, name), times=None)
    async with ShardedTelegramManager(account, 1) as manager:
        with pytest.raises(kind, match=name) as caught:
            await manager.workers[0].page(channel, 0, 2)
    if kind is ChatUnavailable:
        assert channel.title in str(caught.value)


async def test_a_flood_wait_is_waited_out_and_counted(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.fail(HISTORY, RpcError(420, "FLOOD_WAIT_1"))
    told: list[str] = []
    account.governor.on_wait = lambda kind, until: told.append(kind)
    async with ShardedTelegramManager(account, 1) as manager:
        asking = asyncio.create_task(manager.workers[0].page(channel, 0, 2))
        await asyncio.sleep(0.2)
        budget = account.governor.snapshot().of("history")
        assert budget is not None
        assert budget.wait_s > 0
        assert "flood" in budget.why
        assert await account.is_authorized(), "another class is not held up"
        assert ids(await asking) == [1000, 999]
    assert told == ["history"]
    assert 0.9 <= account.flood_wait_s <= 1.1


async def test_stopping_ends_a_flood_wait_at_once(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.fail(HISTORY, RpcError(420, "FLOOD_WAIT_3600"))
    async with ShardedTelegramManager(account, 2) as manager:
        asking = [asyncio.create_task(worker.page(channel, 0, 2)) for worker in manager.workers]
        await asyncio.sleep(0.2)
        account.governor.stop()
        async with asyncio.timeout(0.5):
            done = await asyncio.gather(*asking, return_exceptions=True)
    # The other worker's page may have come before the wait was told.
    assert any(isinstance(each, Stopped) for each in done)


@pytest.mark.parametrize("trouble", ["silent", "gone", "hanging"])
async def test_stopping_is_not_held_up_by_a_server_in_trouble(
    demo_server: Any,
    small_world: Any,
    logged_in: Any,
    channel: Chat,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tobs_tui.telegram.governor.AFTER_STOP", 0.3)
    server = await demo_server(small_world)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 3) as manager:
        await manager.workers[0].page(channel, 0, 2)
        if trouble == "silent":
            server.faults.silent = True
        elif trouble == "gone":
            await server.stop()
        else:
            server.faults.hang(HISTORY)
        asking = [asyncio.create_task(worker.page(channel, 0, 2)) for worker in manager.workers]
        await asyncio.sleep(0.1)
        account.governor.stop()
        async with asyncio.timeout(1):
            done = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(each, Stopped) for each in done)
        async with asyncio.timeout(1):
            await manager.resize(1)
    async with asyncio.timeout(1):
        await account.close()


@pytest.mark.parametrize("trouble", ["none", "silent", "gone", "flood"])
async def test_a_cancelled_page_leaves_nothing_behind(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, trouble: str
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    before = others()
    small_world.gate.clear()
    if trouble == "flood":
        server.faults.fail(HISTORY, RpcError(420, "FLOOD_WAIT_100"))
    async with ShardedTelegramManager(account, 2) as manager:
        worker = manager.workers[0]
        await account.is_authorized()
        if trouble == "silent":
            server.faults.silent = True
        if trouble == "gone":
            await server.stop()
        asking = asyncio.create_task(worker.page(channel, 0, 2))
        await asyncio.sleep(0.2)
        asking.cancel()
        async with asyncio.timeout(0.5):
            with pytest.raises(asyncio.CancelledError):
                await asking
        assert worker.state.in_flight == 0
        budget = account.governor.snapshot().of("history")
        assert budget is None or budget.in_flight == 0
    await account.close()
    small_world.gate.set()
    await server.stop()
    await asyncio.sleep(0.05)
    gc.collect()
    assert others() <= before


async def test_a_failing_run_still_closes_every_connection(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    with pytest.raises(ZeroDivisionError):
        async with ShardedTelegramManager(account, 3) as manager:
            await asyncio.gather(*(worker.page(channel, 0, 2) for worker in manager.workers))
            raise ZeroDivisionError
    await asyncio.sleep(0.05)
    assert len(server.connections) == 1
