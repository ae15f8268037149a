"""Files that wait to be fetched: a lane for each DC's small ones and one for its large ones, all bounded.

So a DC that makes us wait holds back its own files alone, and a film does not stand before a thousand
stickers. Plain bookkeeping: it never waits, and what it has no room for stays in the archive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from msgspec import Struct

from tobs_tui.archive import StoredFile, WantedFile
from tobs_tui.export.media_plan import Lane, MediaHistory

QUEUE = 512
"""Files that wait, of all lanes together."""
LANE = 64
"""Files that wait in one lane: less than a second's worth of small ones, gigabytes of large ones."""
LARGE = 4 << 20
"""From so many bytes on a file fills a connection by itself, with several parts in flight."""
LARGE_AT_ONCE = 3
SMALL_AT_ONCE_LEAST, SMALL_AT_ONCE_MOST = 4, 32
"""Small files of one DC under way: each has one request in flight, so their number is what hides latency."""
UNDER_WAY = 96
"""Files under way, of all DCs together."""


class Waiting(Struct, frozen=True):
    """One file that waits, and on whose behalf."""

    history: MediaHistory
    wanted: WantedFile
    lane: Lane

    @property
    def file(self) -> StoredFile:
        return self.wanted.file


class Lanes:
    """Owns what waits and counts what is under way.

    :param allowed: how many requests to a DC may be in flight, as far as that is known.
    """

    def __init__(self, allowed: Callable[[int], int | None]) -> None:
        self._allowed = allowed
        self._queues: dict[Lane, deque[Waiting]] = {}
        self._under_way: dict[Lane, int] = {}
        self._next = 0

    def __len__(self) -> int:
        """How many files wait."""
        return sum(map(len, self._queues.values()))

    @property
    def under_way(self) -> int:
        return sum(self._under_way.values())

    def at_once(self) -> int:
        """How many files may be under way, by the lanes that were used so far."""
        return min(UNDER_WAY, sum(map(self._most, self._queues)))

    def has_room(self, lane: Lane | None) -> bool:
        """Whether it is worth looking for more files: of one lane, or of any."""
        if len(self) >= QUEUE:
            return False
        return lane is None or len(self._queues.get(lane, ())) <= LANE // 2

    def put(self, waiting: Waiting) -> bool:
        """Queue a file; False where its lane is full."""
        queue = self._queues.setdefault(waiting.lane, deque())
        self._under_way.setdefault(waiting.lane, 0)
        if len(queue) >= LANE:
            return False
        queue.append(waiting)
        return True

    def take(self) -> Waiting | None:
        """The next file to fetch, now under way; the lanes take turns. None when none may begin."""
        if self.under_way >= UNDER_WAY:
            return None
        lanes = list(self._queues)
        for step in range(len(lanes)):
            lane = lanes[(self._next + step) % len(lanes)]
            if self._queues[lane] and self._under_way[lane] < self._most(lane):
                self._next = (self._next + step + 1) % len(lanes)
                self._under_way[lane] += 1
                return self._queues[lane].popleft()
        return None

    def beside(self, waiting: Waiting) -> Iterator[Waiting]:
        """What waits of the same history."""
        for queue in self._queues.values():
            yield from (one for one in queue if one.history is waiting.history)

    def put_back(self, waiting: Waiting) -> None:
        """Queue a file once more, behind the others of its lane."""
        self._queues[waiting.lane].append(waiting)

    def ended(self, lane: Lane) -> None:
        """One file of a lane is under way no more."""
        self._under_way[lane] -= 1

    def drop(self, dc: int | None = None) -> Iterator[Waiting]:
        """Forget what waits (for one DC); gives what was forgotten."""
        for lane, queue in self._queues.items():
            while queue and dc in (None, lane.dc):
                yield queue.popleft()

    def _most(self, lane: Lane) -> int:
        if lane.large:
            return LARGE_AT_ONCE
        allowed = self._allowed(lane.dc)
        if allowed is None:
            return SMALL_AT_ONCE_MOST // 2
        # Two more than may be in flight: while those are written, others are asked for.
        return max(SMALL_AT_ONCE_LEAST, min(SMALL_AT_ONCE_MOST, allowed + 2))


def lane_of(file: StoredFile) -> Lane:
    return Lane(file.dc, file.size >= LARGE)
