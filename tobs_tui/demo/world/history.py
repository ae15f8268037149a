"""One chat's messages: ids and dates as arrays, bodies as numbers of templates.

A million messages take twelve megabytes. Positions count from the newest message (0), as Telegram's
offsets do; indexes count from the oldest, as the arrays do.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from tobs_tui.demo.world.template import PACK_INT, About, Template

if TYPE_CHECKING:
    from tobs_tui.demo.world.files import FileIds

OWN = -1
"""The body number of a message that has a template of its own (posted, edited, loaded)."""

REACH = 256
"""No template refers further back than this many messages."""

_SPREAD = 0x9E37_79B1
_MONTHS = 60 * 86_400


class Book(Protocol):
    """Gives the template of a body number; the same number gives the same template always."""

    def template(self, body: int) -> Template: ...


class EmptyBook:
    """The book of a chat in which each message has a template of its own."""

    def template(self, body: int) -> Template:
        raise LookupError(body)


class History:
    """The messages of one chat, oldest first in the arrays."""

    __slots__ = (
        "_templates",
        "bodies",
        "book",
        "chat_id",
        "dates",
        "files",
        "files_before",
        "ids",
        "number",
        "own",
        "sorted_dates",
        "version",
    )

    def __init__(self, chat_id: int, number: int, files: FileIds, book: Book | None = None) -> None:
        self.chat_id = chat_id
        self.number = number
        """A small number of the chat inside its world; file ids hold it."""
        self.files = files
        self.book: Book = book or EmptyBook()
        self.ids = array("i")
        self.dates = array("i")
        self.bodies = array("i")
        self.own: dict[int, Template] = {}
        self.files_before = 0
        """When the first message came, if bodies play again: their files are then older ones, shown again."""
        self.sorted_dates = True
        self.version = 0
        """Rises with each change, so that what was computed from the history can be kept."""
        self._templates: dict[int, Template] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def top(self) -> int:
        """The newest message's id; 0 when there is none."""
        return self.ids[-1] if self.ids else 0

    def index(self, message_id: int) -> int | None:
        """The index of a message, None when there is no such message."""
        at = bisect_left(self.ids, message_id)
        return at if at < len(self.ids) and self.ids[at] == message_id else None

    def template_at(self, index: int) -> Template:
        """The template of the message at `index`."""
        body = self.bodies[index]
        if body < 0:
            return self.own[self.ids[index]]
        found = self._templates.get(body)
        if found is None:
            found = self._templates[body] = self.book.template(body)
        return found

    def warm(self, most: int = 8_000) -> None:
        """Make the templates ahead of the first request, so that serving costs the same from the start."""
        for body in sorted(set(self.bodies[:200_000]))[:most]:
            if body >= 0 and body not in self._templates:
                self._templates[body] = self.book.template(body)

    def about(self, index: int) -> About:
        """What is known of the message at `index`."""
        return self.template_at(index).about

    def raw(self, index: int) -> bytes:
        """The message at `index` as TL bytes."""
        return self.template_at(index).fill(self, index)

    def file_id(self, index: int, place: int, copies: int) -> int:
        """The id of the `place`th file of the message at `index`.

        Where bodies play again, one of `copies` files: those that the body showed before, mostly.
        """
        which = self.ids[index]
        if self.files_before:
            which = (which * _SPREAD & 0xFFFF_FFFF) * copies >> 32
        return self.files.message_file(self.number, self.bodies[index], place, which)

    def uploaded(self, index: int, file_id: int) -> int:
        """When that file came to Telegram: with its message, or up to two months before the first message."""
        if not self.files_before:
            return self.dates[index]
        return self.files_before - (file_id >> 24) % _MONTHS

    def newer_than(self, offset_id: int) -> int:
        """How many messages have an id of at least `offset_id`: the position of the first below it."""
        return len(self.ids) - bisect_left(self.ids, offset_id)

    def not_before(self, date: int) -> int:
        """The position of the newest message that is older than `date`."""
        if self.sorted_dates:
            return len(self.dates) - bisect_left(self.dates, date)
        for position in range(len(self.dates)):
            if self.dates[-1 - position] < date:
                return position
        return len(self.dates)

    def splice(self, indexes: range | list[int], users: set[int], chats: set[int]) -> tuple[list[bytes], int]:
        """The bytes of these messages in pieces, and how many they are; whom they name goes into the sets."""
        pieces: list[bytes] = []
        add = pieces.append
        ids, dates, bodies, templates = self.ids, self.dates, self.bodies, self._templates
        for index in indexes:
            template = templates.get(bodies[index]) or self.template_at(index)
            if template.slots is None:
                add(template.head)
                add(PACK_INT(ids[index]))
                add(template.mid)
                add(PACK_INT(dates[index]))
                add(template.tail)
            else:
                add(template.fill(self, index))
            users |= template.users
            if template.chats:
                chats |= template.chats
        return pieces, len(indexes)

    def append(self, message_id: int, date: int, template: Template) -> None:
        """Add a newest message with a template of its own."""
        if self.ids and message_id <= self.ids[-1]:
            raise ValueError(f"{message_id} is not above {self.ids[-1]}")
        if self.dates and date < self.dates[-1]:
            self.sorted_dates = False
        self.ids.append(message_id)
        self.dates.append(date)
        self.bodies.append(OWN)
        self.own[message_id] = template
        self.version += 1

    def replace(self, index: int, template: Template) -> None:
        """Give the message at `index` a template of its own."""
        self.bodies[index] = OWN
        self.own[self.ids[index]] = template
        self.version += 1

    def remove(self, index: int) -> None:
        """Delete the message at `index`; what later ones say of earlier ones stays as it was."""
        for later in range(index + 1, min(len(self.ids), index + REACH)):
            template = self.template_at(later)
            if self.bodies[later] >= 0 and template.slots is not None:
                self.replace(later, template.frozen(self, later))
        self.own.pop(self.ids[index], None)
        for column in (self.ids, self.dates, self.bodies):
            del column[index]
        self.version += 1

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids)
