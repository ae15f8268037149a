"""How many requests of a class may be in flight, and how fast they may follow each other: learned, not set.

Pure arithmetic on times that are handed in: no clock, no I/O. `Flight` learns from how quickly answers come,
`Pace` from flood waits; a `Pacer` is both.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from tobs_tui.telegram.flight import Flight
from tobs_tui.telegram.pace import Pace

SLACK = 1.3
"""What may be in flight beyond what a pace needs at the latency measured."""


@dataclass(slots=True)
class Ticket:
    """One request in flight."""

    began: float
    full: bool
    """Whether with it as many were in flight as may be."""
    spoiled: bool = False
    """Its time says nothing about the network: a reconnect lies in it, say."""

    def spoil(self) -> None:
        self.spoiled = True


class Pacer:
    """The budget of one class: `limit` in flight, and `rate` a second once Telegram showed a limit."""

    def __init__(self, *, first: int, most: int) -> None:
        self._flight = Flight(first=first, most=most)
        self._pace = Pace()

    @property
    def limit(self) -> int:
        """How many may be in flight."""
        rate, latency = self._pace.rate, self._flight.latency
        if rate is None or latency is None:
            return self._flight.limit
        # More than the pace needs would only be refused together at the next flood wait.
        return min(self._flight.most, max(2, ceil(rate * latency * SLACK) + 1))

    @property
    def rate(self) -> float | None:
        """Requests a second; None: as fast as answers come."""
        return self._pace.rate

    @property
    def latency(self) -> float | None:
        """What an answer takes, smoothed; None before the first."""
        return self._flight.latency

    def begin_with(self, in_flight: int) -> None:
        """Begin with at least this limit, as long as no other was learned."""
        self._flight.begin_with(in_flight)

    def ready_at(self, now: float) -> float:
        """The earliest time at which the next request may start."""
        return self._pace.ready_at(now)

    def started(self, now: float, in_flight: int) -> Ticket:
        self._pace.started(now)
        return Ticket(now, in_flight >= self.limit)

    def answered(self, now: float, ticket: Ticket) -> None:
        self._pace.accepted(ticket.began)
        if not ticket.spoiled:
            self._flight.answered(now, now - ticket.began, full=ticket.full and self._pace.rate is None)

    def flooded(self, now: float, ticket: Ticket, seconds: float) -> None:
        """Telegram refused this request and asks for a wait of so many seconds."""
        self._pace.flooded(now, ticket.began, seconds)
        self._flight.begin_anew(now)

    def gave_up(self, now: float, ticket: Ticket) -> None:
        """No answer came that would say anything."""


def new_pacer(kind: str) -> Pacer:
    """The pacer that fits a class of method."""
    if kind == "history":
        return Pacer(first=4, most=128)
    if kind.startswith("files"):
        return Pacer(first=8, most=32)
    return Pacer(first=1, most=1) if kind == "auth" else Pacer(first=2, most=8)
