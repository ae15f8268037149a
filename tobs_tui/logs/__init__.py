"""The log: repeated events counted, warnings at once, no secrets, one line each.

`info("page fetched")` is counted by its template and comes out once an interval; `note(…)` is for what
happens once and goes out at once, as warnings and errors do.
"""

import logging

from tobs_tui.logs.batcher import Line, LogBatcher
from tobs_tui.logs.file import LogFile
from tobs_tui.logs.process import GlobalBatcher
from tobs_tui.logs.redaction import redact, redacted

__all__ = [
    "GlobalBatcher",
    "Line",
    "LogBatcher",
    "LogFile",
    "debug",
    "error",
    "info",
    "note",
    "redact",
    "redacted",
    "warning",
]


def debug(template: str, *args: object) -> None:
    """Count an event that only a developer wants to see."""
    GlobalBatcher.get().emit(logging.DEBUG, template, *args)


def info(template: str, *args: object) -> None:
    """Count an event; equal ones come out as one line an interval."""
    GlobalBatcher.get().emit(logging.INFO, template, *args)


def note(template: str, *args: object) -> None:
    """Tell at once what happens once and is no problem: a chat is complete, a setting was changed."""
    GlobalBatcher.get().emit_now(logging.INFO, template, *args)


def warning(template: str, *args: object) -> None:
    """Tell at once what a person may want to know, though the run goes on."""
    GlobalBatcher.get().emit(logging.WARNING, template, *args)


def error(template: str, *args: object) -> None:
    """Tell at once what went wrong."""
    GlobalBatcher.get().emit(logging.ERROR, template, *args)
