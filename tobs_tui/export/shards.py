"""How the missing ids of a run's chats are cut into ranges, and who reads which.

A range is read from its top down, a page at a time. A worker without one takes a range that nobody
holds, or half of what another still has before it: half of the messages, as far as a `Census` can tell
where they stand, and where it can't, after a probe that asks. Cuts are guesses; a wrong one costs a
request, never a message, because a page settles only the ids that it answered and only those of the
range that asked.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise

from msgspec import Struct

from tobs_tui.export.census import Census
from tobs_tui.model import Interval

PAGE = 100
"""Messages in the largest page that Telegram gives."""

WORTH_SPLITTING = 6 * PAGE
"""Fewer messages than this are not worth another worker: each split costs about one request."""

EVEN = 0.75
"""From so many messages for each id on, halves by ids are halves by messages, near enough."""

PROMISE_KEPT = 0.25
"""A range with a smaller share of the messages that a probe promised makes its probes distrusted."""


class Shard:
    """The ids from `low` to `below - 1` of one history, not settled yet.

    `within` is set in a takeout: the split range of message ids that a request must name.
    """

    __slots__ = (
        "below",
        "census",
        "got",
        "high",
        "history",
        "holder",
        "low",
        "messages_below",
        "promised",
        "within",
    )

    def __init__(
        self, history: Hashable, low: int, below: int, census: Census, within: Interval | None = None
    ) -> None:
        self.history = history
        self.low = low
        self.below = below
        self.high = below - 1
        """Where it began, for whoever shows how far it is."""
        self.census = census
        self.within = within
        self.holder: int | None = None
        self.messages_below: float | None = None
        """How many messages the history has below `below`, once an answer told."""
        self.got = 0
        """Messages that came for it."""
        self.promised: float | None = None
        """What `got` will be if the probe that made it told the truth."""

    @property
    def ids_left(self) -> int:
        return max(0, self.below - self.low)

    @property
    def worth(self) -> float:
        """About how many messages are left; 0 while nobody can tell."""
        under = self.census.below(self.low)
        over = self.messages_below if self.messages_below is not None else self.census.below(self.below)
        if under is None or over is None:
            return 0.0
        return min(float(self.ids_left), max(0.0, over - under))

    @property
    def limit(self) -> int:
        """How many messages to ask for: one for each id, and for the offset's where a server counts it in."""
        return min(PAGE, self.ids_left + 1)

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

    def told(self, below: int, covers: Interval, messages: int, messages_below: int | None) -> None:
        """Take what the answer to a page below `below` tells of where messages stand.

        :param messages_below: how many the server counts below `below`; None where it doesn't say.
        """
        if messages_below is not None:
            if below == self.high + 1:
                self.census.mark(below, messages_below)
            self.messages_below = float(messages_below)
        elif self.messages_below is None and self.census.per_id is None:
            self.census.per_id = messages / len(covers)
        self.got += messages
        if self.messages_below is not None:
            self.messages_below = max(0.0, self.messages_below - messages)


class Probe(Struct, frozen=True):
    """A question worth a request: which message stands `skip` messages below `below`."""

    shard: Shard
    below: int
    skip: int
    target: float
    """How many messages will stand below the cut."""
    got: int
    """What had come for the range when it was asked."""


