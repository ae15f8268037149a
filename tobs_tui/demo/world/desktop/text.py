"""A message's text and entities: `text` as a string or a list, `text_entities` where they agree with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

from telethon.tl import types

from tobs_tui.demo.world.desktop.reading import Row, number
from tobs_tui.demo.world.markup import utf16_length

_PLAIN_KINDS = {
    "bold": types.MessageEntityBold,
    "italic": types.MessageEntityItalic,
    "underline": types.MessageEntityUnderline,
    "strikethrough": types.MessageEntityStrike,
    "spoiler": types.MessageEntitySpoiler,
    "code": types.MessageEntityCode,
    "link": types.MessageEntityUrl,
    "mention": types.MessageEntityMention,
    "hashtag": types.MessageEntityHashtag,
    "cashtag": types.MessageEntityCashtag,
    "bot_command": types.MessageEntityBotCommand,
    "email": types.MessageEntityEmail,
    "phone": types.MessageEntityPhone,
    "bank_card": types.MessageEntityBankCard,
    "unknown": types.MessageEntityUnknown,
}


def text_of(row: Row) -> str:
    """The text: all parts of `text`, one after the other."""
    return "".join(_part_text(part) for part in _parts(row.get("text")))


def _parts(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value] if value else []


def _part_text(part: Any) -> str:
    if isinstance(part, dict):
        return str(part.get("text") or "")
    return "" if part is None else str(part)


def entities_of(row: Row, person: Callable[[object, object], int]) -> list[Any]:
    """The entities. `text_entities` counts only where it spells the same text; `person` finds a user's id."""
    parts = _parts(row.get("text"))
    spelled = _parts(row.get("text_entities"))
    if not any(isinstance(part, dict) for part in parts) and spelled:
        if "".join(map(_part_text, spelled)) != text_of(row):
            return []
        parts = spelled
    found, offset = [], 0
    for part in parts:
        length = utf16_length(_part_text(part))
        if isinstance(part, dict) and length:
            entity = _entity(part, offset, length, person)
            if entity is not None:
                found.append(entity)
        offset += length
    return found


def _entity(part: Row, offset: int, length: int, person: Callable[[object, object], int]) -> Any:
    kind = part.get("type")
    if kind in _PLAIN_KINDS:
        return _PLAIN_KINDS[kind](offset, length)
    if kind == "pre":
        return types.MessageEntityPre(offset, length, part.get("language") or "")
    if kind == "text_link":
        return types.MessageEntityTextUrl(offset, length, part.get("href") or "")
    if kind == "mention_name":
        return types.MessageEntityMentionName(offset, length, person(part.get("user_id"), part.get("text")))
    if kind == "blockquote":
        return types.MessageEntityBlockquote(offset, length, collapsed=bool(part.get("collapsed")) or None)
    if kind == "custom_emoji":
        return types.MessageEntityCustomEmoji(offset, length, document_id(part.get("document_id")))
    return None


def document_id(value: object) -> int:
    """A custom emoji's id; one made from the path that stands in its place in some files."""
    found = number(value)
    return found or (1 << 60) + crc32(str(value).encode())
