"""How long a wait is, in words."""

from __future__ import annotations

from math import ceil


def span(seconds: float) -> str:
    """`23 s`, `12 min`, `5 h 07 min`: rounded up, as nobody is to come back too early."""
    if seconds < 90:
        return f"{ceil(seconds)} s"
    minutes = ceil(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
