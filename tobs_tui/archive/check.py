"""Whether an archive is sound: SQLite's own check, and the rules that its tables keep among each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise

from tobs_tui.archive import coverage, progress
from tobs_tui.archive.ledger import gaps
from tobs_tui.archive.rows import COLUMNS, message_of
from tobs_tui.errors import ArchiveDamaged
from tobs_tui.model import Interval

MOST = 20
"""Problems of one sort that are named one by one."""

_ORPHANS = (
    (
        "SELECT count(*) FROM media LEFT JOIN files ON files.number=media.file WHERE files.id IS NULL",
        "links to files have no file",
    ),
    (
        "SELECT count(*) FROM media LEFT JOIN messages ON messages.chat=media.chat"
        " AND messages.id=media.message WHERE messages.id IS NULL",
        "links to files have no message",
    ),
    (
        "SELECT count(*) FROM versions LEFT JOIN messages ON messages.chat=versions.chat"
        " AND messages.id=versions.id WHERE messages.id IS NULL",
        "older versions have no message",
    ),
    (
        "SELECT count(*) FROM messages WHERE seq > (SELECT seq FROM counters)",
        "messages are numbered beyond the counter",
    ),
)


def problems(db: sqlite3.Connection) -> list[str]:
    """What is wrong, in words; empty when nothing is."""
    found = [row[0] for row in db.execute(f"PRAGMA integrity_check({MOST})") if row[0] != "ok"]
    if found:
        return [f"SQLite: {text}" for text in found]
    for (chat_id,) in db.execute("SELECT id FROM chats ORDER BY id").fetchall():
        found += [f"chat {chat_id}: {text}" for text in _of_chat(db, chat_id)]
    lost = db.execute("SELECT count(*) FROM messages WHERE chat NOT IN (SELECT id FROM chats)").fetchone()[0]
    if lost:
        found.append(f"{lost} messages stand in no chat")
    for statement, words in _ORPHANS:
        count = db.execute(statement).fetchone()[0]
        if count:
            found.append(f"{count} {words}")
    return found + _unreadable(db)


def _of_chat(db: sqlite3.Connection, chat_id: int) -> Iterator[str]:
    top = coverage.top_of(db, chat_id)
    covered = coverage.covered_spans(db, chat_id)
    failed = [(low, high, None) for low, high, _ in coverage.failed_spans(db, chat_id)]
    for name, spans in (("covered", covered), ("failed", failed)):
        for low, high, _ in spans:
            if not 1 <= low <= high <= top:
                yield f"ids {low} to {high} are {name}, outside of 1 to {top}"
        for before, after in pairwise(spans):
            if after[0] <= before[1]:
                yield f"ids {after[0]} to {min(before[1], after[1])} are {name} twice"
    for low, high, _ in failed:
        for start, end, _ in coverage.covered_spans(db, chat_id, Interval(low, high)):
            yield f"ids {max(low, start)} to {min(high, end)} are both covered and failed"
    rows = db.execute("SELECT count(*) FROM messages WHERE chat=?", (chat_id,)).fetchone()[0]
    if (counted := progress.messages(db, chat_id)) != rows:
        yield f"it has {rows} messages, and {counted} are counted"
    beyond = db.execute(
        "SELECT count(*) FROM messages WHERE chat=? AND (id>? OR id<1)", (chat_id, top)
    ).fetchone()[0]
    if beyond:
        yield f"{beyond} messages are outside of 1 to {top}"
    for gap in gaps(covered, 1, top):
        uncovered = db.execute(
            "SELECT count(*) FROM messages WHERE chat=? AND id BETWEEN ? AND ?", (chat_id, gap.low, gap.high)
        ).fetchone()[0]
        if uncovered:
            yield f"{uncovered} messages in {gap.low} to {gap.high} are not covered by the ledger"


def _unreadable(db: sqlite3.Connection) -> list[str]:
    found: list[str] = []
    for row in db.execute(f"SELECT {COLUMNS} FROM messages"):
        try:
            message_of(row)
        except ArchiveDamaged as error:
            found.append(error.what)
            if len(found) == MOST:
                break
    return found
