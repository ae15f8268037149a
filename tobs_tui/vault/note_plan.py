"""Which notes a chat has or will have, in order: what is published, what is new, what stands beside what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from tobs_tui.archive import NoteRow
from tobs_tui.model import NoteKey
from tobs_tui.vault.book import base_name

Beside = tuple[NoteKey | None, NoteKey | None]


class NotePlan:
    """The notes of one chat while it is published."""

    def __init__(self) -> None:
        self._rows: dict[NoteKey, dict[int, NoteRow]] = {}
        self._periods: dict[int, list[str]] = {}

    def load(self, rows: Iterable[NoteRow]) -> None:
        """Take the files that are published, instead of whatever was known."""
        self._rows, self._periods = {}, {}
        for row in rows:
            self.put(row)
        self.add(key for key, parts in self._rows.items() if any(row.region_hash for row in parts.values()))

    def put(self, row: NoteRow) -> None:
        self._rows.setdefault(row.key, {})[row.part] = row

    def drop(self, row: NoteRow) -> None:
        self._rows.get(row.key, {}).pop(row.part, None)

    def row(self, key: NoteKey, part: int) -> NoteRow | None:
        return self._rows.get(key, {}).get(part)

    def rows(self, key: NoteKey | None = None) -> list[NoteRow]:
        """Return the files of a note, or all."""
        if key is not None:
            return [row for _, row in sorted(self._rows.get(key, {}).items())]
        return [row for parts in self._rows.values() for row in parts.values()]

    def files(self, key: NoteKey) -> tuple[str, ...]:
        """Return the base names of a note's files in order."""
        return tuple(base_name(row.path) for row in self.rows(key))

    def add(self, keys: Iterable[NoteKey]) -> list[NoteKey]:
        """Take notes into the order; return those that are new in it."""
        known = {topic: set(periods) for topic, periods in self._periods.items()}
        new = [key for key in keys if key.period not in known.get(key.topic_id, ())]
        for topic in {key.topic_id for key in new}:
            periods = {key.period for key in new if key.topic_id == topic}
            self._periods[topic] = sorted(periods | known.get(topic, set()))
        return new

    def remove(self, key: NoteKey) -> None:
        self._periods[key.topic_id].remove(key.period)

    def beside(self, key: NoteKey) -> Beside:
        """Return the notes before and after one, of the same topic."""
        periods = self._periods[key.topic_id]
        place = bisect_left(periods, key.period)
        before = periods[place - 1] if place else None
        after = periods[place + 1] if place + 1 < len(periods) else None
        return (
            None if before is None else NoteKey(key.topic_id, before),
            None if after is None else NoteKey(key.topic_id, after),
        )

    def __len__(self) -> int:
        return sum(map(len, self._periods.values()))
