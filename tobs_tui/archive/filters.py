"""The chats' Bloom filters of an archive that is open for writing: a few in memory, one file for each chat.

A filter in memory holds every row of its chat that is committed, so that its "surely new" can be believed; a
commit adds its ids before it ends. Files are caches: one that can't be shown to be of this very archive is
built anew, in pieces, beside the run.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TypeAlias

from tobs_tui.archive import bloom, chats, coverage, identity, progress
from tobs_tui.archive.bloom import FIRST_CAPACITY, BloomFilter, Origin

IN_MEMORY = 4
"""Chats whose filter is in memory: about 1.4 MB each for a million messages."""
AT_ONCE = 5_000
"""Rows that a commit may add to a filter before it goes on: about 5 ms. More are added beside the run."""
LARGEST_GUESS = 4_000_000
SPARE_ROOM = 1.1
MOST_LAYERS = 3
"""A filter that grew by more is built anew at the size that it needs."""

Held: TypeAlias = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Gives the archive's connection, alone to the caller until the block ends."""


class Filters:
    """Not safe in threads by itself: `ready`, `drop` and `save` are called with the archive's lock held."""

    def __init__(self, folder: Path, db: sqlite3.Connection, rate: float) -> None:
        generation = identity.meta_of(db, "generation") or ""
        self._folder = folder
        self._archive = hashlib.blake2b(generation.encode(), digest_size=8).digest()
        self._epoch = progress.epoch(db)
        self._rate = rate
        self._in_memory: OrderedDict[int, BloomFilter] = OrderedDict()
        self._saved: dict[int, int] = {}
        self._wanted: dict[int, None] = {}

    def ready(self, db: sqlite3.Connection, chat_id: int) -> BloomFilter | None:
        """The filter of a chat, whole, where it is at hand; it must be told of every row from now on.

        None: the archive has to be asked itself; `build_wanted` will make the filter. To be called before the
        transaction gives out numbers of rows.
        """
        known = self._in_memory.get(chat_id)
        if known is not None:
            self._in_memory.move_to_end(chat_id)
            return known
        if chat_id in self._wanted:
            return None
        if not progress.messages(db, chat_id):
            return self._keep(db, chat_id, BloomFilter(self._rate, _guess(db, chat_id)))
        loaded = self._load(db, chat_id)
        if loaded is None or _newest(db) - loaded[1] > AT_ONCE:
            self._wanted[chat_id] = None
            return None
        return self._keep(db, chat_id, _with_rows_after(db, chat_id, *loaded))

    def drop(self, chat_id: int) -> None:
        """Forget a chat's filter, and its file: it was wrong."""
        self._in_memory.pop(chat_id, None)
        self._saved.pop(chat_id, None)
        with suppress(OSError):
            self.path(chat_id).unlink()

    def path(self, chat_id: int) -> Path:
        return self._folder / f"chat{chat_id}{bloom.SUFFIX}"

    def save(self, db: sqlite3.Connection) -> None:
        """Write the filters that changed since they were written. No transaction may be open."""
        for chat_id in tuple(self._in_memory):
            self._write(db, chat_id)

    def build_wanted(self, held: Held, stop: Callable[[], bool]) -> None:
        """Make the filters that were missed, in a thread; commits go on between the pieces."""
        with held():
            grown = [number for number, each in self._in_memory.items() if each.layers > MOST_LAYERS]
            wanted = [*grown, *self._wanted][-IN_MEMORY:]
        for chat_id in wanted:
            if stop():
                return
            built = self._built(held, chat_id, stop)
            if built is None:
                return
            with held() as db:
                self._keep(db, chat_id, _with_rows_after(db, chat_id, *built))
                self._wanted.pop(chat_id, None)

    def _built(self, held: Held, chat_id: int, stop: Callable[[], bool]) -> tuple[BloomFilter, int] | None:
        """A chat's filter, and up to which row it is whole: from its file or, where that is dearer, anew."""
        with held() as db:
            newest, count = _newest(db), progress.messages(db, chat_id)
            loaded = self._load(db, chat_id)
        if loaded is not None and newest - loaded[1] <= count:
            return self._read_on(held, chat_id, *loaded, stop)
        filter_ = BloomFilter(self._rate, max(FIRST_CAPACITY, int(count * SPARE_ROOM)))
        after = 0
        while not stop():
            with held() as db:
                ids = _column(
                    db,
                    "SELECT id FROM messages WHERE chat=? AND id>? ORDER BY id LIMIT ?",
                    (chat_id, after, AT_ONCE),
                )
            filter_.add_many(ids)
            if len(ids) < AT_ONCE:
                return filter_, newest
            after = ids[-1]
        return None

    def _read_on(
        self, held: Held, chat_id: int, filter_: BloomFilter, seq: int, stop: Callable[[], bool]
    ) -> tuple[BloomFilter, int] | None:
        while not stop():
            with held() as db:
                upto = min(seq + 4 * AT_ONCE, _newest(db))
                ids = _column(
                    db, "SELECT id FROM messages WHERE seq>? AND seq<=? AND chat=?", (seq, upto, chat_id)
                )
            filter_.add_many(ids)
            if upto - seq < AT_ONCE:
                return filter_, upto
            seq = upto
        return None

    def _load(self, db: sqlite3.Connection, chat_id: int) -> tuple[BloomFilter, int] | None:
        """What the chat's file holds, and up to which row; None when that can't be trusted or used."""
        loaded = bloom.load(self.path(chat_id))
        if loaded is None:
            return None
        filter_, origin = loaded
        is_ours = (origin.archive, origin.chat_id) == (self._archive, chat_id)
        fits = filter_.rate == self._rate and filter_.layers <= MOST_LAYERS
        return (filter_, origin.seq) if is_ours and fits and progress.holds(db, origin) else None

    def _keep(self, db: sqlite3.Connection, chat_id: int, filter_: BloomFilter) -> BloomFilter:
        while len(self._in_memory) >= IN_MEMORY and chat_id not in self._in_memory:
            oldest = next(iter(self._in_memory))
            self._write(db, oldest)
            del self._in_memory[oldest]
            self._saved.pop(oldest, None)
        self._in_memory[chat_id] = filter_
        self._in_memory.move_to_end(chat_id)
        return filter_

    def _write(self, db: sqlite3.Connection, chat_id: int) -> None:
        filter_ = self._in_memory[chat_id]
        if self._saved.get(chat_id) == len(filter_) or not len(filter_):
            return
        packed = filter_.packed(Origin(self._archive, self._epoch, chat_id, _newest(db)))
        # A cache that can't be kept is made anew; what really is wrong with the folder, the archive meets.
        with suppress(OSError):
            bloom.save(self.path(chat_id), packed)
            self._saved[chat_id] = len(filter_)


def _newest(db: sqlite3.Connection) -> int:
    """The number of the newest row of all."""
    newest: int = db.execute("SELECT seq FROM counters").fetchone()[0]
    return newest


def _with_rows_after(db: sqlite3.Connection, chat_id: int, filter_: BloomFilter, seq: int) -> BloomFilter:
    filter_.add_many(_column(db, "SELECT id FROM messages WHERE seq>? AND chat=?", (seq, chat_id)))
    return filter_


def _column(db: sqlite3.Connection, statement: str, values: tuple[int, ...]) -> list[int]:
    return [row[0] for row in db.execute(statement, values)]


def _guess(db: sqlite3.Connection, chat_id: int) -> int:
    """About how many messages a chat without rows will have."""
    stored = chats.load(db, chat_id)
    if stored is None:
        return FIRST_CAPACITY
    # Where ids are the chat's own, there are no more messages than those, and mostly fewer.
    top = coverage.top_of(db, chat_id) if stored.chat.type.has_own_ids else 0
    count = stored.chat.messages
    return min(max(FIRST_CAPACITY, top if count is None else int(count * SPARE_ROOM)), LARGEST_GUESS)
