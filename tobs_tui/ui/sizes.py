"""Sizes as a person types them: `50M`, `1.5 GB`, empty for any.

By 1024, as `--max-file-size` takes them and notes name the limit.
"""

from __future__ import annotations

import re

from tobs_tui.errors import UsageError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
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
        if size >= _UNITS[unit] and int(round(size / _UNITS[unit], 1) * _UNITS[unit]) == size:
            return f"{size / _UNITS[unit]:.1f}".removesuffix(".0") + unit
    return str(size)
