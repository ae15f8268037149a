"""What differs between two messages made from the same line: id, dates, the ids that hang on them.

A line of a script is composed once with `Sentinels`, which leaves marks at known places of the TL bytes,
and later spliced (`template.py`); composing it with `Actual` gives the object form of one message.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from tobs_tui.demo.world.chance import mix64

if TYPE_CHECKING:
    from tobs_tui.demo.world.files import FileIds
    from tobs_tui.demo.world.history import History


class Slot(IntEnum):
    """What stands at a marked place of a template."""

    REPLY = 0
    """The id of the message `argument` places before this one."""
    DATE = 1
    """This message's date plus `argument` seconds."""
    GROUP = 2
    """The album id of the message `argument` places before this one."""
    SERIAL = 3
    """A 64-bit number of this message alone (a poll's id, a call's)."""
    FILE = 4
    """The id of a file of this message; `argument` is its `file_argument`."""
    ACCESS = 5
    """The access hash of that file."""
    EPOCH = 6
    """The age of file references, as four bytes inside of one."""
    UPLOADED = 7
    """When that file came to Telegram."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """What names a file on the wire."""

    id: int
    access_hash: int
    reference: bytes


def file_argument(place: int, copies: int) -> int:
    """What a template keeps of a file: which of the message's it is, and how many copies go round."""
    return copies << 3 | place


class Stamp(Protocol):
    """How a composer asks for what differs."""

    id: int
    date: int

    def reply(self, before: int) -> int: ...
    def moment(self, seconds: int) -> int: ...
    def group(self, before: int) -> int: ...
    def serial(self, number: int) -> int: ...
    def file(self, number: int, copies: int = 1) -> FileKey: ...
    def uploaded(self, number: int, copies: int = 1) -> int: ...
    def static_file(self, file_id: int) -> FileKey: ...


def album_id(first_id: int, peer: int) -> int:
    """The `grouped_id` of the album that begins with message `first_id` of `peer`."""
    return mix64(first_id ^ (peer << 20)) >> 2


def serial_id(message_id: int, peer: int, number: int) -> int:
    """A number of one message alone: positive, 62 bits."""
    return mix64(message_id ^ (peer << 24) ^ (number << 56)) >> 2


class Actual:
    """The stamp of one message: index `index` of a history."""

    def __init__(self, history: History, index: int) -> None:
        self._history = history
        self._index = index
        self.id = history.ids[index]
        self.date = history.dates[index]

    def reply(self, before: int) -> int:
        return self._history.ids[max(0, self._index - before)]

    def moment(self, seconds: int) -> int:
        return self.date + seconds

    def group(self, before: int) -> int:
        return album_id(self.reply(before), self._history.chat_id)

    def serial(self, number: int) -> int:
        return serial_id(self.id, self._history.chat_id, number)

    def file(self, number: int, copies: int = 1) -> FileKey:
        return self._history.files.key(self._history.file_id(self._index, number, copies))

    def uploaded(self, number: int, copies: int = 1) -> int:
        history = self._history
        return history.uploaded(self._index, history.file_id(self._index, number, copies))

    def static_file(self, file_id: int) -> FileKey:
        return self._history.files.key(file_id)


class Sentinels:
    """A stamp that hands out marks and remembers what each stands for."""

    def __init__(self, files: FileIds) -> None:
        self._files = files
        self.marks: list[tuple[bytes, Slot, int]] = []
        self.id = 0x7E5A0001
        self.date = self._int(Slot.DATE, 0)

    def reply(self, before: int) -> int:
        return self._int(Slot.REPLY, before)

    def moment(self, seconds: int) -> int:
        return self._int(Slot.DATE, seconds)

    def group(self, before: int) -> int:
        return self._long(Slot.GROUP, before)

    def serial(self, number: int) -> int:
        return self._long(Slot.SERIAL, number)

    def file(self, number: int, copies: int = 1) -> FileKey:
        which = file_argument(number, copies)
        return FileKey(self._long(Slot.FILE, which), self._long(Slot.ACCESS, which), self._reference())

    def uploaded(self, number: int, copies: int = 1) -> int:
        return self._int(Slot.UPLOADED, file_argument(number, copies))

    def static_file(self, file_id: int) -> FileKey:
        return FileKey(file_id, self._files.access_hash(file_id), self._reference())

    def _reference(self) -> bytes:
        epoch = self._int(Slot.EPOCH, 0)
        return self._files.reference_of(epoch)

    def _int(self, slot: Slot, argument: int) -> int:
        mark = 0x7E5A1000 + len(self.marks)
        self.marks.append((struct.pack("<i", mark), slot, argument))
        return mark

    def _long(self, slot: Slot, argument: int) -> int:
        mark = 0x5A7E6B2D_3C4F0000 + len(self.marks)
        self.marks.append((struct.pack("<q", mark), slot, argument))
        return mark
