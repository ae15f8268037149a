"""Holds an archive and its vault against each other, offline: ledger, rows, notes, files.

Nothing is changed. A note that a person moved is followed; one that is waiting to be published again isn't
wrong, but not done either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path

from msgspec import Struct

from tobs_tui.archive import (
    ArchiveReader,
    FileState,
    Ledger,
    NoteRow,
    Scope,
    StoredChat,
    not_opened,
    topics_done,
)
from tobs_tui.model import Interval, MediaKind, NoteKey, NoteLayout
from tobs_tui.vault.albums import together
from tobs_tui.vault.block_ids import block_ids
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.locate import INDEX, Identity, Locator
from tobs_tui.vault.publisher import NO_NOTES
from tobs_tui.vault.region import Unclear, part, region_hash
from tobs_tui.vault.writer import read

_TRIES = 3
"""So often a chat must be found wrong to be so."""
_MOST_NAMED = 5
"""Messages named in one problem; the others are counted."""


class ChatCheck(Struct, frozen=True, kw_only=True):
    """What was found of one chat. `failed` and `unasked` count ids, `notes` and `files` what is there."""

    id: int
    title: str
    fetched: int
    empty: int
    failed: int
    unasked: int
    notes: int
    files: int
    problems: tuple[str, ...] = ()
    done: bool = True
    """Whether all that was asked for is here and published."""


def verify(reader: ArchiveReader, vault: Path, chat_ids: Iterable[int] | None = None) -> list[ChatCheck]:
    """Check these chats, or all that were ever exported; what is wrong with the archive comes first."""
    locator = Locator(vault)
    wrong = tuple(reader.check())
    checks = [_of_archive(wrong)] if wrong else []
    waiting = not_opened(reader)
    return checks + [
        _checked(reader, vault, locator, stored, waits=stored.chat.id in waiting)
        for stored in _chosen(reader, chat_ids, waiting)
    ]


def _checked(
    reader: ArchiveReader, vault: Path, locator: Locator, stored: StoredChat, *, waits: bool
) -> ChatCheck:
    """One chat's check. What is wrong must be so more than once: an export may be writing meanwhile."""
    for left in reversed(range(_TRIES)):
        check = _ChatVerifier(reader, vault, locator, stored, waits=waits).check()
        if not (check.problems and left):
            break
        locator = Locator(vault)
    return check


