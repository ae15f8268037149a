"""Full-text search, in a file of its own beside the archive: `search.db`, which may be lost at any time.

The index holds words, no texts: its row numbers are a message's date and `seq`, so that the newest hits come
first and each is looked up in the archive. An edited message has a new `seq`, and the old one finds nothing.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from tobs_tui.archive import chats, connection, identity, notes, opening, people
from tobs_tui.archive.locking import WriterLock
from tobs_tui.archive.related import NoteOf
from tobs_tui.archive.rows import COLUMNS, Row, message_of, searchable
from tobs_tui.archive.values import Hit, StoredMessage
from tobs_tui.archive.words import Terms, words_of
from tobs_tui.errors import ArchiveBusy, ArchiveDamaged, ArchiveError

FILE_NAME = "search.db"
FORMAT = 1
"""Of the index: another one is built anew. Raise it when words are cut otherwise."""

_APPLICATION_ID = 0x746F6274  # "tobt"
_SEQ_BITS = 29
_SEQ_MASK = (1 << _SEQ_BITS) - 1
_LAST_DATE = (1 << 33) - 1
_PIECE = 500

_TABLES = (
    # `generation` is the archive's own; `seq` how far the index has read, `commits` the archive's count then.
    "CREATE TABLE state (generation TEXT NOT NULL, seq INTEGER NOT NULL, commits INTEGER NOT NULL)",
    # `ascii` folds nothing beyond ASCII and splits at ASCII signs alone: the words are cut by `words.py`.
    "CREATE VIRTUAL TABLE words USING fts5(body, tags, content='', columnsize=0, tokenize='ascii')",
)


class Query(Struct, frozen=True, kw_only=True):
    """What to find, and between which dates (the last one exclusive)."""

    terms: Terms
    since: int | None = None
    until: int | None = None
    chat_ids: tuple[int, ...] = ()
    """Empty: in all chats."""
    sender: int | None = None

    def admits(self, stored: StoredMessage) -> bool:
        """Whether a message is within the bounds and holds every term."""
        message = stored.message
        return (
            (not self.chat_ids or message.chat_id in self.chat_ids)
            and (self.sender is None or message.sender_id == self.sender)
            and (self.since is None or message.date >= self.since)
            and (self.until is None or message.date < self.until)
            and self.terms.found_in(searchable(message))
        )

    def match(self) -> str:
        """The same as FTS5 wants it. Words hold no signs, so nothing in them is syntax."""
        wanted = " AND ".join(
            f'"{" ".join(term.words)}"' + (" *" if term.begun else "") for term in self.terms.terms
        )
        parts = [f"body : ({wanted})"]
        if self.chat_ids:
            parts.append("tags : (" + " OR ".join(_tag("c", chat) for chat in self.chat_ids) + ")")
        if self.sender is not None:
            parts.append(f"tags : {_tag('s', self.sender)}")
        return " AND ".join(parts)


def find(db: sqlite3.Connection, folder: Path, query: Query, limit: int, note_of: NoteOf | None) -> list[Hit]:
    """The newest messages that a query finds: by the index as far as it is, by reading for the rest."""
    found, indexed = _by_index(db, folder / FILE_NAME, query, limit)
    rest = db.execute(f"SELECT {COLUMNS} FROM messages WHERE seq>? ORDER BY seq", (indexed,))
    found += filter(query.admits, map(message_of, rest))
    found.sort(key=lambda stored: (stored.message.date, stored.message.id), reverse=True)
    return [_hit(db, stored, query.terms, note_of) for stored in found[:limit]]


class Indexer:
    """Keeps the index up with the archive, a piece at a time; never holds up the archive's writer.

    Safe in a thread and when killed. Where another process indexes, it leaves that to it.
    """

    def __init__(self, folder: Path, archive: sqlite3.Connection) -> None:
        """Use `open`."""
        self._folder = folder
        self._path = folder / FILE_NAME
        self._archive = archive
        self._index: sqlite3.Connection | None = None
        self._lock = WriterLock(folder, "search")
        self._in_use = Lock()
        self._closed = False

    @classmethod
    def open(cls, folder: Path) -> Self:
        """:raises ArchiveError: as `ArchiveReader.open` does."""
        return cls(folder, opening.open_reading(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def index_some(self, limit: int = 2000) -> int:
        """Reads at most `limit` new or edited messages into the index; returns how many: 0 when it's done.

        A lost, damaged or foreign index is begun anew.

        :raises ArchiveNotWritable: the folder can't be written. :raises DiskFull: no space left.
        """
        with self._in_use, connection.translated(self._path):
            if self._closed:
                return 0
            try:
                self._lock.acquire()
            except ArchiveBusy:
                return 0
            try:
                return self._index_locked(limit)
            finally:
                self._lock.release()

    def index_all(self) -> int:
        """Reads all that is new; returns how many messages that were."""
        done = 0
        while some := self.index_some():
            done += some
        return done

    def close(self) -> None:
        """Safe to call twice, and while a thread is indexing: its piece is broken off first."""
        self._closed = True
        # SQLite crashes where a connection is closed under a statement; an idle one must not be interrupted,
        # or it leaves its log behind.
        if not self._in_use.acquire(blocking=False):
            self._interrupt()
            self._in_use.acquire()
        try:
            self._drop()
            self._archive.close()
        finally:
            self._in_use.release()

    def _interrupt(self) -> None:
        for db in (self._index, self._archive):
            if db is not None:
                with contextlib.suppress(sqlite3.ProgrammingError):
                    db.interrupt()

    def _index_locked(self, limit: int) -> int:
        try:
            return self._read_on(self._opened(), limit)
        except (sqlite3.DatabaseError, ArchiveDamaged) as error:
            if not _is_unusable(error):
                raise
        self._drop()
        _delete(self._path)
        return self._read_on(self._opened(), limit)

    def _read_on(self, index: sqlite3.Connection, limit: int) -> int:
        with connection.transaction(index):
            known = self._state(index)
            rows = self._archive.execute(
                f"SELECT seq, {COLUMNS} FROM messages WHERE seq>? ORDER BY seq LIMIT ?", (known, limit)
            ).fetchall()
            if not rows:
                return 0
            # FTS5 writes to disk whenever a row number falls, so they come in order.
            index.executemany(
                "INSERT INTO words (rowid, body, tags) VALUES (?, ?, ?)", sorted(map(_entry, rows))
            )
            index.execute("UPDATE state SET seq=?, commits=?", (rows[-1][0], _counters(self._archive)[1]))
        return len(rows)

    def _state(self, index: sqlite3.Connection) -> int:
        """How far the index has read. :raises ArchiveDamaged: it isn't this archive's, as it is now."""
        seq = _read_so_far(index, self._archive)
        if seq is None:
            raise connection.damaged(self._path, "it is of another archive")
        return seq

    def _opened(self) -> sqlite3.Connection:
        if self._index is None:
            if not self._path.exists() or self._path.stat().st_size == 0:
                self._create()
            self._index = _connect(self._path)
        return self._index

    def _create(self) -> None:
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        index = connection.connect(self._path, "rw", cache_kib=1024)
        try:
            connection.use_log(index)
            with connection.transaction(index):
                for statement in _TABLES:
                    index.execute(statement)
                generation = identity.meta_of(self._archive, "generation")
                index.execute("INSERT INTO state VALUES (?, 0, 0)", (generation,))
                index.execute(f"PRAGMA application_id={_APPLICATION_ID}")
                index.execute(f"PRAGMA user_version={FORMAT}")
        finally:
            index.close()

    def _drop(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None


def _by_index(
    db: sqlite3.Connection, path: Path, query: Query, limit: int
) -> tuple[list[StoredMessage], int]:
    """The newest hits of the index, and how far it has read: 0 when there is none that can be used."""
    if not path.exists():
        return [], 0
    try:
        with contextlib.closing(connection.connect_reading(path)) as index, connection.snapshot(index):
            seq = _read_so_far(index, db) if _is_ours(index) else None
            return ([], 0) if seq is None else (_look_up(db, index, query, limit), seq)
    except (sqlite3.Error, ArchiveError, OSError):
        # Whatever the index has, the archive itself has the answer.
        return [], 0


def _look_up(
    db: sqlite3.Connection, index: sqlite3.Connection, query: Query, limit: int
) -> list[StoredMessage]:
    since = 0 if query.since is None else max(query.since, 0)
    until = _LAST_DATE if query.until is None else max(query.until, 0)
    found: list[StoredMessage] = []
    for (entry,) in index.execute(
        "SELECT rowid FROM words WHERE words MATCH ? AND rowid>=? AND rowid<? ORDER BY rowid DESC",
        (query.match(), since << _SEQ_BITS, until << _SEQ_BITS),
    ):
        row = db.execute(f"SELECT {COLUMNS} FROM messages WHERE seq=?", (entry & _SEQ_MASK,)).fetchone()
        if row is not None and _entry_number(entry & _SEQ_MASK, row) == entry:
            found.append(message_of(row))
        if len(found) >= limit:
            break
    return found


def _entry(row: Row) -> tuple[int, str, str]:
    seq, *columns = row
    message = message_of(tuple(columns)).message
    tags = _tag("c", message.chat_id)
    if message.sender_id is not None:
        tags += f" {_tag('s', message.sender_id)}"
    text = searchable(message)
    body = text if text.isascii() else " ".join(words_of(text))
    return _entry_number(seq, columns), body, tags


def _entry_number(seq: int, row: Sequence[Any]) -> int:
    date: int = row[2]
    return (min(max(date, 0), _LAST_DATE - 1) << _SEQ_BITS) | (seq & _SEQ_MASK)


def _tag(kind: str, peer_id: int) -> str:
    return f"{kind}{'n' if peer_id < 0 else 'p'}{abs(peer_id)}"


def _hit(db: sqlite3.Connection, stored: StoredMessage, terms: Terms, note_of: NoteOf | None) -> Hit:
    message = stored.message
    chat = chats.load(db, chats.notes_of(db, message.chat_id))
    sender = people.load(db, () if message.sender_id is None else (message.sender_id,))
    text = message.text
    marks = terms.marks(text)
    if not marks:
        text = searchable(message)
        marks = terms.marks(text)
    note = None
    if note_of is not None and chat is not None:
        note = notes.path_of(db, chat.chat.id, note_of(message.date, message.topic_id))
    return Hit(
        chat_id=message.chat_id,
        chat=chat.name if chat else "",
        message_id=message.id,
        date=message.date,
        topic_id=message.topic_id,
        sender_id=message.sender_id,
        sender=next((person.name for person in sender.values()), ""),
        text=text,
        marks=marks,
        deleted_at=stored.deleted_at,
        note=note,
    )


def _read_so_far(index: sqlite3.Connection, archive: sqlite3.Connection) -> int | None:
    """The last `seq` that the index read; None when it isn't this archive's, as that one is now."""
    generation, seq, commits = index.execute("SELECT generation, seq, commits FROM state").fetchone()
    newest, now = _counters(archive)
    is_this = generation == identity.meta_of(archive, "generation") and seq <= newest and commits <= now
    return int(seq) if is_this else None


def _counters(db: sqlite3.Connection) -> tuple[int, int]:
    seq, commits = db.execute("SELECT seq, generation FROM counters").fetchone()
    return seq, commits


def _connect(path: Path) -> sqlite3.Connection:
    connection.require_database(path)
    index = connection.connect(path, "rw", cache_kib=2048)
    try:
        connection.use_log(index)
        # What a power cut takes from the index is read again: its state is in the same transaction.
        index.execute("PRAGMA synchronous=NORMAL")
        if not _is_ours(index):
            raise connection.damaged(path, "it is no search index of this version")
    except BaseException:
        index.close()
        raise
    return index


def _is_ours(index: sqlite3.Connection) -> bool:
    application = index.execute("PRAGMA application_id").fetchone()[0]
    version = index.execute("PRAGMA user_version").fetchone()[0]
    return bool((application, version) == (_APPLICATION_ID, FORMAT))


def _is_unusable(error: Exception) -> bool:
    if isinstance(error, ArchiveDamaged):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
