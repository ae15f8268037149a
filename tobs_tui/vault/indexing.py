"""Keeps the chats' index notes and the vault's up to date, by the same rules as any other note.

What was written is kept in the archive beside the notes: `index:<chat>` and `index:vault`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tobs_tui.archive import Archive, ArchiveReader, StoredChat
from tobs_tui.archive.tally import Stretch
from tobs_tui.model import Chat
from tobs_tui.vault.book import NameBook, base_name, topic_title
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.chat_notes import ChatNotes
from tobs_tui.vault.front_matter import Fields
from tobs_tui.vault.index_notes import (
    IndexedNote,
    IndexedTopic,
    VaultEntry,
    coverage_words,
    index_fields,
    index_region,
    vault_fields,
    vault_region,
)
from tobs_tui.vault.locate import INDEX, Identity, Locator
from tobs_tui.vault.names import VAULT_INDEX
from tobs_tui.vault.placing import Decision, Draft, Placed, Placer
from tobs_tui.vault.summary import Summary, read_summary, write_summary

VAULT_RECORD = "index:vault"
_VAULT_DUE = "index:vault:due"
"""Set in the archive while the vault's index is older than a chat's."""
_VAULT_STEPS = 100
"""The vault's index names every chat: in a large vault it waits for so many-th parts of them, or the end."""

_VAULT_IDENTITY = Identity(0, 0, INDEX)


