"""Keeps the chats' index notes and the vault's up to date, by the same rules as any other note.

What was written is kept in the archive beside the notes: `index:<chat>` and `index:vault`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from tobs_tui.archive import Archive, StoredChat
from tobs_tui.model import Chat, NoteKey
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

    def __init__(self, archive: Archive, calendar: Calendar, size_limit: int | None) -> None:
        self._archive = archive
        self._calendar = calendar
        self._size_limit = size_limit
        self._entries: dict[int, VaultEntry] | None = None
        self._vault_placed = False
        self._vault_waits = 0

    def place(self, stored: StoredChat, book: NameBook, placer: Placer, notes: ChatNotes) -> None:
        """Write a chat's index and the vault's where they changed; what came of it goes to `notes.placed`.

        Among many chats the vault's may wait: `finish` writes it.
        """
        chat_id = stored.chat.id
        linked = base_name(book.index_path(stored))
        summary = notes.gathering.summary(self._only_since(stored.chat))
        kept = write_summary(summary)
        if self._archive.meta(f"summary:{chat_id}") != kept:
            self._archive.set_meta(f"summary:{chat_id}", kept)
        path = self._place(
            f"index:{chat_id}",
            Identity(chat_id, 0, INDEX),
            book.index_path(stored),
            index_fields(
                chat_id,
                stored.chat.type,
                stored.name or stored.chat.title,
                stored.aliases,
                summary.messages,
            ),
            index_region(
                chat_id,
                stored.name or stored.chat.title,
                summary,
                _topics(stored, notes),
                self._state(chat_id, summary),
                self._calendar,
            ),
            placer,
            notes.placed,
        )
        if base_name(path) != linked:
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
                self._place_vault(book, placer, outcome)

    def _place_vault(self, book: NameBook, placer: Placer, outcome: Placed) -> None:
        entries = self._known_entries(book)
        self._place(
            VAULT_RECORD,
            _VAULT_IDENTITY,
            f"{VAULT_INDEX}.md",
            vault_fields(),
            vault_region(entries.values(), self._calendar),
            placer,
            outcome,
        )
        self._vault_placed, self._vault_waits = True, 0
        if self._archive.meta(_VAULT_DUE):
            self._archive.set_meta(_VAULT_DUE, "")

    def _place(
        self,
        record: str,
        identity: Identity,
        path: str,
        fields: Fields,
        region: bytes,
        placer: Placer,
        outcome: Placed,
    ) -> str:
        """Place one index by its record in the archive; returns where it is."""
        kept = json.loads(self._archive.meta(record) or "{}")
        known = frozenset(filter(None, (kept.get("hash"), kept.get("planned"))))
        draft = Draft(identity, kept.get("path", path), fields, region, known)

        def plan(decisions: Sequence[Decision]) -> None:
            for decision in decisions:
                if decision.replacement is not None:
                    self._keep(record, kept | {"path": decision.path, "planned": decision.hash})

        placed = placer.place([draft], plan)
        outcome.kept_edits += placed.kept_edits
        outcome.problems += placed.problems
        for decision in placed.decisions:
            if kept != {"path": decision.path, "hash": decision.hash}:
                self._keep(record, {"path": decision.path, "hash": decision.hash})
            return decision.path
        return draft.path

    def _keep(self, record: str, value: dict[str, str]) -> None:
        self._archive.set_meta(record, json.dumps(value, ensure_ascii=False, sort_keys=True))

    def _known_entries(self, book: NameBook) -> dict[int, VaultEntry]:
        """What the vault's index says of all chats that were published, read once."""
        if self._entries is None:
            self._entries = {}
            for stored in self._archive.chats():
                chat_id = stored.chat.id
                summary = read_summary(self._archive.meta(f"summary:{chat_id}"))
                if stored.part_of is None and summary.notes:
                    index = base_name(book.index_path(stored))
                    self._entries[chat_id] = _entry(stored, index, summary)
        return self._entries

    def _state(self, chat_id: int, summary: Summary) -> str:
        since = None if summary.since is None else self._calendar.short(summary.since)
        ledger, files = self._archive.ledger(chat_id), self._archive.file_counts(chat_id)
        return coverage_words(ledger, files, since, self._size_limit)

    def _only_since(self, chat: Chat) -> int | None:
        """The date before which nothing was ever asked for; None when all was."""
        scopes = self._archive.scopes(chat.id)
        dates = [scope.since for scope in scopes]
        if not dates or None in dates:
            return None
        return min(date for date in dates if date is not None)


def _entry(stored: StoredChat, index: str, summary: Summary) -> VaultEntry:
    title = stored.name or stored.chat.title
    return VaultEntry(stored.chat.type, title, index, replace(summary, senders=()))


def _topics(stored: StoredChat, notes: ChatNotes) -> list[IndexedTopic]:
    topics = []
    for topic_id in notes.gathering.topics():
        indexed = tuple(
            IndexedNote(period, messages, notes.files(NoteKey(topic_id, period)))
            for period, messages in notes.gathering.periods(topic_id).items()
        )
        topics.append(IndexedTopic(topic_title(stored, topic_id) if topic_id else None, indexed))
    return topics
