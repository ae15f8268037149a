"""Reading the archive: any number of readers, also while a writer works.

Long answers are read in short pieces, so that no reader holds up the writer, with a log or without.
A row committed between two pieces may therefore be in an answer or not; none is ever twice in it or torn.
One file, long as it is: it is the list of what an archive can be asked, and the answers are made elsewhere.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from tobs_tui.archive import (
    chats,
    check,
    connection,
    coverage,
    dump,
    identity,
    media,
    media_wanted,
    notes,
    opening,
    people,
    progress,
    search,
)
from tobs_tui.archive.ledger import Ledger
from tobs_tui.archive.progress import EntityCacheData
from tobs_tui.archive.related import NoteOf
from tobs_tui.archive.rows import (
    COLUMNS,
    OUTLINE,
    Row,
    chunks,
    from_whole,
    marks,
    message_of,
    outline_of,
)
from tobs_tui.archive.tally import Tally
from tobs_tui.archive.values import (
    FileState,
    Hit,
    MediaWant,
    NoteRow,
    Scope,
    StoredChat,
    StoredFile,
    StoredMessage,
    Version,
    WantedFile,
)
from tobs_tui.archive.words import Terms
from tobs_tui.errors import ArchiveError
from tobs_tui.model import CHANNEL_MARK, Interval, MediaKind, Message, NoteKey, Owner, Person

T = TypeVar("T")

PIECE = 1000
"""Rows read at once: about 2 ms, and under a megabyte for all but the longest texts."""

_FAR = 2**62


class ArchiveReader:
    """One archive, read. Safe in several threads; close it when done."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        """Use `open`."""
        self.folder = folder
        self.path = folder / opening.FILE_NAME
        self._db = db
        self._lock = RLock()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Opens the archive in a folder.

        :raises ArchiveError: there is none, or an older program's that must be opened for writing once.
        :raises ArchiveDamaged: the file is damaged or no archive. :raises ArchiveTooNew: a newer program's.
        :raises ArchiveNotWritable: it can't be read as it lies there.
        """
        return cls(folder, opening.open_reading(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Safe to call twice."""
        with self._lock:
            self._db.close()

    # What it is

    def owner(self) -> Owner | None:
        return self._read(identity.owner_of)

    def meta(self, key: str) -> str | None:
        """A fact of the whole archive: `timezone`, `layout`, `generation` …"""
        return self._read(lambda db: identity.meta_of(db, key))

    def flood_waits(self) -> dict[str, float]:
        """Until when (Unix seconds) which class of method waits, as it was saved last."""
        return self._read(lambda db: dict(db.execute("SELECT class, until FROM flood_waits").fetchall()))

    # Chats and their ledgers

    def chats(self) -> list[StoredChat]:
        return self._read(chats.load_all)

    def chat(self, chat_id: int) -> StoredChat | None:
        return self._read(lambda db: chats.load(db, chat_id))

    def parts_of(self, chat_id: int) -> list[int]:
        """The old basic groups whose messages stand in this supergroup's notes."""
        return self._read(lambda db: chats.parts_of(db, chat_id))

    def top(self, chat_id: int) -> int:
        """The highest id known of a chat; 0 when there is none. It never falls."""
        return self._read(lambda db: coverage.top_of(db, chat_id))

    def count(self, chat_id: int) -> int:
        """How many rows of messages the archive holds of a chat."""
        return self._read(lambda db: progress.messages(db, chat_id))

    def counts(self) -> dict[int, int]:
        """The same of every chat that has rows."""
        return self._read(progress.all_messages)

    def has_dirty_notes(self, chat_id: int) -> bool:
        """Whether a chat has notes that must be rendered again."""
        return self._read(lambda db: progress.has_dirty_notes(db, chat_id))

    def progress(self, chat_id: int) -> EntityCacheData:
        """How far a chat is, without a look at its messages."""
        return self._snapshot(lambda db: progress.of(db, chat_id))

    def missing(self, chat_id: int, within: Interval) -> list[Interval]:
        """The ids within an interval that were not asked for or failed, ascending."""
        return self._read(lambda db: coverage.missing(db, chat_id, within))

    def ledger(self, chat_id: int) -> Ledger:
        """Every id from 1 to the top, in exactly one state."""
        return self._snapshot(lambda db: coverage.ledger(db, chat_id))

    def failed_count(self, chat_id: int) -> int:
        """How many ids of a chat's own ledger failed."""
        return self._read(
            lambda db: sum(high - low + 1 for low, high, _ in coverage.failed_spans(db, chat_id))
        )

    def scopes(self, chat_id: int) -> list[Scope]:
        """What was asked for of a chat, oldest first."""
        return self._read(lambda db: coverage.scopes(db, chat_id))

    # Messages

    def messages(
        self,
        chat_ids: Sequence[int],
        *,
        topic_id: int | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Iterator[StoredMessage]:
        """The chats' messages by date and id, streamed; at equal dates in the chats' given order.

        `since` is inclusive, `until` exclusive. `topic_id` 0 means messages that stand in no topic.
        """
        streams = [self._stream(chat_id, topic_id, since, until) for chat_id in chat_ids]
        if len(streams) == 1:
            return streams[0]
        return heapq.merge(*streams, key=lambda stored: stored.message.date)

    def message(self, chat_id: int, message_id: int) -> StoredMessage | None:
        rows = self._rows(f"SELECT {COLUMNS} FROM messages WHERE chat=? AND id=?", (chat_id, message_id))
        return message_of(rows[0]) if rows else None

    def get_many(self, chat_id: int, ids: Iterable[int]) -> dict[int, Message]:
        """Those of a chat's messages with these ids that the archive holds."""
        found: dict[int, Message] = {}
        for some in chunks(ids):
            statement = f"SELECT {COLUMNS} FROM messages WHERE chat=? AND id IN ({marks(some)})"
            found |= {row[1]: message_of(row).message for row in self._rows(statement, (chat_id, *some))}
        return found

    def live_ids(self, chat_id: int, within: Interval, *, topic_id: int | None = None) -> list[int]:
        """The ids of held messages that aren't known to be deleted, ascending; of one topic, or of all."""
        topic, values = ("", ()) if topic_id is None else (" AND topic=?", (topic_id,))
        statement = (
            "SELECT id FROM messages WHERE chat=? AND id BETWEEN ? AND ? AND deleted_at IS NULL"
            f"{topic} ORDER BY id"
        )
        parameters = (chat_id, within.low, within.high, *values)
        return self._read(lambda db: [row[0] for row in db.execute(statement, parameters)])

    def live_of(self, chat_id: int, ids: Iterable[int]) -> list[int]:
        """Those of these ids whose message is held and isn't known to be deleted."""
        found: list[int] = []
        for some in chunks(ids):
            statement = (
                f"SELECT id FROM messages WHERE chat=? AND id IN ({marks(some)}) AND deleted_at IS NULL"
            )
            found += [row[0] for row in self._rows(statement, (chat_id, *some))]
        return found

    def holders(self, ids: Iterable[int]) -> dict[int, list[int]]:
        """Which private chats and basic groups hold live messages of these ids: chat -> ids."""
        found: dict[int, list[int]] = {}
        for some in chunks(ids):
            statement = (
                "SELECT messages.chat, messages.id FROM chats CROSS JOIN messages ON messages.chat=chats.id"
                f" WHERE chats.id>? AND messages.id IN ({marks(some)}) AND deleted_at IS NULL"
            )
            for row in self._rows(statement, (-CHANNEL_MARK, *some)):
                found.setdefault(row[0], []).append(row[1])
        return found

    def newest_ids(self, chat_id: int, most: int) -> Interval | None:
        """The ids from the newest held message down to the `most`-th before it; None where none is held."""
        statement = (
            "SELECT min(id), max(id) FROM (SELECT id FROM messages WHERE chat=? ORDER BY id DESC LIMIT ?)"
        )
        low, high = self._rows(statement, (chat_id, most))[0]
        return None if low is None else Interval(low, high)

    def tally(self, chat_ids: Sequence[int]) -> Tally:
        """What the messages of some histories come to."""
        return Tally(self._read, chat_ids)

    def versions(self, chat_id: int, message_id: int) -> list[Version]:
        """What a message was before each change that was noticed, oldest first."""
        statement = "SELECT body, noticed_at FROM versions WHERE chat=? AND id=? ORDER BY rowid"
        try:
            return [
                Version(from_whole(body), noticed_at)
                for body, noticed_at in self._rows(statement, (chat_id, message_id))
            ]
        except msgspec.MsgspecError as error:
            raise connection.damaged(
                self.path, f"a version of message {message_id} of chat {chat_id}: {error}"
            ) from error

    def people(self, ids: Iterable[int]) -> dict[int, Person]:
        """Those of these people whom the archive knows."""
        return self._read(lambda db: people.load(db, ids))

    # Files

    def files(self, chat_id: int) -> Iterator[tuple[int, StoredFile]]:
        """Each message's id with a file that it shows, by message id; streamed."""
        after = (0, 0)
        while piece := self._read(partial(media.piece, chat_id=chat_id, after=after, limit=PIECE)):
            for (message_id, _), stored in piece:
                yield message_id, stored
            after = piece[-1][0]

    def file(self, file_id: int) -> StoredFile | None:
        return self.files_with((file_id,)).get(file_id)

    def files_with(self, ids: Iterable[int]) -> dict[int, StoredFile]:
        """Those of the files with these ids that the archive knows."""
        return self._read(lambda db: media.load(db, ids))

    def file_counts(self, *chat_ids: int) -> dict[FileState, int]:
        """How many of the files that these chats' messages show are in which state; not deleted ones'."""
        return self._read(lambda db: media.counts(db, chat_ids))

    def files_missing(self, *chat_ids: int) -> dict[tuple[FileState, str | None], int]:
        """How many of them are not here, by state; those left out also by the reason that is kept."""
        return media_wanted.missing(self._read, chat_ids)

    def file_places(self, file_id: int) -> list[tuple[int, int]]:
        """The messages that show a file, each by its history and id."""
        return self._read(lambda db: media.places(db, file_id))

    def done_files(self, chat_ids: Iterable[int] | None = None) -> Iterator[StoredFile]:
        """Every file that is here and that these histories (or any) show, once; streamed."""
        whose = None if chat_ids is None else tuple(chat_ids)
        after = 0
        while piece := self._read(partial(media.done, after=after, limit=PIECE, chat_ids=whose)):
            yield from (stored for _, stored in piece)
            after = piece[-1][0]

    def done_paths(self) -> Iterator[tuple[int, str, int]]:
        """The id, path and size of every file that is here: all that a quick look at the folder needs."""
        after = 0
        while piece := self._read(partial(media.done_paths, after=after, limit=PIECE)):
            yield from ((file_id, path, size) for _, file_id, path, size in piece)
            after = piece[-1][0]

    def files_in(self, chat_id: int, states: Iterable[FileState], limit: int) -> list[tuple[int, StoredFile]]:
        """The first files in one of these states that live messages show, each with the message's id."""
        wanted = tuple(states)
        return self._read(lambda db: media.in_states(db, chat_id, wanted, limit))

    def is_file_open(
        self, chat_id: int, kinds: Iterable[MediaKind], within: Interval, topic_id: int | None = None
    ) -> bool:
        """Whether a live message in these ids has a file of these kinds that is still to be had.

        Those over a limit of size aren't: they were asked for up to that limit.
        """
        return self._read(lambda db: media_wanted.is_open(db, chat_id, frozenset(kinds), within, topic_id))

    def files_wanted(
        self,
        chat_id: int,
        want: MediaWant,
        *,
        after: tuple[int, int] = (0, 0),
        upto: int | None = None,
        limit: int = 500,
    ) -> list[WantedFile]:
        """The asked-for files of a history's live messages that are neither here nor gone.

        They come by their place (message id, number of the file) from behind `after` to the message `upto`,
        at most `limit` of them; a file that several messages show comes once for each. To be called in a
        thread: where most files are here, it looks past all of them (about 1 us each, in pieces).
        """
        return media_wanted.wanted(self._read, chat_id, want, after, upto, limit)

    def media_totals(self, chat_ids: Iterable[int], want: MediaWant) -> tuple[int, int]:
        """How many files these histories still miss of what is asked for, and their bytes; each once."""
        return media_wanted.totals(self._read, tuple(chat_ids), want)

    # Notes

    def notes(self, chat_id: int, key: NoteKey | None = None, *, people: bool = True) -> list[NoteRow]:
        """The published files of a chat, or of one of its notes; without `people`, not whom they name."""
        return self._read(lambda db: notes.load(db, chat_id, key, people=people))

    def dirty_notes(self, chat_id: int) -> list[NoteKey]:
        """The notes that must be rendered again, in order. An old basic group's are its supergroup's."""
        return self._read(lambda db: notes.dirty(db, chat_id))

    def dirty_chats(self) -> list[int]:
        """The chats that have dirty notes."""
        return self._read(notes.dirty_chats)

    # Searching, checking

    def search(
        self,
        text: str,
        *,
        chat_id: int | None = None,
        sender: int | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = 100,
        note_of: NoteOf | None = None,
    ) -> list[Hit]:
        """The newest messages that hold all the words of `text`, the last of them as a beginning.

        Words in `"…"` must stand together. Nothing in `text` is an error; without a word nothing is found.
        What the `Indexer` hasn't read yet is looked through row by row, so the answer is whole, if slower.
        With `note_of` (a calendar's), each hit tells its published note.
        """
        terms = Terms.parse(text)
        if not terms.terms:
            return []
        where = () if chat_id is None else (chat_id, *self.parts_of(chat_id))
        query = search.Query(terms=terms, since=since, until=until, chat_ids=where, sender=sender)
        return self._read(lambda db: search.find(db, self.folder, query, limit, note_of))

    def check(self) -> list[str]:
        """Whether the file is sound and the ledger agrees with the rows: the problems, in words."""
        try:
            return self._snapshot(check.problems)
        except ArchiveError as error:
            return [error.what]

    def dump(self) -> Iterator[str]:
        """The content as canonical lines, without what says only when or in which order it came."""
        return dump.lines(self._rows)

    def outline(
        self,
        chat_ids: Sequence[int],
        *,
        topic_id: int | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Iterator[StoredMessage]:
        """The same messages as `messages`, with nothing but what places them: id, date, topic, album."""
        streams = [self._stream(chat_id, topic_id, since, until, OUTLINE) for chat_id in chat_ids]
        return heapq.merge(*streams, key=lambda stored: stored.message.date)

    # Underneath

    def _stream(
        self,
        chat_id: int,
        topic_id: int | None,
        since: int | None,
        until: int | None,
        columns: str = COLUMNS,
    ) -> Iterator[StoredMessage]:
        form = message_of if columns is COLUMNS else outline_of
        topic = "" if topic_id is None else " AND topic IS NULL" if topic_id == 0 else " AND topic=:topic"
        statement = (
            f"SELECT {columns} FROM messages WHERE chat=:chat{topic} AND (date, id) > (:date, :id)"
            f" AND date < :until ORDER BY date, id LIMIT {PIECE}"
        )
        date, message_id = (-_FAR if since is None else since - 1), _FAR
        while True:
            rows = self._rows(
                statement,
                {
                    "chat": chat_id,
                    "topic": topic_id,
                    "date": date,
                    "id": message_id,
                    "until": _FAR if until is None else until,
                },
            )
            yield from map(form, rows)
            if len(rows) < PIECE:
                return
            date, message_id = rows[-1][2], rows[-1][1]

    def _rows(self, statement: str, values: Sequence[object] | dict[str, object] = ()) -> list[Row]:
        return self._read(lambda db: db.execute(statement, values).fetchall())

    def _read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock, connection.translated(self.path):
            return question(self._db)

    def _snapshot(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer to several statements, of one instant."""

        def of_one_instant(db: sqlite3.Connection) -> T:
            with connection.snapshot(db):
                return question(db)

        return self._read(of_one_instant)
