"""What an answer about a page is worth: the ids that it settles, whether to believe it, what else it tells.

An answer that settles nothing is asked for again, a few times; so is an empty one where messages are known to
stand, as an empty page settles every id below it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tobs_tui.errors import RangeFailed
from tobs_tui.export.shards import PAGE, Shard
from tobs_tui.model import Interval
from tobs_tui.telegram.convert import RawPage, page_covers

FRUITLESS_ANSWERS = 3
"""So many answers in a row that settle nothing of what was asked make a range fail."""


class Judging:
    """Remembers, for each range, what came since the last answer that was taken."""

    def __init__(self) -> None:
        self._fruitless: dict[Shard, int] = {}
        self._empty: dict[Shard, int] = {}

    def settled_by(self, shard: Shard, raw: RawPage, top_id: int = 0) -> Interval | None:
        """The ids that the answer settles, perhaps beyond this range; None where it must be asked for again.

        :param top_id: the chat's newest message, as the list of chats tells it.
        :raises RangeFailed: when asking again has not helped.
        """
        answered = page_covers(raw)
        if answered is None:
            self._fruitless[shard] = self._fruitless.get(shard, 0) + 1
            if self._fruitless[shard] >= FRUITLESS_ANSWERS:
                raise RangeFailed("the server's answers do not fit what was asked")
            return None
        return answered if self._believed(shard, raw, top_id) else None

    def forget(self, shard: Shard) -> None:
        """An answer was taken, or the range was given up: count anew."""
        self._fruitless.pop(shard, None)
        self._empty.pop(shard, None)

    def _believed(self, shard: Shard, raw: RawPage, top_id: int) -> bool:
        """An empty answer that is denied by what is known must come twice, or thrice if much hangs on it."""
        if raw.answer.messages or raw.failed:
            return True
        seen, more = shard.census.lowest_seen, messages_below(raw) or 0
        denied = seen is not None and seen < shard.low
        told = shard.low <= top_id < raw.below
        needed = 3 if denied or more > PAGE else 2 if more or told else 1
        self._empty[shard] = self._empty.get(shard, 0) + 1
        return self._empty[shard] >= needed


def learn(shard: Shard, raw: RawPage, covers: Interval, top_id: int) -> None:
    """Take what the answer tells of where the history's messages stand; `top_id` is its newest."""
    below = messages_below(raw)
    if below is None and top_id < raw.below:
        below = getattr(raw.answer, "count", None)
    messages = len(raw.answer.messages) + len(raw.failed)
    shard.told(raw.below, covers, messages, below)
    if messages:
        shard.census.seen(covers.low)


def messages_below(raw: RawPage) -> int | None:
    """How many messages Telegram counts below what was asked for; None where it doesn't say."""
    count = getattr(raw.answer, "count", None)
    position = getattr(raw.answer, "offset_id_offset", None)
    return max(0, count - position) if count is not None and position is not None else None


def divided(intervals: Sequence[Interval], by: Interval) -> tuple[list[Interval], list[Interval]]:
    """The parts of some intervals inside another, and those outside."""
    inside, outside = [], []
    for each in intervals:
        low, high = max(each.low, by.low), min(each.high, by.high)
        if low > high:
            outside.append(each)
            continue
        inside.append(Interval(low, high))
        if each.low < low:
            outside.append(Interval(each.low, low - 1))
        if high < each.high:
            outside.append(Interval(high + 1, each.high))
    return inside, outside
