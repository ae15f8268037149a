"""Reads from the archive what a note is rendered from, in pieces of bounded size.

Each piece of messages comes with the people, files and answered messages that its lines name, found by a few
questions for all of them together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from tobs_tui.archive import ArchiveReader, NoteRow, StoredChat, StoredFile
from tobs_tui.model import Message, NoteDeleted, NoteKey, Person
from tobs_tui.vault.albums import LOOK_AHEAD, Group, together
from tobs_tui.vault.book import base_name
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.references import MessageId, files_in, messages_in, people_in
from tobs_tui.vault.rendering import Piece
from tobs_tui.vault.scene import Order, Scene, Target

PIECE_GROUPS = 500
MOST_PEOPLE = 20_000
"""How many people are remembered between pieces."""


@dataclass(slots=True)
class NoteNames:
    """What the files of one chat's notes are called, and where their parts begin."""

    chat_id: int
    """The chat that the notes are of; older histories of its may stand in them too."""
    bases: dict[tuple[NoteKey, int], str] = field(default_factory=dict)
    starts: dict[NoteKey, list[Order]] = field(default_factory=dict)
    default: Callable[[NoteKey, int], str] = lambda key, part: ""

    def of(self, key: NoteKey, part: int) -> str:
        """Return a file's base name; the one it will get, where it has none yet."""
        known = self.bases.get((key, part))
        return known if known is not None else self.default(key, part)

    def holding(self, key: NoteKey, order: Order) -> str:
        """Return the base name of the file that holds what stands at `order` in a note."""
        part = 1 + sum(start <= order for start in self.starts.get(key, ()))
        return self.of(key, part)


def names_in(
    chat_id: int, rows: list[NoteRow], starts: str | None, default: Callable[[NoteKey, int], str]
) -> NoteNames:
    """Return the names that a chat's rows tell; `starts` as it is kept in the archive."""
    bases = {(row.key, row.part): base_name(row.path) for row in rows}
    return NoteNames(chat_id, bases, read_starts(starts), default)


def read_starts(kept: str | None) -> dict[NoteKey, list[Order]]:
    return {
        NoteKey(topic_id, period): [(date, rank, message_id) for date, rank, message_id in orders]
        for topic_id, period, orders in json.loads(kept or "[]")
    }


def write_starts(starts: Mapping[NoteKey, list[Order]]) -> str:
    return json.dumps(
        [[key.topic_id, key.period, orders] for key, orders in sorted(starts.items()) if orders]
    )


class ChatSource:
    """One chat's messages with all that their notes show of others."""

    def __init__(
        self,
        archive: ArchiveReader,
        stored: StoredChat,
        calendar: Calendar,
        deleted: NoteDeleted,
        names: NoteNames,
        names_of_other: Callable[[int], NoteNames | None],
    ) -> None:
        self._archive = archive
        self._chat = stored.chat
        self._calendar = calendar
        self._names = names
        self._names_of_other = names_of_other
        self.histories = [*archive.parts_of(stored.chat.id), stored.chat.id]
        """The chats whose messages stand in these notes: old basic groups first."""
        self._scene = Scene(
            chat_id=stored.chat.id,
            chat_type=stored.chat.type,
            calendar=calendar,
            chat_name=stored.name or stored.chat.title,
            username=stored.chat.username,
            deleted=deleted,
        )
        self._people: dict[int, Person | None] = {}

    def pieces(self, key: NoteKey, starts: list[Order]) -> Iterator[Piece]:
        """Give a note's messages in order; `starts` is where its parts turn out to begin."""
        since, until = self._calendar.bounds(key)
        messages = self._archive.messages(self.histories, topic_id=key.topic_id, since=since, until=until)
        groups = together(messages)
        while piece := list(islice(groups, PIECE_GROUPS)):
            yield self._piece(piece, key, starts)

    def holds(self, key: NoteKey) -> bool:
        """Whether a note has any message."""
        since, until = self._calendar.bounds(key)
        messages = self._archive.messages(self.histories, topic_id=key.topic_id, since=since, until=until)
        return next(messages, None) is not None

    def _piece(self, groups: list[Group], key: NoteKey, starts: list[Order]) -> Piece:
        people: set[int] = set()
        wanted: set[MessageId] = set()
        files: set[int] = set()
        for group in groups:
            for stored in group:
                people.update(people_in(stored.message))
                wanted.update(messages_in(stored.message, self._chat.id, self._chat.username))
                files.update(files_in(stored.message))
        targets = self._targets(wanted, key)
        people.update(t.message.sender_id for t in targets.values() if t.message.sender_id is not None)
        scene = replace(
            self._scene,
            targets=targets,
            people=self._known(people),
            files=self._files(files),
            starts=starts,
            part_name=lambda part: self._names.of(key, part),
        )
        return Piece(groups, scene)

    def _known(self, ids: set[int]) -> dict[int, Person]:
        if len(self._people) > MOST_PEOPLE:
            self._people.clear()
        unknown = [person_id for person_id in ids if person_id not in self._people]
        if unknown:
            found = self._archive.people(unknown)
            self._people.update((person_id, found.get(person_id)) for person_id in unknown)
        return {person_id: person for person_id in ids if (person := self._people[person_id]) is not None}

    def _files(self, ids: set[int]) -> dict[int, StoredFile]:
        return {file_id: file for file_id in ids if (file := self._archive.file(file_id)) is not None}

    def _targets(self, wanted: set[MessageId], key: NoteKey) -> dict[MessageId, Target]:
        by_chat: dict[int, set[int]] = {}
        for chat_id, message_id in wanted:
            by_chat.setdefault(chat_id, set()).add(message_id)
        targets: dict[MessageId, Target] = {}
        for chat_id, ids in by_chat.items():
            found = self._archive.get_many(chat_id, ids)
            mates = self._album_mates(chat_id, found)
            for message_id, message in found.items():
                target = self._target(message, mates.get(message_id, message), key)
                if target is not None:
                    targets[chat_id, message_id] = target
        return targets

    def _target(self, message: Message, first: Message, key: NoteKey) -> Target | None:
        place = self._calendar.note_of(first.date, first.topic_id)
        order = self._scene.order_of(first)
        if message.chat_id in self.histories:
            note = None if place == key else self._names.holding(place, order)
            return Target(message, self._scene.block_of(first), order, note)
        names = self._names_of_other(message.chat_id)
        if names is None:
            return None
        is_new = message.chat_id == names.chat_id
        order = (first.date, int(is_new), first.id)
        return Target(message, f"{'m' if is_new else 'g'}{first.id}", order, names.holding(place, order))

    def _album_mates(self, chat_id: int, found: Mapping[int, Message]) -> dict[int, Message]:
        """By id: the message whose block shows an album's member, which is its first in the same note."""
        albums = {message.id: message for message in found.values() if message.album is not None}
        if not albums:
            return {}
        around = {
            near for message_id in albums for near in range(message_id - LOOK_AHEAD, message_id + LOOK_AHEAD)
        }
        near_by = self._archive.get_many(chat_id, (near for near in around if near > 0))
        firsts: dict[int, Message] = {}
        for message_id, message in albums.items():
            place = self._calendar.note_of(message.date, message.topic_id)
            mates = [
                other
                for other in near_by.values()
                if other.album == message.album
                and self._calendar.note_of(other.date, other.topic_id) == place
            ]
            firsts[message_id] = min(mates, key=lambda mate: (mate.date, mate.id), default=message)
        return firsts
