"""How many requests of a class may be in flight, and how fast they may follow each other: learned, not set.

Pure arithmetic on times that are handed in: no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Ticket:
    """One request in flight."""

    began: float
    in_flight: int
    """How many were in flight with it when it began."""
    spoiled: bool = False
    """Its time says nothing about the network: a reconnect lies in it, say."""

    def spoil(self) -> None:
        self.spoiled = True


class Pacer:
    """A fixed budget."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rate: float | None = None
        self.latency: float | None = None

    def ready_at(self, now: float) -> float:
        """The earliest time at which the next request may start."""
        return now

    def started(self, now: float, in_flight: int) -> Ticket:
        return Ticket(now, in_flight)

    def answered(self, now: float, ticket: Ticket) -> None:
        if not ticket.spoiled:
            took = now - ticket.began
            self.latency = took if self.latency is None else self.latency * 0.8 + took * 0.2

    def flooded(self, now: float, ticket: Ticket, seconds: float) -> None:
        pass

    def gave_up(self, now: float, ticket: Ticket) -> None:
        pass


def new_pacer(kind: str) -> Pacer:
    """The pacer that fits a class of method."""
    return Pacer({"history": 16, "auth": 1}.get(kind, 4))
