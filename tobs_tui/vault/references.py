"""Whom and what a message's lines name: the ids that must be read before it can be rendered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tobs_tui.model import File, Giveaway, Message, PaidMedia, TodoList
from tobs_tui.vault.links import post_link

MessageId = tuple[int, int]
"""A chat's marked id and a message's."""


def names_only_its_sender(message: Message) -> bool:
    """Whether none of the others has anything to give: so are most messages."""
    return (
        message.reply is None
        and message.media is None
        and message.action is None
        and message.forward is None
        and message.via_bot_id is None
        and not message.entities
        and ".me/" not in message.text
    )


def people_in(message: Message) -> Iterator[int]:
    """Give the ids of everybody whom a note of this message may name."""
    if message.sender_id is not None:
        yield message.sender_id
    if message.via_bot_id is not None:
        yield message.via_bot_id
    if message.forward is not None and message.forward.from_id is not None:
        yield message.forward.from_id
    if message.reply is not None and message.reply.chat_id is not None:
        yield message.reply.chat_id
        if message.reply.sender_id is not None:
            yield message.reply.sender_id
    action = message.action
    if action is not None:
        yield from action.people
        if action.peer_id is not None:
            yield action.peer_id
    media = message.media
    if isinstance(media, TodoList):
        yield from (item.done_by for item in media.items if item.done_by is not None)
    elif isinstance(media, Giveaway):
        yield from media.winners


def messages_in(message: Message, chat_id: int, username: str | None) -> Iterator[MessageId]:
    """Give the messages that this one answers, pins or links to.

    `chat_id` is the chat that the note belongs to: links of its old basic group's messages speak of it too.
    """
    reply = message.reply
    if reply is not None and reply.message_id is not None:
        yield reply.chat_id or message.chat_id, reply.message_id
    if message.action is not None and message.action.message_id is not None:
        yield message.chat_id, message.action.message_id
    if ".me/" in message.text or message.entities:
        for address in _addresses(message):
            link = post_link(address)
            if link is None:
                continue
            if link.chat_id is not None:
                yield link.chat_id, link.message_id
            elif username is not None and link.username == username.casefold():
                yield chat_id, link.message_id


def files_in(message: Message) -> Iterator[int]:
    """Give the ids of the files that this message shows."""
    media = message.media
    if isinstance(media, File):
        yield media.id
    elif isinstance(media, PaidMedia):
        yield from (file.id for file in media.files)
    if message.action is not None and message.action.file is not None:
        yield message.action.file.id


def _addresses(message: Message) -> Iterable[str]:
    units: bytes | None = None
    for entity in message.entities:
        if entity.kind == "text_link" and entity.url and ".me/" in entity.url:
            yield entity.url
        elif entity.kind == "link" and ".me/" in message.text:
            units = units or message.text.encode("utf-16-le", "surrogatepass")
            start = 2 * max(entity.offset, 0)
            yield units[start : start + 2 * max(entity.length, 0)].decode("utf-16-le", "replace")
