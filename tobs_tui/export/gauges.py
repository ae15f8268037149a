"""The numbers of a run: counters that the engine keeps, and the frozen pictures that others look at.

Keeping them costs an addition or two an item. Whoever shows them polls `snapshot()`; nothing is pushed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

LATENCY_SAMPLES = 256


class StageSnapshot(Struct, frozen=True):
    """One pipeline stage at one instant."""

    name: str
    items: int
    """Messages that left the stage."""
    units: int
    """Pages or batches that left it."""
    failed: int
    queued: int
    """Units that wait to go in; for fetch, requests in flight."""
    capacity: int
    high_water: int
    """The most that ever waited."""
    workers: int
    busy_s: float
    """Seconds of work, summed over the workers."""
    wait_s: float
    """Seconds spent waiting for the stage before or after, summed over the workers."""
    p50_s: float
    p95_s: float


class StageGauge:
    """One stage's counters. Owned by the pipeline; read through `snapshot()`."""

    def __init__(self, name: str, *, capacity: int, workers: int, clock: Callable[[], float]) -> None:
        self.name = name
        self.capacity = capacity
        self.workers = workers
        self.items = 0
        self.units = 0
        self.failed = 0
        self.queued = 0
        self.high_water = 0
        self.busy_s = 0.0
        self.wait_s = 0.0
        self._clock = clock
        self._took: deque[float] = deque(maxlen=LATENCY_SAMPLES)

    def depth(self, queued: int) -> None:
        """Note how many units wait to go in."""
        self.queued = queued
        self.high_water = max(self.high_water, queued)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Time one unit's work."""
        started = self._clock()
        try:
            yield
        finally:
            took = self._clock() - started
            self.busy_s += took
            self._took.append(took)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Time a wait for a neighbour."""
        started = self._clock()
        try:
            yield
        finally:
            self.wait_s += self._clock() - started

    def done(self, items: int) -> None:
        """Count one unit that left the stage with so many messages."""
        self.units += 1
        self.items += items

    def snapshot(self) -> StageSnapshot:
        took = sorted(self._took)
        return StageSnapshot(
            name=self.name,
            items=self.items,
            units=self.units,
            failed=self.failed,
            queued=self.queued,
            capacity=self.capacity,
            high_water=self.high_water,
            workers=self.workers,
            busy_s=self.busy_s,
            wait_s=self.wait_s,
            p50_s=_quantile(took, 0.5),
            p95_s=_quantile(took, 0.95),
        )


def _quantile(ascending: list[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))] if ascending else 0.0
