"""Which files are asked for and not here, and which are left out by kind or size.

Questions over all files of a chat go by pieces: a window of places, or the few files of all that are not here
where these are fewer than a window holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeAlias

from tobs_tui.archive import commit, media, notes, related
from tobs_tui.archive.related import NoteOf
from tobs_tui.archive.rows import chunks, marks
from tobs_tui.archive.values import NOTHING_ASKED, FileState, MediaWant, WantedFile
from tobs_tui.model import Interval, MediaKind

Read: TypeAlias = Callable[[Callable[[sqlite3.Connection], Any]], Any]
"""Answers one question, holding up nobody between two of them."""
Writing: TypeAlias = Callable[[], AbstractContextManager[sqlite3.Connection]]
Place: TypeAlias = tuple[int, int]

WINDOW = 2000
"""Places looked at in one statement: about 2 ms; about 20 where the files of all become left out."""

FEW = 8
"""So many histories are counted by what they show, where others miss many files."""

_FAR = 2**62
_OPEN_STATES = (FileState.UNASKED, FileState.FAILED, FileState.OTHER_KIND, FileState.TOO_LARGE)
_NOT_DONE = "files.state<>'done'"
"""What the index `files_open` holds: SQLite takes it only where a statement says just this."""
_OPEN = f"{_NOT_DONE} AND files.state IN ({', '.join(repr(state.value) for state in _OPEN_STATES)})"
_SHOWN = (
    "messages.deleted_at IS NULL AND messages.date>=:since AND messages.date<:until"
    " AND (:any_topic OR messages.topic IS :topic)"
)
_MESSAGE = "CROSS JOIN messages ON messages.chat=media.chat AND messages.id=media.message"


def wanted(
    read: Read, chat_id: int, want: MediaWant, after: Place, upto: int | None, limit: int
) -> list[WantedFile]:
    """The asked-for files of one history that are not here, from behind `after` to the message `upto`."""
    last = (_FAR if upto is None else upto, _FAR)
    if not want.kinds or limit < 1:
        return []
    if read(partial(_open_count, kinds=want.kinds)) <= WINDOW:
        rows = read(partial(_wanted_of_open, chat_id=chat_id, want=want, after=after, end=last, limit=limit))
        return [_found(chat_id, row) for row in rows]
    found: list[WantedFile] = []
    while len(found) < limit and after < last:
        end = read(partial(_window_end, chat_id=chat_id, after=after))
        if end is None:
            break
        end = min(end, last)
        left = limit - len(found)
        rows = read(partial(_wanted_between, chat_id=chat_id, want=want, after=after, end=end, limit=left))
        found += [_found(chat_id, row) for row in rows]
        after = end
    return found


def is_open(
    db: sqlite3.Connection, chat_id: int, kinds: frozenset[MediaKind], within: Interval, topic_id: int | None
) -> bool:
    """Whether a live message in these ids has a file of these kinds that was not left out by its size."""
    if not kinds:
        return False
    row = db.execute(
        f"SELECT 1 FROM files INDEXED BY files_open CROSS JOIN media ON media.file=files.number {_MESSAGE}"
        f" WHERE files.kind IN ({_listed(kinds)}) AND {_OPEN} AND files.state<>'too_large'"
        " AND media.chat=:chat AND media.message BETWEEN :low AND :high"
        f" AND {_SHOWN} LIMIT 1",
        _values(chat_id, MediaWant(frozenset(), topic_id=topic_id))
        | {"low": within.low, "high": within.high},
    ).fetchone()
    return row is not None


def totals(read: Read, chat_ids: Sequence[int], want: MediaWant) -> tuple[int, int]:
    """How many files some histories still miss, and their bytes."""
    files = size = 0
    if _others_miss_many(read, chat_ids, want.kinds):
        for _, _, some, some_size in _shown_by_few(read, chat_ids, want, _OPEN):
            files, size = files + some, size + some_size
        return files, size
    for state in _OPEN_STATES:
        for kind in sorted(want.kinds):
            for _, some, some_size in _counted(read, state, kind, chat_ids, want):
                files, size = files + some, size + some_size
    return files, size


def missing(read: Read, chat_ids: Sequence[int]) -> dict[tuple[FileState, str | None], int]:
    """How many files of some histories are not here, by state and, where they were left out, the reason."""
    found: dict[tuple[FileState, str | None], int] = {}
    every = MediaWant(frozenset(MediaKind))
    if _others_miss_many(read, chat_ids, every.kinds):
        for state_name, reason, files, _ in _shown_by_few(read, chat_ids, every, _NOT_DONE):
            key = _why_missing(FileState(state_name), reason)
            found[key] = found.get(key, 0) + files
        return found
    for state in (*_OPEN_STATES, FileState.GONE):
        for kind in MediaKind:
            for reason, files, _ in _counted(read, state, kind, chat_ids, every):
                key = _why_missing(state, reason)
                found[key] = found.get(key, 0) + files
    return found


def _why_missing(state: FileState, reason: str | None) -> tuple[FileState, str | None]:
    return state, reason if state in (FileState.OTHER_KIND, FileState.TOO_LARGE) else None


def _others_miss_many(read: Read, chat_ids: Sequence[int], kinds: Iterable[MediaKind]) -> bool:
    """Whether these histories are quicker gone through than the files that all of the archive misses."""
    return len(chat_ids) <= FEW and bool(read(partial(_open_count, kinds=kinds)) > WINDOW)


def _shown_by_few(
    read: Read, chat_ids: Sequence[int], want: MediaWant, of: str
) -> Iterator[tuple[str, str | None, int, int]]:
    """The files that these histories show, in pieces: state, reason, how many and their bytes."""
    for chat_id in sorted(chat_ids):
        after = (0, 0)
        while (end := read(partial(_window_end, chat_id=chat_id, after=after))) is not None:
            yield from read(
                partial(
                    _shown_between,
                    chat_id=chat_id,
                    want=want,
                    after=after,
                    end=end,
                    chat_ids=chat_ids,
                    of=of,
                )
            )
            after = end


def leave_out(read: Read, writing: Writing, chat_id: int, want: MediaWant, note_of: NoteOf) -> int:
    """Writes which of a history's files are left out; returns how many became so."""
    count = 0
    after = (0, 0)
    while (end := read(partial(_window_end, chat_id=chat_id, after=after))) is not None:
        if read(partial(_turned, chat_id=chat_id, want=want, after=after, end=end)):
            with writing() as db:
                turned = _turned(db, chat_id, want, after, end)
                _turn(db, turned, note_of)
            count += sum(state != FileState.UNASKED for _, state, _ in turned)
        after = end
    return count


