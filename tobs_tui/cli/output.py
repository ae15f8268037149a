"""How values look on a terminal: aligned columns, numbers, sizes, JSON. Remote text is sanitised here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from wcwidth import wcswidth

from tobs_tui import text


def print_json(value: object) -> None:
    """One JSON value on stdout. Lone surrogates and control characters stay escaped."""
    json.dump(value, sys.stdout, ensure_ascii=not _speaks_utf8(), indent=None)
    print()


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Aligned columns on stdout; those in `right` are right-aligned. Cells are remote text until here."""
    cells = [[text.for_terminal(cell, 60) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    for row in [list(heads), *cells]:
        padded = [
            _pad(cell, width, right=index in right)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(padded).rstrip())


def number(value: int | None) -> str:
    """`12,408`, or `—` where nobody knows."""
    return "—" if value is None else f"{value:,}"


def size(count: int) -> str:
    """Decimal: `240 kB`, `214 MB`, `1.9 GB`."""
    if count < 1_000:
        return f"{count} B"
    for unit, factor in (("kB", 1_000), ("MB", 1_000_000)):
        if count < factor * 1_000:
            return f"{count // factor} {unit}"
    return f"{count / 1_000_000_000:.1f} GB"


def duration(seconds: float) -> str:
    """`0.4 s`, `42 s`, `3 min`, `1 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def when(moment: float | None, timezone: str) -> str:
    """`2025-01-05 09:41`, or `—`."""
    if moment is None:
        return "—"
    return datetime.fromtimestamp(moment, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 note`, `1,204 notes`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def _width(cell: str) -> int:
    return max(0, wcswidth(cell))


def padded(cell: str, width: int) -> str:
    """Filled with blanks to so many columns; made safe for a terminal first."""
    return _pad(text.for_terminal(cell, width), width, right=False)


def _pad(cell: str, width: int, *, right: bool) -> str:
    gap = " " * (width - _width(cell))
    return gap + cell if right else cell + gap


def _speaks_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
