"""A terminal that may go away while the screen is drawn on it: what is written then is dropped, not an error.

Textual writes from a thread that ends at the first failing write, and whoever writes after that waits for
ever; so its stream must not fail.
"""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast


class LastingStream:
    """A text stream whose writes never fail."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lasting_terminal() -> Iterator[None]:
    """Let Textual, which draws on the original stderr, draw on a stream that never fails."""
    original = sys.__stderr__
    if original is not None:
        sys.__stderr__ = cast("Any", LastingStream(original))  # type: ignore[misc]
    try:
        yield
    finally:
        sys.__stderr__ = original  # type: ignore[misc]


def spare_lost_terminal() -> None:
    """Where the terminal has gone, let everything that is still said go nowhere."""
    try:
        termios.tcgetattr(0)
    except (termios.error, OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        os.close(nowhere)
