"""The coverage ledger on disk: which ids of a chat were answered or failed, and on which day.

What was once answered stays so: a later failure doesn't unsettle it. Ids above the chat's top are not
settled, for a message may still come there.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from tobs_tui.archive.ledger import Ledger, Span, assign, erase, gaps, ledger_of, merge, subtract, union
from tobs_tui.archive.values import Scope
from tobs_tui.model import Interval, MediaKind

DAY = 86_400
MOST_SPANS = 256
HIGHEST_ID = 2**31 - 1
"""Message ids are positive 32-bit numbers; a range up to here was asked for without knowing the top."""


def settle(
    db: sqlite3.Connection,
    chat_id: int,
    *,
    covers: Sequence[Interval],
    failed: Sequence[tuple[Interval, str]],
    held: Sequence[int],
    at: float,
) -> None:
    """Writes one batch's coverage and failures. `held` are the ids of its messages, ascending.

    A message's own id is covered even where `covers` leaves it out; an id that failed in this batch is failed
    though a cover holds it.
    """
    top = _raise_top(db, chat_id, failed, held)
    day = int(at // DAY)
    rows = [Interval(low, high) for low, high, _ in merge([(n, n, None) for n in _outside(held, covers)])]
    refused = subtract([interval for interval, _ in failed], [Interval(n, n) for n in held] if failed else [])
    for interval in union([*_clipped(subtract(covers, refused), top), *rows]):
        _cover(db, chat_id, interval, day)
    for interval, reason in failed:
        for part in _clipped(subtract([interval], [Interval(n, n) for n in held]), top):
            _fail(db, chat_id, part, reason, day)


def missing(db: sqlite3.Connection, chat_id: int, within: Interval) -> list[Interval]:
    """The ids within an interval that were not asked for or failed, ascending."""
    return gaps(covered_spans(db, chat_id, within), within.low, within.high)


def answered(db: sqlite3.Connection, chat_id: int, ids: Iterable[int]) -> list[int]:
    """Those of the ids that may have a row: one that was never answered has none.

    Where the ids lie over too many spans to look at, that is all of them.
    """
    wanted = sorted(ids)
    if not wanted:
        return []
    rows = db.execute(
        "SELECT low, high FROM coverage WHERE chat=? AND low<=? AND low>="
        " coalesce((SELECT max(low) FROM coverage WHERE chat=? AND low<=?), 0) ORDER BY low LIMIT ?",
        (chat_id, wanted[-1], chat_id, wanted[0], MOST_SPANS),
    ).fetchall()
    if len(rows) == MOST_SPANS:
        return wanted
    found: list[int] = []
    for low, high in rows:
        found += wanted[bisect_left(wanted, low) : bisect_right(wanted, high)]
    return found


def covered_spans(db: sqlite3.Connection, chat_id: int, within: Interval | None = None) -> list[Span[int]]:
    """The covered spans (that touch `within`), each with its day."""
    low, high = (within.low, within.high) if within else (0, HIGHEST_ID)
    return _touching(db, "coverage", "day", chat_id, low, high)


def failed_spans(db: sqlite3.Connection, chat_id: int) -> list[Span[tuple[str, int]]]:
    """The failed spans, each with its reason and day."""
    found = db.execute("SELECT low, high, reason, day FROM failures WHERE chat=? ORDER BY low", (chat_id,))
    return [(low, high, (reason, day)) for low, high, reason, day in found]


def ledger(db: sqlite3.Connection, chat_id: int) -> Ledger:
    covered = covered_spans(db, chat_id)
    count = db.execute("SELECT messages FROM progress WHERE chat=?", (chat_id,)).fetchone()
    return ledger_of(
        top_of(db, chat_id),
        [(low, high, day * DAY) for low, high, day in covered],
        [(low, high, (reason, day * DAY)) for low, high, (reason, day) in failed_spans(db, chat_id)],
        count[0] if count else 0,
    )


def top_of(db: sqlite3.Connection, chat_id: int) -> int:
    row = db.execute("SELECT top FROM chats WHERE id=?", (chat_id,)).fetchone()
    return row[0] if row else 0


def record_scope(db: sqlite3.Connection, chat_id: int, scope: Scope, at: float) -> None:
    """Keeps what was asked for; the same once more only takes the later time."""
    asked = (scope.since, scope.until, scope.low, scope.high, ",".join(sorted(scope.media)))
    db.execute(
        "DELETE FROM scopes WHERE chat=? AND since IS ? AND until IS ? AND low=? AND high=? AND media=?",
        (chat_id, *asked),
    )
    db.execute("INSERT INTO scopes VALUES (?, ?, ?, ?, ?, ?, ?)", (chat_id, *asked, scope.at or int(at)))


def scopes(db: sqlite3.Connection, chat_id: int) -> list[Scope]:
    """What was asked for of a chat, oldest first."""
    rows = db.execute(
        "SELECT since, until, low, high, media, at FROM scopes WHERE chat=? ORDER BY at, rowid", (chat_id,)
    )
    return [
        Scope(
            since=since,
            until=until,
            low=low,
            high=high,
            media=frozenset(MediaKind(kind) for kind in kinds.split(",") if kind),
            at=at,
        )
        for since, until, low, high, kinds, at in rows
    ]


def _cover(db: sqlite3.Connection, chat_id: int, interval: Interval, day: int) -> None:
    low, high = interval.low, interval.high
    old = _touching(db, "coverage", "day", chat_id, low - 1, high + 1)
    new = assign(old, low, high, day)
    if new != old:
        _delete(db, "coverage", chat_id, old)
        db.executemany(
            "INSERT INTO coverage (chat, low, high, day) VALUES (?, ?, ?, ?)",
            [(chat_id, *span) for span in new],
        )
    _replace_failures(db, chat_id, low, high, None)


def _fail(db: sqlite3.Connection, chat_id: int, interval: Interval, reason: str, day: int) -> None:
    covered = _touching(db, "coverage", "day", chat_id, interval.low, interval.high)
    for part in gaps(covered, interval.low, interval.high):
        _replace_failures(db, chat_id, part.low, part.high, (reason, day))


def _replace_failures(
    db: sqlite3.Connection, chat_id: int, low: int, high: int, value: tuple[str, int] | None
) -> None:
    found = _touching(db, "failures", "reason, day", chat_id, low - 1, high + 1)
    if not found and value is None:
        return
    new = erase(found, low, high) if value is None else assign(found, low, high, value)
    _delete(db, "failures", chat_id, found)
    db.executemany(
        "INSERT INTO failures (chat, low, high, reason, day) VALUES (?, ?, ?, ?, ?)",
        [(chat_id, start, end, *reason_and_day) for start, end, reason_and_day in new],
    )


def _touching(
    db: sqlite3.Connection, table: str, columns: str, chat_id: int, low: int, high: int
) -> list[Span[Any]]:
    """The rows with an id from `low` to `high`; found from the last that begins at or below `low`."""
    first = db.execute(f"SELECT max(low) FROM {table} WHERE chat=? AND low<=?", (chat_id, low)).fetchone()[0]
    found = db.execute(
        f"SELECT low, high, {columns} FROM {table}"
        " WHERE chat=? AND low BETWEEN ? AND ? AND high>=? ORDER BY low",
        (chat_id, low if first is None else first, high, low),
    )
    single = "," not in columns
    return [(row[0], row[1], row[2] if single else row[2:]) for row in found]


def _delete(db: sqlite3.Connection, table: str, chat_id: int, spans: Iterable[Span[Any]]) -> None:
    db.executemany(f"DELETE FROM {table} WHERE chat=? AND low=?", [(chat_id, span[0]) for span in spans])


def _raise_top(
    db: sqlite3.Connection, chat_id: int, failed: Sequence[tuple[Interval, str]], held: Sequence[int]
) -> int:
    """The chat's top, raised to what this batch proves to exist; it never falls."""
    old = top_of(db, chat_id)
    asked = [interval.high for interval, _ in failed if interval.high < HIGHEST_ID]
    top = max([old, *held[-1:], *asked, *([1] if failed else [])])
    if top > old:
        db.execute("UPDATE chats SET top=? WHERE id=?", (top, chat_id))
    return top


def _clipped(intervals: Iterable[Interval], top: int) -> list[Interval]:
    return [
        Interval(max(interval.low, 1), min(interval.high, top))
        for interval in intervals
        if interval.low <= top and interval.high >= 1
    ]


def _outside(held: Sequence[int], covers: Sequence[Interval]) -> list[int]:
    """The ids of messages that no cover holds."""
    # By each cover's low, the highest id of those that begin there or before: covers may overlap.
    lows: list[int] = []
    reached: list[int] = []
    for cover in sorted(covers):
        lows.append(cover.low)
        reached.append(max(cover.high, reached[-1]) if reached else cover.high)
    reached.append(0)
    return [number for number in held if reached[bisect_right(lows, number) - 1] < number]
