"""Holds an archive and its vault against each other, offline: ledger, rows, notes, files.

Nothing is changed. A note that a person moved is followed; one that is waiting to be published again isn't
wrong, but not done either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

from msgspec import Struct

from tobs_tui.archive import (
    ArchiveReader,
    FileState,
    Ledger,
    Scope,
    StoredChat,
    not_opened,
    topics_done,
)
from tobs_tui.model import Interval, NoteLayout
from tobs_tui.vault.block_ids import block_id
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.file_lines import why_missing
from tobs_tui.vault.locate import Locator
from tobs_tui.vault.media_check import BadFile, bad_files, orphans
from tobs_tui.vault.note_check import NoteCheck
from tobs_tui.vault.publisher import NO_NOTES

_TRIES = 3
"""So often a chat must be found wrong to be so."""
_MOST_REMARKS = 1000
"""Files of one history that are named as lost."""


class ChatCheck(Struct, frozen=True, kw_only=True):
    """What was found of one chat. `failed` and `unasked` count ids, `notes` and `files` what is there.

    Files are those that its messages show, each counted once.
    """

    id: int
    title: str
    fetched: int
    empty: int
    failed: int
    unasked: int
    notes: int
    files: int
    files_bad: int = 0
    """Missing, short or altered."""
    files_unasked: int = 0
    files_failed: int = 0
    files_left_out: int = 0
    """By kind or size."""
    files_gone: int = 0
    """No longer to be had from Telegram."""
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is known to be lost or failed, by name: no disagreement."""
    done: bool = True
    """Whether all that was asked for is here and published."""


def verify(reader: ArchiveReader, vault: Path, chat_ids: Iterable[int] | None = None) -> list[ChatCheck]:
    """Check these chats, or all that were ever exported; what is wrong with the archive comes first."""
    wanted = None if chat_ids is None else list(chat_ids)
    locator = Locator(vault)
    checks = [_of_none("The archive", reader.check())]
    if wanted is None:
        strange = sorted(orphans(reader, vault))
        checks.append(
            _of_none(
                "The media folder", [f"{path} is a file that the archive doesn't know" for path in strange]
            )
        )
    waiting = not_opened(reader)
    chosen = list(_chosen(reader, wanted, waiting))
    bad = _bad_by_chat(reader, vault, None if wanted is None else chosen)
    checks += [
        _checked(reader, vault, locator, stored, bad, waits=stored.chat.id in waiting) for stored in chosen
    ]
    return [check for check in checks if check.id or check.problems]


def histories_of(reader: ArchiveReader, chat_ids: Iterable[int]) -> list[int]:
    """Return the chats and the old groups that they were: all whose messages stand in their notes."""
    return [history for chat_id in chat_ids for history in (*reader.parts_of(chat_id), chat_id)]


def _bad_by_chat(
    reader: ArchiveReader, vault: Path, chosen: Sequence[StoredChat] | None
) -> dict[int, dict[int, BadFile]]:
    """The bad files by history and id; each file is read once, whatever chats show it."""
    histories = None if chosen is None else histories_of(reader, (stored.chat.id for stored in chosen))
    found: dict[int, dict[int, BadFile]] = {}
    for bad in bad_files(reader, vault, histories):
        for history, _ in reader.file_places(bad.file_id):
            found.setdefault(history, {})[bad.file_id] = bad
    return found


def _checked(
    reader: ArchiveReader,
    vault: Path,
    locator: Locator,
    stored: StoredChat,
    bad: Mapping[int, Mapping[int, BadFile]],
    *,
    waits: bool,
) -> ChatCheck:
    """One chat's check. What is wrong must be so more than once: an export may be writing meanwhile."""
    for left in reversed(range(_TRIES)):
        verifier = _ChatVerifier(reader, vault, locator, stored, bad, waits=waits)
        check = verifier.check()
        if not (verifier.is_in_doubt and left):
            break
        locator = Locator(vault)
    return check


def _of_none(title: str, problems: Iterable[str]) -> ChatCheck:
    """What is wrong with no chat in particular."""
    found = tuple(problems)
    return ChatCheck(
        id=0,
        title=title,
        fetched=0,
        empty=0,
        failed=0,
        unasked=0,
        notes=0,
        files=0,
        problems=found,
        done=not found,
    )