class ShardPlan:
    """The ranges of all open chats. Plain bookkeeping: it never waits."""

    def __init__(self) -> None:
        self._shards: list[Shard] = []
        self.probes = 0
        """How many were handed out."""

    def add(
        self,
        history: Hashable,
        missing: Iterable[Interval],
        census: Census,
        within: Interval | None = None,
    ) -> int:
        """Put a history's missing ids up; returns how many ranges that made."""
        before = len(self._shards)
        # Newest first, which is also the order in which a chat is most wanted.
        for interval in sorted(missing, reverse=True):
            self._shards.append(Shard(history, interval.low, interval.high + 1, census, within))
        return len(self._shards) - before

    def take(self, worker: int) -> Shard | None:
        """The range that this worker goes on with: its own, a free one, or half of one cut by ids."""
        own = self.held_by(worker)
        if own is not None:
            return own
        for shard in self._shards:
            if shard.holder is None:
                shard.holder = worker
                return shard
        even = [shard for shard in self._shards if _even(shard)]
        largest = max(even, key=lambda shard: shard.worth, default=None)
        if largest is None or largest.worth < WORTH_SPLITTING:
            return None
        return self._split(largest, self._middle(largest), worker)

    def take_over(self, worker: int, stuck: Iterable[int]) -> Shard | None:
        """The range of one of these workers, which get no answers; their late ones still count."""
        for holder in stuck:
            shard = self.held_by(holder)
            if shard is not None and holder != worker:
                shard.holder = worker
                return shard
        return None

    def probe(self) -> Probe | None:
        """Where a range is best cut that only an answer can halve; None where none is worth a request."""
        best: tuple[float, float, Shard] | None = None
        for shard in self._shards:
            if _even(shard) or shard.worth < WORTH_SPLITTING:
                continue
            for low, high in _pieces(shard):
                if best is None or high - low > best[0]:
                    best = (high - low, (low + high) / 2, shard)
        if best is None or best[0] < WORTH_SPLITTING:
            return None
        _, target, shard = best
        top = (shard.census.below(shard.low) or 0.0) + shard.worth
        shard.census.probed.append(target)
        self.probes += 1
        return Probe(shard, shard.below, round(top - target), target, shard.got)

    def cut(self, probe: Probe, found: int | None) -> bool:
        """Cut where a probe found its message (None: it failed); the lower part is free then.

        An answer that can't be one makes the history be cut by its ids from then on.
        """
        asked, census = probe.shard, probe.shard.census
        census.probed.remove(probe.target)
        if found is None or not census.low <= found < probe.below:
            census.probing = False
            return False
        for shard in self._shards:
            # The range that was asked about may have been cut meanwhile.
            if shard.census is census and shard.low <= found < shard.below - 1:
                break
        else:
            # Nobody can have read past that message already, unless it stands higher than was asked for.
            if asked.got - probe.got < probe.skip / 2:
                census.probing = False
            return False
        census.mark(found + 1, probe.target)
        if shard is asked:
            shard.promised = probe.got + probe.skip
        lower = self._split(shard, found + 1, None)
        lower.promised = probe.target - (census.below(lower.low) or 0.0)
        return True

    def held_by(self, worker: int) -> Shard | None:
        return next((shard for shard in self._shards if shard.holder == worker), None)

    def release(self, shard: Shard, worker: int) -> None:
        """Have this worker give a range back, for any other to take."""
        if shard.holder == worker:
            shard.holder = None

    def finish(self, shard: Shard) -> None:
        """Forget a range that is settled or given up."""
        if shard not in self._shards:
            return
        self._shards.remove(shard)
        if shard.promised is not None and shard.got < shard.promised * PROMISE_KEPT:
            shard.census.probing = False

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

    def _middle(self, shard: Shard) -> int:
        under = shard.census.below(shard.low) or 0.0
        middle = shard.census.at(under + shard.worth / 2)
        if middle is None or not shard.low < middle < shard.below:
            middle = (shard.low + shard.below) // 2
        return middle

    def _split(self, shard: Shard, at: int, worker: int | None) -> Shard:
        """Give the ids below `at` to a range of their own."""
        lower = Shard(shard.history, shard.low, at, shard.census, shard.within)
        lower.holder = worker
        shard.low = at
        if shard.promised is not None:
            shard.promised = min(shard.promised, shard.got + shard.worth)
        self._shards.append(lower)
        return lower


def _even(shard: Shard) -> bool:
    """Whether a cut by ids halves it well enough, or nothing better can be had."""
    return not shard.census.probing or shard.worth >= EVEN * shard.ids_left


def _pieces(shard: Shard) -> Iterator[tuple[float, float]]:
    """The range as probes under way are about to cut it, in messages below each end."""
    under = shard.census.below(shard.low) or 0.0
    over = under + shard.worth
    ends = [under, *sorted(target for target in shard.census.probed if under < target < over), over]
    return pairwise(ends)
