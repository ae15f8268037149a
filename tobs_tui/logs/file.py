"""The log file: one line an event or batch, readable by this user alone, and never larger than told.

Several processes may write to it; each line is one append. It takes finished lines: they hold no secret
and no control character already.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from datetime import datetime
from pathlib import Path

from tobs_tui.logs.batcher import Line

MAX_BYTES = 2 << 20
KEEP = 3


class LogFile:
    """A subscriber that appends lines to `path`, and keeps older ones as `path.1`, `path.2` …

    :param max_bytes: past this size a new file begins.
    :param keep: how many older files stay.
    :raises OSError: the file can't be opened.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, keep: int = KEEP) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._lock = threading.Lock()
        self._lost = 0
        self._descriptor: int | None = None
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = self._opened()

    def __call__(self, line: Line) -> None:
        """Append one line.

        :raises OSError: it can't be written; the next one that can be says how many were lost.
        """
        with self._lock:
            data = f"{_written(line)}\n".encode("utf-8", "replace")
            if self._lost:
                data = f"{_written(_loss(line, self._lost))}\n".encode() + data
            try:
                self._append(data)
            except OSError:
                self._lost += 1
                raise
            self._lost = 0

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        with self._lock:
            self._close()

    def _append(self, data: bytes) -> None:
        if self._descriptor is None or self._replaced():
            self._close()
            self._descriptor = self._opened()
        if os.fstat(self._descriptor).st_size + len(data) > self._max_bytes:
            self._descriptor = self._rotated(self._descriptor)
        os.write(self._descriptor, data)

    def _replaced(self) -> bool:
        """Whether the path holds another file by now: removed, or rotated by another process."""
        assert self._descriptor is not None
        try:
            there, here = self.path.stat(), os.fstat(self._descriptor)
        except OSError:
            return True
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def _rotated(self, descriptor: int) -> int:
        if os.fstat(descriptor).st_size == 0:
            return descriptor
        self._close()
        for number in range(self._keep, 0, -1):
            older = self.path if number == 1 else self._numbered(number - 1)
            with contextlib.suppress(FileNotFoundError):
                older.replace(self._numbered(number))
        if self._keep < 1:
            self.path.unlink(missing_ok=True)
        return self._opened()

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _opened(self) -> int:
        no_link = getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | no_link, 0o600)
        with contextlib.suppress(OSError, AttributeError):  # a file system without permissions
            os.fchmod(descriptor, 0o600)
        return descriptor

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _written(line: Line) -> str:
    when = datetime.fromtimestamp(line.at).astimezone().isoformat(sep=" ", timespec="seconds")
    return f"{when}  {logging.getLevelName(line.level).lower():<8} {line.text}"


def _loss(line: Line, lost: int) -> Line:
    return Line(line.at, logging.WARNING, f"{lost:,} lines of the log could not be written here")
