"""Remote text as Markdown that shows just that text: in Obsidian, in CommonMark, and to plugins.

`note-format.md` names the characters. One line at a time: what counts at a line's start does so only there.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tobs_tui.text import plain

NO_BREAK_SPACE = "\u00a0"
WORD_JOINER = "\u2060"
LIVE_SCHEMES = frozenset(("http", "https", "mailto", "tel", "tg"))
"""Of links that may be followed from a note; all others stay words."""

_ENTITY = r"&(?=#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{0,31};)"
_SPECIAL = re.compile(rf"[\\`*_\[\]#^|~$]|<%?|(?<=%)%|=(?==)|{_ENTITY}|[ ]{{2,}}|://")
_MAY_BE_SPECIAL = re.compile(r"[\\`*_\[\]#^|~$<%=&:]")
"""One set of characters, which is searched for several times as fast as what it may begin."""
_LINE_START = re.compile(r"[ \t]+|[-+>]|=(?!=)|(\d{1,9})(?=[.)](?:[ \t]|$))|:(?=-+:?[ \t]*$)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_BEGINS_ENTITY = re.compile(_ENTITY)
_REPEATED = re.compile(r"([%=])\1+")
_LEADS_QUERY = re.compile(r"[\s\ufeff]*(?=\$?=)")
_NO_LABEL = re.compile(r"[\\`*\[\]|<>~^#$]+")
_NO_PLAIN_LABEL = re.compile(r"[\\`*\[\]|<>~^#$&%=_]")
_OUTER_UNDERSCORE = re.compile(r"(?<!\w)_+|_+(?!\w)")


def escape_line(text: str, *, at_start: bool = True) -> str:
    """Escape one line of plain text; `at_start` when nothing stands before it on its line."""
    lead = ""
    if at_start and not text[:1].isalpha() and (found := _LINE_START.match(text)):
        lead, text = _escape_start(found, text)
    if _MAY_BE_SPECIAL.search(text) is None and "  " not in text:
        return lead + text
    return lead + _SPECIAL.sub(_escape_special, text)


@lru_cache(maxsize=4096)
def escape_name(name: str) -> str:
    """Escape a name that stands inside a line, as one line itself."""
    return escape_line(one_line(name), at_start=False)


def one_line(text: str, limit: int | None = None) -> str:
    """Plain text in one line, blanks as single spaces, cut with an ellipsis after `limit` characters."""
    if not text.isprintable():
        text = plain(text)
    words = " ".join(text.split())
    if limit is None or len(words) <= limit:
        return words
    return cut(words, limit)


def cut(words: str, limit: int) -> str:
    """The opening words of a longer text: at most `limit` characters, ellipsis included."""
    if len(words) <= limit:
        return words
    kept = words[: limit - 1]
    if words[limit - 1] != " " and (space := kept.rfind(" ")) > limit // 2:
        kept = kept[:space]
    # No half of an emoji sequence: what joins the next part goes with it.
    return kept.rstrip(" .,;:!?…-–—\u200d\ufe0f") + "…"


def link_label(text: str) -> str:
    """Plain words for the visible part of a wikilink, where no escape is understood."""
    words = one_line(text)
    if _NO_PLAIN_LABEL.search(words) is None:
        return words
    words = _NO_LABEL.sub(" ", _BEGINS_ENTITY.sub("", words))
    words = _REPEATED.sub(r"\1", words)
    return " ".join(_OUTER_UNDERSCORE.sub("", words).split())


def code_span(text: str) -> str:
    """Inline code that shows `text` (one line) and that no plugin runs."""
    inert = inert_code(text)
    run = max((len(ticks) for ticks in re.findall("`+", inert)), default=0)
    fence = "`" * (run + 1)
    padded = (
        inert.startswith("`") or inert.endswith("`") or (inert[:1] == inert[-1:] == " " and inert.strip())
    )
    return f"{fence} {inert} {fence}" if padded else f"{fence}{inert}{fence}"


def inert_code(text: str) -> str:
    """Code that Dataview and Templater don't take for theirs."""
    if found := _LEADS_QUERY.match(text):
        text = f"{found[0]}{WORD_JOINER}{text[found.end() :]}"
    return text.replace("<%", f"<{WORD_JOINER}%")


def _escape_start(found: re.Match[str], text: str) -> tuple[str, str]:
    marker, rest = found[0], text[found.end() :]
    if marker[0] in " \t":
        return marker.replace("\t", "    ").replace(" ", NO_BREAK_SPACE), rest
    if found[1]:
        return f"{marker}\\{rest[0]}", rest[1:]
    return f"\\{marker}", rest


def _escape_special(found: re.Match[str]) -> str:
    special = found[0]
    if special == "<%":
        return "<\\%"
    if special == "://":
        scheme = _SCHEME.search(found.string, 0, found.start())
        return special if scheme is None or scheme[0].lower() in LIVE_SCHEMES else ":\\//"
    if special[0] == " ":
        return NO_BREAK_SPACE * len(special)
    return f"\\{special}"
