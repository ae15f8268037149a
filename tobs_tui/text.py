"""Remote text is made safe here before a person sees it: in a terminal, in a log, in a note.

What comes out can't move the cursor, colour, reorder or hide what stands around it, nor begin a line that
nobody wrote. Escaping for Markdown, YAML and HTML belongs to `vault`, file names to its path sanitiser.
Widths are counted in terminal cells.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from wcwidth import iter_graphemes, wcswidth

ELLIPSIS = "…"

_BREAKS = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
_BLANKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_PLAIN_DROPS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]+")
# England, Scotland, Wales and whatever region comes: a black flag, its code in tag characters, a cancel tag.
_TAG_FLAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)")

_DOTTED_CIRCLE = "\u25cc"
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_INVISIBLE = frozenset("\u034f\u115f\u1160\u2065\u3164\uffa0")
"""Combining grapheme joiner and the Hangul fillers: letters by category, nothing to see."""
_SEEN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Format characters that are drawn: Arabic number signs and their like."""

_MARKS_EACH, _STACKED_EACH, _JOINS_EACH, _CLUSTER_LENGTH = 8, 4, 8, 40
"""What one character may carry. Burmese needs five marks and an emoji family seven joins; a "zalgo" text
stacks hundreds of the script-less ones over the lines around it."""


def for_terminal(text: str, limit: int | None = None) -> str:
    """Return `text` as one harmless line, at most `limit` cells wide, with an ellipsis where it was cut.

    Line breaks and tabs become a space, control characters their pictures (ESC is ␛), bidi and invisible
    ones go; emoji sequences and flags stay whole. It may be empty: some names are made of nothing visible.
    """
    return _clip(_tame(_BLANKS.sub(" ", _scalars(text))), limit)


def for_terminal_block(text: str) -> str:
    """Return `text` as harmless lines, each ended by a newline alone; tabs become four spaces."""
    return _tame(_BREAKS.sub("\n", _scalars(text)).replace("\t", "    "))


def for_log(text: str) -> str:
    """Return `text` as one harmless line in which ⏎ shows where lines ended, so that none can be forged."""
    return _tame(_BREAKS.sub("⏎", _scalars(text)).replace("\t", " "))


def plain(text: str) -> str:
    """Return `text` without what no note may hold: controls but newline and tab, bidi overrides.

    U+2028 and U+2029 become newlines, so that "a line" means the same to every reader. Lengths change:
    apply it to each piece between entities, not to the whole before their offsets are used.
    """
    if text.isprintable():
        # All that goes is unprintable by Unicode's own categories: most texts are told whole at once.
        return text
    joined = _scalars(text).replace("\u2028", "\n").replace("\u2029", "\n")
    return _PLAIN_DROPS.sub("", joined)


def cells(text: str) -> int:
    """Return how many terminal cells a text that went through `for_terminal` takes."""
    return len(text) if text.isascii() else max(0, wcswidth(text))


def _scalars(text: str) -> str:
    """Join surrogate pairs, and replace lone halves, which no file or terminal could encode."""
    if text.isascii():
        return text
    return _SURROGATES.sub(_whole_characters, text)


def _whole_characters(found: re.Match[str]) -> str:
    return found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _clip(text: str, limit: int | None) -> str:
    if limit is None or (text.isascii() and len(text) <= limit):
        return text
    kept: list[str] = []
    width, fitting = 0, 0  # `fitting`: how many clusters leave room for the ellipsis
    for cluster in iter_graphemes(text):
        shown = cluster[:_CLUSTER_LENGTH]
        width += cells(shown)
        if width > limit:
            return "".join(kept[:fitting]) + (ELLIPSIS if limit > 0 else "")
        kept.append(shown)
        if width < limit:
            fitting = len(kept)
    return "".join(kept)


def _tame(text: str) -> str:
    """Replace or drop what no terminal should get; "\\n" is left to the caller, who put it there."""
    if text.isascii() and text.isprintable():
        return text
    parts = _TAG_FLAG.split(text)
    parts[::2] = [_tame_stretch(part) for part in parts[::2]]
    return "".join(parts)


def _tame_stretch(text: str) -> str:
    kept: list[str] = []
    marks = stacked = joins = 0
    for index, char in enumerate(text):
        fate = _fate(char)
        if fate == "keep":
            if not (kept and kept[-1] == _ZWJ):
                joins = 0
            marks = stacked = 0
            kept.append(char)
        elif fate in ("mark", "stacked"):
            marks, stacked = marks + 1, stacked + (fate == "stacked")
            if marks > _MARKS_EACH or stacked > _STACKED_EACH:
                continue
            if not kept or kept[-1] == "\n":
                kept.append(_DOTTED_CIRCLE)
            kept.append(char)
        elif fate == "join":
            if joins < _JOINS_EACH and kept and _joins(kept[-1], char, text[index + 1 : index + 2]):
                joins += 1
                kept.append(char)
        elif fate == "variant":
            if kept and _has_variants(kept[-1]):
                kept.append(char)
        else:
            marks = stacked = 0
            kept += fate  # nothing, or the character that stands for it
    return "".join(kept)


@lru_cache(maxsize=8192)
def _fate(char: str) -> str:
    """Return a character's fate: `keep`, `mark`, `stacked`, `join`, `variant`, or its replacement."""
    code = ord(char)
    if char == "\n" or char == " ":
        return "keep"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char in (_ZWJ, _ZWNJ):
        return "join"
    if code in (0xFE0E, 0xFE0F):
        return "variant"
    if (
        0xFE00 <= code <= 0xFE0D
        or 0xE0000 <= code <= 0xE0FFF
        or 0xFFF0 <= code <= 0xFFF8
        or char in _INVISIBLE
    ):
        return ""
    if 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return _fate_by_category(char)


def _fate_by_category(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Cs"):
        return "\ufffd"
    if category in ("Zl", "Zp"):
        return " "
    if category == "Cf":
        return "keep" if char in _SEEN_FORMATS else ""
    if category[0] == "M":
        script_less = unicodedata.name(char, "").startswith("COMBINING ")
        return "stacked" if script_less else "mark"
    return "keep"


def _joins(before: str, joiner: str, after: str) -> bool:
    """Whether a joiner has work to do here: between emoji, or between letters of a script that joins."""
    if not after:
        return False
    if joiner == _ZWJ and _is_emoji_part(before) and unicodedata.category(after) in ("So", "Cn"):
        return True
    return _is_joining_letter(before) and _is_joining_letter(after)


def _is_emoji_part(char: str) -> bool:
    return (
        char == "\ufe0f" or "\U0001f3fb" <= char <= "\U0001f3ff" or unicodedata.category(char) in ("So", "Cn")
    )


def _is_joining_letter(char: str) -> bool:
    return "\u0590" <= char <= "\uabff" and unicodedata.category(char)[0] in "LM"


def _has_variants(char: str) -> bool:
    """Whether a character may be shown as text or as emoji: symbols, and the keycaps' digits."""
    return char in "#*0123456789" or (
        ord(char) > 0xA0 and unicodedata.category(char) in ("So", "Sm", "Po", "Pd", "Cn")
    )
