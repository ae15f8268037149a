"""What people type after a command, read into values: chat ids, dates, sizes, kinds.

Bad words raise `UsageError`s that say which option was meant and what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from tobs_tui.errors import UsageError

# A word joiner, which no shell or person types: it keeps a leading minus from being read as an option.
_GUARD = "\u2060"
_TAKE_NUMBERS = {"--workers", "--limit", "--messages", "--chats", "--seed", "--port"}
_MARKED_ID = re.compile(r"-\d+(/\d+)?")


def guard_chat_ids(words: Sequence[str]) -> list[str]:
    """Keep marked ids such as `-1001234567890` from being read as options."""
    before = ["", *words]
    return [
        _GUARD + word if _MARKED_ID.fullmatch(word) and previous not in _TAKE_NUMBERS else word
        for previous, word in zip(before, words, strict=False)
    ]


def chat_words(words: Sequence[str]) -> list[str]:
    """The CHAT arguments as they were typed."""
    return [word.removeprefix(_GUARD) for word in words]


def asks_for_report(words: Sequence[str]) -> bool:
    """Whether this command line wants a run's report on stdout, even where it can't be understood."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options and (options[:1] == ["export"] or options[:2] == ["demo", "export"])


def parse_date(text: str | None, option: str, timezone: str) -> int | None:
    """A day (`2025-01-05`: its first instant) or an ISO time, in `timezone` unless it names its own."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} takes a date such as 2025-01-05 or 2025-01-05T14:30, not {text!r}"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone))
    return int(moment.timestamp())


def folder(text: str | Path) -> Path:
    """A folder's path. An empty one, which a script's unset variable is, would be the folder one stands in.

    :raises typer.BadParameter: it is empty.
    """
    if not str(text).strip():
        raise typer.BadParameter("it is empty; name a folder, or leave the option out", param_hint="--out")
    return Path(text)


def today(timezone: str) -> date:
    return datetime.now(ZoneInfo(timezone)).date()
