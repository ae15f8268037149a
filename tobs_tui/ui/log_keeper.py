"""The log's last lines for the screen: taken from the batcher as they come, from whatever thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tobs_tui.logs import Line, LogBatcher

KEPT = 5_000
"""Lines; the whole log is in its file."""


class LogKeeper:
    """Subscribes for as long as the app lives."""

    def __init__(self, batcher: LogBatcher) -> None:
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self.count = 0
        """Lines that ever came."""
        self._batcher = batcher
        self._leave = batcher.subscribe(self._take)

    def follow(self, batcher: LogBatcher) -> None:
        """Go on with another batcher: the settings that it goes by were read."""
        if batcher is not self._batcher:
            self._leave()
            self._batcher = batcher
            self._leave = batcher.subscribe(self._take)

    def lines(self) -> list[Line]:
        return list(self._lines)

    def since(self, count: int) -> list[Line]:
        """The lines after the first `count` that ever came, as far as they are kept."""
        fresh = min(self.count - count, len(self._lines))
        return list(self._lines)[len(self._lines) - fresh :] if fresh > 0 else []

    def open_batch(self) -> Sequence[tuple[str, int]]:
        """What is being counted now."""
        return self._batcher.open_batch()

    def _take(self, line: Line) -> None:
        self._lines.append(line)
        self.count += 1
