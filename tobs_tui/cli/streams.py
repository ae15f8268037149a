"""Standard streams that hold: closed ones lead nowhere, and a character that can't be shown is escaped.

A process may be started with a stream closed (`2>&-`), on a terminal that shows less than Unicode, or into a
pipe whose reader leaves. None of these is a reason for a run to fail.
"""

from __future__ import annotations

import io
import os
import sys


def settle() -> None:
    """Make the three standard streams usable, whatever the process was started with."""
    # A file opened under one of these numbers would be written into by whoever prints.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def mute(number: int) -> None:
    """Lead stream 1 or 2 nowhere from now on: its reader has gone, or there is no room for it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
