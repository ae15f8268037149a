"""Where a message came from and what it answers: forward headers, reply headers, forum topics."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.model import Forward, Reply
from tobs_tui.telegram.convert.primitives import marked, marked_or_none, unix

GENERAL_TOPIC = 1
"""Every forum's first topic, whose messages carry no topic header."""


def convert_forward(header: Any) -> Forward:
    """Who wrote a forwarded or imported message, as far as it is told.

    Messages copied on from Saved Messages may name their author only in the `saved_*` fields.
    """
    from_id, name = marked_or_none(header.from_id), header.from_name
    if from_id is None and not name:
        from_id, name = marked_or_none(header.saved_from_id), header.saved_from_name
    if from_id is None and not name:
        from_id = marked_or_none(header.saved_from_peer)
    return Forward(
        unix(header.date),
        from_id=from_id,
        from_name=name or None,
        post_id=header.channel_post,
        post_author=header.post_author or None,
        imported=bool(header.imported),
        saved_from_id=marked_or_none(header.saved_from_peer),
        saved_from_message_id=header.saved_from_msg_id,
    )


def topic_of(header: Any) -> int:
    """The topic of a forum's message: its thread's first message; General where none is told."""
    if header is None or not getattr(header, "forum_topic", False):
        return GENERAL_TOPIC
    return header.reply_to_top_id or header.reply_to_msg_id or GENERAL_TOPIC


def convert_reply(header: Any, chat_id: int) -> tuple[Reply | None, bool]:
    """What a message answers, and whether the model says it in full.

    A forum's header that names only the topic is no reply.
    """
    if type(header) is types.MessageReplyStoryHeader:
        return Reply(chat_id=_other_chat(header.peer, chat_id), story_id=header.story_id), True
    if type(header) is not types.MessageReplyHeader:
        return None, False
    quote = header.quote_text or None
    if (
        header.forum_topic
        and not header.reply_to_top_id
        and header.reply_to_peer_id is None
        and quote is None
    ):
        return None, True
    reply = Reply(
        message_id=header.reply_to_msg_id,
        chat_id=_other_chat(header.reply_to_peer_id, chat_id),
        quote=quote,
        sender_name=_author_name(header.reply_from),
        sender_id=marked_or_none(header.reply_from.from_id) if header.reply_from else None,
    )
    return reply, header.reply_media is None and not header.quote_entities


def _other_chat(peer: Any, chat_id: int) -> int | None:
    if peer is None:
        return None
    other = marked(peer)
    return None if other == chat_id else other


def _author_name(header: Any) -> str | None:
    """The author's name of an answered message of another chat, where it is told itself."""
    return None if header is None else header.from_name or header.post_author or None
