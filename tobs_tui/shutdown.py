"""Two-stage shutdown: the first request drains, a second one within the window aborts.

The manager keeps the state, tells whoever waits or subscribes, and runs the cleanup hooks in bounded time.
What draining means is up to each room; leaving the process is up to the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import FrameType
from typing import Any

_log = logging.getLogger(__name__)

_ABORT_DEADLINE = 0.5
"""Seconds that a hook which runs even after an abort may take."""


class ShutdownState(Enum):
    """Where a shutdown stands; it only ever goes on to the next."""

    RUNNING = 0
    DRAINING = 1
    ABORTED = 2


@dataclass(frozen=True, slots=True)
class CleanupFailure:
    """One cleanup hook that failed, took too long or was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Hook:
    name: str
    run: Callable[[], object]
    deadline: float
    even_aborted: bool


class ShutdownManager:
    """Counts requests to stop. Safe to ask from any thread and from signal handlers.

    :param window: seconds after a request in which a further one aborts.
    """

    def __init__(self, window: float = 5.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        # Re-entrant: a signal's handler may interrupt the very thread that holds it.
        self._lock = threading.RLock()
        self._state = ShutdownState.RUNNING
        self._source = ""
        self._drain_began: float | None = None
        self._window_ends: float | None = None
        self._callbacks: list[Callable[[ShutdownState], None]] = []
        self._waiters: list[tuple[ShutdownState, asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._hooks: list[_Hook] = []
        self._cleaned = False

    @property
    def state(self) -> ShutdownState:
        return self._state

    @property
    def draining(self) -> bool:
        """Whether stopping was asked for; an abort drains too."""
        return self._state is not ShutdownState.RUNNING

    @property
    def aborted(self) -> bool:
        return self._state is ShutdownState.ABORTED

    @property
    def window(self) -> float:
        """Seconds after a request in which a further one aborts."""
        return self._window

    @window.setter
    def window(self, seconds: float) -> None:
        # The screen handles signals before it has read the settings.
        self._window = seconds

    @property
    def source(self) -> str:
        """Who asked last: `SIGINT`, `q` …; empty before."""
        return self._source

    def request(self, source: str) -> ShutdownState:
        """Ask to stop: drains, or aborts within the window of the last request. Return the new state.

        A request after the window, while still draining, arms a new window.
        """
        with self._lock:
            if self.aborted:
                return self._state
            state = ShutdownState.ABORTED if self.window_left() > 0 else ShutdownState.DRAINING
            self._window_ends = self._clock() + self._window if state is ShutdownState.DRAINING else None
            self._enter(state, source)
        self._tell(state)
        return state

    def drain(self, source: str) -> None:
        """Ask for a drain that never escalates: it neither aborts nor arms a window."""
        with self._lock:
            if self.draining:
                return
            self._enter(ShutdownState.DRAINING, source)
        self._tell(ShutdownState.DRAINING)

    def window_left(self) -> float:
        """Return the seconds in which a further request aborts; 0.0 when none would."""
        ends = self._window_ends
        return 0.0 if ends is None else max(0.0, ends - self._clock())

    def drain_time(self) -> float:
        """Return the seconds since draining began, 0.0 before."""
        return 0.0 if self._drain_began is None else self._clock() - self._drain_began

    def subscribe(self, callback: Callable[[ShutdownState], None]) -> Callable[[], None]:
        """Call `callback` with the state after each request that changed it or armed a window.

        It runs where the request was made and must not block. Return the function that ends this.
        """
        with self._lock:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

    async def wait_drain(self) -> None:
        """Return when draining was asked for (at once, if it was)."""
        await self._wait_for(ShutdownState.DRAINING)

    async def wait_abort(self) -> None:
        """Return when an abort was asked for (at once, if it was)."""
        await self._wait_for(ShutdownState.ABORTED)

    def add_cleanup(
        self,
        name: str,
        hook: Callable[[], object],
        *,
        deadline: float = 2.0,
        even_aborted: bool = False,
    ) -> None:
        """Register a hook for `run_cleanup`: a coroutine function, or a plain one, which runs in a thread.

        :param deadline: seconds after which it is left behind.
        :param even_aborted: run it after an abort too, for half a second at most.
        """
        with self._lock:
            self._hooks.append(_Hook(name, hook, deadline, even_aborted))

    async def run_cleanup(self) -> tuple[CleanupFailure, ...]:
        """Run the hooks, last registered first, each bounded by its deadline; a second call does nothing.

        An abort, before or meanwhile, leaves the rest out. Failures are returned, never raised.
        """
        with self._lock:
            if self._cleaned:
                return ()
            self._cleaned = True
            hooks = self._hooks[::-1]
        failures = []
        for hook in hooks:
            reason = await self._run_hook(hook)
            if reason:
                failures.append(CleanupFailure(hook.name, reason))
        return tuple(failures)

    @contextlib.contextmanager
    def signals(self, loop: asyncio.AbstractEventLoop, *, then_ignored: bool = False) -> Iterator[None]:
        """Take SIGINT and SIGTERM as requests and SIGHUP as a drain, until the block ends.

        SIGHUP stays ignored where it was inherited so (nohup). With `then_ignored` all of them are, once
        the block has ended: what came of it stands, and nothing late changes it. Main thread only.
        """
        takers: dict[signal.Signals, Callable[[str], object]] = {
            signal.SIGINT: self.request,
            signal.SIGTERM: self.request,
        }
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
            takers[hangup] = self.drain
        with contextlib.ExitStack() as stack:
            for number, taker in takers.items():
                stack.enter_context(_handled(loop, number, taker, then_ignored=then_ignored))
            yield

    def _enter(self, state: ShutdownState, source: str) -> None:
        """Take up a state, or the same again, and wake who waits for it. Called under the lock."""
        self._state, self._source = state, source
        if self._drain_began is None:
            self._drain_began = self._clock()
        for awaited, loop, event in self._waiters:
            if awaited.value <= state.value:
                with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(event.set)

    def _tell(self, state: ShutdownState) -> None:
        for callback in tuple(self._callbacks):
            try:
                callback(state)
            except Exception:
                # A boundary: whoever shows the state must not keep the others from stopping.
                _log.exception("a listener failed on %s", state.name)

    async def _wait_for(self, state: ShutdownState) -> None:
        event = asyncio.Event()
        waiter = (state, asyncio.get_running_loop(), event)
        with self._lock:
            if self._state.value >= state.value:
                return
            self._waiters.append(waiter)
        try:
            await event.wait()
        finally:
            with self._lock:
                self._waiters.remove(waiter)

    async def _run_hook(self, hook: _Hook) -> str:
        """Run one hook to its end, its deadline or an abort. Return what went wrong, or an empty text."""
        if self.aborted and not hook.even_aborted:
            return "left out: aborted"
        deadline = min(hook.deadline, _ABORT_DEADLINE) if self.aborted else hook.deadline
        running = asyncio.ensure_future(_called(hook))
        aborting = asyncio.ensure_future(asyncio.Event().wait() if self.aborted else self.wait_abort())
        try:
            await asyncio.wait({running, aborting}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
            if aborting.done() and not running.done() and hook.even_aborted:
                await asyncio.wait({running}, timeout=min(deadline, _ABORT_DEADLINE))
            if not running.done():
                return "cut short: aborted" if aborting.done() else f"not done within {deadline:g} s"
            return _failure(running)
        finally:
            aborting.cancel()
            # Cancelled, not awaited: a hook that ignores it must not keep the process.
            running.cancel()
            running.add_done_callback(_failure)


def _failure(done: asyncio.Future[None]) -> str:
    """Return how a hook failed, or an empty text; asyncio counts its error as seen."""
    if done.cancelled():
        return "cancelled"
    error = done.exception()
    return f"{type(error).__name__}: {error}" if error else ""


async def _called(hook: _Hook) -> None:
    result = hook.run() if inspect.iscoroutinefunction(hook.run) else await _in_daemon_thread(hook)
    if inspect.isawaitable(result):
        await result


def _in_daemon_thread(hook: _Hook) -> Awaitable[object]:
    """Run a plain hook in a thread of its own; unlike an executor's, the interpreter never waits for it."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[object] = loop.create_future()

    def settle(result: object, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(result)
        else:
            outcome.set_exception(error)

    def work() -> None:
        result: object = None
        failed: BaseException | None = None
        try:
            result = hook.run()
        except BaseException as error:
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop was closed: the hook was left behind
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=work, name=f"cleanup {hook.name}", daemon=True).start()
    return outcome


@contextlib.contextmanager
def _handled(
    loop: asyncio.AbstractEventLoop,
    number: signal.Signals,
    taker: Callable[[str], object],
    *,
    then_ignored: bool,
) -> Iterator[None]:
    """Hand a signal to `taker` on the loop, until the block ends; then put the former handler back.

    With `then_ignored`, ignore it from then on.
    """
    former: Any = signal.getsignal(number)

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(taker, number.name)

    try:
        loop.add_signal_handler(number, taker, number.name)
    except NotImplementedError:  # Windows, and loops that can't
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        with _held_back(number):
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            former = signal.SIG_DFL if former is None else former
            signal.signal(number, signal.SIG_IGN if then_ignored else former)


@contextlib.contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """Deliver a signal only after the block, where the system can: asyncio lets go of it to its default."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
