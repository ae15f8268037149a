"""How the missing ids of a run's chats are cut into ranges, and who reads which.

A range is read from its top down, a page at a time. A worker without one takes a range that nobody
holds, or half of the largest that another still has before it. Splits are guesses about where messages
stand; a wrong guess costs a request, never a message, because a page settles only the ids that it
answered and only those of the range that asked.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from tobs_tui.model import Interval

PAGE = 100
"""Messages in the largest page that Telegram gives."""

WORTH_SPLITTING = 6 * PAGE
"""Fewer messages than this are not worth another worker: each split costs about one request."""


class Density:
    """How many messages a chat has for each id, which tells what a range of ids is worth.

    Unknown (None) until a page tells, where ids are shared with other chats.
    """

    def __init__(self, per_id: float | None) -> None:
        self.per_id = per_id


class Shard:
    """The ids from `low` to `below - 1` of one history, not settled yet."""

    __slots__ = ("below", "density", "high", "history", "holder", "low")

    def __init__(self, history: Hashable, low: int, below: int, density: Density) -> None:
        self.history = history
        self.low = low
        self.below = below
        self.high = below - 1
        """Where it began, for whoever shows how far it is."""
        self.density = density
        self.holder: int | None = None

    @property
    def ids_left(self) -> int:
        return max(0, self.below - self.low)

    @property
    def worth(self) -> float:
        """About how many messages are left; 0 while nobody can tell."""
        return self.ids_left * (self.density.per_id or 0.0)

    @property
    def limit(self) -> int:
        """How many messages to ask for: no more than there are ids."""
        return min(PAGE, self.ids_left)

    def settle(self, covers: Interval) -> Interval | None:
        """Take an answer: the part of it that belongs to this range, which shrinks by it.

        The range may have lost its lower half to another worker while the answer was under way; ids
        outside of it are that worker's to settle.
        """
        high = min(covers.high, self.below - 1)
        low = max(covers.low, self.low)
        if low > high:
            return None
        self.below = low
        return Interval(low, high)


class ShardPlan:
    """The ranges of all open chats. Plain bookkeeping: it never waits."""

    def __init__(self) -> None:
        self._shards: list[Shard] = []

    def add(self, history: Hashable, missing: Iterable[Interval], density: Density) -> int:
        """Put a history's missing ids up; returns how many ranges that made."""
        before = len(self._shards)
        # Newest first, which is also the order in which a chat is most wanted.
        for interval in sorted(missing, reverse=True):
            self._shards.append(Shard(history, interval.low, interval.high + 1, density))
        return len(self._shards) - before

    def take(self, worker: int) -> Shard | None:
        """The range that this worker goes on with: its own, a free one, or half of the largest."""
        own = self.held_by(worker)
        if own is not None:
            return own
        for shard in self._shards:
            if shard.holder is None:
                shard.holder = worker
                return shard
        largest = max(self._shards, key=lambda shard: shard.worth, default=None)
        if largest is None or largest.worth < WORTH_SPLITTING:
            return None
        return self._split(largest, worker)

    def held_by(self, worker: int) -> Shard | None:
        return next((shard for shard in self._shards if shard.holder == worker), None)

    def release(self, shard: Shard) -> None:
        """Give a range back, for any worker to take."""
        shard.holder = None

    def finish(self, shard: Shard) -> None:
        """Forget a range that is settled or given up."""
        if shard in self._shards:
            self._shards.remove(shard)

    def drop(self, history: Hashable) -> list[Interval]:
        """Give up a whole history; returns what was not settled of it."""
        dropped = [shard for shard in self._shards if shard.history == history]
        for shard in dropped:
            self._shards.remove(shard)
        return [Interval(shard.low, shard.below - 1) for shard in dropped if shard.ids_left]

    def of(self, history: Hashable) -> Iterator[Shard]:
        return (shard for shard in self._shards if shard.history == history)

    def __len__(self) -> int:
        return len(self._shards)

    def _split(self, shard: Shard, worker: int) -> Shard:
        middle = (shard.low + shard.below) // 2
        lower = Shard(shard.history, shard.low, middle, shard.density)
        lower.holder = worker
        shard.low = middle
        self._shards.append(lower)
        return lower
