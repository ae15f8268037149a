"""Files and the messages that show them: one row a file, whatever shows it, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from tobs_tui.archive import related
from tobs_tui.archive.rows import chunks, files_of, marks
from tobs_tui.archive.values import FileFate, FileState, StoredFile
from tobs_tui.model import File, MediaKind, Message

# What Telegram may change of a file is refreshed; what became of it stays.
_UPSERT = """INSERT INTO files (id, kind, size, dc, mime, name, access_hash, reference, date, thumb)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET dc=excluded.dc, access_hash=excluded.access_hash,
    reference=excluded.reference"""
_COLUMNS = "id, kind, size, dc, mime, name, access_hash, reference, date, thumb, state, reason, path, digest"
JOINED = ", ".join(f"files.{name}" for name in _COLUMNS.split(", "))
"""What `stored` takes, for a statement that joins `files`."""


def save(db: sqlite3.Connection, messages: Iterable[Message], *, changed: Iterable[Message]) -> None:
    """Writes the files of all `messages`; `changed` are those whose links are made anew."""
    files: list[File] = []
    links: list[tuple[int, int, int]] = []
    for message in messages:
        if message.media is None and message.action is None:
            continue
        for file in files_of(message):
            files.append(file)
            links.append((message.chat_id, message.id, file.id))
    stale = [(message.chat_id, message.id) for message in changed]
    if stale:
        db.executemany("DELETE FROM media WHERE chat=? AND message=?", stale)
    if not files:
        return
    db.executemany(_UPSERT, map(_row, files))
    db.executemany("INSERT OR IGNORE INTO media SELECT ?, ?, number FROM files WHERE id=?", links)


def piece(
    db: sqlite3.Connection, chat_id: int, after: tuple[int, int], limit: int
) -> list[tuple[tuple[int, int], StoredFile]]:
    """Places (a message's id, a file's number) in order from behind `after`, each with its file."""
    rows = db.execute(
        f"SELECT media.message, media.file, {JOINED} FROM media JOIN files ON files.number=media.file"
        " WHERE media.chat=? AND (media.message, media.file) > (?, ?)"
        " ORDER BY media.message, media.file LIMIT ?",
        (chat_id, *after, limit),
    )
    return [((message_id, number), stored(row)) for message_id, number, *row in rows]


def counts(db: sqlite3.Connection, chat_ids: Iterable[int]) -> dict[FileState, int]:
    """How many of the files that these chats' messages show are in which state; each is counted once."""
    rows = db.execute(
        f"SELECT state, count(*) FROM files WHERE number IN ({_SHOWN}) GROUP BY state", (ids_text(chat_ids),)
    )
    return {FileState(state): count for state, count in rows}


def done(
    db: sqlite3.Connection, after: int, limit: int, chat_ids: Sequence[int] | None
) -> list[tuple[int, StoredFile]]:
    """The files that are here and that these chats (or any) show, with their numbers, from behind `after`."""
    whose = "" if chat_ids is None else " AND media.chat IN (SELECT value FROM json_each(:chats))"
    rows = db.execute(
        f"SELECT number, {_COLUMNS} FROM files WHERE number>:after AND state='done'"
        f" AND EXISTS (SELECT 1 FROM media WHERE media.file=files.number{whose})"
        " ORDER BY number LIMIT :limit",
        {"after": after, "limit": limit, "chats": ids_text(chat_ids or ())},
    )
    return [(number, stored(row)) for number, *row in rows]


def done_paths(db: sqlite3.Connection, after: int, limit: int) -> list[tuple[int, int, str, int]]:
    """Of the files that are here, from behind the number `after`: number, id, path and size."""
    return db.execute(
        "SELECT number, id, path, size FROM files"
        " WHERE number>? AND state='done' AND path IS NOT NULL ORDER BY number LIMIT ?",
        (after, limit),
    ).fetchall()


