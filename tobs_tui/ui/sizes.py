"""Sizes as a person types them: `50M`, `1.5 GB`, empty for any. Decimal, as the screen shows them."""

from __future__ import annotations

import re

from tobs_tui.errors import UsageError

_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", re.IGNORECASE)


def parse_size(text: str) -> int | None:
    """Bytes; None where it is empty. :raises UsageError: it is no size."""
    if not text.strip():
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError("The size of a file is written like 50M, 500K or 1.5G")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def size_text(size: int | None) -> str:
    """As it would be typed."""
    if size is None:
        return ""
    for unit in ("G", "M", "K"):
        if size >= _UNITS[unit] and size % (_UNITS[unit] // 10) == 0:
            return f"{size / _UNITS[unit]:g}{unit}"
    return str(size)
