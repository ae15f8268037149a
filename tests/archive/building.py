"""Small chats, messages and batches for the archive's tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tobs_tui.archive import Batch
from tobs_tui.model import (
    Chat,
    ChatType,
    File,
    Interval,
    MediaKind,
    Message,
    NoteKey,
    Owner,
    Person,
    PersonKind,
)

OWNER = Owner(42, "telegram", "Anna")
GROUP = -1000000000005
OTHER = -1000000000006
OLD_GROUP = -5
START = 1_735_689_600
"""1 January 2025, midnight in UTC."""
DAY = 86_400


def daily(date: int, topic_id: int | None) -> NoteKey:
    return NoteKey(topic_id or 0, datetime.fromtimestamp(date, UTC).date().isoformat())


def monthly(date: int, topic_id: int | None) -> NoteKey:
    return NoteKey(topic_id or 0, daily(date, topic_id).period[:7])


def note(day: int, topic_id: int = 0) -> NoteKey:
    """The daily note of a January day."""
    return NoteKey(topic_id, f"2025-01-{day:02}")


def group(chat_id: int = GROUP, *, title: str = "Trip to Lisbon", **facts: Any) -> Chat:
    return Chat(id=chat_id, **{"type": ChatType.SUPERGROUP, "title": title, "top_id": 0, **facts})


def message(message_id: int, *, day: int = 1, chat_id: int = GROUP, **facts: Any) -> Message:
    """A message of a January day."""
    date = facts.pop("date", START + (day - 1) * DAY + message_id % DAY)
    return Message(chat_id=chat_id, id=message_id, date=date, **{"text": f"message {message_id}", **facts})


def batch(messages: Iterable[Message] = (), *, chat_id: int = GROUP, **facts: Any) -> Batch:
    """A batch that covers its messages, unless told otherwise."""
    every = tuple(messages)
    ids = [one.id for one in every]
    covers = (Interval(min(ids), max(ids)),) if ids else ()
    return Batch(chat_id=chat_id, messages=every, **{"covers": covers, **facts})


def person(person_id: int, name: str, **facts: Any) -> Person:
    return Person(id=person_id, name=name, **{"kind": PersonKind.USER, **facts})


def photo(file_id: int, **facts: Any) -> File:
    fixed = {
        "kind": MediaKind.PHOTO,
        "size": 1000,
        "dc": 2,
        "access_hash": 7,
        "reference": b"r",
        "date": START,
    }
    return File(id=file_id, **{**fixed, **facts})
