"""One message or service message -> `model.Message`, with raw bytes where the model can't say it in full."""

from __future__ import annotations

import logging
import struct
from typing import Any

from telethon.tl import types

from tobs_tui.model import Message
from tobs_tui.telegram.convert.actions import convert_action
from tobs_tui.telegram.convert.entities import convert_entities
from tobs_tui.telegram.convert.extras import convert_buttons, convert_reactions
from tobs_tui.telegram.convert.headers import convert_forward, convert_reply, topic_of
from tobs_tui.telegram.convert.media import convert_media
from tobs_tui.telegram.convert.primitives import marked, unix, unix_or_none
from tobs_tui.telegram.convert.rich import rich_text

_log = logging.getLogger(__name__)


class PageContext:
    """What the messages of one page share."""

    __slots__ = ("chat_id", "forum", "own_id")

    def __init__(self, chat_id: int, own_id: int, forum: bool) -> None:
        self.chat_id = chat_id
        self.own_id = own_id
        self.forum = forum


def convert_message(message: Any, page: PageContext) -> Message | None:
    """The message in the domain's words; None for `messageEmpty`.

    :raises TypeError: for an object that is no message.
    """
    kind = type(message)
    if kind is types.Message:
        return _message(message, page)
    if kind is types.MessageService:
        return _service(message, page)
    if kind is types.MessageEmpty:
        return None
    raise TypeError(f"{kind.__name__} is no message")


def _message(message: Any, page: PageContext) -> Message:
    more: dict[str, Any] = {}
    whole = True
    date = unix(message.date)
    if message.entities:
        more["entities"], whole = convert_entities(message.entities)
    if message.media is not None:
        more["media"], said = convert_media(message.media)
        whole = whole and said
    if message.reply_to is not None:
        more["reply"], said = convert_reply(message.reply_to, page.chat_id)
        whole = whole and said
    if message.fwd_from is not None:
        forward = more["forward"] = convert_forward(message.fwd_from)
        if forward.imported and forward.date:
            date = forward.date
    if message.reactions is not None:
        more["reactions"] = convert_reactions(message.reactions)
    if message.reply_markup is not None:
        more["buttons"], said = convert_buttons(message.reply_markup)
        whole = whole and said
    if message.edit_date is not None and not message.edit_hide:
        more["edit_date"] = unix_or_none(message.edit_date)
    if message.grouped_id is not None:
        more["album"] = message.grouped_id
    if message.via_bot_id is not None:
        more["via_bot_id"] = message.via_bot_id
    if message.views is not None:
        more["views"] = message.views
        more["forwards"] = message.forwards
    if message.post_author:
        more["post_author"] = message.post_author
    if message.replies is not None and message.replies.comments:
        more["comments"] = message.replies.replies
    if message.pinned:
        more["pinned"] = True
    if message.ttl_period is not None:
        more["ttl"] = message.ttl_period
    if page.forum:
        more["topic_id"] = topic_of(message.reply_to)
    text = message.message
    if (
        message.rich_message is not None
        or message.factcheck is not None
        or message.suggested_post is not None
    ):
        whole = False
        if not text and message.rich_message is not None:
            text = rich_text(message.rich_message)
    if not whole:
        more["raw"] = _raw(message)
    return Message(
        chat_id=page.chat_id,
        id=message.id,
        date=date,
        text=text,
        sender_id=_sender(message, page),
        out=message.out,
        **more,
    )


_SAYS_ITS_TEXT = (types.MessageActionWebViewDataSent, types.MessageActionWebViewDataSentMe)
"""Service messages that carry words of the sender's, which Telegram's own exports show as their text."""


def _service(message: Any, page: PageContext) -> Message:
    action, whole = convert_action(message)
    more: dict[str, Any] = {}
    if message.reply_to is not None:
        more["reply"], said = convert_reply(message.reply_to, page.chat_id)
        whole = whole and said
    if message.reactions is not None:
        more["reactions"] = convert_reactions(message.reactions)
    if message.ttl_period is not None:
        more["ttl"] = message.ttl_period
    if page.forum:
        opens_topic = type(message.action) is types.MessageActionTopicCreate
        more["topic_id"] = message.id if opens_topic else topic_of(message.reply_to)
    if type(message.action) in _SAYS_ITS_TEXT and action.text:
        more["text"] = action.text
    if not whole:
        more["raw"] = _raw(message)
    return Message(
        chat_id=page.chat_id,
        id=message.id,
        date=unix(message.date),
        sender_id=_sender(message, page),
        out=message.out,
        action=action,
        **more,
    )


def _sender(message: Any, page: PageContext) -> int:
    """Who wrote it. Without `from_id` a private chat's is told by its direction, a channel's is the chat."""
    if message.from_id is not None:
        return marked(message.from_id)
    if page.chat_id > 0 and message.out:
        return page.own_id
    return page.chat_id


def _raw(message: Any) -> bytes | None:
    """The message's TL bytes; None, told in the log, where Telethon can't write what it has read."""
    try:
        return bytes(message)
    except (AssertionError, AttributeError, TypeError, OverflowError, struct.error) as error:
        _log.warning("a message's unusual part can't be kept raw: %s", type(error).__name__)
        return None
