"""A message as a row of the table `messages`, and back without loss.

What is asked for by SQL has a column; all the rest is MessagePack in `body`: none when there is no rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from tobs_tui.archive.connection import damaged
from tobs_tui.archive.values import StoredMessage
from tobs_tui.model import Action, Entity, File, Forward, Media, Message, PaidMedia, Reaction, Reply

Row: TypeAlias = tuple[Any, ...]

COLUMNS = "chat, id, date, edit_date, sender, topic, album, reply_to, kind, text, deleted_at, body"
OUTLINE = "chat, id, date, topic, album"
"""What places a message, without what it says."""
INSERT = f"INSERT INTO messages (seq, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)"
UPDATE = """UPDATE messages SET seq=coalesce(?, seq), date=?, edit_date=?, sender=?, topic=?, album=?,
    reply_to=?, kind=?, text=?, deleted_at=NULL, body=? WHERE chat=? AND id=?"""


class Rest(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    rename={
        "out": "o",
        "entities": "e",
        "reply": "r",
        "forward": "f",
        "media": "m",
        "action": "a",
        "via_bot_id": "b",
        "post_author": "p",
        "reactions": "l",
        "pinned": "t",
        "buttons": "k",
        "views": "v",
        "forwards": "n",
        "comments": "c",
        "ttl": "d",
        "raw": "w",
    },
):
    """The fields of a message that have no column. Its short names are part of the file's format."""

    out: bool = False
    entities: tuple[Entity, ...] = ()
    reply: Reply | None = None
    forward: Forward | None = None
    media: Media | None = None
    action: Action | None = None
    via_bot_id: int | None = None
    post_author: str | None = None
    reactions: tuple[Reaction, ...] = ()
    pinned: bool = False
    buttons: tuple[tuple[str, ...], ...] = ()
    views: int | None = None
    forwards: int | None = None
    comments: int | None = None
    ttl: int | None = None
    raw: bytes | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode_rest = msgspec.msgpack.Decoder(Rest).decode
_decode_message = msgspec.msgpack.Decoder(Message).decode
_EMPTY = _encode(Rest())


def insert_row(seq: int | None, message: Message) -> Row:
    """The parameters of `INSERT`."""
    return (
        seq,
        message.chat_id,
        message.id,
        message.date,
        message.edit_date,
        message.sender_id,
        message.topic_id,
        message.album,
        answered_id(message),
        kind_of(message),
        message.text,
        _body(message),
    )


def update_row(seq: int | None, message: Message) -> Row:
    """The parameters of `UPDATE`; without a `seq` the row keeps its own."""
    row = insert_row(seq, message)
    return (seq, *row[3:], message.chat_id, message.id)


def message_of(row: Row) -> StoredMessage:
    """The message of a row that was selected by `COLUMNS`.

    :raises ArchiveDamaged: the body can't be read.
    """
    chat_id, message_id, date, edit_date, sender, topic, album, _, _, text, deleted_at, body = row
    if body is None:
        plain = Message(
            chat_id=chat_id,
            id=message_id,
            date=date,
            text=text,
            sender_id=sender,
            edit_date=edit_date,
            album=album,
            topic_id=topic,
        )
        return StoredMessage(plain, deleted_at)
    try:
        rest = _decode_rest(body)
    except msgspec.MsgspecError as error:
        raise damaged(Path("archive.db"), f"message {message_id} of chat {chat_id}: {error}") from error
    return StoredMessage(
        Message(
            chat_id=chat_id,
            id=message_id,
            date=date,
            text=text,
            sender_id=sender,
            out=rest.out,
            entities=rest.entities,
            edit_date=edit_date,
            reply=rest.reply,
            forward=rest.forward,
            media=rest.media,
            action=rest.action,
            album=album,
            topic_id=topic,
            via_bot_id=rest.via_bot_id,
            post_author=rest.post_author,
            reactions=rest.reactions,
            pinned=rest.pinned,
            buttons=rest.buttons,
            views=rest.views,
            forwards=rest.forwards,
            comments=rest.comments,
            ttl=rest.ttl,
            raw=rest.raw,
        ),
        deleted_at,
    )


def outline_of(row: Row) -> StoredMessage:
    """The same of a row that was selected by `OUTLINE`: a message that says nothing."""
    chat_id, message_id, date, topic, album = row
    return StoredMessage(Message(chat_id=chat_id, id=message_id, date=date, topic_id=topic, album=album))


def whole(message: Message) -> bytes:
    """All of a message in one piece, for a version that is kept."""
    return _encode(message)


def from_whole(body: bytes) -> Message:
    return _decode_message(body)


def answered_id(message: Message) -> int | None:
    """The message of the same chat that this one answers or pins: its note quotes that one."""
    reply = message.reply
    if reply is not None and reply.message_id is not None and reply.chat_id in (None, message.chat_id):
        return reply.message_id
    action = message.action
    return None if action is None else action.message_id


def kind_of(message: Message) -> str:
    """`text`, a file's kind, the name of another medium, or `service:` and the kind of action."""
    if message.action is not None:
        return f"service:{message.action.kind}"
    media = message.media
    if media is None:
        return "text"
    if isinstance(media, File):
        return media.kind.value
    return str(media.__struct_config__.tag)


def files_of(message: Message) -> tuple[File, ...]:
    """The files that a message shows."""
    media = message.media
    if isinstance(media, File):
        return (media,)
    if isinstance(media, PaidMedia):
        return media.files
    action = message.action
    return (action.file,) if action is not None and action.file is not None else ()


def searchable(message: Message) -> str:
    """The words by which a message can be found: its text, and what its medium says."""
    if message.media is None and message.action is None:
        return message.text
    return "\n".join(filter(None, _words_of(message)))


def chunks(ids: Iterable[int], size: int = 500) -> Iterator[tuple[int, ...]]:
    """The ids in pieces that one statement can take, each with its `?` marks made by `marks`.

    A piece is filled up with its last id to the next power of two: so that few statements are prepared and
    kept, not one for each number of ids. What stands twice behind an `IN` is found once.
    """
    every = tuple(ids)
    for start in range(0, len(every), size):
        piece = every[start : start + size]
        yield piece + piece[-1:] * ((1 << (len(piece) - 1).bit_length()) - len(piece))


def marks(ids: tuple[int, ...]) -> str:
    return ",".join("?" * len(ids))


def _body(message: Message) -> bytes | None:
    body = _encode(
        Rest(
            out=message.out,
            entities=message.entities,
            reply=message.reply,
            forward=message.forward,
            media=message.media,
            action=message.action,
            via_bot_id=message.via_bot_id,
            post_author=message.post_author,
            reactions=message.reactions,
            pinned=message.pinned,
            buttons=message.buttons,
            views=message.views,
            forwards=message.forwards,
            comments=message.comments,
            ttl=message.ttl,
            raw=message.raw,
        )
    )
    return None if body == _EMPTY else body


def _words_of(message: Message) -> Iterator[str | None]:
    yield message.text
    if message.action is not None:
        yield message.action.text
    media = message.media
    for name in _WORDY:
        value = getattr(media, name, None)
        if isinstance(value, str):
            yield value
    for answer in (*getattr(media, "answers", ()), *getattr(media, "items", ())):
        yield answer.text


_WORDY = (
    "name",
    "title",
    "performer",
    "question",
    "description",
    "site",
    "address",
    "first_name",
    "last_name",
)
