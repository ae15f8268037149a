"""Finds notes that a person moved or renamed: by the chat and the date that they tell of themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tobs_tui.vault import front_matter
from tobs_tui.vault.names import EDITS_SUFFIX, MEDIA_FOLDER
from tobs_tui.vault.region import BEGIN, Unclear, front_matter_of

INDEX = "index"
"""The period of a chat's index note, which no day or month has."""

INDEX_TAG = "telegram/index"

_HEAD = 65_536
_CHAT = re.compile(rb"^chat_id:[ \t]*[\"']?-?\d|telegram/index", re.MULTILINE)
_EDITS = re.compile(rf"{re.escape(EDITS_SUFFIX[:-1])}(?: \d+)?\)\.md\Z")


class Identity(NamedTuple):
    """Which note a file is."""

    chat_id: int
    topic_id: int
    period: str
    part: int = 1


class Locator:
    """The vault's notes by what they say they are. Reads the vault once, when first asked."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._found: dict[Identity, list[str]] | None = None

    def find(self, identity: Identity) -> list[str]:
        """Return the paths, relative to the vault with `/`, of the files that are this note; mostly one."""
        if self._found is None:
            self._found = self._read_vault()
        return self._found.get(identity, [])

    def of_chat(self, chat_id: int) -> dict[Identity, list[str]]:
        """Return all notes of a chat that the vault holds."""
        if self._found is None:
            self._found = self._read_vault()
        return {identity: paths for identity, paths in self._found.items() if identity.chat_id == chat_id}

    def _read_vault(self) -> dict[Identity, list[str]]:
        found: dict[Identity, list[str]] = {}
        for path in _notes_in(self._vault):
            identity = identity_of(path)
            if identity is not None:
                found.setdefault(identity, []).append(path.relative_to(self._vault).as_posix())
        return found


def identity_of(path: Path) -> Identity | None:
    """Return which note of ours a file is, None when it's none or can't be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    return None if _CHAT.search(head) is None or BEGIN.encode() not in head else identity_in(head)


def identity_in(content: bytes) -> Identity | None:
    """Return which note of ours a file with this content is."""
    try:
        text = front_matter_of(content)
        fields = front_matter.read(text.replace("\r\n", "\n")) if text else {}
        return _identity(fields)
    except (Unclear, front_matter.Unreadable, ValueError):
        return None


def _identity(fields: dict[str, tuple[str, ...] | str]) -> Identity | None:
    chat_id, date, month = fields.get("chat_id"), fields.get("date"), fields.get("month")
    if not isinstance(chat_id, str):
        return Identity(0, 0, INDEX) if INDEX_TAG in fields.get("tags", ()) else None
    period = date if isinstance(date, str) else month if isinstance(month, str) else None
    if period is None:
        period = "" if "layout" in fields else INDEX
    topic_id, part = fields.get("topic_id", "0"), fields.get("part", "1")
    return Identity(int(chat_id), int(str(topic_id)), period[:10], int(str(part)))


def _notes_in(vault: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(vault):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not (name == MEDIA_FOLDER and Path(folder) == vault)
        )
        for name in sorted(files):
            if name.endswith(".md") and not name.startswith(".") and not _EDITS.search(name):
                yield Path(folder, name)
