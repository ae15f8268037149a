"""The names of a vault's chats, topics and notes: given once, kept in the archive, clear of foreign files.

A name is given when the first note of a chat or topic is planned; nothing is renamed later, but for what a
person moved, which is followed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from tobs_tui.archive import Archive, StoredChat
from tobs_tui.model import ChatType, NoteKey
from tobs_tui.vault import names
from tobs_tui.vault.locate import INDEX, Identity, identity_of


class NameBook:
    """Gives and remembers names. One for a publisher; not for several threads at once."""

    def __init__(self, archive: Archive, vault: Path) -> None:
        self._archive = archive
        self._vault = vault
        self._folders: dict[int, str] = {}
        self._topics: dict[int, dict[int, str]] = {}
        self._taken: set[str] = set()
        self._entries: dict[str, Path] | None = None
        self._listed: set[int] = set()
        self._first_of: dict[str, int] = {}
        for stored in archive.chats():
            if stored.folder is not None:
                self._folders[stored.chat.id] = stored.folder
                self._taken.add(names.same_name(stored.folder))
            if stored.chat.type is ChatType.FORUM or stored.chat.topics:
                self._load_topics(stored.chat.id)

    def folder(self, stored: StoredChat) -> str:
        """Return a chat's folder, which is also what its notes' names begin with."""
        chat_id = stored.chat.id
        known = self._folders.get(chat_id) or stored.folder
        if known is not None:
            return known
        for old_id in self._archive.parts_of(chat_id):
            # What a group had before it became this supergroup is this one's now.
            if (old := self._folders.get(old_id)) is not None:
                return self._give(chat_id, old)
        title = stored.name or stored.chat.title
        taken = self._taken | self._promised(title, chat_id)
        folder = names.folder_name(title, chat_id, taken)
        while not self._is_free(folder, chat_id):
            taken.add(names.same_name(folder))
            folder = names.folder_name(title, chat_id, taken)
        return self._give(chat_id, folder)

    def _promised(self, title: str, chat_id: int) -> set[str]:
        """The bare name where it is another chat's: of equal titles it goes to the lowest id.

        So names don't depend on which chat is published first.
        """
        if chat_id not in self._listed:
            self._first_of = {}
            for stored in self._archive.chats():
                chat = stored.chat
                self._listed.add(chat.id)
                if stored.folder is None and stored.part_of is None and chat.no_access is None:
                    form = names.same_name(names.safe_name(stored.name or chat.title, names.bare_id(chat.id)))
                    first = self._first_of.setdefault(form, chat.id)
                    self._first_of[form] = min(first, chat.id, key=_seniority)
        form = names.same_name(names.safe_name(title, names.bare_id(chat_id)))
        return {form} if self._first_of.get(form, chat_id) != chat_id else set()

    def _give(self, chat_id: int, folder: str) -> str:
        self._taken.add(names.same_name(folder))
        self._folders[chat_id] = folder
        self._archive.give_folder(chat_id, folder)
        return folder

    def topic_folder(self, stored: StoredChat, topic_id: int) -> str:
        """Return the folder of a forum's topic inside its chat's."""
        chat_id = stored.chat.id
        topics = self._load_topics(chat_id)
        if topic_id not in topics:
            taken = {names.same_name(name) for name in topics.values()}
            topics[topic_id] = names.topic_name(topic_title(stored, topic_id), topic_id, taken)
            kept = {str(key): name for key, name in sorted(topics.items())}
            self._archive.set_meta(f"topics:{chat_id}", json.dumps(kept, ensure_ascii=False))
            self._taken.add(names.same_name(self._stem(self.folder(stored), topics[topic_id])))
        return topics[topic_id]

    def path(self, stored: StoredChat, key: NoteKey, part: int = 1) -> str:
        """Return the path that a note should have, relative to the vault."""
        folder = self.folder(stored)
        stem = folder
        place = folder
        if key.topic_id:
            topic = self.topic_folder(stored, key.topic_id)
            stem, place = self._stem(folder, topic), f"{folder}/{topic}"
        period = f" {key.period}" if key.period else ""
        return f"{place}/{stem}{period}{part_suffix(part)}.md"

    def base(self, stored: StoredChat, key: NoteKey, part: int = 1) -> str:
        """Return what a wikilink to that note would say."""
        return base_name(self.path(stored, key, part))

    def free_path(self, stored: StoredChat, key: NoteKey) -> str:
        """Return the path for a note that has none yet, past somebody else's files of the same name."""
        return self._free(self.path(stored, key), Identity(stored.chat.id, key.topic_id, key.period))

    def index_path(self, stored: StoredChat) -> str:
        """Return where a chat's index note is, or will be."""
        chat_id = stored.chat.id
        kept = json.loads(self._archive.meta(f"index:{chat_id}") or "{}")
        if "path" in kept:
            return str(kept["path"])
        folder = self.folder(stored)
        return self._free(f"{folder}/{folder}{names.INDEX_SUFFIX}.md", Identity(chat_id, 0, INDEX))

    def _free(self, path: str, identity: Identity) -> str:
        # As text: a path object for each of thousands of notes costs more than the look itself.
        taken = os.path.exists(f"{self._vault}/{path}")  # noqa: PTH110
        if not taken or identity_of(self._vault / path) == identity:
            return path
        return next(
            other
            for other in other_paths(path, identity.chat_id)
            if not (self._vault / other).exists() or identity_of(self._vault / other) == identity
        )

    def _is_free(self, folder: str, chat_id: int) -> bool:
        """Whether a folder is new, empty or has notes of this chat already (of an archive that was lost)."""
        place = self._vault / folder
        alike = place if place.exists() else self._other_form(folder)
        if alike is None:
            return True
        if not alike.is_dir():
            return False
        notes = [path for path in alike.rglob("*") if path.is_file() and not path.name.startswith(".")]
        if not notes:
            return True
        return any(
            identity is not None and identity.chat_id == chat_id
            for path in notes
            if path.suffix == ".md" and (identity := identity_of(path)) is not None
        )

    def _other_form(self, folder: str) -> Path | None:
        """An entry of the vault whose name some file system takes for the same."""
        if self._entries is None:
            try:
                self._entries = {names.same_name(path.name): path for path in self._vault.iterdir()}
            except OSError:
                self._entries = {}
        return self._entries.get(names.same_name(folder))

    def _load_topics(self, chat_id: int) -> dict[int, str]:
        if chat_id not in self._topics:
            kept = json.loads(self._archive.meta(f"topics:{chat_id}") or "{}")
            self._topics[chat_id] = {int(topic): name for topic, name in kept.items()}
            folder = self._folders.get(chat_id, "")
            self._taken |= {names.same_name(self._stem(folder, name)) for name in kept.values()}
        return self._topics[chat_id]

    @staticmethod
    def _stem(folder: str, topic: str) -> str:
        return f"{folder}, {topic}"


def _seniority(chat_id: int) -> tuple[int, int]:
    return int(names.bare_id(chat_id)), chat_id


def other_paths(path: str, chat_id: int) -> Iterator[str]:
    """Give the paths to take instead of one that somebody else's file has."""
    stem, number = path.removesuffix(".md"), 1
    whose = names.bare_id(chat_id) if chat_id else "tobs"
    while True:
        again = f"-{number}" if number > 1 else ""
        yield f"{stem} ({whose}{again}).md"
        number += 1


def part_suffix(part: int) -> str:
    return f" part {part}" if part > 1 else ""


def base_name(path: str) -> str:
    """Return what a wikilink calls a note at this path."""
    return path.rpartition("/")[2].removesuffix(".md")


def topic_title(stored: StoredChat, topic_id: int) -> str:
    """Return a topic's title; `General` is every forum's first."""
    for topic in stored.chat.topics:
        if topic.id == topic_id:
            return topic.title
    return "General" if topic_id == 1 else f"Topic {topic_id}"
