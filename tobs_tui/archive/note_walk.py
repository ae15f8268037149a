"""One chat's notes, asked for where they are needed: a chat has thousands, and none of them is held.

A walk goes over the notes that were dirty when it began. What becomes dirty on the way is for the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from tobs_tui.archive import commit, notes
from tobs_tui.archive.values import NoteRow
from tobs_tui.model import NoteKey

T = TypeVar("T")

Beside: TypeAlias = tuple[NoteKey | None, NoteKey | None]

_ANY = "SELECT 1 FROM notes WHERE chat=? LIMIT 1"
PIECE = 100
"""Notes listed at once."""


class Read(Protocol):
    """Asks an archive something; safe in several threads."""

    def __call__(self, question: Callable[[sqlite3.Connection], T]) -> T: ...


Writing = Callable[[], AbstractContextManager[sqlite3.Connection]]


class NoteWalk:
    """Asks an archive for one chat's notes. Made by `Archive.note_walk`."""

    def __init__(self, read: Read, writing: Writing, chat_id: int) -> None:
        self._read = read
        self._writing = writing
        self._chat_id = chat_id
        self.upto = 0
        """The generation up to which notes are dirty for this walk."""

    def begin(self) -> None:
        """Take what is dirty now; the notes beside those that are new become so too."""
        if not self.dirty_count():
            self.look()
            return
        with self._writing() as db:
            notes.mark_beside_new(db, self._chat_id, commit.next_generation(db))
            self.upto = commit.generation(db)

    def look(self) -> None:
        """Take what is dirty now, and nothing else because of it."""
        self.upto = self._read(commit.generation)

    def dirty(self, after: NoteKey | None, limit: int = PIECE) -> list[NoteKey]:
        """Return the walk's next dirty notes in order, from behind `after`."""
        return self._read(lambda db: notes.dirty_piece(db, self._chat_id, after, self.upto, limit))

    def take_off_all(self) -> None:
        """Take all of the walk's notes off the dirty list."""
        with self._writing() as db:
            notes.clear_listed(db, self._chat_id, self.upto)

    def dirty_count(self) -> int:
        """How many notes are dirty, whenever they became so."""
        return self._read(lambda db: notes.dirty_count(db, self._chat_id))

    def rows(self, key: NoteKey) -> list[NoteRow]:
        """Return the files of a note in order, without whom they name."""
        return self._read(lambda db: notes.load(db, self._chat_id, key, people=False))

    def rows_of(self, keys: Sequence[NoteKey]) -> dict[NoteKey, dict[int, NoteRow]]:
        """Return the same of some notes at once, by part."""
        return self._read(lambda db: notes.load_some(db, self._chat_id, keys))

    def beside(self, key: NoteKey) -> Beside:
        """Return the notes before and after one, of the same topic: published ones and those to come."""
        before, after = self._read(lambda db: notes.beside(db, self._chat_id, key))
        return (
            None if before is None else NoteKey(key.topic_id, before),
            None if after is None else NoteKey(key.topic_id, after),
        )

    def has_others(self, key: NoteKey) -> bool:
        """Whether the chat has notes besides one, published or to come."""
        return self._read(lambda db: notes.has_others(db, self._chat_id, key))

    def has_files(self) -> bool:
        """Whether any note of the chat was published."""
        return bool(self._read(lambda db: db.execute(_ANY, (self._chat_id,)).fetchone()))

    def is_empty(self) -> bool:
        """Whether the chat has no notes at all, published or to come."""
        return not self._read(lambda db: notes.piece(db, self._chat_id, None, 1))

    def pieces(self) -> Iterator[dict[NoteKey, list[str]]]:
        """Give all notes in order, published and dirty ones, some at a time, each with its files' paths."""
        for piece in self._pieces(notes.piece):
            paths = self._read(partial(notes.paths, chat_id=self._chat_id, first=piece[0], last=piece[-1]))
            yield {key: paths.get(key, []) for key in piece}

    def clean(self) -> Iterator[NoteKey]:
        """Give the notes that have files but aren't dirty. They may be forgotten on the way."""
        for piece in self._pieces(notes.clean_piece):
            yield from piece

    def _pieces(
        self, ask: Callable[[sqlite3.Connection, int, NoteKey | None, int], list[NoteKey]]
    ) -> Iterator[list[NoteKey]]:
        def behind(after: NoteKey | None) -> list[NoteKey]:
            return self._read(lambda db: ask(db, self._chat_id, after, PIECE))

        after: NoteKey | None = None
        while piece := behind(after):
            yield piece
            after = piece[-1]
