"""One class of method's share of the account: who waits, what is in flight, until when nothing may start."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tobs_tui.telegram.pacing import Pacer, Ticket


@dataclass(frozen=True, slots=True)
class BudgetSnapshot:
    """One class of method at one instant."""

    kind: str
    in_flight: int
    waiting: int
    limit: int
    """How many may be in flight."""
    rate: float | None
    """Requests a second that may be sent; None: as fast as answers come."""
    wait_s: float
    """Seconds left of a flood wait; 0 when there is none."""
    why: str
    """Why the next request waits, in words; empty when it does not."""
    requests: int
    floods: int
    latency_s: float | None
    """What an answer takes, smoothed."""


class Budget:
    """Lets requests of one class start, in turn; those sent again go first."""

    def __init__(self, kind: str, pacer: Pacer, now: Callable[[], float]) -> None:
        self.kind = kind
        self._pacer = pacer
        self._now = now
        self._in_flight = 0
        self._queue: deque[asyncio.Future[Ticket]] = deque()
        self._held_from = 0.0
        self._held_until = 0.0
        self._waited = 0.0
        self._requests = 0
        self._floods = 0
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, *, again: bool = False) -> Ticket:
        """Wait for a place in flight; every ticket is given back by `answered`, `flooded` or `leave`."""
        if not self._queue and self._blocked_until(self._now()) is None:
            return self._start()
        place: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        if again:
            self._queue.appendleft(place)
        else:
            self._queue.append(place)
        self._pump()
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave(place.result())
            raise
        finally:
            if not place.done():
                place.cancel()

    def begin_with(self, in_flight: int) -> None:
        """Begin with at least this limit, as long as no other was learned."""
        self._pacer.begin_with(in_flight)

    def answered(self, ticket: Ticket) -> None:
        self._in_flight -= 1
        self._pacer.answered(self._now(), ticket)
        self._pump()

    def flooded(self, ticket: Ticket, seconds: float) -> None:
        self._in_flight -= 1
        self._floods += 1
        self._pacer.flooded(self._now(), ticket, seconds)
        self.hold_for(seconds)

    def leave(self, ticket: Ticket) -> None:
        """Give the place back without an answer that says anything about the network."""
        self._in_flight -= 1
        self._pacer.gave_up(self._now(), ticket)
        self._pump()

    def hold_for(self, seconds: float) -> None:
        """Start nothing for so long; a longer wait that runs already stays."""
        now = self._now()
        if now >= self._held_until:
            self._waited += self._held_until - self._held_from
            self._held_from = self._held_until = now
        self._held_until = max(self._held_until, now + seconds)
        self._pump()

    def wait_left(self) -> float:
        """Seconds left of a flood wait."""
        return max(0.0, self._held_until - self._now())

    def waited(self) -> float:
        """Seconds spent in flood waits so far."""
        return self._waited + min(self._now(), self._held_until) - self._held_from

    def refuse(self, error: BaseException) -> None:
        """End the waits of all that have not started."""
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_exception(error)
        self._cancel_timer()

    def snapshot(self) -> BudgetSnapshot:
        waiting = sum(not place.done() for place in self._queue)
        return BudgetSnapshot(
            kind=self.kind,
            in_flight=self._in_flight,
            waiting=waiting,
            limit=self._pacer.limit,
            rate=self._pacer.rate,
            wait_s=self.wait_left(),
            why=self._why() if waiting else "",
            requests=self._requests,
            floods=self._floods,
            latency_s=self._pacer.latency,
        )

    def _why(self) -> str:
        if self.wait_left() > 0:
            return "flood wait asked by Telegram"
        if self._in_flight >= self._pacer.limit:
            return "waiting for answers"
        return "keeping below Telegram's limit"

    def _start(self) -> Ticket:
        self._in_flight += 1
        self._requests += 1
        return self._pacer.started(self._now(), self._in_flight)

    def _pump(self) -> None:
        """Start all that may start, and look again when the next one may."""
        self._cancel_timer()
        while self._queue:
            if self._queue[0].done():
                self._queue.popleft()
                continue
            now = self._now()
            until = self._blocked_until(now)
            if until is None:
                self._queue.popleft().set_result(self._start())
                continue
            if until < float("inf"):
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(until - now, self._pump)
            return

    def _blocked_until(self, now: float) -> float | None:
        """When the next may start: None is now, infinity is when something in flight ends."""
        if self._in_flight >= self._pacer.limit:
            return float("inf") if now >= self._held_until else self._held_until
        until = max(self._held_until, self._pacer.ready_at(now))
        return until if until > now else None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
