"""What a person reads about single files: their names while they come, and why one did not."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tobs_tui.archive import StoredFile
from tobs_tui.errors import TobsError
from tobs_tui.vault.quantities import size
from tobs_tui.vault.quotes import KIND_WORDS

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def named(file: StoredFile) -> str:
    """`holiday.mp4`, or `video of 5 Jan 2025` where it has no name of its own. Not made safe for anything."""
    return file.name or f"{KIND_WORDS[file.kind]} of {_day(datetime.fromtimestamp(file.date, UTC))}"


def failure(file: StoredFile, date: int, timezone: str, error: TobsError, *, gone: bool) -> tuple[str, str]:
    """What is told of a file that could not be had, and what to do: `12 May 2019 20:14, video 84 MB: …`."""
    moment = datetime.fromtimestamp(date, ZoneInfo(timezone))
    which = f"{_day(moment)} {moment:%H:%M}, {KIND_WORDS[file.kind]} {size(file.size)}"
    if gone:
        return f"{which}: gone from Telegram", "Its note says so; nothing to do"
    return f"{which}: {error.what}", error.fix or "The next run tries it again"


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
