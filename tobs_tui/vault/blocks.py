"""A message's text with its entities as Markdown blocks: paragraphs, quotes, fenced code.

Blocks stand apart by blank lines; the first paragraph of a message goes on in the sender's own, so each block
tells whether it is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tobs_tui.model import Entity
from tobs_tui.text import plain
from tobs_tui.vault.escape import escape_line, inert_code
from tobs_tui.vault.inline import VaultLink, line_markdown, nowhere
from tobs_tui.vault.spans import BLOCKS, Span, disjoint, plain_spans, within

BREAK = "  \n"
"""A line break inside a paragraph, by Obsidian's strict rule and CommonMark's."""

_NAMES = """
ada apl applescript asm assembly awk bash basic bat batch c c# c++ clj clojure cmake cobol coffeescript cpp cs
csharp css cuda d dart delphi diff dockerfile elisp elixir elm erlang f# fish fortran fsharp gdscript glsl go
golang gradle graphql groovy h haskell hcl hlsl hpp html ini java javascript js json json5 jsx julia kotlin kt
latex less lisp lua make makefile markdown matlab md nasm nginx nim nix objc objective-c objectivec ocaml
pascal patch perl php pl plaintext powershell prolog proto protobuf ps1 py python python3 r racket rb regex
ruby rs rust sass scala scheme scss sh shell smalltalk solidity sql svelte swift tcl tex text toml ts
tsx txt typescript v vala vb vbnet verilog vhdl vim vue wasm xml yaml yml zig zsh
"""
LANGUAGES = frozenset(_NAMES.split())
"""What a fence may be named. Nothing here runs on sight, as `query`, `dataviewjs` or `mermaid` would."""

_TICKS = re.compile("`{3,}")


class Block(NamedTuple):
    markdown: str
    is_paragraph: bool = True
    blank_lines: int = 1
    """How many of them stand before it."""


def text_blocks(text: str, entities: Sequence[Entity] = (), vault_link: VaultLink = nowhere) -> list[Block]:
    """Return the blocks of a text; an empty or blank one has none."""
    shown, spans = plain_spans(text, entities) if entities else (plain(text), ())
    if not spans:
        if "\n" in shown:
            return _paragraphs(shown, (), 0, len(shown), vault_link)
        line = escape_line(shown.rstrip())
        return [Block(line)] if line else []
    return _blocks(shown, spans, 0, len(shown), vault_link)


def fence(code: str, language: str | None = None) -> str:
    """Return a code block that shows `code`, longer than any run of backticks in it."""
    longest = max((len(ticks) for ticks in _TICKS.findall(code)), default=2)
    ticks = "`" * (longest + 1)
    name = (language or "").strip().lower()
    return f"{ticks}{name if name in LANGUAGES else ''}\n{inert_code(code)}\n{ticks}"


def quoted(markdown: str) -> str:
    """Return blocks as a quote of them."""
    return "\n".join(f"> {line}" if line else ">" for line in markdown.split("\n"))


def joined(blocks: Sequence[Block]) -> str:
    """Return the blocks as one text, apart by their blank lines."""
    parts: list[str] = []
    for place, block in enumerate(blocks):
        if place:
            parts.append("\n" * (block.blank_lines + 1))
        parts.append(block.markdown)
    return "".join(parts)


def _blocks(text: str, spans: Sequence[Span], start: int, end: int, vault_link: VaultLink) -> list[Block]:
    blocks: list[Block] = []
    inline = [span for span in spans if span.kind not in BLOCKS]
    for block in disjoint(span for span in spans if span.kind in BLOCKS):
        blocks += _paragraphs(text, inline, start, block.start, vault_link)
        if block.kind == "pre":
            blocks += _code(text[block.start : block.end], block.language)
        else:
            inner = [span for span in within(spans, block.start, block.end) if span.kind != "blockquote"]
            blocks += _quote(_blocks(text, inner, block.start, block.end, vault_link), block.collapsed)
        start = block.end
    return blocks + _paragraphs(text, inline, start, end, vault_link)


def _code(code: str, language: str | None) -> list[Block]:
    return [Block(fence(code.strip("\n"), language), is_paragraph=False)] if code.strip() else []


def _quote(blocks: Sequence[Block], collapsed: bool) -> list[Block]:
    if not blocks:
        return []
    content = quoted(joined(blocks))
    return [Block(f"> [!quote]- Quote\n{content}" if collapsed else content, is_paragraph=False)]


def _paragraphs(text: str, spans: Sequence[Span], start: int, end: int, vault_link: VaultLink) -> list[Block]:
    paragraphs: list[Block] = []
    lines: list[str] = []
    blank, gap = 0, 1
    place = start
    for raw in text[start:end].split("\n"):
        line_start, place = place, place + len(raw) + 1
        if not raw or raw.isspace():
            blank += 1
            continue
        if blank and lines:
            paragraphs.append(Block(BREAK.join(lines), blank_lines=gap))
            lines = []
        if not lines:
            gap = max(blank, 1)
        blank = 0
        line_end = line_start + len(raw.rstrip())
        lines.append(line_markdown(text, spans, line_start, line_end, vault_link))
    if lines:
        paragraphs.append(Block(BREAK.join(lines), blank_lines=gap))
    return paragraphs
