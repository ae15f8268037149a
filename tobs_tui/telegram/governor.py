"""The one gate of an account: every request passes it, each class of method with a budget of its own.

A flood wait stops its class alone, for no less than Telegram said, and the refused request is then sent
again; waits are handed to a hook, so that they outlive a restart. How many requests may be in flight, and how
fast they follow each other, a `Pacer` learns for each class. `stop` ends every wait at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tobs_tui.telegram.budget import Budget, BudgetSnapshot
from tobs_tui.telegram.pacing import Pacer, Ticket, new_pacer

T = TypeVar("T")

AFTER_STOP = 2.0
"""Seconds that a request in flight still has for its answer once the governor was stopped."""
CLOSING = "closing"
"""The class of what has to be said at the end (finish a takeout, log out): `stop` does not hold it."""


class Stopped(Exception):
    """The governor was stopped: the request was not sent, or its answer is not waited for any more."""


class WaitTooLong(Exception):
    """Telegram asks for a longer wait than the caller has patience for. `seconds` is what is left of it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a wait of {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class GovernorSnapshot:
    """All classes that were used so far, at one instant."""

    budgets: tuple[BudgetSnapshot, ...]
    stopped: bool
    requests: int
    flood_wait_s: float

    def of(self, kind: str) -> BudgetSnapshot | None:
        return next((budget for budget in self.budgets if budget.kind == kind), None)


class Governor:
    """Owns the budgets. One for each account; used from one event loop.

    :param clock: seconds, monotonic; the running loop's own when None.
    :param wall: Unix seconds, for waits that outlive the process.
    :param flood_seconds: the wait that an error asks for, None when it asks for none.
    :param on_wait: told of each flood wait: the class, and until when in Unix seconds.
    """

    def __init__(
        self,
        *,
        flood_seconds: Callable[[BaseException], float | None],
        clock: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.time,
        on_wait: Callable[[str, float], None] | None = None,
        new_pacer: Callable[[str], Pacer] = new_pacer,
    ) -> None:
        self._flood_seconds = flood_seconds
        self._clock = clock
        self._wall = wall
        self._new_pacer = new_pacer
        self._budgets: dict[str, Budget] = {}
        self._ends: set[asyncio.Timeout] = set()
        self._pauses: set[asyncio.Future[None]] = set()
        self._stop_error: BaseException | None = None
        self._restored: dict[str, float] = {}
        self.on_wait = on_wait
        self.requests = 0
        """Requests let through, repeated ones included."""

    @property
    def stopped(self) -> bool:
        return self._stop_error is not None

    @property
    def flood_wait_s(self) -> float:
        """Seconds for which Telegram made a class wait so far."""
        return sum(budget.waited() for budget in self._budgets.values())

    def now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()

    async def call(
        self,
        kind: str,
        send: Callable[[Ticket], Awaitable[T]],
        *,
        patience: float | None = None,
    ) -> T:
        """Send when the class may, and again after each flood wait; gives the answer.

        :param patience: the longest flood wait that is waited out; None: any.
        :raises Stopped: when the governor is or gets stopped.
        :raises WaitTooLong: when Telegram asks for more than `patience`.
        """
        budget = self._budget(kind)
        again = False
        while True:
            if patience is not None and budget.wait_left() > patience:
                raise WaitTooLong(budget.wait_left())
            self._check(kind)
            ticket = await budget.enter(again=again)
            self.requests += 1
            try:
                answer = await self._sent(kind, send(ticket))
            except Exception as error:  # boundary: any failure gives its place in flight back
                seconds = self._flood_seconds(error)
                if seconds is None:
                    budget.leave(ticket)
                    raise
                budget.flooded(ticket, seconds)
                if self.on_wait is not None:
                    self.on_wait(kind, self._wall() + seconds)
                again = True
            except BaseException:
                budget.leave(ticket)
                raise
            else:
                budget.answered(ticket)
                return answer

    async def pause(self, seconds: float) -> None:
        """Sleep, unless stopped. :raises Stopped: when the governor is or gets stopped."""
        self._check(None)
        with self._stoppable() as stop:
            await asyncio.wait({stop}, timeout=seconds)
        self._check(None)

    def stop(self, error: BaseException | None = None) -> None:
        """End all waits now: they raise `Stopped`, and what is in flight has two seconds left.

        :param error: raised instead, and at once, when nothing can work any more.
        """
        if self._stop_error is None or error is not None:
            self._stop_error = error or Stopped()
        for budget in self._budgets.values():
            if budget.kind != CLOSING:
                budget.refuse(self._stop_error)
        for future in tuple(self._pauses):
            if not future.done():
                future.set_result(None)
        for end in tuple(self._ends):
            if not end.expired():
                left = AFTER_STOP if error is None else 0.0
                end.reschedule(asyncio.get_running_loop().time() + left)

    def resume(self) -> None:
        """Let requests through again after a `stop`."""
        self._stop_error = None

    def restore(self, waits: Mapping[str, float]) -> None:
        """Take up waits of an earlier run: class -> until when, in Unix seconds."""
        self._restored.update(waits)
        for kind in waits:
            if kind in self._budgets:
                self._take_up(self._budgets[kind])

    def begin_with(self, kind: str, in_flight: int) -> None:
        """Let so many requests of a class be in flight from the start, as somebody chose that number."""
        self._budget(kind).begin_with(in_flight)

    def snapshot(self) -> GovernorSnapshot:
        """All numbers at this instant."""
        return GovernorSnapshot(
            tuple(budget.snapshot() for budget in self._budgets.values()),
            self.stopped,
            self.requests,
            self.flood_wait_s,
        )

    def _budget(self, kind: str) -> Budget:
        budget = self._budgets.get(kind)
        if budget is None:
            budget = self._budgets[kind] = Budget(kind, self._new_pacer(kind), self.now)
            self._take_up(budget)
        return budget

    def _take_up(self, budget: Budget) -> None:
        left = self._restored.pop(budget.kind, 0.0) - self._wall()
        if left > 0:
            budget.hold_for(left)

    def _check(self, kind: str | None) -> None:
        if self._stop_error is not None and kind != CLOSING:
            raise self._stop_error

    @contextlib.contextmanager
    def _stoppable(self) -> Iterator[asyncio.Future[None]]:
        future = asyncio.get_running_loop().create_future()
        self._pauses.add(future)
        try:
            yield future
        finally:
            self._pauses.discard(future)

    async def _sent(self, kind: str, answer: Awaitable[T]) -> T:
        """Wait for an answer; once the governor is stopped, not for long."""
        if kind == CLOSING:
            return await answer
        end = asyncio.timeout(None)
        try:
            async with end:
                self._ends.add(end)
                return await answer
        except TimeoutError:
            if end.expired() and self._stop_error is not None:
                raise self._stop_error from None
            raise
        finally:
            self._ends.discard(end)
