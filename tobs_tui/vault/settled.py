"""Which notes of a chat are settled while it is still fetched: nothing that stands in them is to come.

Ids and dates rise together, so a day between two others of one covered stretch is whole, and so are its
neighbours. Where a chat's dates turn out to be in no order, the notes that this touches become dirty again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from tobs_tui.archive import Archive
from tobs_tui.model import Interval, NoteKey
from tobs_tui.vault.calendar import Calendar

_NO_ID = 2**62


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
        """Make those dirty that may not link to a note beside them. To be called when the chat is whole.

        A note was known when those beside it came out, if one of its messages stands in place: by its id
        behind all of earlier notes and before all of later ones, as messages that were not imported do.
        """
        if not self._archive.meta(self._key):
            return
        walk = self._archive.note_walk(self._chat_id)
        for key in self._out_of_place():
            beside = [other for other in walk.beside(key) if other is not None]
            self._archive.mark_dirty(self._chat_id, beside)

    def end(self) -> None:
        """All notes are right."""
        if self._archive.meta(self._key):
            self._archive.set_meta(self._key, "")

    def _out_of_place(self) -> Iterator[NoteKey]:
        """Give the notes of which no message stands in place."""
        lowest_behind = array("q", [min(ids) for _, ids in self._notes()])
        for place in range(len(lowest_behind) - 2, -1, -1):
            lowest_behind[place] = min(lowest_behind[place], lowest_behind[place + 1])
        lowest_behind.append(_NO_ID)
        highest = 0
        for (key, ids), behind in zip(self._notes(), lowest_behind[1:], strict=False):
            if not any(highest < number < behind for number in ids):
                yield key
            highest = max(highest, *ids)

    def _notes(self) -> Iterator[tuple[NoteKey, list[int]]]:
        """Give every note with the ids of its messages."""
        messages = self._archive.tally([self._chat_id]).by_date()
        for key, some in groupby(messages, lambda message: self._calendar.note_of(message[0], None)):
            yield key, [message_id for _, message_id in some]
