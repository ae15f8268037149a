"""Which chats' notes hold all that the archive has, so that they need not be published once more."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from tobs_tui.archive import Archive, StoredChat
from tobs_tui.config import Settings
from tobs_tui.vault.publisher import Publisher


class CleanNotes:
    """Goes by the archive's own counts of changes; knows nothing of how notes look.

    `style` names all that decides how notes look besides the archive: another one makes every chat unclean.
    """

    def __init__(self, archive: Archive, vault: Path, style: str) -> None:
        self._archive = archive
        self._vault = vault
        self._style = style

    def is_clean(self, chat_id: int, asked: str) -> bool:
        """Whether publishing this chat would change nothing, and neither would leaving files out of it.

        `asked` names the files that are asked for: notes name those that are left out.
        """
        stored = self._stored(chat_id)
        if stored is None or stored.folder is None or self._archive.has_dirty_notes(stored.chat.id):
            return False
        published = self._archive.progress(stored.chat.id).published
        return published == self._mark(stored, asked) and (self._vault / stored.folder).is_dir()

    def changes(self, chat_id: int) -> int:
        """How often the chat changed until now; to be asked before it is published, for `keep`."""
        return self._archive.progress(chat_id).changes

    def keep(self, chat_id: int, changes: int, asked: str) -> None:
        """A chat was published whole: its notes hold what it had after so many changes."""
        stored = self._archive.chat(chat_id)
        if stored is not None and not self._archive.has_dirty_notes(chat_id):
            self._archive.notes_are_whole(chat_id, changes, self._mark(stored, asked))

    def _stored(self, chat_id: int) -> StoredChat | None:
        """The chat whose notes hold this one's messages."""
        stored = self._archive.chat(chat_id)
        if stored is not None and stored.part_of is not None:
            return self._archive.chat(stored.part_of)
        return stored

    def _mark(self, stored: StoredChat, asked: str) -> bytes:
        chat = stored.chat
        known = self._archive.progress(chat.id)
        facts = (
            self._style,
            asked,
            stored.name,
            stored.folder,
            stored.aliases,
            chat.title,
            chat.type.value,
            chat.topics,
            [scope.since for scope in self._archive.scopes(chat.id)],
            (known.top, known.missing) if known.missing else (),
            self._archive.progress(chat.migrated_from).changes if chat.migrated_from is not None else 0,
        )
        return hashlib.blake2b(msgspec.msgpack.encode(facts), digest_size=16).digest()


def style_of(publisher: Publisher, settings: Settings) -> str:
    """All that decides how notes look, besides what the archive holds."""
    calendar = publisher.calendar
    formats = sorted(each.value for each in settings.export_formats)
    deleted, size = settings.note_deleted.value, settings.media_max_file_size
    return f"{calendar.layout.value} {calendar.timezone} {deleted} {size} {formats} {settings.export_path}"
