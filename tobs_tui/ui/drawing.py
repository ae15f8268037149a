"""Bars, sparklines and columns as text with theme styles. Pure; nothing here knows a widget.

A bar tells its rest by another character, not by colour alone. All text that comes in is safe already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tobs_tui.text import cells, for_terminal

FULL, HALF, REST = "━", "╸", "┄"
_SPARKS = "▁▂▃▄▅▆▇█"
_CLAUSE_ENDS = re.compile(r" · |, ")

MOVING, DONE, WAITING, FAILED, MUTED, FOCUS = (
    ".moving",
    ".done",
    ".waiting",
    ".failed",
    ".muted",
    ".focus",
)
BOLD = "bold"
FOUND, MARK = ".found", ".mark"
"""What a colour means. These are component classes of `screens.base.MainScreen`; `app.tcss` colours them."""


def bar(part: float | None, width: int, style: str = MOVING) -> Content:
    """A bar `width` cells long, filled by `part` (0 to 1); all rest while unknown."""
    if width <= 0:
        return Content()
    halves = 0 if part is None else int(min(1.0, max(0.0, part)) * width * 2 + 1e-9)
    filled = FULL * (halves // 2) + (HALF if halves % 2 else "")
    return Content.assemble((filled, style), (REST * (width - len(filled)), MUTED))


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as blocks; a space where there is none yet."""
    shown = list(values)[-width:] if width > 0 else []
    most = max(shown, default=0.0)
    blocks = "".join(
        _SPARKS[min(7, int(value / most * 7.999))] if most > 0 and value > 0 else _SPARKS[0]
        for value in shown
    )
    return blocks.rjust(width)


def cut(text: str, width: int) -> str:
    """Text of at most `width` cells, never through the middle of what is one sign to a reader."""
    fitting = for_terminal(text, max(0, width)) if cells(text) > width else text
    # Some scripts' clusters take more where each sign is measured alone, as Textual does.
    limit = width
    while limit > 0 and cell_len(fitting) > width:
        limit -= 1
        fitting = for_terminal(text, limit)
    return fitting


def whole_clauses(text: str, width: int) -> str:
    """As many of a line's clauses as have room, so that no number is cut in the middle."""
    if cells(text) <= width:
        return text
    ends = [found.start() for found in _CLAUSE_ENDS.finditer(text) if cells(text[: found.start()]) <= width]
    return text[: ends[-1]] if ends else cut(text, width)


def clauses(parts: Sequence[str], width: int) -> str:
    """The parts with dots between them, in lines that are never broken within one."""
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1]) + cells(part) + 3 <= width:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return "\n".join(lines)


def left(text: str, width: int) -> str:
    """Text cut or filled to `width` cells, at the left; filled by the measure that Textual lays out with."""
    fitting = cut(text, width)
    return fitting + " " * (width - cell_len(fitting))


def right(text: str, width: int) -> str:
    """Text cut or filled to `width` cells, at the right."""
    fitting = cut(text, width)
    return " " * (width - cell_len(fitting)) + fitting


def rule(title: str, width: int, tail: str = "") -> Content:
    """A thin line with a title near its beginning: `─Stages──────`."""
    end = f"{tail}─" if tail else ""
    line = "─" * max(0, width - 1 - cells(title) - cells(end))
    return Content.assemble(("─", MUTED), (title, BOLD), (line, MUTED), (end, MUTED))


def spread(begin: Content, end: Content, width: int) -> Content:
    """Two pieces, one at each edge; the first gives way."""
    room = width - end.cell_length - 1
    if room <= 0:
        return end.truncate(width)
    if begin.cell_length > room:
        begin = begin.truncate(room, ellipsis=True)
    return Content.assemble(begin, " " * (room + 1 - begin.cell_length), end)


def fit(pieces: Sequence[Content], width: int, gap: int = 3) -> Content:
    """As many whole pieces as have room, in order, with a gap between them."""
    line, used = Content(), 0
    for piece in pieces:
        needs = piece.cell_length + (gap if used else 0)
        if used + needs > width:
            break
        line = Content.assemble(line, " " * (gap if used else 0), piece)
        used += needs
    return line
