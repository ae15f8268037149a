"""The archive's one writer: each batch is one transaction, with all that follows from it.

Besides its rows, a commit writes which ids it settles and which notes it makes dirty: those of its messages,
those that quote or link to them, and those that name a person whose name is another now.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tobs_tui.archive import (
    chats,
    commit,
    connection,
    coverage,
    identity,
    media,
    media_wanted,
    notes,
    opening,
    progress,
    related,
)
from tobs_tui.archive.filters import Filters
from tobs_tui.archive.locking import WriterLock
from tobs_tui.archive.note_walk import NoteWalk
from tobs_tui.archive.progress import EntityCacheData, Published
from tobs_tui.archive.reader import ArchiveReader
from tobs_tui.archive.related import NoteOf
from tobs_tui.archive.values import Batch, CommitResult, FileFate, FileState, MediaWant, NoteRow, Scope
from tobs_tui.model import Chat, File, NoteKey, Owner


class Archive(ArchiveReader):
    """The archive, opened for writing. Safe in several threads, one at a time."""

    notices: tuple[str, ...]
    """What a person should be told about how the archive had to be opened."""

    def __init__(
        self,
        folder: Path,
        db: sqlite3.Connection,
        lock: WriterLock,
        notices: tuple[str, ...],
        now: Callable[[], float],
        bloom_rate: float,
    ) -> None:
        """Use `open`."""
        super().__init__(folder, db)
        self.notices = notices
        self._writer = lock
        self._now = now
        # The generation at which a chat's dirty notes were listed last.
        self._listed: dict[int, int] = {}
        self._filters = Filters(folder, db, bloom_rate)
        # Chats whose progress isn't kept as it is now.
        self._changed: set[int] = set()
        self._published: dict[int, Published] = {}

    @classmethod
    def open(  # type: ignore[override]  # a writer must say whose archive it is
        cls,
        folder: Path,
        owner: Owner,
        *,
        now: Callable[[], float] = time.time,
        bloom_rate: float = 0.01,
    ) -> Self:
        """Opens or creates the archive in a folder, for this process alone to write.

        `bloom_rate` is how often the chats' filters may take a new id for a known one, between 0 and 1.

        :raises ArchiveBusy: another process writes to it. :raises ArchiveOfOther: it is another account's.
        :raises ArchiveDamaged: the file is damaged or no archive; it isn't touched.
        :raises ArchiveNotWritable: :raises ArchiveTooNew: :raises DiskFull: as their classes say.
        """
        lock = opening.acquire(folder)
        try:
            db, notices = opening.open_writing(folder, owner)
        except BaseException:
            lock.release()
            raise
        return cls(folder, db, lock, (*filter(None, (lock.notice,)), *notices), now, bloom_rate)

    def close(self) -> None:
        """Leaves one file behind, without a log, and lets the next writer in. Safe to call twice."""
        super().close()
        self._writer.release()

    # Facts

    def set_meta(self, key: str, value: str) -> None:
        with self._writing() as db:
            identity.set_meta(db, key, value)

    def save_chats(self, listed: Iterable[Chat]) -> None:
        """Keeps chats as they were listed: a new title is an alias, the top only rises."""
        with self._writing() as db:
            chats.save(db, listed)

    def record_scope(self, chat_id: int, scope: Scope) -> None:
        """Keeps what was asked for of a chat."""
        with self._writing() as db:
            coverage.record_scope(db, chat_id, scope, self._now())

    def record_scopes(self, asked: Iterable[tuple[int, Scope]]) -> None:
        """Keeps what was asked for of several chats, in one transaction: each commit waits for the disk."""
        with self._writing() as db:
            for chat_id, scope in asked:
                coverage.record_scope(db, chat_id, scope, self._now())

    def give_folder(self, chat_id: int, folder: str) -> None:
        """Keeps a chat's folder in the vault."""
        with self._writing() as db:
            chats.give_folder(db, chat_id, folder)

    def save_flood_wait(self, method_class: str, until: float) -> None:
        """Keeps until when (Unix seconds) a class of method waits."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO flood_waits VALUES (?, ?)", (method_class, until))

    # Messages

    def commit(self, batch: Batch, note_of: NoteOf | None = None) -> CommitResult:
        """Writes a batch in one transaction, or nothing of it. One without messages needs no `note_of`.

        :raises DiskFull: :raises ArchiveNotWritable: as their classes say; the archive is as before.
        """
        if note_of is None:
            if batch.messages or batch.notices_deleted or batch.deleted:
                raise ValueError("messages are committed with note_of")
            note_of = _no_note
        try:
            with self._writing() as db:
                filter_ = self._filters.ready(db, batch.chat_id) if batch.messages else None
                result = commit.write(db, batch, note_of, self._now(), filter_)
        except sqlite3.IntegrityError:
            # A filter or ledger that was wrong costs a second try, never a message.
            with self._writing() as db:
                self._filters.drop(batch.chat_id)
                result = commit.write(db, batch, note_of, self._now(), asks_all=True)
        self._changed.add(batch.chat_id)
        return result

    def progress(self, chat_id: int) -> EntityCacheData:
        # Perhaps it had to be asked of the ledger: what is kept already isn't kept twice.
        self._changed.add(chat_id)
        return super().progress(chat_id)

    def notes_are_whole(self, chat_id: int, changes: int, mark: bytes) -> None:
        """Notes for `save_progress` that a chat's notes hold all that it had after so many changes.

        `mark` says by which names and settings; `progress` gives it back until something changes.
        """
        self._published[chat_id] = Published(changes, mark)
        self._changed.add(chat_id)

    def save_progress(self, *, builds: bool = False, stop: Callable[[], bool] = lambda: False) -> None:
        """Keeps how far the chats are, and their filters, for the next run. For a thread: it writes files.

        With `builds`, filters that were missing or had to be left out are made from the rows first, until
        `stop` says that there is no time for that.

        :raises DiskFull: :raises ArchiveNotWritable: as their classes say; the archive is as before.
        """
        if builds:
            self._filters.build_wanted(self._held_alone, stop)
        with self._held_alone() as db:
            self._filters.save(db)
            if not self._changed:
                return
            with connection.transaction(db):
                progress.save(db, self._changed, self._published)
            self._changed.clear()
            self._published.clear()

    # Files

    def save_file_state(
        self,
        file_id: int,
        state: FileState,
        note_of: NoteOf,
        *,
        reason: str | None = None,
        path: str | None = None,
        digest: str | None = None,
    ) -> None:
        """Keeps what became of a file, and makes the notes dirty that show it otherwise from now on."""
        self.save_fates([FileFate(file_id, state, reason, path, digest)], note_of)

    def save_fates(self, fates: Iterable[FileFate], note_of: NoteOf) -> None:
        """Does the same for several files, in one transaction: each commit waits for the disk."""
        with self._writing() as db:
            shown = [place for fate in fates for place in media.save_fate(db, fate)]
            if shown:
                notes.mark(db, related.keys(db, shown, note_of), commit.next_generation(db))

    def refresh_file(self, *files: File) -> None:
        """Keeps the new references, access hashes and DCs of some files, in one transaction."""
        with self._writing() as db:
            for file in files:
                media.refresh(db, file)

    def leave_files_out(self, chat_id: int, want: MediaWant, note_of: NoteOf) -> int:
        """Keeps which of a history's missing files are left out, by kind or size; how many became so.

        One that was left out before and is asked for now is unasked again. Only messages of the dates and
        topic asked for are looked at, and notes become dirty only where their words change. It goes by
        pieces, each in a transaction of its own, so that no other commit waits long; call it in a thread.
        """
        return media_wanted.leave_out(self._read, self._writing, chat_id, want, note_of)

    # Notes

    def dirty_notes(self, chat_id: int) -> list[NoteKey]:
        with self._lock:
            listed = self._read(commit.generation)
            keys = super().dirty_notes(chat_id)
            self._listed[chat_id] = listed
        return keys

    def mark_dirty(self, chat_id: int, keys: Iterable[NoteKey]) -> None:
        """Makes notes of a chat dirty."""
        with self._writing() as db:
            whose = chats.notes_of(db, chat_id)
            notes.mark(db, [(whose, key) for key in keys], commit.next_generation(db))

    def mark_all_dirty(self, chat_id: int | None = None, note_of: NoteOf | None = None) -> None:
        """Makes every note (of one chat) dirty: those that were published, beside those that are already.

        With `note_of`, it is exactly those in which the messages stand by it: after a change of time zone or
        layout the old ones are no notes any more.
        """
        with self._writing() as db:
            generation = commit.next_generation(db)
            if note_of is None:
                notes.mark_published(db, chat_id, generation)
                return
            notes.clear_all(db, chat_id)
            notes.mark(db, related.keys(db, related.everywhere(db, chat_id), note_of), generation)

    def plan_notes(self, rows: Sequence[NoteRow]) -> None:
        """Keeps what is about to be written (`planned_hash`), before a file is replaced."""
        with self._writing() as db:
            notes.plan(db, rows)

    def note_walk(self, chat_id: int) -> NoteWalk:
        """One chat's notes, to go over without holding them."""
        return NoteWalk(self._read, self._writing, chat_id)

    def notes_written(
        self,
        rows: Sequence[NoteRow],
        clears: Iterable[NoteKey],
        *,
        chat_id: int | None = None,
        listed: int | None = None,
    ) -> None:
        """Keeps what was written, and takes notes off the dirty list; without rows, say of which chat.

        A note that became dirty again stays on the list: since the generation `listed` (a `NoteWalk`'s
        `upto`), or else since this archive's `dirty_notes` listed it.
        """
        keys = list(clears)
        whose = chat_id if chat_id is not None else rows[0].chat_id if rows else None
        if whose is None and keys:
            raise ValueError("notes_written without rows needs chat_id")
        with self._writing() as db:
            notes.written(db, rows)
            if whose is not None:
                if listed is None:
                    listed = self._listed.get(whose, commit.generation(db))
                notes.clear(db, whose, keys, rows, listed)

    def forget_notes(self, rows: Sequence[NoteRow]) -> None:
        """Drops files that are no more: parts that a note no longer has, notes of another layout."""
        with self._writing() as db:
            notes.forget(db, rows)

    @contextmanager
    def _held_alone(self) -> Iterator[sqlite3.Connection]:
        with self._lock, connection.translated(self.path):
            yield self._db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, connection.translated(self.path), connection.transaction(self._db):
            yield self._db


def _no_note(date: int, topic_id: int | None) -> NoteKey:
    raise ValueError("a batch without messages came to have one")
