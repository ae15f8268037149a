"""The vault's publisher: a chat's dirty notes, its other formats, the index notes, in this order.

What a publish does survives being killed or stopped: the next one finishes it, whatever was done. Errors of
the disk are raised and name the file; what a person's change keeps us from writing is reported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from tobs_tui.archive import Archive, StoredChat
from tobs_tui.model import ChatType, ExportFormat, NoteDeleted
from tobs_tui.vault.book import NameBook, base_name
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.chat_notes import ChatNotes
from tobs_tui.vault.desktop_json import result_path, write_result
from tobs_tui.vault.indexing import Indexes
from tobs_tui.vault.locate import Locator
from tobs_tui.vault.placing import Placed, Placer
from tobs_tui.vault.settled import EarlyNotes, Settled
from tobs_tui.vault.source import ChatSource, NoteNames, read_starts

NO_NOTES = "none"
"""The style of a chat whose notes aren't wanted."""


class PublishReport(Struct, frozen=True, kw_only=True):
    """What came of publishing one chat. Paths are relative to the vault."""

    written: int = 0
    unchanged: int = 0
    kept_edits: tuple[str, ...] = ()
    """Copies of notes that a person had changed inside our region."""
    problems: tuple[str, ...] = ()
    """Notes left alone, and why."""
    left: int = 0
    """Notes that a stop left for the next publish."""
    put_off: int = 0
    """Notes that wait for the chat's files."""


def never() -> bool:
    """The `stop` of somebody who has time."""
    return False


