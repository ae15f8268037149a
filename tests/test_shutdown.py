"""Two-stage shutdown: when a request drains and when it aborts, and that cleanup takes bounded time."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tobs_tui.shutdown import CleanupFailure, ShutdownManager, ShutdownState

RUNNING, DRAINING, ABORTED = ShutdownState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(clock: Clock) -> ShutdownManager:
    return ShutdownManager(5.0, clock=clock)


def test_the_first_request_drains_and_the_second_within_the_window_aborts(
    manager: ShutdownManager, clock: Clock
) -> None:
    assert (manager.state, manager.draining, manager.aborted) == (RUNNING, False, False)
    assert manager.request("q") is DRAINING
    assert (manager.draining, manager.aborted) == (True, False)
    clock.now += 4.9
    assert manager.request("SIGINT") is ABORTED
    assert (manager.draining, manager.aborted, manager.source) == (True, True, "SIGINT")


def test_a_request_after_the_window_arms_a_new_one(manager: ShutdownManager, clock: Clock) -> None:
    manager.request("q")
    clock.now += 5.0
    assert manager.window_left() == 0.0
    assert manager.request("q") is DRAINING
    assert manager.window_left() == 5.0
    clock.now += 1.0
    assert manager.request("q") is ABORTED


def test_the_window_counts_down_and_ends_with_an_abort(manager: ShutdownManager, clock: Clock) -> None:
    assert manager.window_left() == 0.0
    manager.request("q")
    clock.now += 2.0
    assert manager.window_left() == 3.0
    manager.request("q")
    assert manager.window_left() == 0.0


def test_a_hangup_drains_but_never_escalates(manager: ShutdownManager, clock: Clock) -> None:
    manager.drain("SIGHUP")
    manager.drain("SIGHUP")
    assert manager.state is DRAINING
    assert manager.window_left() == 0.0
    assert manager.request("q") is DRAINING
    manager.drain("SIGHUP")
    assert manager.state is DRAINING
    assert manager.request("q") is ABORTED


def test_nothing_leaves_an_abort(manager: ShutdownManager) -> None:
    manager.request("q")
    manager.request("q")
    manager.drain("SIGHUP")
    assert manager.request("SIGTERM") is ABORTED
    assert manager.source == "q"


def test_drain_time_counts_from_the_first_request(manager: ShutdownManager, clock: Clock) -> None:
    assert manager.drain_time() == 0.0
    manager.drain("SIGHUP")
    clock.now += 2.0
    manager.request("q")
    clock.now += 1.0
    assert manager.drain_time() == 3.0


def test_subscribers_hear_every_change_and_every_new_window(manager: ShutdownManager, clock: Clock) -> None:
    heard: list[ShutdownState] = []
    unsubscribe = manager.subscribe(heard.append)
    manager.request("q")
    clock.now += 6
    manager.request("q")
    manager.drain("SIGHUP")
    manager.request("q")
    manager.request("q")
    assert heard == [DRAINING, DRAINING, ABORTED]
    unsubscribe()
    unsubscribe()


def test_a_failing_subscriber_keeps_nobody_from_stopping(
    manager: ShutdownManager, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[ShutdownState] = []

    def fail(_state: ShutdownState) -> None:
        raise ZeroDivisionError

    manager.subscribe(fail)
    manager.subscribe(heard.append)
    assert manager.request("q") is DRAINING
    assert heard == [DRAINING]
    assert "a listener failed" in caplog.text


def test_a_subscriber_may_ask_itself(manager: ShutdownManager) -> None:
    def hurry(state: ShutdownState) -> None:
        if state is DRAINING:
            manager.request("impatient")

    manager.subscribe(hurry)
    manager.request("q")
    assert manager.aborted


async def test_who_waits_for_a_drain_is_woken_from_any_thread(manager: ShutdownManager) -> None:
    waiting = asyncio.create_task(manager.wait_drain())
    aborting = asyncio.create_task(manager.wait_abort())
    await asyncio.sleep(0)
    threading.Thread(target=manager.request, args=("thread",)).start()
    await asyncio.wait_for(waiting, 5)
    assert not aborting.done()
    manager.request("q")
    await asyncio.wait_for(aborting, 5)
    await manager.wait_drain()
    await manager.wait_abort()


async def test_a_cancelled_waiter_is_forgotten(manager: ShutdownManager) -> None:
    waiting = asyncio.create_task(manager.wait_drain())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert manager._waiters == []


def test_a_waiter_of_a_closed_loop_does_no_harm(manager: ShutdownManager) -> None:
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(manager.wait_drain())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert manager.request("q") is DRAINING
    waiting._log_destroy_pending = False  # type: ignore[attr-defined]
    waiting.get_coro().close()


async def test_hooks_run_last_registered_first_sync_and_async(manager: ShutdownManager) -> None:
    ran: list[str] = []

    async def close_server() -> None:
        await asyncio.sleep(0)
        ran.append("server")

    async def close_pool() -> None:
        ran.append("pool")

    manager.add_cleanup("archive", lambda: ran.append("archive"))
    manager.add_cleanup("server", close_server)
    manager.add_cleanup("pool", lambda: close_pool())
    manager.request("q")
    assert await manager.run_cleanup() == ()
    assert ran == ["pool", "server", "archive"]
    assert await manager.run_cleanup() == ()
    assert len(ran) == 3


async def test_sync_hooks_leave_the_loop_free(manager: ShutdownManager) -> None:
    threads: list[threading.Thread] = []
    manager.add_cleanup("archive", lambda: threads.append(threading.current_thread()))
    await manager.run_cleanup()
    assert threads[0] is not threading.main_thread()
    assert threads[0].daemon


async def test_a_failed_hook_is_reported_and_the_others_run(manager: ShutdownManager) -> None:
    ran: list[str] = []

    async def fail_later() -> None:
        raise OSError("disk gone")

    manager.add_cleanup("last", lambda: ran.append("last"))
    manager.add_cleanup("async", fail_later)
    manager.add_cleanup("sync", lambda: [][1])
    failures = await manager.run_cleanup()
    assert [failure.name for failure in failures] == ["sync", "async"]
    assert failures[1] == CleanupFailure("async", "OSError: disk gone")
    assert ran == ["last"]


async def test_a_hook_that_hangs_is_left_behind_after_its_deadline(manager: ShutdownManager) -> None:
    release = threading.Event()
    ran: list[str] = []

    async def ignores_cancellation() -> None:
        while not release.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                ran.append("cancelled")

    manager.add_cleanup("archive", lambda: ran.append("archive"))
    manager.add_cleanup("stubborn", ignores_cancellation, deadline=0.05)
    manager.add_cleanup("hung", release.wait, deadline=0.05)
    began = time.monotonic()
    failures = await manager.run_cleanup()
    took = time.monotonic() - began
    release.set()
    assert failures == (
        CleanupFailure("hung", "not done within 0.05 s"),
        CleanupFailure("stubborn", "not done within 0.05 s"),
    )
    assert "archive" in ran
    assert took < 2
    await asyncio.sleep(0.03)
    assert "cancelled" in ran


async def test_an_abort_cuts_cleanup_short(manager: ShutdownManager) -> None:
    release = threading.Event()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    ran: list[str] = []

    def slow() -> None:
        loop.call_soon_threadsafe(begun.set)
        release.wait()

    manager.add_cleanup("flush logs", lambda: ran.append("logs"), even_aborted=True)
    manager.add_cleanup("archive", lambda: ran.append("archive"))
    manager.add_cleanup("slow", slow, deadline=60)
    manager.request("q")
    cleanup = asyncio.create_task(manager.run_cleanup())
    await asyncio.wait_for(begun.wait(), 5)
    manager.request("q")
    failures = await asyncio.wait_for(cleanup, 5)
    release.set()
    assert failures == (
        CleanupFailure("slow", "cut short: aborted"),
        CleanupFailure("archive", "left out: aborted"),
    )
    assert ran == ["logs"]


async def test_a_hook_that_must_run_gets_half_a_second_after_an_abort(manager: ShutdownManager) -> None:
    release = threading.Event()
    manager.add_cleanup("quick", lambda: release.wait(0.05), even_aborted=True, deadline=60)
    manager.add_cleanup("hung", release.wait, even_aborted=True, deadline=60)
    manager.request("q")
    manager.request("q")
    failures = await asyncio.wait_for(manager.run_cleanup(), 5)
    release.set()
    assert failures == (CleanupFailure("hung", "not done within 0.5 s"),)
