"""One chat's notes on their way from the archive into the vault.

They come out by date, in batches. What is about to be written is kept in the archive before a file is
replaced; a note leaves the dirty list when it is in place, and those of the last batch only with `finish`,
when what goes with them (indexes) is there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from tobs_tui.archive import Archive, FileState, NoteRow, StoredChat
from tobs_tui.archive.note_walk import Beside
from tobs_tui.model import NoteKey
from tobs_tui.vault.book import NameBook, base_name, part_suffix, topic_title
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.locate import Identity
from tobs_tui.vault.note import Heading, Neighbour, Part, fields_of, neighbour, region_of
from tobs_tui.vault.placing import Decision, Draft, Placed, Placer, moved_base
from tobs_tui.vault.rendering import Piece, parts
from tobs_tui.vault.scene import Order
from tobs_tui.vault.settled import Settled
from tobs_tui.vault.source import ChatSource, NoteNames, write_starts
from tobs_tui.vault.upkeep import Upkeep

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
        *,
        files_to_come: bool = False,
    ) -> None:
        self._archive = archive
        self._stored = stored
        self._chat_id = stored.chat.id
        self._calendar = calendar
        self._names = names
        self._source = source
        self._placer = placer
        self._stop = stop
        self.files_to_come = files_to_come
        """Whether the notes come out once more when the chat's files are there."""
        self._file_waits = False
        self._book = book
        self._batch: list[_Rendered] = []
        self._batch_bytes = 0
        self._placed_last: tuple[list[NoteRow], list[NoteKey]] = ([], [])
        self._held: tuple[list[NoteRow], list[NoteKey]] = ([], [])
        self._leaves_out = False
        self._alone: set[NoteKey] = set()
        self._again = False
        self.walk = archive.note_walk(self._chat_id)
        """The chat's notes in the archive."""
        self.placed = Placed()
        self._upkeep = Upkeep(archive, self._chat_id, placer, self.placed)
        self.left = 0
        self.changed = False
        """Whether anything of the chat was dirty."""
        self.stopped = False

    @cached_property
    def _index_base(self) -> str:
        return base_name(self._book.index_path(self._stored))

    @property
    def histories(self) -> list[int]:
        """The chats whose messages stand in these notes."""
        return self._source.histories

    @property
    def is_empty(self) -> bool:
        """Whether the chat has nothing to publish at all."""
        if self.changed or not self.walk.is_empty():
            return False
        return not any(map(self._archive.count, self._source.histories))

    def publish(self, style: str) -> None:
        """Bring every dirty note up to date, as far as there is time."""
        self._upkeep.take_over(self._source.histories[:-1])
        self._upkeep.settle_style(style, self.walk, self._calendar.note_of)
        for _ in range(_ROUNDS):
            self._again = False
            self.walk.begin()
            self._go_over_dirty()
            if self.stopped or not self._again:
                return
            self.finish()

    def publish_settled(self, style: str, settled: Settled) -> None:
        """Bring out what is settled of a chat that is still fetched, and only what stays as it is then.

        The notes at the edges stay dirty, so that the chat is published once more in any case.
        """
        if not self._upkeep.has_style(style, self.walk):
            return
        self.walk.look()
        for first, last in settled.stretches():
            after = first
            while keys := [key for key in self.walk.dirty(after) if key < last]:
                rows = self.walk.rows_of(keys)
                for key in keys:
                    if self._stop():
                        self._flush()
                        self._keep_placed()
                        return
                    if not rows[key]:
                        self._render_settled(key, settled)
                self._flush()
                after = keys[-1]
        self._keep_placed()

    def leave_out(self, style: str) -> None:
        """Take the dirty list as seen, where only other formats are wanted."""
        self.walk.begin()
        self.changed = bool(self.walk.dirty(None, 1))
        self._leaves_out = True
        self._upkeep.keep_style(style)

    def finish(self) -> None:
        """Take the last notes off the dirty list, now that all that goes with them is in place."""
        if self._leaves_out:
            self.walk.take_off_all()
        rows, keys = self._held
        if keys:
            self._written(rows, keys)
        self._held = ([], [])

    # Rendering and placing

    def _go_over_dirty(self) -> None:
        keys = self._next_dirty(None)
        while keys:
            self.changed = True
            rows = self.walk.rows_of(keys)
            for key in keys:
                self._names.know(key, rows[key].values())
            for key in keys:
                try:
                    if self._stop():
                        raise _Stopped
                    self._render(key, rows[key])
                except _Stopped:
                    self._flush()
                    self._keep_placed()
                    self.stopped, self.left = True, max(1, self.walk.dirty_count() - len(self._alone))
                    return
            following = self._next_dirty(keys[-1])
            self._flush(hold=not following)
            keys = following
        self._keep_placed()

    def _next_dirty(self, after: NoteKey | None) -> list[NoteKey]:
        """The next notes to render; those that are to be left alone are tried once."""
        while listed := self.walk.dirty(after):
            if keys := [key for key in listed if key not in self._alone]:
                return keys
            after = listed[-1]
        return []

    def _render(self, key: NoteKey, rows: Mapping[int, NoteRow]) -> None:
        beside = self.walk.beside(key)
        heading = self._heading(key)
        self._file_waits = False
        starts: list[Order] = []
        count = 0
        for part, is_last in parts(self._stoppable(self._source.pieces(key, starts)), self._calendar, starts):
            if self._batch_bytes >= _BATCH_BYTES:
                self._flush()
            self._add(self._rendered(heading, part, is_last, rows.get(part.number), beside))
            count = part.number
        self._settle_parts(key, starts)
        self._upkeep.retire([row for number, row in rows.items() if number > count])
        if not count:
            self._vanish(key, beside)

    def _render_settled(self, key: NoteKey, settled: Settled) -> None:
        """Render a note if it is one file and nothing that it shows is still to come."""
        self._file_waits = False
        found: list[tuple[Part, bool]] = []
        for piece in self._source.pieces(key, []):
            waits = any(file.state is FileState.UNASKED for file in piece.scene.files.values())
            if found or waits or not all(map(settled.covers, self._source.unanswered)):
                return
            found = list(islice(parts([piece], self._calendar, []), 2))
        if len(found) == 1:
            self._add(self._rendered(self._heading(key), found[0][0], True, None, self.walk.beside(key)))

    def _stoppable(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if any(file.state is FileState.UNASKED for file in piece.scene.files.values()):
                self._file_waits = True
            yield piece
            if self._stop():
                raise _Stopped

    def _add(self, rendered: _Rendered) -> None:
        self._batch.append(rendered)
        self._batch_bytes += len(rendered.draft.region)

    def _rendered(
        self, heading: Heading, part: Part, is_last: bool, row: NoteRow | None, beside: Beside
    ) -> _Rendered:
        key = heading.key
        known = frozenset(filter(None, (row.region_hash, row.planned_hash))) if row else frozenset[str]()
        before, after = self._ways(key, part.number, is_last, beside)
        draft = Draft(
            identity=Identity(self._chat_id, key.topic_id, key.period, part.number),
            path=row.path if row else self._path(key, part.number),
            fields=fields_of(heading, part),
            region=region_of(heading, part, before, after),
            known=known,
            is_early=self.files_to_come and self._file_waits,
        )
        return _Rendered(key, draft, tuple(sorted(part.named)), is_last)

    def _path(self, key: NoteKey, part: int) -> str:
        folder = self._book.path(self._stored, key, part).rpartition("/")[0]
        return f"{folder}/{self._names.of(key, part)}.md"

    def _ways(
        self, key: NoteKey, part: int, is_last: bool, beside: Beside
    ) -> tuple[Neighbour | None, Neighbour | None]:
        before, after = beside
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
            index=self._index_base,
            topic=topic_title(self._stored, key.topic_id) if key.topic_id else None,
        )

    def _settle_parts(self, key: NoteKey, starts: Sequence[Order]) -> None:
        """Keep where a note's parts begin; where that changed, links into it from other notes have too."""
        if self._names.starts.get(key, []) == list(starts):
            return
        if self.walk.has_others(key):
            self._archive.mark_all_dirty(self._chat_id)
            self._again = True
        self._names.starts[key] = list(starts)
        self._archive.set_meta(f"parts:{self._chat_id}", write_starts(self._names.starts))

    def _vanish(self, key: NoteKey, beside: Beside) -> None:
        """Take a note out of the order that lost all its messages."""
        others = [other for other in beside if other is not None]
        self._archive.mark_dirty(self._chat_id, others)
        self._again = self._again or bool(others)
        self._written((), (key,))

    def _flush(self, *, hold: bool = False) -> None:
        """Place what was rendered; off the dirty list it comes with `_keep_placed`, or `finish` if held."""
        if not self._batch:
            return
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        people = {rendered.draft.identity: rendered.people for rendered in batch}
        placed = self._placer.place(
            [rendered.draft for rendered in batch],
            lambda decisions: self._archive.plan_notes(
                [self._row(d, people, planned=True) for d in decisions if d.replacement is not None]
            ),
            self._keep_placed,
        )
        rows = [self._row(decision, people, planned=False) for decision in placed.decisions]
        here = {decision.draft.identity for decision in placed.decisions}
        self._alone |= {rendered.key for rendered in batch if rendered.draft.identity not in here}
        clears = [rendered.key for rendered in batch if rendered.is_last and rendered.key not in self._alone]
        if hold:
            self._held = (rows, clears)
        self._placed_last = (rows, [] if hold else clears)
        if any(map(moved_base, placed.decisions)):
            self._keep_placed()
            for key in {row.key for row in rows}:
                self._names.know(key, self.walk.rows(key))
            self._archive.mark_all_dirty(self._chat_id)
            self._again = True
        self.placed.written += placed.written
        self.placed.unchanged += placed.unchanged
        self.placed.kept_edits += placed.kept_edits
        self.placed.problems += placed.problems
        self.placed.put_off += placed.put_off

    def _keep_placed(self) -> None:
        """Keep in the archive what the last batch came to, and take it off the dirty list.

        It is done while the disk takes the next one; until then a batch is known there as planned.
        """
        (rows, clears), self._placed_last = self._placed_last, ([], [])
        if rows or clears:
            self._written(rows, clears)

    def _written(self, rows: Sequence[NoteRow], clears: Iterable[NoteKey]) -> None:
        self._archive.notes_written(rows, clears, chat_id=self._chat_id, listed=self.walk.upto)

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
