"""Which messages' files were not looked for yet: of each history the ids that commits made known.

A look at the archive finds files in order of their messages. Those whose lane is full are left in the
archive, and only a stretch of ids is remembered for each lane, so that a million files wait in a few bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from tobs_tui.archive import MediaWant
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.model import Chat, Interval


class Lane(Struct, frozen=True):
    """Files of one DC that are fetched side by side."""

    dc: int
    large: bool


class MediaHistory:
    """One history's files in a run: what of them is asked for, and how far it was looked through."""

    def __init__(self, run: ChatRun, chat: Chat, want: MediaWant) -> None:
        self.run = run
        self.chat = chat
        """Whom to ask for a message again."""
        self.want = want
        self.fresh: list[Interval] = []
        self.held: dict[Lane, Interval] = {}
        self.taken = 0
        """Files that wait or are under way on its behalf."""
        self.looking = 0

    @property
    def is_through(self) -> bool:
        """Whether everything known of it was looked through and nothing of that is still to come."""
        return not (self.fresh or self.held or self.taken or self.looking)


class Look(Struct, frozen=True):
    """A stretch of one history to look through: for files of every lane, or of one."""

    history: MediaHistory
    ids: Interval
    lane: Lane | None


class MediaPlan:
    """The histories of a run in the order in which they are wanted. Plain bookkeeping: it never waits."""

    def __init__(self) -> None:
        self._histories: dict[tuple[int, int | None], MediaHistory] = {}

    def add(self, history: MediaHistory) -> None:
        self._histories[history.chat.id, history.want.topic_id] = history

    @property
    def histories(self) -> list[MediaHistory]:
        """All that are not through yet."""
        return list(self._histories.values())

    def of(self, run: ChatRun) -> list[MediaHistory]:
        return [history for history in self._histories.values() if history.run is run]

    def drop(self, run: ChatRun) -> None:
        """Forget a chat that is through."""
        for history in self.of(run):
            del self._histories[history.chat.id, history.want.topic_id]

    def find(self, chat_id: int, topic_id: int | None) -> MediaHistory | None:
        return self._histories.get((chat_id, topic_id))

    def know(self, history: MediaHistory, intervals: Iterable[Interval]) -> None:
        """Messages of these ids are in the archive now."""
        history.fresh = _merged([*history.fresh, *intervals])

    def hold(self, history: MediaHistory, lane: Lane, message_id: int) -> None:
        """A file of this message found its lane full: it is looked for again."""
        held = history.held.get(lane)
        low, high = (message_id, message_id) if held is None else (held.low, held.high)
        history.held[lane] = Interval(min(low, message_id), max(high, message_id))

    def next(self, has_room: Callable[[Lane | None], bool]) -> Look | None:
        """What to look through now; what was held first. The newest messages of a history come first."""
        for history in self._histories.values():
            for lane in history.held:
                if has_room(lane):
                    return self._begin(Look(history, history.held.pop(lane), lane))
        if not has_room(None):
            return None
        for history in self._histories.values():
            if history.fresh:
                return self._begin(Look(history, history.fresh.pop(), None))
        return None

    def ended(self, look: Look, *, left_from: int | None = None) -> None:
        """A look has come to its end, or left the ids from `left_from` on to a later one."""
        look.history.looking -= 1
        if left_from is None:
            return
        left = Interval(left_from, look.ids.high)
        if look.lane is None:
            self.know(look.history, [left])
        else:
            self.hold(look.history, look.lane, left.low)
            self.hold(look.history, look.lane, left.high)

    @property
    def is_through(self) -> bool:
        return all(history.is_through for history in self._histories.values())

    def _begin(self, look: Look) -> Look:
        look.history.looking += 1
        return look


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Ascending, those that touch made one."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.low <= merged[-1].high + 1:
            last = merged.pop()
            interval = Interval(last.low, max(last.high, interval.high))
        merged.append(interval)
    return merged