class Publisher:
    """Publishes chats into one vault, one at a time. `calendar` tells every message's note."""

    def __init__(
        self,
        archive: Archive,
        vault: Path,
        calendar: Calendar,
        *,
        deleted: NoteDeleted = NoteDeleted.TOMBSTONE,
        formats: Iterable[ExportFormat] = (ExportFormat.MARKDOWN,),
    ) -> None:
        self.calendar = calendar
        self._archive = archive
        self._vault = vault
        self._deleted = deleted
        self._formats = frozenset(formats)
        self._book = NameBook(archive, vault)
        self._indexes = Indexes(archive, calendar)

    def publish(
        self, chat_id: int, *, stop: Callable[[], bool] = never, files_to_come: bool = False
    ) -> PublishReport:
        """Bring a chat's files to what the archive holds; `stop` is asked between notes and inside long ones.

        With `files_to_come` it will be published once more: what an earlier archive left in the vault, and
        what shows files already, waits for that.

        :raises DiskFull: :raises VaultNotWritable: :raises ArchiveError: as their classes say.
        """
        stored = self._stored(chat_id)
        if stored is None:
            return PublishReport()
        with closing(Placer(self._vault, Locator(self._vault))) as placer:
            notes = self._chat_notes(stored, placer, stop, files_to_come)
            early = EarlyNotes(self._archive, stored.chat.id, self.calendar)
            early.see_to()
            if ExportFormat.MARKDOWN in self._formats:
                notes.publish(self._style())
            else:
                notes.leave_out(NO_NOTES)
            if notes.is_empty:
                return PublishReport()
            whole = not notes.stopped and self._write_others(stored, notes, stop)
            if whole and ExportFormat.MARKDOWN in self._formats:
                self._indexes.place(stored, self._book, placer, notes)
            if whole:
                notes.finish()
                early.end()
        return PublishReport(
            written=notes.placed.written,
            unchanged=notes.placed.unchanged,
            kept_edits=tuple(notes.placed.kept_edits),
            problems=tuple(dict.fromkeys(notes.placed.problems)),
            left=notes.left or int(not whole),
            put_off=notes.placed.put_off,
        )

    def is_new(self, chat_id: int) -> bool:
        """Whether no note of a chat was published yet."""
        return not self._archive.note_walk(chat_id).has_files()

    def publish_settled(self, chat_id: int, *, stop: Callable[[], bool] = never) -> int:
        """Bring out notes of a chat that is still fetched, in which nothing will change; how many were.

        For chats that had none when the fetching began: there, what stands beside them is known too.

        :raises DiskFull: :raises VaultNotWritable: :raises ArchiveError: as their classes say.
        """
        stored = self._archive.chat(chat_id)
        if stored is None or stored.chat.type is ChatType.FORUM or ExportFormat.MARKDOWN not in self._formats:
            return 0
        if stored.part_of is not None or self._archive.parts_of(chat_id):
            return 0
        EarlyNotes(self._archive, chat_id, self.calendar).begin()
        with closing(Placer(self._vault, Locator(self._vault))) as placer:
            notes = self._chat_notes(stored, placer, stop, files_to_come=False)
            notes.publish_settled(self._style(), Settled(self._archive, chat_id, self.calendar))
        return notes.placed.written

    def find_missing(self, chat_id: int) -> bool:
        """Whether a published file of a chat is gone; notes that are become dirty. Looks at no content."""
        stored = self._stored(chat_id)
        if stored is None or stored.folder is None:
            return False
        missing = False
        if ExportFormat.MARKDOWN in self._formats:
            for piece in self._archive.note_walk(stored.chat.id).pieces():
                gone = [key for key, paths in piece.items() if not all(map(self._holds, paths))]
                if gone:
                    self._archive.mark_dirty(stored.chat.id, gone)
                    missing = True
            index = json.loads(self._archive.meta(f"index:{stored.chat.id}") or "{}").get("path")
            missing = missing or (index is not None and not self._holds(index))
        return missing

    def _holds(self, path: str) -> bool:
        # As text: a path object for each of thousands of notes costs more than the look itself.
        return os.path.exists(f"{self._vault}/{path}")  # noqa: PTH110

    def finish(self) -> PublishReport:
        """Write what waits for the last chat: the vault's index. To be called when no more chats come."""
        placed = Placed()
        if ExportFormat.MARKDOWN in self._formats:
            self._indexes.finish(self._book, self._vault, placed)
        return PublishReport(
            kept_edits=tuple(placed.kept_edits), problems=tuple(dict.fromkeys(placed.problems))
        )

    def _stored(self, chat_id: int) -> StoredChat | None:
        """The chat whose notes hold this one's messages."""
        stored = self._archive.chat(chat_id)
        if stored is not None and stored.part_of is not None:
            return self._archive.chat(stored.part_of)
        return stored

    def _chat_notes(
        self, stored: StoredChat, placer: Placer, stop: Callable[[], bool], files_to_come: bool
    ) -> ChatNotes:
        names = self._names(stored)
        others: dict[int, NoteNames | None] = {}

        def names_of_other(other_id: int) -> NoteNames | None:
            if other_id not in others:
                other = self._stored(other_id)
                others[other_id] = None if other is None else self._names(other)
            return others[other_id]

        source = ChatSource(self._archive, stored, self.calendar, self._deleted, names, names_of_other)
        return ChatNotes(
            self._archive,
            stored,
            self.calendar,
            self._book,
            names,
            source,
            placer,
            stop,
            files_to_come=files_to_come,
        )

    def _names(self, stored: StoredChat) -> NoteNames:
        chat_id = stored.chat.id
        return NoteNames(
            chat_id,
            lambda key: self._archive.notes(chat_id, key, people=False),
            lambda key: base_name(self._book.free_path(stored, key)),
            read_starts(self._archive.meta(f"parts:{chat_id}")),
        )

    def _write_others(self, stored: StoredChat, notes: ChatNotes, stop: Callable[[], bool]) -> bool:
        """Write the formats besides notes; False when a stop came first."""
        if ExportFormat.JSON not in self._formats:
            return True
        target = self._vault / result_path(self._book.folder(stored))
        if not notes.changed and target.exists():
            return True
        return write_result(self._archive, stored, self.calendar, target, stop)

    def _style(self) -> str:
        return f"{self.calendar.layout.value} {self.calendar.timezone} {self._deleted.value}"
