"""The guard before a mass deletion: how many messages of a chat one run marks as deleted without being asked.

A cleared history, a lost membership or a server that answers wrongly looks like many deletions; what they
would take out of notes is the person's to decide. The guard only counts and decides; marking is left to its
caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tobs_tui.errors import DeletionsKept

FEW = 50
"""So many deletions in one chat and run are believed, whatever the chat's size."""
SHARE = 10
"""More than one in so many of a chat's saved messages are not."""


class DeletionGuard:
    """One history's deletions in one run.

    :param stored: how many messages of the history the archive holds; asked only past the first few.
    :param accept: mark them however many they are.
    """

    def __init__(self, stored: Callable[[], int], *, accept: bool) -> None:
        self._stored = stored
        self._accept = accept
        self._found: set[int] = set()
        self._marked = 0
        self._beyond = 0
        self.kept = 0
        """How many were not marked, because they were too many; 0 while all was believed."""

    def find(self, ids: Iterable[int]) -> None:
        """Held messages that Telegram no longer has."""
        self._found.update(ids)
        if self.kept or self._beyond or self._too_many():
            # No more will make them fewer: from here on they are only counted.
            self._beyond += len(self._found)
            self._found.clear()

    def decide(self) -> tuple[int, ...]:
        """The ids to mark now, ascending; none where they are too many, which `kept` then tells."""
        if self._beyond:
            self.kept = max(self.kept, self._beyond)
            self._beyond = 0
            return ()
        believed = tuple(sorted(self._found))
        self._marked += len(believed)
        self._found.clear()
        return believed

    def error(self, chat_id: int) -> DeletionsKept:
        """What the person is told of those that were kept."""
        return DeletionsKept(
            f"{self.kept} of {self._stored()} saved messages seem to be deleted in Telegram: too many to mark"
            " unasked, so all are kept as they were",
            f"To mark them: `tobs-tui export {chat_id} --recheck --accept-deletions`"
            " (with NOTE_DELETED=keep, notes go on showing their text)",
        )

    def _too_many(self) -> bool:
        if self._accept:
            return False
        count = self._marked + len(self._found)
        return count > FEW and count * SHARE > self._stored()