def _chosen(reader: ArchiveReader, chat_ids: Iterable[int] | None, waiting: Set[int]) -> Iterator[StoredChat]:
    chats = {stored.chat.id: stored for stored in reader.chats()}
    if chat_ids is None:
        for stored in chats.values():
            if stored.part_of is not None:
                continue
            if stored.chat.id in waiting or _was_exported(reader, stored.chat.id):
                yield stored
        return
    wanted = [chats[chat_id] for chat_id in chat_ids if chat_id in chats]
    owners = dict.fromkeys(stored.part_of or stored.chat.id for stored in wanted)
    yield from (chats[chat_id] for chat_id in owners if chat_id in chats)


def _was_exported(reader: ArchiveReader, chat_id: int) -> bool:
    histories = [chat_id, *reader.parts_of(chat_id)]
    return any(reader.scopes(history) or reader.count(history) for history in histories)


class _ChatVerifier:
    """Checks one chat."""

    def __init__(
        self,
        reader: ArchiveReader,
        vault: Path,
        locator: Locator,
        stored: StoredChat,
        bad: Mapping[int, Mapping[int, BadFile]],
        *,
        waits: bool,
    ) -> None:
        self._reader = reader
        self._stored = stored
        self._waits = waits
        self._chat_id = stored.chat.id
        self._histories = histories_of(reader, [self._chat_id])
        self._bad = {
            file_id: one for history in self._histories for file_id, one in bad.get(history, {}).items()
        }
        self._dirty = set(reader.dirty_notes(self._chat_id))
        self._notes = NoteCheck(reader, vault, locator, self._chat_id, self._histories, self._dirty)

    @property
    def is_in_doubt(self) -> bool:
        """Whether notes were found wrong, which a run beside may have been writing just then."""
        return bool(self._notes.problems)

    def check(self) -> ChatCheck:
        ledgers = [self._reader.ledger(history) for history in self._histories]
        style = self._reader.meta(f"style:{self._chat_id}") or NO_NOTES
        if style != NO_NOTES:
            self._notes.check(_calendar(style))
        files = self._reader.file_counts(*self._histories)
        return ChatCheck(
            id=self._chat_id,
            title=self._stored.chat.title or self._stored.name,
            fetched=sum(ledger.fetched for ledger in ledgers),
            empty=sum(ledger.empty for ledger in ledgers),
            failed=sum(ledger.failed_ids for ledger in ledgers),
            unasked=sum(ledger.unasked_ids for ledger in ledgers),
            notes=self._notes.published,
            files=files.get(FileState.DONE, 0) - self._shown_and_bad(),
            files_bad=len(self._bad),
            files_unasked=files.get(FileState.UNASKED, 0),
            files_failed=files.get(FileState.FAILED, 0),
            files_left_out=files.get(FileState.OTHER_KIND, 0) + files.get(FileState.TOO_LARGE, 0),
            files_gone=files.get(FileState.GONE, 0),
            problems=(*self._notes.problems, *(bad.words for bad in self._bad.values())),
            remarks=tuple(self._remarks(files)),
            done=not self._waits and not self._dirty and self._is_scope_done(ledgers),
        )

    def _shown_and_bad(self) -> int:
        """How many of the bad files live messages show: those are counted as done else."""
        return sum(
            any(
                chat_id in self._histories and self._reader.live_of(chat_id, [message_id])
                for chat_id, message_id in self._reader.file_places(file_id)
            )
            for file_id in self._bad
        )

    def _remarks(self, counts: Mapping[FileState, int]) -> Iterator[str]:
        """Name the files that are gone or failed."""
        lost = (FileState.GONE, FileState.FAILED)
        if not any(map(counts.get, lost)):
            return
        for history in self._histories:
            found = self._reader.files_in(history, lost, _MOST_REMARKS)
            for message_id, file in found:
                name = file.name or file.kind.value.replace("_", " ")
                yield f"{block_id(self._chat_id, history, message_id)}: {name}, {why_missing(file)}"
            if len(found) == _MOST_REMARKS:
                yield "and maybe more"

    def _is_scope_done(self, ledgers: Sequence[Ledger]) -> bool:
        asked = False
        for history in self._histories:
            for scope in self._reader.scopes(history):
                asked = True
                if not self._is_done(history, scope):
                    return False
            topics = topics_done(self._reader, history)
            asked = asked or topics is not None
            if topics is False:
                return False
        return asked or not any(ledger.unasked or ledger.failed for ledger in ledgers)

    def _is_done(self, history: int, scope: Scope) -> bool:
        if scope.low > scope.high:
            return True
        within = Interval(scope.low, scope.high)
        if self._reader.missing(history, within):
            return False
        return not self._reader.is_file_open(history, scope.media, within)


def _calendar(style: str) -> Calendar:
    layout, timezone, *_ = style.split(" ")
    return Calendar(timezone, NoteLayout(layout))
