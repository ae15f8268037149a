"""The archive as the screen reads it: in a thread of its own, beside a run that writes.

A reader is opened for each question: the vault's folder may change, and there may be none yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tobs_tui.archive import ArchiveReader, Scope, StoredChat, StoredMessage
from tobs_tui.cli.arguments import parse_date
from tobs_tui.cli.vault import kept_calendar, kept_timezone
from tobs_tui.config import Settings, machine_timezone
from tobs_tui.model import Interval, NoteLayout
from tobs_tui.ui.ports import Found, Query, Saved, Side, Standing, Stretch

Answer = TypeVar("Answer")

SHOWN = 60
"""Messages of a stretch."""

FOUND = 200
_DAY = 86_400
_FAR = 40 * 365 * _DAY


class ArchiveRoom:
    """Answers one question at a time; `close` when nobody asks any more."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._thread = ThreadPoolExecutor(1, "archive")

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def standings(self) -> Mapping[int, Standing]:
        """How each saved chat stands."""
        return await self._ask(_standings, {})

    async def saved(self) -> Sequence[Saved]:
        """The saved chats, newest first."""
        return await self._ask(_saved, [])

    async def search(self, query: Query) -> Sequence[Found]:
        """The newest messages that match. :raises UsageError: a date can't be read."""
        return await self._ask(lambda reader: self._search(reader, query), [])

    async def read(self, chat_id: int, at: int | None, which: Side) -> Stretch:
        """Messages beside one."""
        return await self._ask(lambda reader: _stretch(reader, chat_id, at, which), Stretch((), {}))

    async def note_of(self, chat_id: int, message_id: int | None) -> Path | None:
        """The published note that holds a message; the newest one where none is named."""
        return await self._ask(lambda reader: self._note_of(reader, chat_id, message_id), None)

    async def kept_layout(self, folder: Path) -> NoteLayout | None:
        """The layout that a vault was begun with; None before its first export."""

        def ask(reader: ArchiveReader) -> NoteLayout | None:
            kept = reader.meta("layout")
            return NoteLayout(kept) if kept else None

        return await self._ask(ask, None, folder)

    async def timezone(self) -> str:
        """The time zone of the vault's notes."""
        return await self._ask(
            lambda reader: kept_timezone(self.settings, reader), self.settings.timezone or machine_timezone()
        )

    async def _ask(
        self, question: Callable[[ArchiveReader], Answer], nothing: Answer, folder: Path | None = None
    ) -> Answer:
        """The answer, or `nothing` where there is no archive yet."""

        def ask() -> Answer:
            with _reader(folder or self.settings.archive_dir) as reader:
                return nothing if reader is None else question(reader)

        return await asyncio.get_running_loop().run_in_executor(self._thread, ask)

    def _search(self, reader: ArchiveReader, query: Query) -> list[Found]:
        timezone = kept_timezone(self.settings, reader)
        hits = reader.search(
            query.text,
            chat_id=query.chat_id,
            since=parse_date(query.since or None, "since:", timezone),
            until=parse_date(query.until or None, "until:", timezone),
            limit=FOUND,
        )
        titles = {stored.chat.id: stored for stored in reader.chats()}
        sender = query.sender.casefold()
        found = []
        for hit in hits:
            if sender and sender not in hit.sender.casefold():
                continue
            stored = titles.get(hit.chat_id)
            whole = titles.get(stored.part_of) if stored and stored.part_of else stored
            found.append(
                Found(
                    hit.chat_id,
                    whole.chat.title if whole else str(hit.chat_id),
                    hit.message_id,
                    hit.date,
                    hit.sender,
                    hit.text,
                    hit.marks,
                )
            )
        return found

    def _note_of(self, reader: ArchiveReader, chat_id: int, message_id: int | None) -> Path | None:
        stored = reader.chat(chat_id)
        whose = stored.part_of if stored and stored.part_of else chat_id
        vault = self.settings.export_path.absolute()
        if message_id is not None:
            message = reader.message(chat_id, message_id)
            if message is None:
                return None
            key = kept_calendar(self.settings, reader).note_of(message.message.date, message.message.topic_id)
            row = next(iter(reader.notes(whose, key)), None)
        else:
            dated = [row for row in reader.notes(whose) if row.period[:1].isdigit() or row.period == ""]
            row = max(dated, key=lambda row: (row.period, row.part), default=None)
        return vault / row.path if row is not None else None