def in_states(
    db: sqlite3.Connection, chat_id: int, states: Iterable[FileState], limit: int
) -> list[tuple[int, StoredFile]]:
    """The first files in one of these states that live messages of a chat show, with the message's id."""
    listed = ", ".join(f"'{state.value}'" for state in states)
    rows = db.execute(
        f"SELECT media.message, {JOINED} FROM media CROSS JOIN files ON files.number=media.file"
        " CROSS JOIN messages ON messages.chat=media.chat AND messages.id=media.message"
        f" WHERE media.chat=? AND files.state IN ({listed}) AND messages.deleted_at IS NULL"
        " ORDER BY media.message, media.file LIMIT ?",
        (chat_id, limit),
    )
    return [(message_id, stored(row)) for message_id, *row in rows]


def load(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, StoredFile]:
    """Those of the files with these ids that are known."""
    return {
        row[0]: stored(row)
        for some in chunks(ids)
        for row in db.execute(f"SELECT {_COLUMNS} FROM files WHERE id IN ({marks(some)})", some)
    }


def places(db: sqlite3.Connection, file_id: int) -> list[tuple[int, int]]:
    """The messages (chat, id) that show a file."""
    rows = db.execute(
        "SELECT chat, message FROM media WHERE file=(SELECT number FROM files WHERE id=?)"
        " ORDER BY chat, message",
        (file_id,),
    )
    return [(chat_id, message_id) for chat_id, message_id in rows]


def refresh(db: sqlite3.Connection, file: File) -> None:
    """Keeps what a file is asked for by, as Telegram told it last."""
    db.execute(
        "UPDATE files SET dc=?, access_hash=?, reference=? WHERE id=?",
        (file.dc, file.access_hash, file.reference, file.id),
    )


def save_fate(db: sqlite3.Connection, fate: FileFate) -> list[related.Place]:
    """Writes what became of a file; returns the messages that show it otherwise from now on."""
    told = (fate.state.value, fate.reason, fate.path)
    old = db.execute("SELECT number, state, reason, path FROM files WHERE id=?", (fate.file_id,)).fetchone()
    if old is None:
        return []
    number, *before = old
    db.execute(
        "UPDATE files SET state=?, reason=?, path=?, digest=?, size=coalesce(?, size) WHERE number=?",
        (*told, fate.digest, fate.size, number),
    )
    if told == tuple(before):
        return []
    rows = db.execute(
        "SELECT media.chat, messages.date, messages.topic FROM media CROSS JOIN messages"
        " ON messages.chat=media.chat AND messages.id=media.message WHERE media.file=?",
        (number,),
    )
    return [related.Place(*row) for row in rows]


def ids_text(ids: Iterable[int]) -> str:
    """Any number of ids as one value, which `json_each` takes apart."""
    return f"[{','.join(map(str, ids))}]"


_SHOWN = (
    "SELECT media.file FROM media CROSS JOIN messages ON messages.chat=media.chat"
    " AND messages.id=media.message WHERE media.chat IN (SELECT value FROM json_each(?))"
    " AND messages.deleted_at IS NULL"
)
"""The numbers of the files that live messages of some chats show."""


def _row(file: File) -> tuple[object, ...]:
    return (
        file.id,
        file.kind.value,
        file.size,
        file.dc,
        file.mime,
        file.name,
        file.access_hash,
        file.reference,
        file.date,
        file.thumb,
    )


def stored(row: Sequence[Any]) -> StoredFile:
    """The file of a row that was selected by `JOINED`."""
    file_id, kind, size, dc, mime, name, access_hash, reference, date, thumb, state, *rest = row
    reason, path, digest = rest
    return StoredFile(
        id=file_id,
        kind=MediaKind(kind),
        size=size,
        dc=dc,
        mime=mime,
        name=name,
        access_hash=access_hash,
        reference=reference,
        date=date,
        thumb=thumb,
        state=FileState(state),
        reason=reason,
        path=path,
        digest=digest,
    )
