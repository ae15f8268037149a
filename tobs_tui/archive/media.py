"""Files and the messages that show them: one row a file, whatever shows it, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from tobs_tui.archive.rows import files_of
from tobs_tui.archive.values import FileState, StoredFile
from tobs_tui.model import File, MediaKind, Message

# What Telegram may change of a file is refreshed; what became of it stays.
_UPSERT = """INSERT INTO files (id, kind, size, dc, mime, name, access_hash, reference, date, thumb)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET dc=excluded.dc, access_hash=excluded.access_hash,
    reference=excluded.reference"""
_COLUMNS = "id, kind, size, dc, mime, name, access_hash, reference, date, thumb, state, reason, path"
_JOINED = ", ".join(f"files.{name}" for name in _COLUMNS.split(", "))


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
        f"SELECT media.message, media.file, {_JOINED} FROM media JOIN files ON files.number=media.file"
        " WHERE media.chat=? AND (media.message, media.file) > (?, ?)"
        " ORDER BY media.message, media.file LIMIT ?",
        (chat_id, *after, limit),
    )
    return [((message_id, number), _stored(row)) for message_id, number, *row in rows]


def counts(db: sqlite3.Connection, chat_id: int) -> dict[FileState, int]:
    """How many files of a chat are in which state."""
    rows = db.execute(
        "SELECT state, count(*) FROM files WHERE number IN (SELECT file FROM media WHERE chat=?)"
        " GROUP BY state",
        (chat_id,),
    )
    return {FileState(state): count for state, count in rows}


def load(db: sqlite3.Connection, file_id: int) -> StoredFile | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM files WHERE id=?", (file_id,)).fetchone()
    return None if row is None else _stored(row)


def save_state(
    db: sqlite3.Connection, file_id: int, state: FileState, reason: str | None, path: str | None
) -> list[tuple[int, int]]:
    """Writes what became of a file; returns the messages (chat, id) that show it."""
    db.execute("UPDATE files SET state=?, reason=?, path=? WHERE id=?", (state.value, reason, path, file_id))
    shown = db.execute(
        "SELECT chat, message FROM media WHERE file=(SELECT number FROM files WHERE id=?)", (file_id,)
    )
    return list(shown)


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


def _stored(row: Sequence[Any]) -> StoredFile:
    file_id, kind, size, dc, mime, name, access_hash, reference, date, thumb, state, reason, path = row
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
    )
