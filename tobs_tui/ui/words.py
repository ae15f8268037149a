"""Numbers, sizes, times and dates as the screen writes them. Pure; the same words everywhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

UNKNOWN = "—"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: int | None) -> str:
    """`12,408`, then `1.2 M`; `—` where nobody knows."""
    if value is None:
        return UNKNOWN
    return f"{value:,}" if value < 1_000_000 else f"{value / 1_000_000:.1f} M"


def guess(value: int) -> str:
    """A guess: `~210 k`, `~940`."""
    if value < 1_000:
        return f"~{value}"
    return f"~{value / 1_000_000:.1f} M" if value >= 1_000_000 else f"~{value // 1_000} k"


def size(value: int | None) -> str:
    """Decimal: `240 kB`, `214 MB`, `1.9 GB`."""
    if value is None:
        return UNKNOWN
    if value < 1_000:
        return f"{value} B"
    if value < 1_000_000:
        return f"{value // 1_000} kB"
    if value < 1_000_000_000:
        return f"{value // 1_000_000} MB"
    return f"{value / 1_000_000_000:.1f} GB"


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `1 h 5 min`."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def latency(p50: float, p95: float) -> str:
    """Half and 95 % of what a unit took, in one unit: `152 · 390 ms`, `0.9 · 4.2 s`."""
    if p95 >= 1.0:
        return f"{p50:.1f} · {p95:.1f} s"
    return f"{_milliseconds(p50)} · {_milliseconds(p95)} ms"


def share(part: float) -> str:
    """`45 %`, rounded down, so that 100 % means all."""
    return f"{int(part * 100 + 1e-9)} %"


def rate(per_second: float | None) -> str:
    """`412/s`; `—` while unknown."""
    if per_second is None:
        return UNKNOWN
    return f"{per_second:.1f}/s" if 0 < per_second < 1 else f"{round(per_second):,}/s"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 chat`, `3 chats`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def moment(date: int | None, now: float, timezone: str) -> str:
    """When something was last: `12:31`, `yesterday`, `Mon`, `1 Mar`, `2023`."""
    if date is None:
        return ""
    zone = ZoneInfo(timezone)
    then, today = datetime.fromtimestamp(date, zone), datetime.fromtimestamp(now, zone)
    days = (today.date() - then.date()).days
    if days <= 0:
        return f"{then:%H:%M}"
    if days == 1:
        return "yesterday"
    if days < 7:
        return _DAYS[then.weekday()]
    if then.year == today.year:
        return f"{then.day} {_MONTHS[then.month - 1]}"
    return str(then.year)


def day(date: int | None, timezone: str) -> str:
    """`5 Jan 2025`."""
    if date is None:
        return UNKNOWN
    then = datetime.fromtimestamp(date, ZoneInfo(timezone))
    return f"{then.day} {_MONTHS[then.month - 1]} {then.year}"


def month(date: int, timezone: str) -> str:
    """`Jan 2024`."""
    then = datetime.fromtimestamp(date, ZoneInfo(timezone))
    return f"{_MONTHS[then.month - 1]} {then.year}"


def clock(date: float, timezone: str, *, seconds: bool = False) -> str:
    """`12:31`, or with seconds `12:31:09`."""
    return f"{datetime.fromtimestamp(date, ZoneInfo(timezone)):{'%H:%M:%S' if seconds else '%H:%M'}}"


def at_home(path: Path) -> str:
    """`~/Notes` for what is below the person's home."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


def _milliseconds(seconds: float) -> str:
    value = seconds * 1_000
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"
