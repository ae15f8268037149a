"""The files of a run at one instant, for whoever watches: frozen, and taken in microseconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from msgspec import Struct

from tobs_tui.export.media_counts import MediaCounts
from tobs_tui.export.media_lanes import Waiting
from tobs_tui.export.media_words import named

SHOWN_FROM = 8 << 20
"""Files from so many bytes on have a line of their own while they are under way."""


class BigFile(Struct, frozen=True):
    """A large file under way. `done` and `size` are bytes."""

    name: str
    chat_id: int
    done: int
    size: int


class MediaSnapshot(Struct, frozen=True, kw_only=True):
    """The run's files at one instant. `total` counts those of the messages that are known so far."""

    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    """Of files that are done and of those under way."""
    bytes_total: int = 0
    in_flight_by_dc: tuple[tuple[int, int], ...] = ()
    """How many files of each DC are under way."""
    big: tuple[BigFile, ...] = ()
    failed: int = 0


class UnderWay:
    """One file on its way. `done` is bytes."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.done = 0


def snapshot_of(counts: MediaCounts, under_way: Collection[UnderWay]) -> MediaSnapshot:
    """What is counted, and what is on its way beside it."""
    partly = sum(one.done for one in under_way)
    by_dc = Counter(one.waiting.lane.dc for one in under_way)
    return MediaSnapshot(
        files_done=counts.files,
        files_total=counts.files + counts.failed + counts.files_left,
        bytes_done=counts.bytes + partly,
        bytes_total=counts.bytes + max(counts.bytes_left, partly),
        in_flight_by_dc=tuple(sorted(by_dc.items())),
        big=tuple(_big(one) for one in under_way if one.waiting.file.size >= SHOWN_FROM),
        failed=counts.failed,
    )


def _big(one: UnderWay) -> BigFile:
    waiting = one.waiting
    return BigFile(named(waiting.file), waiting.history.run.chat.id, one.done, waiting.file.size)
