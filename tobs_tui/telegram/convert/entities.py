"""Formatted stretches of text, under Telegram Desktop's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from telethon.tl import types

from tobs_tui.model import Entity
from tobs_tui.telegram.convert.primitives import snake

_PLAIN: dict[type, str] = {
    types.MessageEntityMention: "mention",
    types.MessageEntityHashtag: "hashtag",
    types.MessageEntityBotCommand: "bot_command",
    types.MessageEntityUrl: "link",
    types.MessageEntityEmail: "email",
    types.MessageEntityBold: "bold",
    types.MessageEntityItalic: "italic",
    types.MessageEntityCode: "code",
    types.MessageEntityPhone: "phone",
    types.MessageEntityCashtag: "cashtag",
    types.MessageEntityUnderline: "underline",
    types.MessageEntityStrike: "strikethrough",
    types.MessageEntityBankCard: "bank_card",
    types.MessageEntitySpoiler: "spoiler",
    types.MessageEntityUnknown: "unknown",
}


def _pre(entity: Any) -> Entity:
    return Entity("pre", entity.offset, entity.length, language=entity.language or None)


def _text_link(entity: Any) -> Entity:
    return Entity("text_link", entity.offset, entity.length, url=entity.url)


def _mention_name(entity: Any) -> Entity:
    return Entity("mention_name", entity.offset, entity.length, user_id=entity.user_id)


def _input_mention_name(entity: Any) -> Entity:
    user_id = getattr(entity.user_id, "user_id", None)
    return Entity("mention_name", entity.offset, entity.length, user_id=user_id)


def _custom_emoji(entity: Any) -> Entity:
    return Entity("custom_emoji", entity.offset, entity.length, document_id=entity.document_id)


def _blockquote(entity: Any) -> Entity:
    return Entity("blockquote", entity.offset, entity.length, collapsed=bool(entity.collapsed))


_WITH_DATA: dict[type, Callable[[Any], Entity]] = {
    types.MessageEntityPre: _pre,
    types.MessageEntityTextUrl: _text_link,
    types.MessageEntityMentionName: _mention_name,
    types.InputMessageEntityMentionName: _input_mention_name,
    types.MessageEntityCustomEmoji: _custom_emoji,
    types.MessageEntityBlockquote: _blockquote,
}


def convert_entities(entities: Iterable[Any]) -> tuple[tuple[Entity, ...], bool]:
    """The entities in Telegram's order, and whether the model says all of them in full.

    A kind that we don't know (formatted dates, differences, what a later layer adds) is named by its TL name.
    """
    converted: list[Entity] = []
    whole = True
    for entity in entities:
        kind = type(entity)
        name = _PLAIN.get(kind)
        if name is not None:
            converted.append(Entity(name, entity.offset, entity.length))
            continue
        with_data = _WITH_DATA.get(kind)
        if with_data is not None:
            converted.append(with_data(entity))
            continue
        whole = False
        converted.append(Entity(snake(kind.__name__, "MessageEntity"), entity.offset, entity.length))
    return tuple(converted), whole
