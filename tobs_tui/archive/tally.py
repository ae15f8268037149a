"""What the archive's messages of one chat come to: how many stand in a note, who wrote, first and last.

Counted by indexes, in pieces that no writer waits long for: about 1 s for a million messages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from tobs_tui.archive.note_walk import Read
from tobs_tui.model import Interval

_PIECE = 5000
"""Messages looked at by one statement."""


class Stretch(NamedTuple):
    """The messages of a topic (0: those that stand in none) from `since` until before `until`."""

    topic_id: int
    since: int | None
    until: int | None


class Tally:
    """Counts the messages of some histories that make one chat. Made by `ArchiveReader.tally`."""

    def __init__(self, read: Read, chat_ids: Sequence[int]) -> None:
        self._read = read
        self._chat_ids = chat_ids

    def counts(self, stretches: Sequence[Stretch]) -> list[int]:
        """Return how many messages each stretch has."""
        return self._read(lambda db: [self._count(db, stretch) for stretch in stretches])

    def writers(self) -> set[int]:
        """Return the ids of everybody who wrote, or did what a service message tells."""
        found: set[int] = set()
        for chat_id in self._chat_ids:
            last: int | None = -(2**62)
            while last is not None:
                some, last = self._read(partial(_writers, chat_id=chat_id, after=last))
                found |= some
        return found

    def dates(self) -> tuple[int, int] | None:
        """Return the dates of the first and the last message; None where there is none."""
        ends = [date for chat_id in self._chat_ids for date in self._read(partial(_ends, chat_id=chat_id))]
        return (min(ends), max(ends)) if ends else None

    def dates_of_ends(self, within: Interval) -> tuple[int, int] | None:
        """Return the dates of the lowest and the highest message by id; None where there is none."""
        ends = [
            row[0]
            for chat_id in self._chat_ids
            for order in ("ASC", "DESC")
            for row in self._read(partial(_end_by_id, chat_id=chat_id, within=within, order=order))
        ]
        return (min(ends), max(ends)) if ends else None

    def by_date(self) -> Iterator[tuple[int, int]]:
        """Give every message's date and id, in this order; history by history."""
        for chat_id in self._chat_ids:
            after = (-(2**62), 0)
            while rows := self._read(partial(_by_date, chat_id=chat_id, after=after)):
                yield from rows
                after = rows[-1]

    def _count(self, db: sqlite3.Connection, stretch: Stretch) -> int:
        return sum(_count(db, chat_id, stretch) for chat_id in self._chat_ids)


def _count(db: sqlite3.Connection, chat_id: int, stretch: Stretch) -> int:
    within, values = "", [chat_id]
    for bound, sign in ((stretch.since, ">="), (stretch.until, "<")):
        if bound is not None:
            within += f" AND date{sign}?"
            values.append(bound)
    if stretch.topic_id:
        within += " AND topic=?"
        values.append(stretch.topic_id)
    elif _has_topics(db, chat_id):
        # Asked only where it can matter: the index alone doesn't tell.
        within += " AND topic IS NULL"
    count: int = db.execute(f"SELECT count(*) FROM messages WHERE chat=?{within}", values).fetchone()[0]
    return count


def _has_topics(db: sqlite3.Connection, chat_id: int) -> bool:
    statement = "SELECT 1 FROM messages WHERE chat=? AND topic IS NOT NULL LIMIT 1"
    return db.execute(statement, (chat_id,)).fetchone() is not None


def _writers(db: sqlite3.Connection, chat_id: int, after: int) -> tuple[set[int], int | None]:
    """Who wrote the next messages by id, and the last of these; None when there are no more."""
    row = db.execute(
        "SELECT id FROM messages WHERE chat=? AND id>? ORDER BY id LIMIT 1 OFFSET ?",
        (chat_id, after, _PIECE - 1),
    ).fetchone()
    last = 2**62 if row is None else row[0]
    rows = db.execute(
        "SELECT DISTINCT sender FROM messages WHERE chat=? AND id>? AND id<=? AND sender IS NOT NULL",
        (chat_id, after, last),
    )
    return {sender for (sender,) in rows}, None if row is None else last


def _end_by_id(db: sqlite3.Connection, chat_id: int, within: Interval, order: str) -> list[tuple[int]]:
    return db.execute(
        f"SELECT date FROM messages WHERE chat=? AND id BETWEEN ? AND ? ORDER BY id {order} LIMIT 1",
        (chat_id, within.low, within.high),
    ).fetchall()


def _by_date(db: sqlite3.Connection, chat_id: int, after: tuple[int, int]) -> list[tuple[int, int]]:
    return db.execute(
        "SELECT date, id FROM messages WHERE chat=? AND (date, id) > (?, ?) ORDER BY date, id LIMIT ?",
        (chat_id, *after, _PIECE),
    ).fetchall()


def _ends(db: sqlite3.Connection, chat_id: int) -> list[int]:
    # Each by itself is one step in the index; both in one statement would look at every message.
    ends = [
        db.execute(f"SELECT {which}(date) FROM messages WHERE chat=?", (chat_id,)).fetchone()[0]
        for which in ("min", "max")
    ]
    return [date for date in ends if date is not None]
