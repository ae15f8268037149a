"""Reads from the archive what a note is rendered from, in pieces of bounded size.

Each piece of messages comes with the people, files and answered messages that its lines name, found by a few
questions for all of them together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from tobs_tui.archive import ArchiveReader, NoteRow, StoredChat, StoredMessage
from tobs_tui.model import Message, NoteDeleted, NoteKey, Person
from tobs_tui.vault.albums import LOOK_AHEAD, Group, together
from tobs_tui.vault.book import base_name, part_suffix
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.references import (
    MessageId,
    files_in,
    messages_in,
    names_only_its_sender,
    people_in,
)
from tobs_tui.vault.rendering import Piece
from tobs_tui.vault.scene import Order, Scene, Target

PIECE_GROUPS = 500
MOST_PEOPLE = 20_000
"""How many people are remembered between pieces."""
_MOST_NAMES = 500
"""How many notes' names are remembered: those around the one that is rendered are asked for again."""


class NoteNames:
    """What the files of one chat's notes are called, and where their parts begin.

    Asked of the archive where they are needed; the last few are remembered.
    """

    def __init__(
        self,
        chat_id: int,
        rows: Callable[[NoteKey], Iterable[NoteRow]],
        first: Callable[[NoteKey], str],
        starts: dict[NoteKey, list[Order]],
    ) -> None:
        """`rows` gives a note's published files, `first` the base name that it will get when it has none."""
        self.chat_id = chat_id
        self.starts = starts
        self._rows = rows
        self._first = first
        self._known: dict[NoteKey, dict[int, str]] = {}

    def of(self, key: NoteKey, part: int) -> str:
        """Return a file's base name; the one it will get, where it has none yet."""
        known = self._known.get(key) or self.know(key, self._rows(key))
        return known.get(part) or known[1] + part_suffix(part)

    def know(self, key: NoteKey, rows: Iterable[NoteRow]) -> dict[int, str]:
        """Take what a note's files are called now; the name that one will get is looked for once."""
        bases = {row.part: base_name(row.path) for row in rows}
        if not bases and (known := self._known.get(key)) is not None:
            return known
        if len(self._known) >= _MOST_NAMES:
            self._known.clear()
        if 1 not in bases:
            bases[1] = self._first(key)
        self._known[key] = bases
        return bases

    def holding(self, key: NoteKey, order: Order) -> str:
        """Return the base name of the file that holds what stands at `order` in a note."""
        part = 1 + sum(start <= order for start in self.starts.get(key, ()))
        return self.of(key, part)


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
        self.unanswered: set[int] = set()
        """Messages of the chat itself that the last piece speaks of and that the archive doesn't hold."""

    def pieces(self, key: NoteKey, starts: list[Order]) -> Iterator[Piece]:
        """Give a note's messages in order; `starts` is where its parts turn out to begin."""
        since, until = self._calendar.bounds(key)
        messages = self._archive.messages(self.histories, topic_id=key.topic_id, since=since, until=until)
        groups = together(messages)
        while piece := list(islice(groups, PIECE_GROUPS)):
            yield self._piece(piece, key, starts)

    def _piece(self, groups: list[Group], key: NoteKey, starts: list[Order]) -> Piece:
        people: set[int] = set()
        wanted: set[MessageId] = set()
        files: set[int] = set()
        here: dict[MessageId, StoredMessage] = {}
        for group in groups:
            for stored in group:
                message = stored.message
                here[message.chat_id, message.id] = stored
                if names_only_its_sender(message):
                    if message.sender_id is not None:
                        people.add(message.sender_id)
                    continue
                people.update(people_in(message))
                wanted.update(messages_in(message, self._chat.id, self._chat.username))
                files.update(files_in(message))
        targets = self._targets(wanted, here, key)
        people.update(t.message.sender_id for t in targets.values() if t.message.sender_id is not None)
        scene = replace(
            self._scene,
            targets=targets,
            people=self._known(people),
            names={},
            files=self._archive.files_with(files) if files else {},
            starts=starts,
            part_name=lambda part: self._names.of(key, part),
        )
        return Piece(groups, scene)

    def _known(self, ids: set[int]) -> dict[int, Person]:
        if len(self._people) > MOST_PEOPLE:
            self._people.clear()
        unknown = ids - self._people.keys()
        if unknown:
            found = self._archive.people(unknown)
            self._people.update((person_id, found.get(person_id)) for person_id in unknown)
        # No one else: what a note shows must not depend on which notes came before it.
        return {person_id: person for person_id in ids if (person := self._people[person_id]) is not None}

    def _targets(
        self, wanted: set[MessageId], here: Mapping[MessageId, StoredMessage], key: NoteKey
    ) -> dict[MessageId, Target]:
        by_chat: dict[int, dict[int, Message]] = {}
        away: dict[int, list[int]] = {}
        gone: set[MessageId] = set()
        self.unanswered = set()
        for place in wanted:
            stored = here.get(place)
            if stored is None:
                away.setdefault(place[0], []).append(place[1])
                continue
            by_chat.setdefault(place[0], {})[place[1]] = stored.message
            if stored.deleted_at is not None:
                gone.add(place)
        for chat_id, ids in away.items():
            held = self._archive.get_many(chat_id, ids)
            if chat_id == self._chat.id:
                self.unanswered = set(ids).difference(held)
            by_chat.setdefault(chat_id, {}).update(held)
            dead = held.keys() - self._archive.live_of(chat_id, held)
            gone.update((chat_id, message_id) for message_id in dead)
        targets: dict[MessageId, Target] = {}
        for chat_id, found in by_chat.items():
            mates = self._album_mates(chat_id, found)
            for message_id, message in found.items():
                target = self._target(message, mates.get(message_id, message), key)
                if target is not None and (chat_id, message_id) in gone and self._buries(message):
                    target = replace(target, is_tombstone=True)
                if target is not None:
                    targets[chat_id, message_id] = target
        return targets

    def _buries(self, message: Message) -> bool:
        """Whether notes show a tombstone for a message once it is deleted."""
        return self._scene.deleted is NoteDeleted.TOMBSTONE and message.action is None

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
