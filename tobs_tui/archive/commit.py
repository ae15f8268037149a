"""One batch on its way into the tables, inside the transaction that its writer holds.

A message that is held already is compared with what came (`changes.py`); new ones are the common case and
cost one statement for all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from msgspec import Struct

from tobs_tui.archive import chats, coverage, media, notes, people, progress, related
from tobs_tui.archive.bloom import BloomFilter
from tobs_tui.archive.changes import Change, compare
from tobs_tui.archive.related import NoteOf
from tobs_tui.archive.rows import (
    COLUMNS,
    INSERT,
    UPDATE,
    chunks,
    insert_row,
    marks,
    message_of,
    searchable,
    update_row,
    whole,
)
from tobs_tui.archive.values import Batch, CommitResult, StoredMessage
from tobs_tui.model import Message


def write(
    db: sqlite3.Connection,
    batch: Batch,
    note_of: NoteOf,
    at: float,
    filter_: BloomFilter | None = None,
    *,
    asks_all: bool = False,
) -> CommitResult:
    """Writes a batch and all that follows from it; `at` is now, in Unix seconds.

    The chat's filter spares questions and learns the new ids. With `asks_all` nothing but the rows themselves
    is asked which messages are held.

    :raises sqlite3.IntegrityError: a message that the filter or the ledger took for new is held.
    """
    chats.require(db, batch.chat_id)
    number = next_generation(db)
    renamed = people.save(db, batch.people, number)

    coming = {message.id: message for message in batch.messages}
    held = _rows_of(db, batch.chat_id, coming) if asks_all else _held(db, batch.chat_id, coming, filter_)
    met = _meet(coming, held)
    gone = _gone(db, batch, coming) if batch.notices_deleted or batch.deleted else []
    _write_rows(db, met, gone, int(at))
    if filter_ is not None:
        filter_.add_many(message.id for message in met.new)
    progress.changed(db, batch.chat_id, len(met.new))
    written, changed = [*met.new, *met.changed], met.changed
    media.save(db, written, changed=changed)
    related.save_links(db, written, changed=changed, username=_username(db, batch.chat_id))

    coverage.settle(db, batch.chat_id, covers=batch.covers, failed=batch.failed, held=sorted(coming), at=at)
    shown = [*met.new, *met.shown, *gone]
    own = {note_of(message.date, message.topic_id) for message in (*shown, *met.before)}
    whose = chats.notes_of(db, batch.chat_id)
    dirty = {(whose, key) for key in own}
    dirty |= related.keys(db, related.places(db, batch.chat_id, shown), note_of)
    if renamed:
        dirty |= notes.naming(db, renamed)
    notes.mark(db, dirty, number)
    return CommitResult(len(met.new), len(met.shown), len(coming) - len(met.new) - len(met.shown), len(gone))


def generation(db: sqlite3.Connection) -> int:
    """The number of the last transaction that made notes dirty."""
    number: int = db.execute("SELECT generation FROM counters").fetchone()[0]
    return number


def next_generation(db: sqlite3.Connection) -> int:
    """The number of this transaction."""
    db.execute("UPDATE counters SET generation=generation+1")
    return generation(db)


class _Met(Struct):
    """A batch's messages, by what they are to the archive."""

    new: list[Message]
    changed: list[Message]
    """Whose row is written again, for whatever reason."""
    shown: list[Message]
    """Of these, whose note must change."""
    before: list[Message]
    """The old forms of those."""
    edited: list[Message]
    """The old forms that are kept as versions."""
    moved: set[int]
    """Ids of those whose words for searching are others now."""


