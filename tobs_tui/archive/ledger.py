"""Intervals of ids with a value each, and the ledger that says in which state every id is.

Pure: a span list is ascending and disjoint, and neighbours of equal value are one span. What is kept on disk
is `coverage.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TypeAlias, TypeVar

from msgspec import Struct

from tobs_tui.model import Interval

V = TypeVar("V")
Span: TypeAlias = tuple[int, int, V]
"""Low, high (both included) and what holds for these ids."""


def erase(spans: Iterable[Span[V]], low: int, high: int) -> list[Span[V]]:
    """The spans without the ids from `low` to `high`."""
    left: list[Span[V]] = []
    for start, end, value in spans:
        if end < low or start > high:
            left.append((start, end, value))
            continue
        if start < low:
            left.append((start, low - 1, value))
        if end > high:
            left.append((high + 1, end, value))
    return left


def assign(spans: Iterable[Span[V]], low: int, high: int, value: V) -> list[Span[V]]:
    """The spans with `value` for the ids from `low` to `high`, whatever held for them before."""
    return merge([*erase(spans, low, high), (low, high, value)])


def merge(spans: Iterable[Span[V]]) -> list[Span[V]]:
    """Disjoint spans in order, neighbours of equal value made one."""
    merged: list[Span[V]] = []
    for low, high, value in sorted(spans, key=lambda span: span[0]):
        if merged and merged[-1][1] == low - 1 and merged[-1][2] == value:
            merged[-1] = (merged[-1][0], high, value)
        else:
            merged.append((low, high, value))
    return merged


def gaps(spans: Iterable[Span[V]], low: int, high: int) -> list[Interval]:
    """What of `low` to `high` no span holds, ascending. Empty when low > high."""
    missing: list[Interval] = []
    for start, end, _ in spans:
        if end < low:
            continue
        if start > high:
            break
        if start > low:
            missing.append(Interval(low, start - 1))
        low = end + 1
    if low <= high:
        missing.append(Interval(low, high))
    return missing


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same ids as ascending intervals that neither overlap nor touch."""
    joined: list[Interval] = []
    for interval in sorted(intervals):
        if joined and interval.low <= joined[-1].high + 1:
            joined[-1] = Interval(joined[-1].low, max(joined[-1].high, interval.high))
        else:
            joined.append(interval)
    return joined


def subtract(wanted: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """The ids of `wanted` that aren't in `taken`, as ascending intervals that don't touch."""
    spans: list[Span[None]] = [(interval.low, interval.high, None) for interval in union(taken)]
    return [gap for interval in union(wanted) for gap in gaps(spans, interval.low, interval.high)]


class IdState(StrEnum):
    """The one state of an id of an exported chat."""

    FETCHED = "fetched"
    EMPTY = "empty"
    FAILED = "failed"
    UNASKED = "unasked"


class Covered(Struct, frozen=True):
    """Ids that were asked for and answered; `asked_at` is the UTC day's first second."""

    interval: Interval
    asked_at: int


class Failed(Struct, frozen=True):
    """Ids that could not be had, and why; `asked_at` is the UTC day's first second."""

    interval: Interval
    reason: str
    asked_at: int


class Ledger(Struct, frozen=True, kw_only=True):
    """Every id from 1 to `top` of one chat, in exactly one state.

    The covered ids are those fetched (the archive holds a row) and those empty on the day they were asked.
    """

    top: int
    fetched: int
    empty: int
    covered: tuple[Covered, ...] = ()
    failed: tuple[Failed, ...] = ()
    unasked: tuple[Interval, ...] = ()

    @property
    def failed_ids(self) -> int:
        return sum(len(failure.interval) for failure in self.failed)

    @property
    def unasked_ids(self) -> int:
        return sum(map(len, self.unasked))

    def state_of(self, message_id: int, *, has_row: bool) -> IdState:
        """The state of an id from 1 to `top`, told whether the archive holds a row for it."""
        if any(message_id in span.interval for span in self.covered):
            return IdState.FETCHED if has_row else IdState.EMPTY
        if any(message_id in span.interval for span in self.failed):
            return IdState.FAILED
        return IdState.UNASKED


def ledger_of(
    top: int, covered: Sequence[Span[int]], failed: Sequence[Span[tuple[str, int]]], fetched: int
) -> Ledger:
    """The ledger from the kept spans; `fetched` counts the rows, all of which stand in covered ids."""
    known = merge([(low, high, None) for low, high, _ in (*covered, *failed)])
    return Ledger(
        top=top,
        fetched=fetched,
        empty=sum(high - low + 1 for low, high, _ in covered) - fetched,
        covered=tuple(Covered(Interval(low, high), at) for low, high, at in covered),
        failed=tuple(Failed(Interval(low, high), reason, at) for low, high, (reason, at) in failed),
        unasked=tuple(gaps(known, 1, top)),
    )
