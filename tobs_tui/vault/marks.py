"""Marks around stretches of one line, set so that CommonMark takes each of them for what it is.

A line is a row of tokens: texts, finished pieces (code, links into the vault) and the opening and closing of
pairs. Blanks at a pair's edges move out of it; a pair that CommonMark would not see as one becomes HTML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tobs_tui.vault.escape import escape_line

_MARKDOWN = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_HTML = {"bold": "b", "italic": "i", "strikethrough": "s", "underline": "u"}
_EDGES = re.compile(r"(\s*)(.*?)(\s*)\Z", re.DOTALL)


class Text(NamedTuple):
    """Remote text, not yet escaped."""

    text: str


class Piece(NamedTuple):
    """Markdown that is finished."""

    markdown: str


@dataclass(slots=True, eq=False)
class Pair:
    """One opening and its closing. `url` is a link's destination, written as it stands in the note."""

    kind: str
    url: str = ""
    as_html: bool = False

    @property
    def delimiter(self) -> str:
        """The character of which Markdown's own mark is made; empty for all that needs no flanking rule."""
        return "" if self.as_html else _MARKDOWN.get(self.kind, "")[:1]

    @property
    def opening(self) -> str:
        if self.kind == "link":
            return "["
        if self.kind == "spoiler":
            return "||"
        if self.as_html or self.kind == "underline":
            return f"<{_HTML[self.kind]}>"
        return _MARKDOWN[self.kind]

    @property
    def closing(self) -> str:
        if self.kind == "link":
            return f"](<{self.url}>)"
        if self.as_html or self.kind == "underline":
            return f"</{_HTML[self.kind]}>"
        return self.opening


class Open(NamedTuple):
    pair: Pair


class Close(NamedTuple):
    pair: Pair


Token: TypeAlias = Text | Piece | Open | Close


def write_line(tokens: Sequence[Token], *, at_start: bool) -> str:
    """Return the line as Markdown; `at_start` when nothing stands before it on its line."""
    settled = _joined(_without_outer_blanks(tokens))
    while True:
        written = _written(settled, at_start)
        failing = _failing_pairs(settled, written)
        if not failing:
            return "".join(written)
        for pair in failing:
            pair.as_html = True


def _without_outer_blanks(tokens: Sequence[Token]) -> list[Token]:
    """Blanks out of the pairs that they open or close, and empty pairs away."""
    row: list[Token] = []
    for token in tokens:
        if isinstance(token, Text):
            found = _EDGES.match(token.text)
            row += [Text(part) for part in (found.groups() if found else (token.text,)) if part]
        else:
            row.append(token)
    settled: list[Token] = []
    for token in row:
        if _is_blank(token):
            # Before the marks that have just been opened.
            place = len(settled)
            while place and isinstance(settled[place - 1], Open):
                place -= 1
            settled.insert(place, token)
        elif isinstance(token, Close):
            _close(settled, token)
        else:
            settled.append(token)
    return settled


def _close(settled: list[Token], close: Close) -> None:
    """Add a closing before the blanks at the end; a pair with nothing inside goes instead."""
    place = len(settled)
    while place and _is_blank(settled[place - 1]):
        place -= 1
    before = settled[place - 1] if place else None
    if isinstance(before, Open) and before.pair is close.pair:
        del settled[place - 1]
    else:
        settled.insert(place, close)


def _is_blank(token: Token) -> bool:
    return isinstance(token, Text) and token.text.isspace()


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """Neighbouring texts as one, so that what must not touch is seen."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if isinstance(token, Text) and isinstance(last, Text):
            joined[-1] = Text(last.text + token.text)
        else:
            joined.append(token)
    return joined


def _written(tokens: Sequence[Token], at_start: bool) -> list[str]:
    written: list[str] = []
    for place, token in enumerate(tokens):
        if isinstance(token, Text):
            text = escape_line(token.text, at_start=at_start and place == 0)
            if text.endswith("!") and place + 1 < len(tokens) and _begins_link(tokens[place + 1]):
                text = f"{text[:-1]}\\!"
            written.append(text)
        elif isinstance(token, Piece):
            written.append(token.markdown)
        elif isinstance(token, Open):
            written.append(token.pair.opening)
        else:
            written.append(token.pair.closing)
    return written


def _begins_link(token: Token) -> bool:
    """Whether a `!` before it would make an image or an embed of it."""
    return (isinstance(token, Open) and token.pair.kind == "link") or (
        isinstance(token, Piece) and token.markdown.startswith("[")
    )


def _failing_pairs(tokens: Sequence[Token], written: Sequence[str]) -> list[Pair]:
    """The pairs of the first run of delimiters that CommonMark would not take as meant."""
    place = 0
    while place < len(tokens):
        end = place
        run: list[Open | Close] = []
        while end < len(tokens) and (mark := _flanked(tokens[end], run)) is not None:
            run.append(mark)
            end += 1
        if not run:
            place += 1
            continue
        opens = isinstance(run[0], Open)
        before = written[place - 1][-1:] if place else ""
        after = written[end][:1] if end < len(written) else ""
        mixed = [mark.pair for mark in run if isinstance(mark, Open) is not opens]
        if mixed:
            return mixed
        fits: Callable[[str, str], bool] = _left_flanking if opens else _right_flanking
        if not fits(before, after):
            return [mark.pair for mark in run]
        place = end
    return []


def _flanked(token: Token, run: Sequence[Open | Close]) -> Open | Close | None:
    """The token if it is a delimiter that runs on in `run`."""
    if not isinstance(token, Open | Close) or not token.pair.delimiter:
        return None
    return token if not run or run[-1].pair.delimiter == token.pair.delimiter else None


def _left_flanking(before: str, after: str) -> bool:
    if not after or after.isspace():
        return False
    return not _maybe_punctuation(after) or not before or before.isspace() or _surely_punctuation(before)


def _right_flanking(before: str, after: str) -> bool:
    return _left_flanking(after, before)


def _maybe_punctuation(char: str) -> bool:
    """Punctuation by any version of CommonMark: 0.31 counts symbols too, earlier ones don't."""
    return unicodedata.category(char)[0] in "PS"


def _surely_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P" or (char.isascii() and _maybe_punctuation(char))