def _meet(coming: dict[int, Message], held: dict[int, StoredMessage]) -> _Met:
    if not held:
        return _Met(list(coming.values()), [], [], [], [], set())
    met = _Met([], [], [], [], [], set())
    for message in coming.values():
        stored = held.get(message.id)
        if stored is None:
            met.new.append(message)
            continue
        change = compare(stored.message, message)
        is_back = stored.deleted_at is not None
        if change is Change.NONE and not is_back:
            continue
        met.changed.append(message)
        if change in (Change.SHOWN, Change.EDITED) or is_back:
            met.shown.append(message)
            met.before.append(stored.message)
        if change is Change.EDITED:
            met.edited.append(stored.message)
        if change is Change.EDITED or searchable(stored.message) != searchable(message):
            met.moved.add(message.id)
    return met


def _held(
    db: sqlite3.Connection, chat_id: int, ids: Iterable[int], filter_: BloomFilter | None
) -> dict[int, StoredMessage]:
    """Which of these messages the archive holds: by one range where the ids lie close, else by name.

    By name only those are asked for that stand in answered ids and aren't surely new.
    """
    wanted = set(ids)
    if not wanted:
        return {}
    low, high = min(wanted), max(wanted)
    if high - low >= 4 * len(wanted):
        answered = coverage.answered(db, chat_id, wanted)
        return _rows_of(db, chat_id, filter_.maybe_held(answered) if filter_ and answered else answered)
    rows = db.execute(
        f"SELECT {COLUMNS} FROM messages WHERE chat=? AND id BETWEEN ? AND ?", (chat_id, low, high)
    ).fetchall()
    return {row[1]: message_of(row) for row in rows if row[1] in wanted}


def _rows_of(db: sqlite3.Connection, chat_id: int, ids: Iterable[int]) -> dict[int, StoredMessage]:
    return {
        row[1]: message_of(row)
        for some in chunks(ids)
        for row in db.execute(
            f"SELECT {COLUMNS} FROM messages WHERE chat=? AND id IN ({marks(some)})", (chat_id, *some)
        )
    }


def _gone(db: sqlite3.Connection, batch: Batch, coming: dict[int, Message]) -> list[Message]:
    """The held messages that are deleted: those named, and those that no longer came and didn't just fail."""
    found: dict[int, Message] = {}
    for some in chunks(batch.deleted):
        _take_live(db, found, f"id IN ({marks(some)})", (batch.chat_id, *some))
    if batch.notices_deleted:
        missed: dict[int, Message] = {}
        for cover in batch.covers:
            _take_live(db, missed, "id BETWEEN ? AND ?", (batch.chat_id, cover.low, cover.high))
        for failed, _ in batch.failed:
            missed = {number: message for number, message in missed.items() if number not in failed}
        found |= missed
    return [message for number, message in found.items() if number not in coming]


def _take_live(
    db: sqlite3.Connection, into: dict[int, Message], which: str, values: Sequence[object]
) -> None:
    statement = f"SELECT {COLUMNS} FROM messages WHERE chat=? AND {which} AND deleted_at IS NULL"
    into.update((row[1], message_of(row).message) for row in db.execute(statement, values).fetchall())


def _write_rows(db: sqlite3.Connection, met: _Met, gone: Sequence[Message], at: int) -> None:
    first: int = db.execute("SELECT seq FROM counters").fetchone()[0] + 1
    db.executemany(INSERT, [insert_row(seq, message) for seq, message in enumerate(met.new, first)])
    last = first + len(met.new) - 1
    rows = []
    for message in met.changed:
        seq = None
        if message.id in met.moved:
            seq = last = last + 1
        rows.append(update_row(seq, message))
    db.executemany(UPDATE, rows)
    db.execute("UPDATE counters SET seq=?", (last,))
    db.executemany(
        "INSERT INTO versions VALUES (?, ?, ?, ?)",
        [(old.chat_id, old.id, at, whole(old)) for old in met.edited],
    )
    db.executemany(
        "UPDATE messages SET deleted_at=? WHERE chat=? AND id=?",
        [(at, message.chat_id, message.id) for message in gone],
    )


def _username(db: sqlite3.Connection, chat_id: int) -> str | None:
    stored = chats.load(db, chat_id)
    return stored.chat.username if stored else None