class Indexes:
    """The index notes of one vault."""

    def __init__(self, archive: Archive, calendar: Calendar) -> None:
        self._archive = archive
        self._calendar = calendar
        self._entries: dict[int, VaultEntry] | None = None
        self._vault_placed = False
        self._vault_waits = 0

    def place(self, stored: StoredChat, book: NameBook, placer: Placer, notes: ChatNotes) -> None:
        """Write a chat's index and the vault's where they changed; what came of it goes to `notes.placed`.

        Among many chats the vault's may wait: `finish` writes it.
        """
        chat_id = stored.chat.id
        index = book.index_path(stored)
        since = self._only_since(stored.chat)
        state = self._state(chat_id, since)
        look = self._look(stored, since, state)
        if not notes.changed and self._stands(placer, chat_id, look):
            return
        summary = counted(self._archive, stored, since)
        kept = write_summary(summary)
        if self._archive.meta(f"summary:{chat_id}") != kept:
            self._archive.set_meta(f"summary:{chat_id}", kept)
        name = stored.name or stored.chat.title
        path = self._place(
            f"index:{chat_id}",
            Identity(chat_id, 0, INDEX),
            index,
            index_fields(chat_id, stored.chat.type, name, stored.aliases, summary.messages),
            index_region(name, summary, self._topics(stored, notes), state, self._calendar),
            placer,
            notes.placed,
            look,
            is_early=notes.files_to_come,
        )
        if base_name(path) != base_name(index):
            self._archive.mark_all_dirty(chat_id)
        entries = self._known_entries(book)
        for old_id in self._archive.parts_of(chat_id):
            entries.pop(old_id, None)
        entries[chat_id] = _entry(stored, base_name(path), summary)
        self._vault_waits += 1
        if self._vault_placed and self._vault_waits <= len(entries) // _VAULT_STEPS:
            if not self._archive.meta(_VAULT_DUE):
                self._archive.set_meta(_VAULT_DUE, "1")
            return
        self._place_vault(book, placer, notes.placed)

    def finish(self, book: NameBook, vault: Path, outcome: Placed) -> None:
        """Write the vault's index if it waits, from this publisher or one that was killed."""
        if self._archive.meta(_VAULT_DUE):
            with closing(Placer(vault, Locator(vault))) as placer:
                self._place_vault(book, placer, outcome, is_last=True)

    def _place_vault(self, book: NameBook, placer: Placer, outcome: Placed, *, is_last: bool = False) -> None:
        entries = self._known_entries(book)
        put_off = outcome.put_off
        self._place(
            VAULT_RECORD,
            _VAULT_IDENTITY,
            f"{VAULT_INDEX}.md",
            vault_fields(),
            vault_region(entries.values(), self._calendar),
            placer,
            outcome,
            is_early=not is_last,
        )
        self._vault_placed, self._vault_waits = True, 0
        # Over one that an earlier archive left, the whole list comes when no more chats do.
        due = "1" if outcome.put_off > put_off else ""
        outcome.put_off = put_off
        if (self._archive.meta(_VAULT_DUE) or "") != due:
            self._archive.set_meta(_VAULT_DUE, due)

    def _place(
        self,
        record: str,
        identity: Identity,
        path: str,
        fields: Fields,
        region: bytes,
        placer: Placer,
        outcome: Placed,
        look: str = "",
        *,
        is_early: bool = False,
    ) -> str:
        """Place one index by its record in the archive; returns where it is."""
        kept = json.loads(self._archive.meta(record) or "{}")
        known = frozenset(filter(None, (kept.get("hash"), kept.get("planned"))))
        draft = Draft(identity, kept.get("path", path), fields, region, known, is_early)

        def plan(decisions: Sequence[Decision]) -> None:
            for decision in decisions:
                if decision.replacement is not None:
                    self._keep(record, kept | {"path": decision.path, "planned": decision.hash})

        placed = placer.place([draft], plan)
        outcome.kept_edits += placed.kept_edits
        outcome.problems += placed.problems
        outcome.put_off += placed.put_off
        for decision in placed.decisions:
            now = {"path": decision.path, "hash": decision.hash, **({"look": look} if look else {})}
            if kept != now:
                self._keep(record, now)
            return decision.path
        return draft.path

    def _keep(self, record: str, value: dict[str, str]) -> None:
        self._archive.set_meta(record, json.dumps(value, ensure_ascii=False, sort_keys=True))

    def _known_entries(self, book: NameBook) -> dict[int, VaultEntry]:
        """What the vault's index says of all chats that were published, read once."""
        if self._entries is None:
            self._entries = {}
            for stored in self._archive.chats():
                kept = self._archive.meta(f"summary:{stored.chat.id}")
                if stored.part_of is not None or not kept:
                    continue
                summary = read_summary(kept) or counted(self._archive, stored, self._only_since(stored.chat))
                if summary.messages:
                    index = base_name(book.index_path(stored))
                    self._entries[stored.chat.id] = _entry(stored, index, summary)
        return self._entries

    def _topics(self, stored: StoredChat, notes: ChatNotes) -> Iterator[IndexedTopic]:
        """Give the topics with their notes, one after the other: nothing of them is held."""
        for topic_id, some in groupby(self._notes(notes), key=itemgetter(0)):
            title = topic_title(stored, topic_id) if topic_id else None
            yield IndexedTopic(title, (note for _, note in some))

    def _notes(self, notes: ChatNotes) -> Iterator[tuple[int, IndexedNote]]:
        """Give the notes that have messages in order, each with its topic."""
        tally = self._archive.tally(notes.histories)
        for piece in notes.walk.pieces():
            stretches = [Stretch(key.topic_id, *self._calendar.bounds(key)) for key in piece]
            for (key, paths), count in zip(piece.items(), tally.counts(stretches), strict=True):
                if count:
                    files = tuple(map(base_name, paths))
                    yield key.topic_id, IndexedNote(key.period, count, files)

    def _look(self, stored: StoredChat, since: int | None, state: str) -> str:
        """What a chat's index shows besides its notes, as a hash."""
        shown = (stored.chat.type, stored.name, stored.chat.title, stored.aliases, since, state)
        style = (self._calendar.layout, self._calendar.timezone)
        return hashlib.blake2b(repr((shown, style)).encode(), digest_size=8).hexdigest()

    def _stands(self, placer: Placer, chat_id: int, look: str) -> bool:
        """Whether a chat's index that looks so is in place."""
        kept = json.loads(self._archive.meta(f"index:{chat_id}") or "{}")
        return kept.get("look") == look and "planned" not in kept and placer.holds(kept["path"])

    def _state(self, chat_id: int, only_since: int | None) -> str:
        since = None if only_since is None else self._calendar.short(only_since)
        missing = self._archive.files_missing(*self._archive.parts_of(chat_id), chat_id)
        return coverage_words(self._archive.ledger(chat_id), missing, since)

    def _only_since(self, chat: Chat) -> int | None:
        """The date before which nothing was ever asked for; None when all was."""
        scopes = self._archive.scopes(chat.id)
        dates = [scope.since for scope in scopes]
        if not dates or None in dates:
            return None
        return min(date for date in dates if date is not None)


def _entry(stored: StoredChat, index: str, summary: Summary) -> VaultEntry:
    title = stored.name or stored.chat.title
    return VaultEntry(stored.chat.type, title, index, summary)


def counted(archive: ArchiveReader, stored: StoredChat, since: int | None) -> Summary:
    """Return what a chat's messages come to; `since` is told where only later ones were asked for."""
    chat_id = stored.chat.id
    histories = [*archive.parts_of(chat_id), chat_id]
    tally = archive.tally(histories)
    writers, dates = tally.writers(), tally.dates()
    return Summary(
        messages=sum(map(archive.count, histories)),
        writers=None if writers == {chat_id} else len(writers),
        first=dates and dates[0],
        last=dates and dates[1],
        since=since,
    )
