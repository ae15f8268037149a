"""What is settled of one topic of a forum, where only that topic was asked for.

A topic shares its forum's ids. A page of it settles, of the forum's ledger, only the messages that it holds;
which ids were asked of the topic is kept beside, after the rows are: what a kill leaves out is asked again.
"""

from __future__ import annotations

import msgspec

from tobs_tui.archive import Archive
from tobs_tui.archive.ledger import subtract, union
from tobs_tui.model import Interval


class TopicLedger:
    """The ids asked of one topic so far."""

    def __init__(self, archive: Archive, chat_id: int, topic_id: int) -> None:
        self._archive = archive
        self._key = f"topic_ledger:{chat_id}:{topic_id}"
        kept = archive.meta(self._key)
        self._settled = msgspec.json.decode(kept, type=list[Interval]) if kept else []

    def missing(self, chat_id: int, within: Interval) -> list[Interval]:
        """What neither this topic nor its whole forum was asked for yet."""
        return subtract(self._archive.missing(chat_id, within), self._settled)

    def settle(self, covers: list[Interval]) -> None:
        """Keep what was answered; its messages must be committed already."""
        self._settled = union([*self._settled, *covers])
        self._archive.set_meta(self._key, msgspec.json.encode(self._settled).decode())