def _open_count(db: sqlite3.Connection, kinds: Iterable[MediaKind]) -> int:
    """How many files of these kinds are not here; not counted past what a window holds."""
    statement = f"SELECT 1 FROM files WHERE kind IN ({_listed(kinds)}) AND {_OPEN} LIMIT {WINDOW + 1}"
    return int(db.execute(f"SELECT count(*) FROM ({statement})").fetchone()[0])


def _window_end(db: sqlite3.Connection, chat_id: int, after: Place) -> Place | None:
    """The last place of the next window; None when there is nothing behind `after`."""
    behind = "FROM media WHERE chat=? AND (message, file) > (?, ?) ORDER BY message"
    values = (chat_id, *after)
    full = db.execute(f"SELECT message, file {behind}, file LIMIT 1 OFFSET {WINDOW - 1}", values).fetchone()
    if full is not None:
        return int(full[0]), int(full[1])
    last = db.execute(f"SELECT message, file {behind} DESC, file DESC LIMIT 1", values).fetchone()
    return None if last is None else (int(last[0]), int(last[1]))


def _wanted_between(
    db: sqlite3.Connection, chat_id: int, want: MediaWant, after: Place, end: Place, limit: int
) -> list[tuple[Any, ...]]:
    return db.execute(
        f"SELECT media.message, media.file, {media.JOINED} FROM media"
        f" CROSS JOIN files ON files.number=media.file {_MESSAGE}"
        " WHERE media.chat=:chat AND (media.message, media.file) > (:message, :file)"
        f" AND (media.message, media.file) <= (:last_message, :last_file) AND {_OPEN}"
        f" AND files.kind IN ({_listed(want.kinds)}) AND files.size<=:max_size AND {_SHOWN}"
        " ORDER BY media.message, media.file LIMIT :limit",
        _values(chat_id, want) | _window(after, end) | {"limit": limit},
    ).fetchall()


