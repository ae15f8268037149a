"""Spacing vowel signs take a cell of their own, as terminals and tmux draw them.

Rich takes all marks for nothing (Unicode's category Mc as well as Mn), so that a Hindi or Tamil title would
push the rest of its row to the right, over the next pane. Measured with tmux 3.3 and C.UTF-8.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich import cells
from rich._unicode_data import load


def measure_as_terminals_do() -> None:
    """Have Rich, and so Textual, count them. To be called before anything is drawn."""
    if cells.load_cell_table is not _table:  # type: ignore[attr-defined]
        cells.load_cell_table = _table  # type: ignore[attr-defined]
        cells.get_character_cell_size.cache_clear()
        cells.cached_cell_len.cache_clear()


@lru_cache
def _table(unicode_version: str = "auto") -> cells.CellTable:
    table = load(unicode_version)
    widths: list[tuple[int, int, int]] = []
    for start, end, width in table.widths:
        widths += [(start, end, width)] if width else _without_spacing_marks(start, end)
    return table._replace(widths=widths)


def _without_spacing_marks(start: int, end: int) -> list[tuple[int, int, int]]:
    """The rest of a range of characters that take no cell."""
    kept: list[tuple[int, int, int]] = []
    for point in range(start, end + 1):
        if unicodedata.category(chr(point)) == "Mc":
            continue
        if kept and kept[-1][1] == point - 1:
            kept[-1] = (kept[-1][0], point, 0)
        else:
            kept.append((point, point, 0))
    return kept
