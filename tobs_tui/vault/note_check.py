"""Holds the published notes of one chat against its rows in the archive, in order, without keeping either.

A note that a person moved is followed; one that waits to be published again isn't looked into.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from tobs_tui.archive import ArchiveReader, NoteRow
from tobs_tui.archive.tally import Stretch
from tobs_tui.model import NoteKey
from tobs_tui.vault.albums import together
from tobs_tui.vault.block_ids import block_id, block_ids
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.locate import INDEX, Identity, Locator
from tobs_tui.vault.region import Unclear, part, region_hash
from tobs_tui.vault.writer import read

_MOST_NAMED = 5
"""Messages named in one problem; the others are counted."""


class NoteCheck:
    """Checks one chat's notes once. `problems` and `published` (files that are there) tell what was found."""

    def __init__(
        self,
        reader: ArchiveReader,
        vault: Path,
        locator: Locator,
        chat_id: int,
        histories: Sequence[int],
        dirty: Set[NoteKey],
    ) -> None:
        self._reader = reader
        self._vault = vault
        self._locator = locator
        self._chat_id = chat_id
        self._histories = histories
        self._dirty = dirty
        self.problems: list[str] = []
        self.published = 0

    def check(self, calendar: Calendar) -> None:
        """Look at every note that is published or has messages."""
        self._check_notes(calendar)
        self._check_orphans()

    def _check_notes(self, calendar: Calendar) -> None:
        rows: dict[NoteKey, list[NoteRow]] = {}
        for row in self._reader.notes(self._chat_id, people=False):
            rows.setdefault(row.key, []).append(row)
        placed = 0
        for key in sorted(rows.keys() | self._dirty):
            regions = [self._region(row) for row in rows.get(key, ())]
            self.published += sum(region is not None for region in regions)
            messages = self._count(key, calendar)
            placed += messages
            if key in self._dirty or None in regions:
                continue
            if not messages:
                self.problems.append(f"{rows[key][0].path} has no message in the archive")
                continue
            self._compare(key, calendar, [region for region in regions if region is not None])
        if placed != sum(map(self._reader.count, self._histories)):
            self._tell_lost(calendar, rows.keys() | self._dirty)

    def _count(self, key: NoteKey, calendar: Calendar) -> int:
        since, until = calendar.bounds(key)
        return self._reader.tally(self._histories).counts([Stretch(key.topic_id, since, until)])[0]

    def _tell_lost(self, calendar: Calendar, known: Set[NoteKey]) -> None:
        """Name the notes that should be there and that the archive knows nothing of."""
        keys = {
            calendar.note_of(stored.message.date, stored.message.topic_id)
            for stored in self._reader.outline(self._histories)
        }
        for key in sorted(keys - known):
            self._compare(key, calendar, ())

    def _region(self, row: NoteRow) -> bytes | None:
        """A published file's region; None with a problem told where it isn't what was written."""
        identity = Identity(self._chat_id, row.topic_id, row.period, row.part)
        known = frozenset(filter(None, (row.region_hash, row.planned_hash)))
        path, content = row.path, read(self._vault / row.path)
        if content is None:
            path = next(iter(self._locator.find(identity)), row.path)
            content = read(self._vault / path)
        if content is None:
            if row.key not in self._dirty:
                self.problems.append(f"{row.path} is missing")
            return None
        try:
            region = part(content, known).region
        except Unclear as error:
            self.problems.append(f"{path}: {error}")
            return None
        if region_hash(region) not in known:
            self.problems.append(f"{path} was changed between the tobs lines")
            return None
        return region

    def _compare(self, key: NoteKey, calendar: Calendar, regions: Sequence[bytes]) -> None:
        """Hold the blocks of a note's files against its messages, both in order, without keeping either."""
        since, until = calendar.bounds(key)
        messages = self._reader.outline(self._histories, topic_id=key.topic_id, since=since, until=until)
        expected = (
            block_id(self._chat_id, group[0].message.chat_id, group[0].message.id)
            for group in together(messages)
        )
        found = (block for region in regions for block in block_ids(region))
        for wanted in expected:
            if next(found, None) != wanted:
                self._tell_difference(key, calendar, regions)
                return
        if next(found, None) is not None:
            self._tell_difference(key, calendar, regions)

    def _tell_difference(self, key: NoteKey, calendar: Calendar, regions: Sequence[bytes]) -> None:
        since, until = calendar.bounds(key)
        messages = self._reader.outline(self._histories, topic_id=key.topic_id, since=since, until=until)
        wanted = [
            block_id(self._chat_id, group[0].message.chat_id, group[0].message.id)
            for group in together(messages)
        ]
        found = [block for region in regions for block in block_ids(region)]
        name = key.period or "the note"
        missing, surplus = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        if missing:
            self.problems.append(f"{name}: {_some(missing)} not in its note")
        if surplus:
            self.problems.append(f"{name}: {_some(surplus)} in the note, but not in the archive")
        if len(found) > len(set(found)):
            self.problems.append(f"{name}: a message stands twice in its note")
        elif not missing and not surplus:
            self.problems.append(f"{name}: its messages are out of order")

    def _check_orphans(self) -> None:
        known = {
            Identity(self._chat_id, row.topic_id, row.period, row.part)
            for row in self._reader.notes(self._chat_id, people=False)
        } | {Identity(self._chat_id, 0, INDEX)}
        index = self._locator.find(Identity(self._chat_id, 0, INDEX))
        if not index and self.published and not self._dirty:
            self.problems.append("its index note is missing")
        for identity, paths in sorted(self._locator.of_chat(self._chat_id).items()):
            if identity not in known:
                self.problems.append(f"{paths[0]} is a note of this chat that the archive doesn't know")


def _some(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:_MOST_NAMED])
    more = len(ids) - _MOST_NAMED
    return f"{named} and {more} more are" if more > 0 else f"{named} {'is' if len(ids) == 1 else 'are'}"