@contextmanager
def _reader(folder: Path) -> Iterator[ArchiveReader | None]:
    # A run that begins just now has made an empty file, and fills it in the next moment.
    file = folder / "archive.db"
    if not file.exists() or not file.stat().st_size:
        yield None
        return
    with ArchiveReader.open(folder) as reader:
        yield reader


def _standings(reader: ArchiveReader) -> dict[int, Standing]:
    counts = reader.counts()
    standings = {}
    for stored in reader.chats():
        scopes = reader.scopes(stored.chat.id)
        # Of a forum that was asked for by its topics alone there are messages, and no scope.
        if stored.part_of is None and (scopes or counts.get(stored.chat.id)):
            standings[stored.chat.id] = _standing(reader, stored, scopes, counts)
    return standings


def _standing(
    reader: ArchiveReader, stored: StoredChat, scopes: Sequence[Scope], counts: Mapping[int, int]
) -> Standing:
    chat_id = stored.chat.id
    low = min((scope.low for scope in scopes), default=1)
    top = max((scope.high for scope in scopes), default=0)
    asked = settled = 0
    if top >= low:
        asked = top - low + 1
        settled = asked - sum(len(interval) for interval in reader.missing(chat_id, Interval(low, top)))
    parts = [chat_id, *reader.parts_of(chat_id)]
    since = (
        None
        if any(scope.since is None for scope in scopes)
        else min((scope.since or 0 for scope in scopes), default=None)
    )
    return Standing(
        saved=sum(counts.get(part, 0) for part in parts),
        top=top,
        share=settled / asked if asked else 1.0,
        since=since,
        failed=reader.failed_count(chat_id),
    )


def _saved(reader: ArchiveReader) -> list[Saved]:
    standings = _standings(reader)
    saved = [
        Saved(stored.chat, standings[stored.chat.id], stored.folder)
        for stored in reader.chats()
        if stored.chat.id in standings and standings[stored.chat.id].saved
    ]
    return sorted(saved, key=lambda one: -(one.chat.last_date or 0))


def _stretch(reader: ArchiveReader, chat_id: int, at: int | None, which: Side) -> Stretch:
    stored = reader.chat(chat_id)
    if stored is None:
        return Stretch((), {})
    whose = stored.part_of or chat_id
    chats = [whose, *reader.parts_of(whose)]
    here = reader.message(chat_id, at) if at is not None else None
    date = here.message.date if here is not None else None
    before: list[StoredMessage] = []
    after: list[StoredMessage] = []
    if which is not Side.NEWER:
        half = SHOWN if date is None or which is Side.OLDER else SHOWN // 2
        before = _before(reader, chats, (date + 1) if date is not None else None, half)
    if date is not None and which is not Side.OLDER:
        after = list(islice(reader.messages(chats, since=date), SHOWN if which is Side.NEWER else SHOWN // 2))
    seen = {(one.message.chat_id, one.message.id) for one in before}
    shown = before + [one for one in after if (one.message.chat_id, one.message.id) not in seen]
    senders = {one.message.sender_id for one in shown if one.message.sender_id is not None}
    first, last = (shown[0].message.date, shown[-1].message.date) if shown else (0, 0)
    return Stretch(
        messages=tuple(one.message for one in shown),
        people=reader.people(senders),
        deleted=frozenset(one.message.id for one in shown if one.deleted_at is not None),
        older=bool(shown) and next(reader.messages(chats, until=first), None) is not None,
        newer=bool(shown) and next(reader.messages(chats, since=last + 1), None) is not None,
    )


def _before(
    reader: ArchiveReader, chats: Sequence[int], until: int | None, count: int
) -> list[StoredMessage]:
    """The last `count` messages before a moment: looks back ever further until there are enough."""
    end = until if until is not None else _newest(reader, chats)
    back = _DAY
    while True:
        found = list(reader.messages(chats, since=end - back, until=end))
        if len(found) >= count or back > _FAR:
            return found[-count:]
        back *= 8


def _newest(reader: ArchiveReader, chats: Sequence[int]) -> int:
    """A moment after the newest saved message."""
    dates = [
        stored.message.date
        for chat_id in chats
        for top in [reader.top(chat_id)]
        if top and (stored := reader.message(chat_id, top)) is not None
    ]
    listed = [chat.chat.last_date for chat in (reader.chat(chat_id) for chat_id in chats) if chat]
    return max([*dates, *(date for date in listed if date is not None)], default=_FAR) + 1
