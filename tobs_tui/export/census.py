"""Where the messages of one history stand among its ids, as far as answers have told.

Only for dividing work well: counts that lie or age make uneven shares, nothing else hangs on them.
"""

from __future__ import annotations

from bisect import bisect_left


class Census:
    """Marks (an id, how many messages stand below it) and straight lines between them.

    :param low: the lowest id that may hold a message; nothing stands below it.
    :param per_id: messages for each id above the last mark; None where nothing can be guessed.
    """

    def __init__(self, per_id: float | None, low: int = 1) -> None:
        self.low = low
        self.per_id = per_id
        self.probing = True
        """Whether it is still worth asking where messages stand; off once an answer made no sense."""
        self.probed: list[float] = []
        """The cuts that probes under way will make, as messages below."""
        self.lowest_seen: int | None = None
        """The lowest id of which a page has brought the message."""
        self._ids = [low]
        self._counts = [0.0]

    def mark(self, at: int, messages: float) -> None:
        """Learn that so many messages stand below the id `at`; older marks that deny it go."""
        if at <= self.low:
            return
        kept = [
            (each, count)
            for each, count in zip(self._ids, self._counts, strict=True)
            if each == self.low or (each < at and count <= messages) or (each > at and count >= messages)
        ]
        kept.append((at, messages))
        kept.sort()
        self._ids = [each for each, _ in kept]
        self._counts = [count for _, count in kept]

    def seen(self, lowest: int) -> None:
        """A page brought messages down to this id."""
        if self.lowest_seen is None or lowest < self.lowest_seen:
            self.lowest_seen = lowest

    def below(self, at: int) -> float | None:
        """About how many messages stand below the id `at`; None while nobody can tell."""
        place = bisect_left(self._ids, at)
        if place == 0:
            return 0.0
        if place < len(self._ids):
            low, high = self._ids[place - 1], self._ids[place]
            share = (at - low) / (high - low)
            return self._counts[place - 1] + share * (self._counts[place] - self._counts[place - 1])
        if self.per_id is None:
            return None
        return self._counts[-1] + (at - self._ids[-1]) * self.per_id

    def at(self, messages: float) -> int | None:
        """About the id below which so many messages stand; None while nobody can tell."""
        place = bisect_left(self._counts, messages)
        if place == 0:
            return self.low
        if place < len(self._counts):
            low, high = self._counts[place - 1], self._counts[place]
            ids = self._ids[place] - self._ids[place - 1]
            return self._ids[place - 1] + round((messages - low) / (high - low) * ids)
        if not self.per_id:
            return None
        return self._ids[-1] + round((messages - self._counts[-1]) / self.per_id)