def _shown_between(
    db: sqlite3.Connection,
    chat_id: int,
    want: MediaWant,
    after: Place,
    end: Place,
    chat_ids: Sequence[int],
    of: str,
) -> list[tuple[str, str | None, int, int]]:
    """A window's files that are asked for and shown at no earlier place: state, reason, count, bytes."""
    if not want.kinds:
        return []
    return db.execute(
        "SELECT files.state, files.reason, count(*), sum(files.size) FROM media"
        f" CROSS JOIN files ON files.number=media.file {_MESSAGE}"
        " WHERE media.chat=:chat AND (media.message, media.file) > (:message, :file)"
        f" AND (media.message, media.file) <= (:last_message, :last_file) AND {of}"
        f" AND files.kind IN ({_listed(want.kinds)}) AND files.size<=:max_size AND {_SHOWN}"
        " AND NOT EXISTS (SELECT 1 FROM media AS other CROSS JOIN messages AS shown"
        " ON shown.chat=other.chat AND shown.id=other.message WHERE other.file=media.file"
        " AND other.chat IN (SELECT value FROM json_each(:chats))"
        " AND (other.chat, other.message) < (media.chat, media.message)"
        f" AND {_SHOWN.replace('messages.', 'shown.')}) GROUP BY files.state, files.reason",
        _values(chat_id, want) | _window(after, end) | {"chats": media.ids_text(chat_ids)},
    ).fetchall()


def _wanted_of_open(
    db: sqlite3.Connection, chat_id: int, want: MediaWant, after: Place, end: Place, limit: int
) -> list[tuple[Any, ...]]:
    return db.execute(
        f"SELECT media.message, media.file, {media.JOINED} FROM files INDEXED BY files_open"
        f" CROSS JOIN media ON media.file=files.number AND media.chat=:chat {_MESSAGE}"
        f" WHERE files.kind IN ({_listed(want.kinds)}) AND {_OPEN} AND files.size<=:max_size"
        " AND (media.message, media.file) > (:message, :file)"
        f" AND (media.message, media.file) <= (:last_message, :last_file) AND {_SHOWN}"
        " ORDER BY media.message, media.file LIMIT :limit",
        _values(chat_id, want) | _window(after, end) | {"limit": limit},
    ).fetchall()


_Counted: TypeAlias = tuple[str | None, int, int]
"""A reason, how many files have it, and their bytes."""


def _counted(
    read: Read, state: FileState, kind: MediaKind, chat_ids: Sequence[int], want: MediaWant
) -> Iterator[_Counted]:
    """Of the files of a state and kind that some histories show and are asked for; counted in pieces."""
    number: int | None = 0
    while number is not None:
        number, some = read(
            partial(_count_behind, state=state, kind=kind, after=number, chat_ids=chat_ids, want=want)
        )
        yield from some


def _count_behind(
    db: sqlite3.Connection,
    state: FileState,
    kind: MediaKind,
    after: int,
    chat_ids: Sequence[int],
    want: MediaWant,
) -> tuple[int | None, list[_Counted]]:
    """What the next files come to, and the number of the last of them; None when no more come."""
    behind = (
        f"FROM files INDEXED BY files_open WHERE {_NOT_DONE} AND files.state=:state AND files.kind=:kind"
        " AND files.number>:after"
    )
    values = _values(0, want) | {"state": state.value, "kind": kind.value, "after": after}
    last = db.execute(
        f"SELECT max(number) FROM (SELECT number {behind} ORDER BY number LIMIT {WINDOW})", values
    ).fetchone()[0]
    if last is None:
        return None, []
    rows = db.execute(
        f"SELECT files.reason, count(*), sum(files.size) {behind} AND files.number<=:last"
        " AND files.size<=:max_size"
        f" AND EXISTS (SELECT 1 FROM media {_MESSAGE} WHERE media.file=files.number"
        f" AND media.chat IN (SELECT value FROM json_each(:chats)) AND {_SHOWN}) GROUP BY files.reason",
        values | {"last": last, "chats": media.ids_text(chat_ids)},
    ).fetchall()
    return int(last), rows


