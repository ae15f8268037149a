"""Text with entities as Telegram Desktop writes it: a list of stretches that follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tobs_tui.model import Entity, Message

_KINDS = frozenset(
    (
        "mention",
        "hashtag",
        "bot_command",
        "link",
        "email",
        "bold",
        "italic",
        "code",
        "pre",
        "text_link",
        "mention_name",
        "phone",
        "cashtag",
        "underline",
        "strikethrough",
        "blockquote",
        "bank_card",
        "spoiler",
        "custom_emoji",
    )
)


def text_entities(message: Message) -> list[dict[str, Any]]:
    """Return the stretches of a text. Of overlapping entities the first counts, as in Telegram Desktop."""
    text = message.text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if not text:
        return []
    if not message.entities:
        return [{"type": "plain", "text": text}]
    return list(_stretches(text.encode("utf-16-le"), message))


def text_value(entities: list[dict[str, Any]]) -> str | list[Any]:
    """Return the older field `text`: a string where nothing is formatted, else strings and stretches."""
    if not entities:
        return ""
    if len(entities) == 1 and entities[0]["type"] == "plain":
        return str(entities[0]["text"])
    parts: list[Any] = [part["text"] if part["type"] == "plain" else part for part in entities]
    # Telegram Desktop ends such a list with a string.
    return parts if isinstance(parts[-1], str) else [*parts, ""]


def _stretches(units: bytes, message: Message) -> Iterator[dict[str, Any]]:
    length = len(units) // 2
    reached = 0
    for entity in sorted(message.entities, key=lambda entity: entity.offset):
        end = entity.offset + entity.length
        if entity.offset < reached or entity.length <= 0 or end > length:
            continue
        if entity.offset > reached:
            yield {"type": "plain", "text": _cut(units, reached, entity.offset)}
        yield _stretch(entity, _cut(units, entity.offset, end))
        reached = end
    if reached < length:
        yield {"type": "plain", "text": _cut(units, reached, length)}


def _stretch(entity: Entity, text: str) -> dict[str, Any]:
    stretch: dict[str, Any] = {"type": entity.kind if entity.kind in _KINDS else "unknown", "text": text}
    if entity.kind == "text_link":
        stretch["href"] = entity.url or ""
    elif entity.kind == "pre":
        stretch["language"] = entity.language or ""
    elif entity.kind == "mention_name":
        stretch["user_id"] = entity.user_id or 0
    elif entity.kind == "custom_emoji":
        stretch["document_id"] = str(entity.document_id or 0)
    elif entity.kind == "blockquote" and entity.collapsed:
        stretch["collapsed"] = True
    return stretch


def _cut(units: bytes, start: int, end: int) -> str:
    return units[2 * start : 2 * end].decode("utf-16-le", "replace")
