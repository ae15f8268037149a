"""GlobalBatcher: the one batcher of this process, its file, and the standard library's logging behind it."""

from __future__ import annotations

import atexit
import logging
import threading
from pathlib import Path

from tobs_tui.logs.batcher import LogBatcher
from tobs_tui.logs.bridge import Bridge
from tobs_tui.logs.file import LogFile


class GlobalBatcher:
    """Holds the process's batcher. Before `configure` and after `close` events go nowhere."""

    _silent = LogBatcher(level=logging.CRITICAL + 1)
    _batcher = _silent
    _file: LogFile | None = None
    _bridge: Bridge | None = None
    _lock = threading.RLock()
    _at_exit = False

    @classmethod
    def configure(cls, interval: float, level: int | str, file: Path | None = None) -> LogBatcher:
        """Begin logging; a former configuration is closed first.

        :param interval: seconds between the lines of counted events.
        :param level: a number or name of the `logging` module; what is below is dropped.
        :raises OSError: the log file can't be opened; logging goes on without it.
        """
        number = level if isinstance(level, int) else logging.getLevelNamesMapping()[level.upper()]
        with cls._lock:
            cls.close()
            batcher = LogBatcher(interval, level=number)
            cls._batcher = batcher
            cls._bridge = Bridge(batcher)
            cls._bridge.install()
            if not cls._at_exit:
                atexit.register(cls.close)
                cls._at_exit = True
            if file is not None:
                cls._file = LogFile(file)
                batcher.subscribe(cls._file)
            return batcher

    @classmethod
    def get(cls) -> LogBatcher:
        """Return the process's batcher; one that drops everything where none is configured."""
        return cls._batcher

    @classmethod
    def close(cls) -> None:
        """Deliver what is open, close the file, give the standard library's logging back."""
        with cls._lock:
            batcher, cls._batcher = cls._batcher, cls._silent
            if cls._bridge is not None:
                cls._bridge.remove()
                cls._bridge = None
            if batcher is not cls._silent:
                batcher.close()
            if cls._file is not None:
                cls._file.close()
                cls._file = None