_Turned: TypeAlias = tuple[int, str, str | None]
"""A file's number, and the state and reason that it takes."""


def _turned(db: sqlite3.Connection, chat_id: int, want: MediaWant, after: Place, end: Place) -> list[_Turned]:
    """The files of a window that take another state or reason by what is asked for."""
    kinds = _listed(want.kinds)
    state = (
        f"CASE WHEN files.kind NOT IN ({kinds}) THEN 'other_kind' WHEN files.size>:max_size THEN 'too_large'"
        " WHEN files.state IN ('other_kind', 'too_large') THEN 'unasked' ELSE files.state END"
    )
    reason = (
        f"CASE WHEN files.kind NOT IN ({kinds}) THEN :nothing WHEN files.size>:max_size THEN :limit_words"
        " WHEN files.state IN ('other_kind', 'too_large') THEN NULL ELSE files.reason END"
    )
    rows = db.execute(
        f"SELECT DISTINCT files.number, {state} AS state_now, {reason} AS reason_now, files.kind FROM media"
        f" CROSS JOIN files ON files.number=media.file {_MESSAGE}"
        " WHERE media.chat=:chat AND (media.message, media.file) > (:message, :file)"
        f" AND (media.message, media.file) <= (:last_message, :last_file) AND {_OPEN} AND {_SHOWN}"
        " AND (files.state<>state_now OR files.reason IS NOT reason_now)",
        _values(chat_id, want)
        | _window(after, end)
        | {
            "nothing": None if want.kinds else NOTHING_ASKED,
            "limit_words": None if want.max_size is None else str(want.max_size),
        },
    ).fetchall()
    others = [number for number, state, _, _ in rows if state == FileState.OTHER_KIND]
    kept = _asked_elsewhere(db, chat_id, others)
    return [(number, state, reason) for number, state, reason, _ in rows if number not in kept]


def _asked_elsewhere(db: sqlite3.Connection, chat_id: int, numbers: Iterable[int]) -> set[int]:
    """Those of these files that another chat shows and was asked for by their kind."""
    return {
        row[0]
        for some in chunks(numbers)
        for row in db.execute(
            "SELECT files.number FROM files CROSS JOIN media ON media.file=files.number AND media.chat<>?"
            " CROSS JOIN scopes ON scopes.chat=media.chat"
            " AND media.message BETWEEN scopes.low AND scopes.high"
            f" WHERE files.number IN ({marks(some)})"
            " AND instr(',' || scopes.media || ',', ',' || files.kind || ',')",
            (chat_id, *some),
        )
    }


def _turn(db: sqlite3.Connection, turned: Sequence[_Turned], note_of: NoteOf) -> None:
    db.executemany(
        "UPDATE files SET state=?, reason=?, path=NULL, digest=NULL WHERE number=?",
        [(state, reason, number) for number, state, reason in turned],
    )
    places = [
        related.Place(*row)
        for some in chunks(number for number, _, _ in turned)
        for row in db.execute(
            f"SELECT media.chat, messages.date, messages.topic FROM media {_MESSAGE}"
            f" WHERE media.file IN ({marks(some)})",
            some,
        )
    ]
    notes.mark(db, related.keys(db, places, note_of), commit.next_generation(db))


def _found(chat_id: int, row: Sequence[Any]) -> WantedFile:
    message_id, number, *file = row
    return WantedFile((message_id, number), chat_id, message_id, media.stored(file))


def _listed(kinds: Iterable[MediaKind]) -> str:
    return ", ".join(f"'{kind.value}'" for kind in sorted(kinds))


def _values(chat_id: int, want: MediaWant) -> dict[str, object]:
    return {
        "chat": chat_id,
        "max_size": _FAR if want.max_size is None else want.max_size,
        "since": -_FAR if want.since is None else want.since,
        "until": _FAR if want.until is None else want.until,
        "any_topic": want.topic_id is None,
        "topic": want.topic_id or None,
    }


def _window(after: Place, end: Place) -> dict[str, object]:
    return {"message": after[0], "file": after[1], "last_message": end[0], "last_file": end[1]}
