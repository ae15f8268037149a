"""What the index notes tell of a chat, gathered note by note and kept in the archive.

So an index needs no look at all messages again. What is gathered follows from the archive's messages alone.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from tobs_tui.model import NoteKey
from tobs_tui.vault.note import Part


class Summary(Struct, frozen=True, omit_defaults=True):
    """One chat's published messages."""

    notes: dict[str, dict[str, int]] = {}
    """By topic and period: how many messages a note has."""
    senders: tuple[int, ...] = ()
    first: int | None = None
    last: int | None = None
    """The dates of the first and the last message."""
    since: int | None = None
    """Set where only what came later was asked for."""

    @property
    def messages(self) -> int:
        return sum(sum(periods.values()) for periods in self.notes.values())


class PartCount(Struct, frozen=True):
    """What a rendered file adds to a summary."""

    messages: int
    sender_ids: frozenset[int]
    first: int
    last: int

    @classmethod
    def of(cls, part: Part) -> PartCount:
        return cls(part.messages, frozenset(part.sender_ids), part.first or 0, part.last or 0)


class Gathering:
    """A summary while notes are rendered."""

    def __init__(self, summary: Summary) -> None:
        self._notes = {topic: dict(periods) for topic, periods in summary.notes.items()}
        self._senders = set(summary.senders)
        self._first, self._last = summary.first, summary.last

    def add(self, key: NoteKey, parts: Iterable[PartCount]) -> None:
        """Take a note as it was just rendered; one without parts is no more."""
        every = list(parts)
        periods = self._notes.setdefault(str(key.topic_id), {})
        if every:
            periods[key.period] = sum(part.messages for part in every)
        else:
            periods.pop(key.period, None)
        for part in every:
            self._senders |= part.sender_ids
            self._first = part.first if self._first is None else min(self._first, part.first)
            self._last = part.last if self._last is None else max(self._last, part.last)

    def periods(self, topic_id: int) -> dict[str, int]:
        """Return how many messages each note of a topic has, in order."""
        return dict(sorted(self._notes.get(str(topic_id), {}).items()))

    def topics(self) -> list[int]:
        return sorted(int(topic) for topic, periods in self._notes.items() if periods)

    def summary(self, since: int | None) -> Summary:
        return Summary(
            notes={topic: periods for topic, periods in self._notes.items() if periods},
            senders=tuple(sorted(self._senders)),
            first=self._first,
            last=self._last,
            since=since,
        )


_decode = msgspec.json.Decoder(Summary).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def read_summary(kept: str | None) -> Summary:
    """Return a summary as it was kept; an empty one where there is none or none that is understood."""
    try:
        return _decode(kept) if kept else Summary()
    except msgspec.MsgspecError:
        return Summary()


def write_summary(summary: Summary) -> str:
    return _encode(summary).decode()
