"""Reads Markdown back as CommonMark does, for tests that hold what is seen against what was said."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

OUR_HTML = frozenset(f"<{slash}{name}>" for name in "ubis" for slash in ("", "/"))
_PARSER = MarkdownIt("commonmark", {"html": True}).enable("strikethrough").enable("table")
_PARSER.normalizeLinkText = lambda link: link  # type: ignore[method-assign]


def tokens(markdown: str) -> list[Token]:
    """Return all tokens, inline ones among them."""
    flat: list[Token] = []
    for token in _PARSER.parse(markdown):
        flat.append(token)
        flat.extend(token.children or ())
    return flat


def seen_text(markdown: str) -> str:
    """Return the text that a reader sees, one line for each block or line; fails on HTML not ours."""
    parts: list[str] = []
    for token in tokens(markdown):
        if token.type in ("text", "code_inline", "fence", "code_block", "text_special"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak", "paragraph_close", "heading_close"):
            parts.append("\n")
        elif token.type in ("html_inline", "html_block"):
            assert token.content in OUR_HTML, f"foreign HTML: {token.content!r}"
    return "".join(parts)


def letters(text: str) -> str:
    """Return the text without blanks, and without what we may put between: word joiners."""
    return re.sub(r"[\s\u2060]+", "", text)
