"""What a message's lines need to know of the world around it, as values read beforehand.

Rendering asks a scene and nothing else: so a note is a function of what the archive holds and of settings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from tobs_tui.archive.values import StoredFile
from tobs_tui.model import CHANNEL_MARK, ChatType, Message, NoteDeleted, Person, PersonKind
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.escape import escape_name, one_line
from tobs_tui.vault.links import post_link

NAME_LIMIT = 100
"""Characters of a name that a note shows: Telegram allows 128, hostile servers any number."""


Order: TypeAlias = tuple[int, int, int]
"""A message's place in a note: by date, then old history before new, then by id."""


@dataclass(frozen=True, slots=True)
class Target:
    """A message that others answer, pin or link to, and where it stands."""

    message: Message
    block: str
    """`m48213`, `g48213`; of an album's member, the id of its first message."""
    order: Order
    """Where that block stands among a note's."""
    note: str | None = None
    """The base name of its file, without `.md`; None when it stands in the note that is rendered."""
    is_tombstone: bool = False
    """Whether it was deleted in Telegram and its words are no longer shown."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One file of a note while it's rendered. `named` gathers the ids of everybody whose name was used."""

    chat_id: int
    chat_type: ChatType
    calendar: Calendar
    part: int = 1
    """The number of the file in its note."""
    starts: Sequence[Order] = ()
    """Where the note's second and further parts begin, as far as is known."""
    part_name: Callable[[int], str] = str
    """The base name of a part's file."""
    chat_name: str = ""
    username: str | None = None
    deleted: NoteDeleted = NoteDeleted.TOMBSTONE
    people: Mapping[int, Person] = field(default_factory=dict)
    targets: Mapping[tuple[int, int], Target] = field(default_factory=dict)
    files: Mapping[int, StoredFile] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    """Names that were worked out already, by id: the same for all scenes with the same people."""

    def block_of(self, message: Message) -> str:
        """The block id of a message of this chat: `g` for history from before it was a supergroup."""
        return f"{'m' if message.chat_id == self.chat_id else 'g'}{message.id}"

    def person(self, person_id: int) -> Person | None:
        """Somebody known, remembered as named here."""
        self.named.add(person_id)
        return self.people.get(person_id)

    def name(self, person_id: int) -> str:
        """How somebody is called, in one plain line."""
        self.named.add(person_id)
        name = self.names.get(person_id)
        if name is None:
            name = self.names[person_id] = self._name(person_id)
        return name

    def _name(self, person_id: int) -> str:
        person = self.people.get(person_id)
        name = _shown(person.name) if person else ""
        if person is not None and person.kind is PersonKind.DELETED:
            return f"{name or 'Deleted account'} ({person_id})"
        if name:
            return name
        if person_id == self.chat_id and self.chat_name:
            return one_line(self.chat_name, NAME_LIMIT)
        return nameless(person_id)

    def written_name(self, person_id: int) -> str:
        """The same, escaped for a line."""
        return escape_name(self.name(person_id))

    def written_names(self, person_ids: tuple[int, ...]) -> list[str]:
        return [self.written_name(person_id) for person_id in person_ids]

    def sender(self, message: Message) -> str:
        """Who wrote a message, in one plain line."""
        if message.sender_id is not None:
            return self.name(message.sender_id)
        if message.post_author:
            return one_line(message.post_author, NAME_LIMIT)
        return self.name(self.chat_id)

    def link_to(self, target: Target) -> str:
        """The wikilink target of a message: `#^m12` in the same file, `Note#^m12` from another."""
        if target.note is not None:
            return f"{target.note}#^{target.block}"
        part = bisect_right(self.starts, target.order) + 1
        return f"{'' if part == self.part else self.part_name(part)}#^{target.block}"

    def order_of(self, message: Message) -> Order:
        """Where a message of this chat stands in its note."""
        return message.date, int(message.chat_id == self.chat_id), message.id

    def vault_link(self, url: str) -> str | None:
        """The wikilink target of a t.me address whose message stands in the vault."""
        if ".me/" not in url:
            return None
        link = post_link(url)
        if link is None:
            return None
        if link.username is not None and link.username != (self.username or "").casefold():
            return None
        target = self.targets.get((link.chat_id or self.chat_id, link.message_id))
        return None if target is None else self.link_to(target)


@lru_cache(maxsize=4096)
def _shown(name: str) -> str:
    return one_line(name, NAME_LIMIT)


def nameless(person_id: int) -> str:
    """What somebody is called whom nobody named."""
    if person_id > 0:
        return f"User {person_id}"
    return f"Channel {-person_id - CHANNEL_MARK}" if person_id <= -CHANNEL_MARK else f"Group {-person_id}"
