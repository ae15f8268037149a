"""How far a chat is, known without looking at its messages: exact counts, and what its ledger said last.

The counts are written by the very transactions that change what they count. `EntityCacheData` is a cache of
the ledger and never an authority: it carries the count of changes that it was true for, and is made anew
where the archive counts another.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from tobs_tui.archive import coverage
from tobs_tui.archive.bloom import Origin
from tobs_tui.archive.ledger import subtract
from tobs_tui.model import Interval

MOST_GAPS = 1_000
"""A chat with more gaps than these is asked of its ledger each time: the cache must stay small."""
EPOCHS_KEPT = 256

PROGRESS = """CREATE TABLE progress (
    chat INTEGER PRIMARY KEY, messages INTEGER NOT NULL, changes INTEGER NOT NULL, saved BLOB)"""
# Each time of writing, with the last row's `seq` when it began: what tells a copied archive from the other.
EPOCHS = "CREATE TABLE epochs (number INTEGER PRIMARY KEY, token BLOB NOT NULL, seq INTEGER NOT NULL)"


class EntityCacheData(Struct, frozen=True, kw_only=True, array_like=True):
    """What a chat's ledger said, as of so many changes of it."""

    changes: int
    top: int
    fetched: int
    """Rows of messages, deleted ones included."""
    empty: int
    failed: int
    missing: tuple[Interval, ...]
    """Ids from 1 to `top` that were not asked for or failed, ascending."""
    published: bytes = b""
    """By which names and settings its notes were last written whole; empty where that isn't known."""

    @property
    def complete(self) -> bool:
        """Whether every id up to the top was answered."""
        return not self.missing

    def missing_within(self, window: Interval) -> list[Interval]:
        """The ids of a window that were not asked for or failed; all above the top were not."""
        found = [
            Interval(max(gap.low, window.low), min(gap.high, window.high))
            for gap in self.missing
            if gap.low <= window.high and gap.high >= window.low
        ]
        if window.high > self.top:
            low = max(window.low, self.top + 1)
            if found and found[-1].high == low - 1:
                low = found.pop().low
            found.append(Interval(low, window.high))
        return found


class Published(NamedTuple):
    """That a chat's notes are whole, as of so many changes of it."""

    changes: int
    mark: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(EntityCacheData).decode


def changed(db: sqlite3.Connection, chat_id: int, new_rows: int) -> None:
    """Counts one change of a chat's rows or ledger, in the transaction that makes it."""
    db.execute(
        "INSERT INTO progress (chat, messages, changes) VALUES (?, ?, 1) ON CONFLICT (chat)"
        " DO UPDATE SET messages=messages+excluded.messages, changes=changes+1",
        (chat_id, new_rows),
    )


def messages(db: sqlite3.Connection, chat_id: int) -> int:
    """How many rows of messages a chat has."""
    row = db.execute("SELECT messages FROM progress WHERE chat=?", (chat_id,)).fetchone()
    return row[0] if row else 0


def all_messages(db: sqlite3.Connection) -> dict[int, int]:
    """The same of every chat that has rows."""
    return dict(db.execute("SELECT chat, messages FROM progress WHERE messages>0").fetchall())


def recount(db: sqlite3.Connection) -> None:
    """Counts all rows, for an archive that never did."""
    db.execute(
        "INSERT INTO progress (chat, messages, changes) SELECT chat, count(*), 1 FROM messages GROUP BY chat"
    )


def of(db: sqlite3.Connection, chat_id: int) -> EntityCacheData:
    """How far a chat is: as it was saved, where nothing changed since, else from the ledger."""
    row = db.execute("SELECT messages, changes, saved FROM progress WHERE chat=?", (chat_id,)).fetchone()
    count, changes, saved = row or (0, 0, None)
    top = coverage.top_of(db, chat_id)
    known = _known(saved, changes)
    if known is None:
        return _of_ledger(db, chat_id, top, count, changes)
    if known.top != top:
        # Listing a chat raises its top and changes nothing else.
        missing = tuple(known.missing_within(Interval(1, top)))
        return msgspec.structs.replace(known, top=top, missing=missing)
    return known


def save(db: sqlite3.Connection, chat_ids: Iterable[int], published: Mapping[int, Published]) -> None:
    """Keeps how far these chats are, where that isn't kept yet, and what of them was published."""
    rows = []
    for chat_id in chat_ids:
        row = db.execute("SELECT changes, saved FROM progress WHERE chat=?", (chat_id,)).fetchone()
        if row is None:
            continue
        now = of(db, chat_id)
        mark = published.get(chat_id)
        if mark is not None and mark.changes == now.changes:
            now = msgspec.structs.replace(now, published=mark.mark)
        if len(now.missing) <= MOST_GAPS and _encode(now) != row[1]:
            rows.append((_encode(now), chat_id))
    db.executemany("UPDATE progress SET saved=? WHERE chat=?", rows)


def has_dirty_notes(db: sqlite3.Connection, chat_id: int) -> bool:
    return db.execute("SELECT 1 FROM dirty WHERE chat=? LIMIT 1", (chat_id,)).fetchone() is not None


def begin_epoch(db: sqlite3.Connection) -> None:
    """Notes that a time of writing begins, by a token of 8 bytes that no other has."""
    db.execute("INSERT INTO epochs (token, seq) SELECT ?, seq FROM counters", (secrets.token_bytes(8),))
    db.execute("DELETE FROM epochs WHERE number<=(SELECT max(number) FROM epochs)-?", (EPOCHS_KEPT,))


def epoch(db: sqlite3.Connection) -> bytes:
    """The token of this time of writing."""
    token: bytes = db.execute("SELECT token FROM epochs ORDER BY number DESC LIMIT 1").fetchone()[0]
    return token


def holds(db: sqlite3.Connection, origin: Origin) -> bool:
    """Whether this archive was as `origin` says at some time: its rows up to that `seq` are still those.

    Of a copy that went on by itself, and of an archive put back from a backup, they may be others.
    """
    row = db.execute("SELECT number, seq FROM epochs WHERE token=?", (origin.epoch,)).fetchone()
    if row is None or origin.seq < row[1]:
        return False
    ended = db.execute(
        "SELECT coalesce((SELECT min(seq) FROM epochs WHERE number>?), seq) FROM counters", (row[0],)
    ).fetchone()[0]
    return bool(origin.seq <= ended)


def _known(saved: bytes | None, changes: int) -> EntityCacheData | None:
    if saved is None:
        return None
    try:
        known = _decode(saved)
    except msgspec.MsgspecError:
        return None
    return known if known.changes == changes else None


def _of_ledger(db: sqlite3.Connection, chat_id: int, top: int, count: int, changes: int) -> EntityCacheData:
    covered = coverage.covered_spans(db, chat_id)
    failed = coverage.failed_spans(db, chat_id)
    missing = subtract([Interval(1, top)] if top else [], [Interval(low, high) for low, high, _ in covered])
    return EntityCacheData(
        changes=changes,
        top=top,
        fetched=count,
        empty=sum(high - low + 1 for low, high, _ in covered) - count,
        failed=sum(high - low + 1 for low, high, _ in failed),
        missing=tuple(missing),
    )