def _of_archive(problems: tuple[str, ...]) -> ChatCheck:
    return ChatCheck(
        id=0,
        title="The archive",
        fetched=0,
        empty=0,
        failed=0,
        unasked=0,
        notes=0,
        files=0,
        problems=problems,
        done=False,
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
        self, reader: ArchiveReader, vault: Path, locator: Locator, stored: StoredChat, *, waits: bool
    ) -> None:
        self._reader = reader
        self._vault = vault
        self._locator = locator
        self._stored = stored
        self._waits = waits
        self._chat_id = stored.chat.id
        self._histories = [*reader.parts_of(self._chat_id), self._chat_id]
        self._style = reader.meta(f"style:{self._chat_id}") or ""
        self._dirty = set(reader.dirty_notes(self._chat_id))
        self._problems: list[str] = []
        self._published = 0

    def check(self) -> ChatCheck:
        ledgers = [self._reader.ledger(history) for history in self._histories]
        if self._style and self._style != NO_NOTES:
            self._check_notes(self._calendar())
            self._check_orphans()
        files = self._check_files()
        return ChatCheck(
            id=self._chat_id,
            title=self._stored.chat.title or self._stored.name,
            fetched=sum(ledger.fetched for ledger in ledgers),
            empty=sum(ledger.empty for ledger in ledgers),
            failed=sum(ledger.failed_ids for ledger in ledgers),
            unasked=sum(ledger.unasked_ids for ledger in ledgers),
            notes=self._published,
            files=files,
            problems=tuple(self._problems),
            done=not self._waits and not self._dirty and self._is_scope_done(ledgers),
        )

    def _calendar(self) -> Calendar:
        layout, timezone, *_ = self._style.split(" ")
        return Calendar(timezone, NoteLayout(layout))

    # Notes

    def _check_notes(self, calendar: Calendar) -> None:
        rows: dict[NoteKey, list[NoteRow]] = {}
        for row in self._reader.notes(self._chat_id, people=False):
            rows.setdefault(row.key, []).append(row)
        keys = self._keys_with_messages(calendar)
        for key in sorted(keys | rows.keys()):
            regions = [self._region(row) for row in rows.get(key, ())]
            self._published += sum(region is not None for region in regions)
            if key in self._dirty or None in regions:
                continue
            if key not in keys:
                self._problems.append(f"{rows[key][0].path} has no message in the archive")
                continue
            self._compare(key, calendar, [region for region in regions if region is not None])

    def _keys_with_messages(self, calendar: Calendar) -> set[NoteKey]:
        return {
            calendar.note_of(stored.message.date, stored.message.topic_id)
            for stored in self._reader.messages(self._histories)
        }

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
                self._problems.append(f"{row.path} is missing")
            return None
        try:
            region = part(content, known).region
        except Unclear as error:
            self._problems.append(f"{path}: {error}")
            return None
        if region_hash(region) not in known:
            self._problems.append(f"{path} was changed between the tobs lines")
            return None
        return region

    def _compare(self, key: NoteKey, calendar: Calendar, regions: Sequence[bytes]) -> None:
        """Hold the blocks of a note's files against its messages, both in order, without keeping either."""
        since, until = calendar.bounds(key)
        messages = self._reader.messages(self._histories, topic_id=key.topic_id, since=since, until=until)
        expected = (
            self._block_id(group[0].message.chat_id, group[0].message.id) for group in together(messages)
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
        messages = self._reader.messages(self._histories, topic_id=key.topic_id, since=since, until=until)
        wanted = [
            self._block_id(group[0].message.chat_id, group[0].message.id) for group in together(messages)
        ]
        found = [block for region in regions for block in block_ids(region)]
        name = key.period or "the note"
        missing, surplus = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        if missing:
            self._problems.append(f"{name}: {_some(missing)} not in its note")
        if surplus:
            self._problems.append(f"{name}: {_some(surplus)} in the note, but not in the archive")
        if len(found) > len(set(found)):
            self._problems.append(f"{name}: a message stands twice in its note")
        elif not missing and not surplus:
            self._problems.append(f"{name}: its messages are out of order")

    def _block_id(self, chat_id: int, message_id: int) -> str:
        return f"{'m' if chat_id == self._chat_id else 'g'}{message_id}"

    def _check_orphans(self) -> None:
        known = {
            Identity(self._chat_id, row.topic_id, row.period, row.part)
            for row in self._reader.notes(self._chat_id, people=False)
        } | {Identity(self._chat_id, 0, INDEX)}
        index = self._locator.find(Identity(self._chat_id, 0, INDEX))
        if not index and self._published and not self._dirty:
            self._problems.append("its index note is missing")
        for identity, paths in sorted(self._locator.of_chat(self._chat_id).items()):
            if identity not in known:
                self._problems.append(f"{paths[0]} is a note of this chat that the archive doesn't know")

    # Files and scope

    def _check_files(self) -> int:
        """How many downloaded files are there; those that should be and aren't are problems."""
        seen: set[int] = set()
        count = 0
        for history in self._histories:
            for _, file in self._reader.files(history):
                if file.state is not FileState.DONE or file.path is None or file.id in seen:
                    continue
                seen.add(file.id)
                if (self._vault / file.path).is_file():
                    count += 1
                else:
                    self._problems.append(f"{file.path} is missing")
        return count

    def _is_scope_done(self, ledgers: Sequence[Ledger]) -> bool:
        kinds: set[MediaKind] = set()
        asked = False
        for history in self._histories:
            for scope in self._reader.scopes(history):
                asked = True
                kinds |= scope.media
                if not self._is_done(history, scope):
                    return False
            topics = topics_done(self._reader, history)
            asked = asked or topics is not None
            if topics is False:
                return False
        if not asked and any(ledger.unasked or ledger.failed for ledger in ledgers):
            return False
        return not kinds or not self._is_file_open(kinds)

    def _is_done(self, history: int, scope: Scope) -> bool:
        if scope.low > scope.high:
            return True
        return not self._reader.missing(history, Interval(scope.low, scope.high))

    def _is_file_open(self, kinds: set[MediaKind]) -> bool:
        return any(
            file.kind in kinds and file.state in (FileState.UNASKED, FileState.FAILED)
            for history in self._histories
            for _, file in self._reader.files(history)
        )


def _some(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:_MOST_NAMED])
    more = len(ids) - _MOST_NAMED
    return f"{named} and {more} more are" if more > 0 else f"{named} {'is' if len(ids) == 1 else 'are'}"
