"""The readable text of a rich message (layer 229's articles in a chat); the whole stays in `raw`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from telethon.tl.tlobject import TLObject

_TEXT_FIELDS = (
    "title",
    "text",
    "blocks",
    "items",
    "rows",
    "cells",
    "articles",
    "description",
    "caption",
    "credit",
)
_MAX_DEPTH = 64


def rich_text(rich: Any) -> str:
    """One line a block, in order; list items begin with `- `, table cells are parted by ` | `."""
    return "\n".join(line for line in _lines(rich.blocks, 0) if line.strip())


def _lines(blocks: Iterable[Any], depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    for block in blocks:
        kind = type(block).__name__
        if kind.startswith(("PageListItem", "PageListOrderedItem")):
            yield from _marked_item(block, depth)
        elif kind == "PageTableRow":
            yield " | ".join(inline(cell.text) for cell in block.cells)
        elif kind == "PageBlockMath":
            yield block.source
        else:
            yield from _fields(block, depth)


def _marked_item(item: Any, depth: int) -> Iterator[str]:
    box = ("[x] " if item.checked else "[ ] ") if getattr(item, "checkbox", False) else ""
    mark = f"{getattr(item, 'num', None) or '-'} {box}"
    for number, line in enumerate(_fields(item, depth)):
        yield (mark if number == 0 else "  ") + line


def _fields(block: Any, depth: int) -> Iterator[str]:
    for field in _TEXT_FIELDS:
        value = getattr(block, field, None)
        if isinstance(value, list):
            yield from _lines(value, depth + 1)
        elif isinstance(value, str):
            yield value
        elif isinstance(value, TLObject):
            if type(value).__name__ == "PageCaption":
                yield from (line for line in (inline(value.text), inline(value.credit)) if line)
            else:
                yield inline(value)
    cover = getattr(block, "cover", None)
    if isinstance(cover, TLObject):
        yield from _lines([cover], depth + 1)


def inline(text: Any, depth: int = 0) -> str:
    """The plain text of a `RichText` tree."""
    if text is None or depth > _MAX_DEPTH:
        return ""
    if isinstance(text, str):
        return text
    parts = getattr(text, "texts", None)
    if isinstance(parts, list):
        return "".join(inline(part, depth + 1) for part in parts)
    for field in ("text", "alt", "source"):
        value = getattr(text, field, None)
        if value is not None:
            return inline(value, depth + 1)
    return ""
