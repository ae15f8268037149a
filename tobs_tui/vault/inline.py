"""One line of a message as Markdown: its text escaped, its entities as marks, code and links.

Where entities cross, the shorter one is closed and opened again; code and addresses are never cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tobs_tui.vault.escape import code_span, escape_line, link_label, one_line
from tobs_tui.vault.links import autolink, destination, live_url
from tobs_tui.vault.marks import Close, Open, Pair, Piece, Text, Token, write_line
from tobs_tui.vault.spans import MARKS, Span, disjoint, united, within

VaultLink: TypeAlias = Callable[[str], str | None]
"""Gives the wikilink target (`#^m12`, `Note#^m12`) of an address whose message stands in the vault."""

Atoms: TypeAlias = dict[int, tuple[int, Token]]
"""By where it starts: where it ends, and the piece that stands for it."""
Style: TypeAlias = tuple[int, int, Pair]

_LINKS = frozenset(("text_link", "link", "email"))
_RANK = {"link": 0, "underline": 1, "spoiler": 2, "bold": 3, "italic": 4, "strikethrough": 5}


def nowhere(url: str) -> str | None:
    """The `VaultLink` of a text whose links all lead out."""
    return None


def line_markdown(
    text: str,
    spans: Sequence[Span],
    start: int,
    end: int,
    vault_link: VaultLink = nowhere,
    *,
    at_start: bool = True,
) -> str:
    """Return the characters from `start` to `end` of a text, which hold no line break, as Markdown."""
    here = within(spans, start, end)
    if not here:
        return escape_line(text[start:end], at_start=at_start)
    if len(here) == 1 and (line := _with_one_mark(text, here[0], start, end, at_start)) is not None:
        return line
    return _with_marks(text, here, start, end, vault_link, at_start)


def _with_one_mark(text: str, span: Span, start: int, end: int, at_start: bool) -> str | None:
    """What `_with_marks` gives for one mark between blanks, where it can't fail; None elsewhere."""
    before, inner, after = text[start : span.start], text[span.start : span.end], text[span.end : end]
    if span.kind not in MARKS or inner.strip() != inner or not inner:
        return None
    if (before and not before[-1].isspace()) or (after and not after[0].isspace()):
        return None
    pair = Pair(span.kind)
    written = f"{pair.opening}{escape_line(inner, at_start=False)}{pair.closing}"
    if before:
        written = escape_line(before, at_start=at_start) + written
    return written + escape_line(after, at_start=False) if after else written


def _with_marks(
    text: str, here: Sequence[Span], start: int, end: int, vault_link: VaultLink, at_start: bool
) -> str:
    kinds = {span.kind for span in here}
    form = _Form({span.start: (span.end, _code(text, span)) for span in united(_of(here, "code"))})
    if kinds & _LINKS:
        for link in disjoint(_outward(_of(here, *_LINKS), form.atoms)):
            _add_link(text, link, form, vault_link)
    for kind in sorted(MARKS & kinds):
        spans_of_kind = united(_outward(_of(here, kind), form.atoms))
        form.styles += [(span.start, span.end, Pair(kind)) for span in spans_of_kind]
    return write_line(_tokens(text, start, end, form), at_start=at_start)


@dataclass(slots=True)
class _Form:
    """What becomes of a line's entities, by the places of its text."""

    atoms: Atoms
    tails: dict[int, Piece] = field(default_factory=dict)
    """What is added behind a stretch of text."""
    styles: list[Style] = field(default_factory=list)


def _code(text: str, span: Span) -> Token:
    content = text[span.start : span.end]
    return Piece(code_span(content)) if content.strip() else Text(content)


def _of(spans: Iterable[Span], *kinds: str) -> list[Span]:
    return [span for span in spans if span.kind in kinds]


def _outward(spans: Iterable[Span], atoms: Atoms) -> list[Span]:
    """Spans whose edges cut no atom: an edge inside of one moves outside."""
    if not atoms:
        return list(spans)
    moved: list[Span] = []
    for span in spans:
        start, end = span.start, span.end
        for first, (last, _) in atoms.items():
            if first < start < last:
                start = first
            if first < end < last:
                end = last
        moved.append(span._replace(start=start, end=end))
    return moved


def _add_link(text: str, link: Span, form: _Form, vault_link: VaultLink) -> None:
    label = text[link.start : link.end]
    url = link.url if link.kind == "text_link" else (f"mailto:{label}" if link.kind == "email" else label)
    holds_code = any(link.start <= first < link.end for first in form.atoms)
    target = vault_link(url or "")
    if target is not None and not holds_code:
        form.atoms[link.start] = (link.end, Piece(f"[[{target}|{link_label(label) or 'message'}]]"))
        return
    address = live_url(url or "")
    if address is None:
        shown = one_line(url or "")
        if link.kind == "text_link" and shown and label.strip():
            form.tails[link.end] = Piece(f" ({code_span(shown)})")
        return
    plain_address = autolink(label) if link.kind != "text_link" or url == label else None
    if plain_address is not None and not holds_code:
        form.atoms[link.start] = (link.end, Piece(plain_address))
        return
    form.styles.append((link.start, link.end, Pair("link", url=destination(address))))


def _tokens(text: str, start: int, end: int, form: _Form) -> list[Token]:
    opening: dict[int, list[Style]] = {}
    places = {start, end, *form.tails}
    for first, (last, _) in form.atoms.items():
        places |= {first, last}
    for style in form.styles:
        opening.setdefault(style[0], []).append(style)
        places |= {style[0], style[1]}
    ordered = sorted(places)
    stack: list[Style] = []
    tokens: list[Token] = []
    for place, after in zip(ordered, [*ordered[1:], end], strict=True):
        again = _close_ended(stack, place, tokens)
        if place in form.tails:
            tokens.append(form.tails[place])
        for style in sorted([*again, *opening.get(place, ())], key=lambda s: (-s[1], _RANK[s[2].kind])):
            stack.append(style)
            tokens.append(Open(style[2]))
        if place in form.atoms:
            tokens.append(form.atoms[place][1])
        elif place < after:
            tokens.append(Text(text[place:after]))
    return tokens


def _close_ended(stack: list[Style], place: int, tokens: list[Token]) -> list[Style]:
    """Close what ends here and what was opened inside of it; return the latter, to be opened again."""
    ended = next((depth for depth, style in enumerate(stack) if style[1] <= place), len(stack))
    again: list[Style] = []
    while len(stack) > ended:
        first, last, pair = stack.pop()
        tokens.append(Close(pair))
        if last > place:
            again.append((first, last, Pair(pair.kind, pair.url)))
    return again
