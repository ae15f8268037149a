"""One line of a script as TL bytes with holes: many messages are spliced from it, none is serialised.

Most messages need only their id and date put in (`plain`); the others have slots (`stamp.Slot`) at
known offsets. What is spliced is byte for byte what Telethon would serialise; a test holds it so.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from telethon.tl import patched, types

from tobs_tui.demo.world.files import REFERENCE_HEAD, REFERENCE_TAIL
from tobs_tui.demo.world.stamp import Sentinels, Slot, album_id, serial_id

if TYPE_CHECKING:
    from tobs_tui.demo.world.history import History

assert patched.Message is types.Message

_INT = struct.Struct("<i")
_LONG = struct.Struct("<q")
PACK_INT = _INT.pack


@dataclass(frozen=True, slots=True)
class About:
    """What search, threads and counters need to know of a message without parsing it."""

    text: str
    sender: int
    """Marked id; 0 when the message has no `from_id`."""
    users: frozenset[int] = frozenset()
    """Bare ids of the users that it names, sender included."""
    chats: frozenset[int] = frozenset()
    """Marked ids of the groups and channels that it names."""
    tags: frozenset[str] = frozenset()
    """What filters look for: photo, video, url, pinned …"""
    thread: int = 0
    """Negative: the first message of the thread stands so many places before; positive: its id."""


class Template:
    """The bytes of one line. `slots` is None when only id and date differ."""

    __slots__ = ("about", "chats", "head", "id_at", "mid", "slots", "tail", "users", "whole")

    def __init__(self, whole: bytes, slots: tuple[tuple[int, Slot, int], ...], about: About) -> None:
        self.whole = whole
        self.id_at = 12 if whole[:4] == _MESSAGE else 8
        self.about = about
        self.users = about.users
        self.chats = about.chats
        self.head = whole[: self.id_at]
        self.mid = b""
        self.tail = b""
        self.slots: tuple[tuple[int, Slot, int], ...] | None = slots
        if len(slots) == 1 and slots[0][1:] == (Slot.DATE, 0):
            date_at = slots[0][0]
            self.mid = whole[self.id_at + 4 : date_at]
            self.tail = whole[date_at + 4 :]
            self.slots = None

    def fill(self, history: History, index: int) -> bytes:
        """The message at `index` of `history`, which is made from this template."""
        message_id, date = history.ids[index], history.dates[index]
        if self.slots is None:
            return b"".join((self.head, PACK_INT(message_id), self.mid, PACK_INT(date), self.tail))
        out = bytearray(self.whole)
        _INT.pack_into(out, self.id_at, message_id)
        files = history.files
        told, file_id = -1, 0
        for at, slot, argument in self.slots:
            if slot is Slot.DATE:
                _INT.pack_into(out, at, date + argument)
            elif slot is Slot.REPLY:
                _INT.pack_into(out, at, history.ids[max(0, index - argument)])
            elif slot is Slot.EPOCH:
                _INT.pack_into(out, at, files.epoch)
            elif slot is Slot.GROUP:
                first = history.ids[max(0, index - argument)]
                _LONG.pack_into(out, at, album_id(first, history.chat_id))
            elif slot is Slot.SERIAL:
                _LONG.pack_into(out, at, serial_id(message_id, history.chat_id, argument))
            else:
                if argument != told:
                    told, file_id = argument, history.file_id(index, argument & 7, argument >> 3)
                if slot is Slot.FILE:
                    _LONG.pack_into(out, at, file_id)
                elif slot is Slot.ACCESS:
                    _LONG.pack_into(out, at, files.access_hash(file_id))
                else:
                    _INT.pack_into(out, at, history.uploaded(index, file_id))
        return bytes(out)

    def frozen(self, history: History, index: int) -> Template:
        """The same message with nothing left to fill but the age of file references."""
        slots = tuple(entry for entry in self.slots or () if entry[1] is Slot.EPOCH)
        about = self.about
        if about.thread < 0:
            about = replace(about, thread=history.ids[max(0, index + about.thread)])
        return Template(self.fill(history, index), slots, about)


_MESSAGE = struct.pack("<I", types.Message.CONSTRUCTOR_ID)
_REFERENCE = re.compile(re.escape(REFERENCE_HEAD) + b"(.{4})" + re.escape(REFERENCE_TAIL), re.DOTALL)


def template_of(message: Any, sentinels: Sentinels, about: About) -> Template:
    """Find the marks that `sentinels` left in a composed message.

    :raises ValueError: a mark is not there, or there twice.
    """
    whole = bytes(message)
    slots = []
    for mark, slot, argument in sentinels.marks:
        at = whole.find(mark)
        if at < 0:
            if slot is Slot.DATE and argument == 0:
                raise ValueError("the message has no date")
            continue
        if whole.find(mark, at + 1) >= 0:
            raise ValueError(f"{slot.name} stands twice")
        slots.append((at, slot, argument))
    return Template(whole, tuple(slots), about)


def fixed_template(message: Any, about: About) -> Template:
    """The template of a message whose id and dates are its own already: only references still age."""
    whole = bytes(message)
    slots = tuple((match.start(1), Slot.EPOCH, 0) for match in _REFERENCE.finditer(whole))
    return Template(whole, slots, about)
