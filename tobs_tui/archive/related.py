"""Which other messages' notes show a message, or link to it, and so change with it.

These are the messages that answer or pin it, those of its album (whose links go to the album's first), and
those that link to it by t.me or answer it from another chat.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from tobs_tui.archive import chats
from tobs_tui.archive.rows import chunks, marks
from tobs_tui.model import CHANNEL_MARK, Message, NoteKey

NoteOf = Callable[[int, int | None], NoteKey]
"""Which note a message stands in, by its date and topic."""

_LINK = re.compile(
    r"\b(?:t|telegram)\.me/(?:c/(?P<channel>\d{1,15})|(?P<name>[A-Za-z]\w{2,31}))/(?:\d{1,10}/)?(?P<id>\d{1,10})\b"
)


class Place(Struct, frozen=True):
    """Where a message stands: what is needed to name its note."""

    chat_id: int
    date: int
    topic_id: int | None


def save_links(
    db: sqlite3.Connection, messages: Iterable[Message], *, changed: Iterable[Message], username: str | None
) -> None:
    """Writes what the messages link to; `changed` are those whose links are made anew."""
    stale = [(message.chat_id, message.id) for message in changed]
    if stale:
        db.executemany("DELETE FROM links WHERE chat=? AND id=?", stale)
    rows = [
        (chat_id, target, message.chat_id, message.id)
        for message in messages
        if _may_link(message)
        for chat_id, target in _targets(message, username)
    ]
    if rows:
        db.executemany("INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?)", rows)


def places(db: sqlite3.Connection, chat_id: int, messages: Sequence[Message]) -> list[Place]:
    """Where those stand that show, quote or link to one of these messages of a chat."""
    ids = {message.id for message in messages}
    found: list[Place] = []
    albums = {message.album for message in messages if message.album is not None}
    for some in chunks(albums):
        for mate, date, topic in db.execute(
            f"SELECT id, date, topic FROM messages WHERE chat=? AND album IN ({marks(some)})",
            (chat_id, *some),
        ):
            if mate not in ids:
                ids.add(mate)
                found.append(Place(chat_id, date, topic))
    found += _answers(db, chat_id, ids)
    found += _linking(db, chat_id, ids)
    return found


def keys(db: sqlite3.Connection, found: Iterable[Place], note_of: NoteOf) -> set[tuple[int, NoteKey]]:
    """The notes of these places, each with the chat whose note it is."""
    whose: dict[int, int] = {}
    notes: set[tuple[int, NoteKey]] = set()
    for place in found:
        chat_id = whose.get(place.chat_id)
        if chat_id is None:
            chat_id = whose[place.chat_id] = chats.notes_of(db, place.chat_id)
        notes.add((chat_id, note_of(place.date, place.topic_id)))
    return notes


def everywhere(db: sqlite3.Connection, chat_id: int | None) -> Iterator[Place]:
    """Where every message stands: of all chats, or of one and the old group that it was."""
    rows = db.execute(
        "SELECT chat, date, topic FROM messages"
        " WHERE ?1 IS NULL OR chat=?1 OR chat IN (SELECT id FROM chats WHERE part_of=?1)",
        (chat_id,),
    )
    return (Place(*row) for row in rows)


def _answers(db: sqlite3.Connection, chat_id: int, ids: set[int]) -> list[Place]:
    return [
        Place(chat_id, date, topic)
        for _, date, topic in _by_ids(
            db,
            "SELECT reply_to, date, topic FROM messages WHERE chat=? AND reply_to",
            (chat_id,),
            ids,
        )
    ]


def _linking(db: sqlite3.Connection, chat_id: int, ids: set[int]) -> list[Place]:
    return [
        Place(chat, date, topic)
        for _, chat, date, topic in _by_ids(
            db,
            "SELECT links.target, links.chat, messages.date, messages.topic FROM links"
            " JOIN messages ON messages.chat=links.chat AND messages.id=links.id"
            " WHERE links.target_chat=? AND links.target",
            (chat_id,),
            ids,
        )
    ]


def _by_ids(
    db: sqlite3.Connection, statement: str, first: tuple[int, ...], ids: set[int]
) -> list[tuple[int, ...]]:
    """The rows whose first column is among `ids`: by one range where they lie close, else by name."""
    if not ids:
        return []
    low, high = min(ids), max(ids)
    if high - low < 4 * len(ids):
        rows = db.execute(f"{statement} BETWEEN ? AND ?", (*first, low, high))
        return [row for row in rows if row[0] in ids]
    return [
        row for some in chunks(ids) for row in db.execute(f"{statement} IN ({marks(some)})", (*first, *some))
    ]


def _may_link(message: Message) -> bool:
    if "t.me/" in message.text or "telegram.me/" in message.text:
        return True
    reply = message.reply
    if reply is not None and reply.chat_id is not None:
        return True
    return bool(message.entities) and any(entity.url is not None for entity in message.entities)


def _targets(message: Message, username: str | None) -> set[tuple[int, int]]:
    targets: set[tuple[int, int]] = set()
    reply = message.reply
    if reply is not None and reply.chat_id is not None and reply.message_id is not None:
        targets.add((reply.chat_id, reply.message_id))
    for text in (message.text, *(entity.url for entity in message.entities if entity.url)):
        for link in _LINK.finditer(text):
            if link["channel"]:
                targets.add((-CHANNEL_MARK - int(link["channel"]), int(link["id"])))
            elif username is not None and link["name"].casefold() == username.casefold():
                targets.add((message.chat_id, int(link["id"])))
    return targets
