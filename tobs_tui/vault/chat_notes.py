"""One chat's notes on their way from the archive into the vault.

They come out by date, in batches. What is about to be written is kept in the archive before a file is
replaced; a note leaves the dirty list when it is in place, and those of the last batch only with `finish`,
when what goes with them (indexes) is there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from tobs_tui.archive import Archive, NoteRow, StoredChat
from tobs_tui.model import NoteKey
from tobs_tui.vault.book import NameBook, base_name, part_suffix, topic_title
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.locate import Identity
from tobs_tui.vault.note import Heading, Neighbour, Part, fields_of, neighbour, region_of
from tobs_tui.vault.note_plan import NotePlan
from tobs_tui.vault.placing import Decision, Draft, Placed, Placer, moved_base
from tobs_tui.vault.rendering import Piece, parts
from tobs_tui.vault.scene import Order
from tobs_tui.vault.source import ChatSource, NoteNames, write_starts
from tobs_tui.vault.summary import Gathering, PartCount, read_summary, write_summary
from tobs_tui.vault.upkeep import Upkeep

_BATCH_NOTES = 64
_BATCH_BYTES = 4_000_000
_ROUNDS = 4
"""A note that took another name, or other parts, makes the notes with links to it dirty: once more, then."""


class _Stopped(Exception):
    """A stop was asked for in the middle of a note."""


@dataclass(slots=True)
class _Rendered:
    """One file of a note, ready to be placed."""

    key: NoteKey
    draft: Draft
    people: tuple[int, ...]
    is_last: bool


class ChatNotes:
    """Publishes one chat's notes once. `placed` tells what came of it."""

    def __init__(
        self,
        archive: Archive,
        stored: StoredChat,
        calendar: Calendar,
        book: NameBook,
        names: NoteNames,
        source: ChatSource,
        placer: Placer,
        stop: Callable[[], bool],
    ) -> None:
        self._archive = archive
        self._stored = stored
        self._chat_id = stored.chat.id
        self._calendar = calendar
        self._book = book
        self._names = names
        self._source = source
        self._placer = placer
        self._stop = stop
        self._plan = NotePlan()
        self._gathering = Gathering(read_summary(archive.meta(f"summary:{self._chat_id}")))
        self._batch: list[_Rendered] = []
        self._counts: dict[NoteKey, list[PartCount]] = {}
        self._held: tuple[list[NoteRow], list[NoteKey]] = ([], [])
        self._since = read_summary(archive.meta(f"summary:{self._chat_id}")).since
        self._alone: set[NoteKey] = set()
        self._again = False
        self.placed = Placed()
        self._upkeep = Upkeep(archive, self._chat_id, placer, self.placed)
        self.left = 0
        self.changed = False
        """Whether anything of the chat was dirty."""
        self.stopped = False

    @property
    def is_empty(self) -> bool:
        """Whether the chat has nothing to publish at all."""
        if self.changed or self._plan.rows() or self._gathering.topics():
            return False
        return not any(map(self._archive.count, self._source.histories))

    @property
    def gathering(self) -> Gathering:
        """What the index notes tell of the chat."""
        return self._gathering

    def files(self, key: NoteKey) -> tuple[str, ...]:
        """Return the base names of a note's files in order."""
        return self._plan.files(key)

    def publish(self, style: str) -> None:
        """Bring every dirty note up to date, as far as there is time."""
        self._upkeep.take_over(self._source.histories[:-1])
        self._load()
        if self._upkeep.settle_style(style, self._plan.rows(), self._calendar.note_of):
            self._gathering = Gathering(read_summary(None))
            self._load()
        for _ in range(_ROUNDS):
            keys = self._dirty()
            if not keys:
                return
            self.changed, self._again = True, False
            self._mark_neighbours_of_new(keys)
            keys = self._dirty()
            self._plan.add(keys)
            self._publish_keys(keys)
            if self.stopped or not self._again:
                return
            self.finish()

    def leave_out(self, style: str) -> None:
        """Take the dirty list as seen, where only other formats are wanted."""
        self._load()
        keys = self._archive.dirty_notes(self._chat_id)
        self.changed = bool(keys)
        self._held = ([], keys)
        self._upkeep.keep_style(style)

    def finish(self) -> None:
        """Take the last notes off the dirty list, now that all that goes with them is in place."""
        rows, keys = self._held
        if keys:
            self._archive.notes_written(rows, keys, chat_id=self._chat_id)
        self._held = ([], [])

    # Before rendering

    def _load(self) -> None:
        self._plan.load(self._archive.notes(self._chat_id, people=False))

    def _dirty(self) -> list[NoteKey]:
        return [key for key in self._archive.dirty_notes(self._chat_id) if key not in self._alone]

    def _mark_neighbours_of_new(self, keys: Sequence[NoteKey]) -> None:
        """A note that is new is linked to from those before and after it."""
        beside = {other for key in self._plan.add(keys) for other in self._plan.beside(key) if other}
        if beside - set(keys):
            self._archive.mark_dirty(self._chat_id, sorted(beside - set(keys)))

    # Rendering and placing

    def _publish_keys(self, keys: Sequence[NoteKey]) -> None:
        for key in keys:
            self._name(key)
        for place, key in enumerate(keys):
            try:
                if self._stop():
                    raise _Stopped
                self._render(key)
            except _Stopped:
                self._flush()
                self.stopped, self.left = True, len(keys) - place
                return
        self._flush(hold=True)

    def _name(self, key: NoteKey) -> None:
        """Settle what a new note will be called, before any link to it is written."""
        if self._plan.row(key, 1) is None:
            path = self._book.free_path(self._stored, key)
            self._names.bases[key, 1] = base_name(path)

    def _render(self, key: NoteKey) -> None:
        heading = self._heading(key)
        starts: list[Order] = []
        counts: list[PartCount] = []
        for part, is_last in parts(self._stoppable(self._source.pieces(key, starts)), self._calendar, starts):
            counts.append(PartCount.of(part))
            if is_last:
                self._counts[key] = counts
            if len(self._batch) >= _BATCH_NOTES or self._batch_bytes() >= _BATCH_BYTES:
                self._flush()
            self._batch.append(self._rendered(heading, part, is_last))
        self._settle_parts(key, starts)
        self._forget_surplus(key, len(counts))

    def _stoppable(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            yield piece
            if self._stop():
                raise _Stopped

    def _rendered(self, heading: Heading, part: Part, is_last: bool) -> _Rendered:
        key = heading.key
        row = self._plan.row(key, part.number)
        known = frozenset(filter(None, (row.region_hash, row.planned_hash))) if row else frozenset[str]()
        before, after = self._ways(key, part.number, is_last)
        draft = Draft(
            identity=Identity(self._chat_id, key.topic_id, key.period, part.number),
            path=row.path if row else self._path(key, part.number),
            fields=fields_of(heading, part),
            region=region_of(heading, part, before, after),
            known=known,
        )
        return _Rendered(key, draft, tuple(sorted(part.named)), is_last)

    def _path(self, key: NoteKey, part: int) -> str:
        default = self._book.path(self._stored, key, part)
        base = self._names.of(key, 1) + part_suffix(part)
        self._names.bases[key, part] = base
        return f"{default.rpartition('/')[0]}/{base}.md"

    def _ways(self, key: NoteKey, part: int, is_last: bool) -> tuple[Neighbour | None, Neighbour | None]:
        before, after = self._plan.beside(key)
        back = forth = None
        if part > 1:
            back = Neighbour(self._names.of(key, part - 1), f"part {part - 1}")
        elif before is not None:
            back = neighbour(self._names.of(before, 1), before.period, key.period)
        if not is_last:
            forth = Neighbour(self._names.of(key, 1) + part_suffix(part + 1), f"part {part + 1}")
        elif after is not None:
            forth = neighbour(self._names.of(after, 1), after.period, key.period)
        return back, forth

    def _heading(self, key: NoteKey) -> Heading:
        chat = self._stored.chat
        return Heading(
            chat_id=self._chat_id,
            chat_type=chat.type,
            chat_name=self._stored.name or chat.title,
            key=key,
            timezone=self._calendar.timezone,
            layout=self._calendar.layout,
            index=base_name(self._book.index_path(self._stored)),
            topic=topic_title(self._stored, key.topic_id) if key.topic_id else None,
        )

    def _batch_bytes(self) -> int:
        return sum(len(rendered.draft.region) for rendered in self._batch)

    def _settle_parts(self, key: NoteKey, starts: Sequence[Order]) -> None:
        """Keep where a note's parts begin; where that changed, links into it from other notes have too."""
        if self._names.starts.get(key, []) == list(starts):
            return
        if len(self._plan) > 1:
            self._archive.mark_all_dirty(self._chat_id)
            self._again = True
        self._names.starts[key] = list(starts)
        self._archive.set_meta(f"parts:{self._chat_id}", write_starts(self._names.starts))

    def _forget_surplus(self, key: NoteKey, count: int) -> None:
        """Put away the files that a note has no longer: its last parts, or all when it lost its messages."""
        surplus = [row for row in self._plan.rows(key) if row.part > count]
        self._upkeep.retire(surplus)
        for row in surplus:
            self._plan.drop(row)
        if count == 0:
            self._vanish(key)

    def _vanish(self, key: NoteKey) -> None:
        beside = [other for other in self._plan.beside(key) if other is not None]
        self._plan.remove(key)
        self._gathering.add(key, ())
        self._archive.mark_dirty(self._chat_id, beside)
        self._again = self._again or bool(beside)
        self._archive.notes_written((), (key,), chat_id=self._chat_id)

    def _flush(self, *, hold: bool = False) -> None:
        """Place what was rendered and take it off the dirty list, unless that is held back until `finish`."""
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        people = {rendered.draft.identity: rendered.people for rendered in batch}
        placed = self._placer.place(
            [rendered.draft for rendered in batch],
            lambda decisions: self._archive.plan_notes(
                [self._row(d, people, planned=True) for d in decisions]
            ),
        )
        rows = [self._row(decision, people, planned=False) for decision in placed.decisions]
        for row in rows:
            # A chat has thousands of notes, and each names dozens of people: nobody asks the plan for them.
            self._plan.put(replace(row, people=()))
        if any(map(moved_base, placed.decisions)):
            for row in rows:
                self._names.bases[row.key, row.part] = base_name(row.path)
            self._archive.mark_all_dirty(self._chat_id)
            self._again = True
        self._count(batch, placed)
        clears = [rendered.key for rendered in batch if rendered.is_last and rendered.key not in self._alone]
        if hold:
            self._held = (rows, clears)
        self._archive.notes_written(rows, () if hold else clears, chat_id=self._chat_id)

    def _count(self, batch: Sequence[_Rendered], placed: Placed) -> None:
        here = {decision.draft.identity for decision in placed.decisions}
        self._alone |= {rendered.key for rendered in batch if rendered.draft.identity not in here}
        for rendered in batch:
            if rendered.is_last:
                self._gathering.add(rendered.key, self._counts.pop(rendered.key))
        self._archive.set_meta(
            f"summary:{self._chat_id}", write_summary(self._gathering.summary(self._since))
        )
        self.placed.written += placed.written
        self.placed.unchanged += placed.unchanged
        self.placed.kept_edits += placed.kept_edits
        self.placed.problems += placed.problems

    def _row(self, decision: Decision, people: dict[Identity, tuple[int, ...]], *, planned: bool) -> NoteRow:
        identity = decision.draft.identity
        return NoteRow(
            chat_id=self._chat_id,
            topic_id=identity.topic_id,
            period=identity.period,
            part=identity.part,
            path=decision.path,
            region_hash=None if planned else decision.hash,
            planned_hash=decision.hash if planned else None,
            people=people[identity],
        )
