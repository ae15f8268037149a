"""Telegram's entities as stretches of a plain text: their units translated, their overlaps made regular.

Telegram counts UTF-16 units in the text as it sent it; a note holds no control characters. Here both are
settled, so that everything later counts characters of the text that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tobs_tui.model import Entity
from tobs_tui.text import plain

MARKS = frozenset(("bold", "italic", "underline", "strikethrough", "spoiler"))
ATOMS = frozenset(("code", "text_link", "link", "email"))
BLOCKS = frozenset(("pre", "blockquote"))
_KNOWN = MARKS | ATOMS | BLOCKS


class Span(NamedTuple):
    """The characters from `start` to `end` (excluded) of a plain text, and what they are."""

    start: int
    end: int
    kind: str
    url: str | None = None
    language: str | None = None
    collapsed: bool = False


def plain_spans(text: str, entities: Sequence[Entity]) -> tuple[str, list[Span]]:
    """Return the text that a note may hold, and the entities that a note gives a form, in its characters.

    Mentions, hashtags, phone numbers, custom emoji and kinds that nobody knows are their text alone.
    """
    shown = plain(text)
    formed = [entity for entity in entities if entity.kind in _KNOWN and entity.length > 0]
    if not formed:
        return shown, []
    places = _places(text, shown, formed)
    spans = [
        Span(
            places[entity.offset],
            places[entity.offset + entity.length],
            entity.kind,
            entity.url,
            entity.language,
            entity.collapsed,
        )
        for entity in formed
    ]
    return shown, [span for span in spans if span.start < span.end]


def _places(text: str, shown: str, entities: Iterable[Entity]) -> dict[int, int]:
    """Map each UTF-16 offset that the entities name to an index of `shown`."""
    offsets = {offset for entity in entities for offset in (entity.offset, entity.offset + entity.length)}
    if shown == text and (text.isascii() or max(text) < "\U00010000"):
        return {offset: min(max(offset, 0), len(text)) for offset in offsets}
    units = text.encode("utf-16-le", "surrogatepass")
    places: dict[int, int] = {}
    for offset in offsets:
        at = max(offset, 0) - _cuts_pair(units, offset)
        places[offset] = len(plain(units[: 2 * at].decode("utf-16-le", "surrogatepass")))
    return places


def _cuts_pair(units: bytes, offset: int) -> bool:
    """Whether a surrogate pair is cut at the offset."""
    at = 2 * max(offset, 0)
    return 0 < at < len(units) and 0xD8 <= units[at - 1] <= 0xDB and 0xDC <= units[at + 1] <= 0xDF


def united(spans: Iterable[Span]) -> list[Span]:
    """Spans of one kind as disjoint stretches: what overlaps or touches is one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, each cut where an earlier or longer one stands already."""
    kept: list[Span] = []
    reached = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        start = max(span.start, reached)
        if start < span.end:
            kept.append(span._replace(start=start))
            reached = span.end
    return kept


def within(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The spans' parts that lie between two places."""
    return [
        span._replace(start=max(span.start, start), end=min(span.end, end))
        for span in spans
        if span.start < end and span.end > start
    ]
