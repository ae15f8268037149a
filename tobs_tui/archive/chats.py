"""The chats that the archive knows: their last listed form, their names, folders and tops.

A chat's name is its title when first seen and its folder is given once; later titles become aliases.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from tobs_tui.archive.values import StoredChat
from tobs_tui.model import CHANNEL_MARK, Chat, ChatType

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Chat).decode

_COLUMNS = "body, name, folder, aliases, part_of, top"


def load(db: sqlite3.Connection, chat_id: int) -> StoredChat | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM chats WHERE id=?", (chat_id,)).fetchone()
    return None if row is None else _stored(row)


def load_all(db: sqlite3.Connection) -> list[StoredChat]:
    return [_stored(row) for row in db.execute(f"SELECT {_COLUMNS} FROM chats ORDER BY id")]


def save(db: sqlite3.Connection, chats: Iterable[Chat]) -> None:
    """Writes chats as they were listed; a supergroup that was a basic group brings that one's row with it."""
    for chat in chats:
        _save(db, chat, part_of=None)
        if chat.migrated_from is not None:
            _save_old_group(db, chat, chat.migrated_from)


def require(db: sqlite3.Connection, chat_id: int) -> None:
    """Makes sure that a chat has a row, though no list named it yet."""
    if db.execute("SELECT 1 FROM chats WHERE id=?", (chat_id,)).fetchone() is None:
        _save(db, Chat(id=chat_id, type=_type_by_id(chat_id), title=""), part_of=None)


def notes_of(db: sqlite3.Connection, chat_id: int) -> int:
    """The chat whose notes hold this one's messages: itself, or the supergroup that it became."""
    row = db.execute("SELECT part_of FROM chats WHERE id=?", (chat_id,)).fetchone()
    return chat_id if row is None or row[0] is None else int(row[0])


def parts_of(db: sqlite3.Connection, chat_id: int) -> list[int]:
    """The old basic groups whose messages stand in this chat's notes."""
    return [row[0] for row in db.execute("SELECT id FROM chats WHERE part_of=? ORDER BY id", (chat_id,))]


def give_folder(db: sqlite3.Connection, chat_id: int, folder: str) -> None:
    db.execute("UPDATE chats SET folder=? WHERE id=?", (folder, chat_id))


def _save(db: sqlite3.Connection, chat: Chat, part_of: int | None) -> None:
    old = load(db, chat.id)
    if old is None:
        db.execute(
            "INSERT INTO chats (id, name, aliases, part_of, top, body) VALUES (?, ?, ?, ?, ?, ?)",
            (chat.id, chat.title, _aliases((), chat.title), part_of, max(chat.top_id, 0), _encode(chat)),
        )
        return
    db.execute(
        "UPDATE chats SET name=?, aliases=?, part_of=coalesce(?, part_of), top=max(top, ?), body=?"
        " WHERE id=?",
        (
            old.name or chat.title,
            _aliases(old.aliases, chat.title),
            part_of,
            chat.top_id,
            _encode(_with_what_was_known(chat, old.chat)),
            chat.id,
        ),
    )


def _save_old_group(db: sqlite3.Connection, chat: Chat, group_id: int) -> None:
    known = load(db, group_id)
    group = known.chat if known else Chat(id=group_id, type=ChatType.GROUP, title=chat.title)
    _save(db, replace(group, top_id=max(group.top_id, chat.migrated_top_id)), part_of=chat.id)
    if known and known.part_of == chat.id:
        return
    # Its messages move into the supergroup's notes, which were published without them.
    for table in ("notes", "dirty"):
        db.execute(
            "INSERT OR IGNORE INTO dirty (chat, topic, period, generation)"
            f" SELECT ?, topic, period, (SELECT generation FROM counters) FROM {table} WHERE chat=?",
            (chat.id, group_id),
        )
    db.execute("DELETE FROM dirty WHERE chat=?", (group_id,))


def _with_what_was_known(chat: Chat, old: Chat) -> Chat:
    """A listing doesn't ask for all that an earlier one did: what it leaves out stays as it was."""
    return replace(
        chat,
        messages=old.messages if chat.messages is None else chat.messages,
        topics=chat.topics or (old.topics if chat.type is ChatType.FORUM else ()),
        migrated_from=old.migrated_from if chat.migrated_from is None else chat.migrated_from,
        migrated_top_id=chat.migrated_top_id or old.migrated_top_id,
        access_hash=old.access_hash if chat.access_hash is None else chat.access_hash,
    )


def _aliases(known: tuple[str, ...], title: str) -> str:
    names = known if not title or title in known else (*known, title)
    return json.dumps(names, ensure_ascii=False)


def _stored(row: tuple[bytes, str, str | None, str, int | None, int]) -> StoredChat:
    body, name, folder, aliases, part_of, top = row
    return StoredChat(
        chat=_decode(body),
        name=name,
        folder=folder,
        aliases=tuple(json.loads(aliases)),
        part_of=part_of,
        top=top,
    )


def _type_by_id(chat_id: int) -> ChatType:
    if chat_id > 0:
        return ChatType.PERSON
    return ChatType.SUPERGROUP if chat_id <= -CHANNEL_MARK else ChatType.GROUP
