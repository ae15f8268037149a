"""Telegram Desktop's JSON: its invalid escapes, its two layouts, its ways to write ids and dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tobs_tui.errors import UsageError
from tobs_tui.model import CHANNEL_MARK

Row = dict[str, Any]

_BAD_ESCAPE = re.compile(r"(\\\\)|\\x([0-9a-fA-F]{2})")
_PEER = re.compile(r"(user|chat|group|channel)?(-?\d+)")

_LATEST = 2**31 - 1

OLD_GROUP_SHIFT = 1_000_000_000
"""Messages from before a group's upgrade have ids lowered by this."""


@dataclass(frozen=True, slots=True)
class DesktopChat:
    """One chat of an export, as the file has it."""

    source: Path
    name: str | None
    type: str
    id: int
    messages: list[Row]

    @property
    def path_key(self) -> str:
        """Names the file: ids mean the same inside of one."""
        return str(self.source)


@dataclass(frozen=True, slots=True)
class DesktopFile:
    """One export: a whole account or a single chat."""

    path: Path
    digest: bytes
    owner: Row
    chats: list[DesktopChat]
    contacts: list[Row] = field(default_factory=list)

    @property
    def owner_id(self) -> int | None:
        """The account's own id, where the export tells it."""
        found = self.owner.get("user_id")
        return int(found) if found else None


def read_exports(path: Path) -> list[DesktopFile]:
    """The exports at `path`: one file, a folder with a `result.json`, or a folder of JSON files.

    :raises UsageError: nothing is there, or it is no export.
    """
    if path.is_dir():
        own = path / "result.json"
        paths = [own] if own.is_file() else sorted(path.glob("*.json")) or sorted(path.glob("*/result.json"))
        if not paths:
            raise UsageError(
                f"No Telegram Desktop export in {path}", "Give a result.json or a folder with one"
            )
    else:
        paths = [path]
    return [read_export(each) for each in paths]


def read_export(path: Path) -> DesktopFile:
    """One JSON file.

    :raises UsageError: it can't be read, or it is no export.
    """
    try:
        raw = path.read_bytes()
        data = json.loads(repaired(raw.decode("utf-8-sig")))
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror}", "Give a Telegram Desktop export"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}", "Give a Telegram Desktop export") from error
    chats = list(_chats(path, data)) if isinstance(data, dict) else []
    if not chats and not (isinstance(data, dict) and "personal_information" in data):
        raise UsageError(f"{path} holds no chats", "Export as machine-readable JSON in Telegram Desktop")
    contacts = (data.get("contacts") or {}).get("list") or []
    return DesktopFile(path, sha256(raw).digest(), data.get("personal_information") or {}, chats, contacts)


def repaired(text: str) -> str:
    """The text with `\\xNN`, which Telegram Desktop writes for control characters, made valid JSON."""
    if "\\x" not in text:
        return text
    return _BAD_ESCAPE.sub(lambda match: match[1] or f"\\u00{match[2]}", text)


def _chats(path: Path, data: Row) -> Iterator[DesktopChat]:
    if isinstance(data.get("messages"), list):
        yield _chat(path, data)
    for key in ("chats", "left_chats"):
        listed = data.get(key)
        rows = listed.get("list") if isinstance(listed, dict) else None
        for row in rows or ():
            if isinstance(row, dict) and isinstance(row.get("messages"), list):
                yield _chat(path, row)


def _chat(path: Path, row: Row) -> DesktopChat:
    word = peer_word(row.get("id"))
    messages = [
        {**message, "id": number(message.get("id"))}
        for message in row["messages"]
        if isinstance(message, dict) and number(message.get("id"))
    ]
    name = str(row["name"]) if row.get("name") else None
    return DesktopChat(path, name, str(row.get("type") or ""), word[1] if word else 0, messages)


def peer_word(value: object) -> tuple[str, int] | None:
    """`user123`, `channel5`, or the bare number of older files: kind and id; None for no peer."""
    match = _PEER.fullmatch(str(value)) if value is not None else None
    if match is None or not 0 < int(match[2]) < CHANNEL_MARK:
        return None
    return match[1] or "user", int(match[2])


def moment(row: Row, key: str = "date") -> int | None:
    """A message's date in Unix seconds: the exact field of newer files, else the local one taken as UTC."""
    exact = number(row.get(f"{key}_unixtime"))
    found = exact or as_utc(row.get(key))
    return found if found is None else min(max(found, 0), _LATEST)


def as_utc(text: object) -> int | None:
    """An ISO date as Unix seconds; one without a zone is UTC."""
    if not isinstance(text, str) or not text:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())


def number(value: object, otherwise: int = 0) -> int:
    """A number that some files write as a string."""
    try:
        return int(str(value))
    except ValueError:
        return otherwise


def truth(value: object) -> bool:
    """A truth value that some files write as a string."""
    return value is True or str(value).lower() == "true"
