"""The scripts' small markup: text with tags becomes plain text and Telegram's entities.

Tags: b i u s sp (spoiler) code, pre lang=…, a href=…, q (quote), qq (collapsed quote), e id=… (custom
emoji), p id=… (a person without username). They may overlap. Links, mentions, hashtags and the like are
found in the plain text as Telegram's server finds them.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from telethon.tl import types

_SIMPLE = {
    "b": types.MessageEntityBold,
    "i": types.MessageEntityItalic,
    "u": types.MessageEntityUnderline,
    "s": types.MessageEntityStrike,
    "sp": types.MessageEntitySpoiler,
    "code": types.MessageEntityCode,
}

_FOUND = re.compile(
    r"(?P<Url>(?:https?://|t\.me/)[^\s<>«»\"]*[\w/=])"
    r"|(?P<Email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w@/])(?P<Mention>@[A-Za-z]\w{3,31})"
    r"|(?<![\w#/&])(?P<Hashtag>#[^\W\d]\w*)"
    r"|(?<![\w$])(?P<Cashtag>\$[A-Z]{3,8})\b"
    r"|(?<![\w/<])(?P<BotCommand>/[a-z]\w{1,31})\b(?!/)"
    r"|(?<![\w.])(?P<Phone>\+\d{1,3}[ \d()-]{7,14}\d)"
    r"|(?<!\d)(?P<BankCard>\d{4} \d{4} \d{4} \d{4})(?!\d)"
)


def utf16_length(text: str) -> int:
    """How many UTF-16 code units a text takes: the unit of all entity offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.length = 0
        self.open: dict[str, tuple[int, dict[str, str]]] = {}
        self.entities: list[Any] = []
        self.literal: list[tuple[int, int]] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
        self.length += utf16_length(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[tag] = (self.length, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.open:
            raise ValueError(f"</{tag}> closes nothing")
        offset, attrs = self.open.pop(tag)
        length = self.length - offset
        self.entities.append(_entity(tag, offset, length, attrs))
        if tag in ("code", "pre", "a"):
            self.literal.append((offset, self.length))


def _entity(tag: str, offset: int, length: int, attrs: dict[str, str]) -> Any:
    if tag in _SIMPLE:
        return _SIMPLE[tag](offset, length)
    if tag == "pre":
        return types.MessageEntityPre(offset, length, attrs.get("lang", ""))
    if tag == "a":
        return types.MessageEntityTextUrl(offset, length, attrs["href"])
    if tag == "q":
        return types.MessageEntityBlockquote(offset, length)
    if tag == "qq":
        return types.MessageEntityBlockquote(offset, length, collapsed=True)
    if tag == "e":
        return types.MessageEntityCustomEmoji(offset, length, int(attrs["id"]))
    if tag == "p":
        return types.MessageEntityMentionName(offset, length, int(attrs["id"]))
    raise ValueError(f"unknown tag <{tag}>")


def found_entities(text: str, literal: list[tuple[int, int]] | None = None) -> list[Any]:
    """Links, mentions, hashtags, commands … of a plain text, outside of the `literal` stretches."""
    if not any(mark in text for mark in "@#$/+.0123456789"):
        return []
    found = []
    for match in _FOUND.finditer(text):
        offset = utf16_length(text[: match.start()])
        length = utf16_length(match.group())
        if any(start < offset + length and offset < end for start, end in literal or ()):
            continue
        found.append(getattr(types, f"MessageEntity{match.lastgroup}")(offset, length))
    return found


def parse_markup(source: str) -> tuple[str, list[Any]]:
    """Plain text and its entities, in order of offset, the longer first."""
    if "<" not in source and "&" not in source:
        return source, found_entities(source)
    parser = _Parser()
    parser.feed(source)
    parser.close()
    if parser.open:
        raise ValueError(f"tags left open: {sorted(parser.open)} in {source!r}")
    text = "".join(parser.parts)
    entities = parser.entities + found_entities(text, parser.literal)
    entities.sort(key=lambda entity: (entity.offset, -entity.length))
    return text, entities
