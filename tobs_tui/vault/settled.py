"""Which notes of a chat are settled while it is still fetched: nothing that stands in them is to come.

Ids and dates rise together, so a day between two others of one covered stretch is whole, and so are its
neighbours. Where a chat's dates turn out not to be in order, what was published so is made dirty again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from tobs_tui.archive import Archive
from tobs_tui.model import Interval, NoteKey
from tobs_tui.vault.calendar import Calendar


class Settled:
    """What is covered of one chat, at one instant. For chats with one history and without topics."""

    def __init__(self, archive: Archive, chat_id: int, calendar: Calendar) -> None:
        self._archive = archive
        self._chat_id = chat_id
        self._calendar = calendar
        self._covered = joined([span.interval for span in archive.ledger(chat_id).covered])
        self._lows = [interval.low for interval in self._covered]

    def covers(self, message_id: int) -> bool:
        """Whether it is known if the chat has a message of this id."""
        place = bisect_right(self._lows, message_id)
        return place > 0 and message_id <= self._covered[place - 1].high

    def stretches(self) -> Iterator[tuple[NoteKey, NoteKey]]:
        """Give pairs of notes between which, both left out, all are settled."""
        for interval in self._covered:
            ends = self._archive.tally([self._chat_id]).dates_of_ends(interval)
            if ends is not None:
                first, last = (self._calendar.note_of(date, None) for date in ends)
                if first < last:
                    yield first, last


def joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Return ascending intervals with those as one that have no id between them."""
    whole: list[Interval] = []
    for interval in intervals:
        if whole and whole[-1].high + 1 >= interval.low:
            whole[-1] = Interval(whole[-1].low, max(whole[-1].high, interval.high))
        else:
            whole.append(interval)
    return whole


class EarlyNotes:
    """Remembers in the archive whose notes came out before their chat was whole, until they are seen to."""

    def __init__(self, archive: Archive, chat_id: int, calendar: Calendar) -> None:
        self._archive = archive
        self._chat_id = chat_id
        self._calendar = calendar
        self._key = f"early:{chat_id}"

    def begin(self) -> None:
        """To be called before the first of them is written."""
        if not self._archive.meta(self._key):
            self._archive.set_meta(self._key, "1")

    def see_to(self) -> None:
        """Make all notes dirty where what settled them doesn't hold. To be called when the chat is whole."""
        if self._archive.meta(self._key) and not self._is_in_order():
            self._archive.mark_all_dirty(self._chat_id)

    def end(self) -> None:
        """All notes are right."""
        if self._archive.meta(self._key):
            self._archive.set_meta(self._key, "")

    def _is_in_order(self) -> bool:
        """Whether no message stands in an earlier note than one with a lower id."""
        highest, its_date = 0, 0
        for date, message_id in self._archive.tally([self._chat_id]).by_date():
            if message_id > highest:
                highest, its_date = message_id, date
            elif self._calendar.note_of(date, None) != self._calendar.note_of(its_date, None):
                return False
        return True
