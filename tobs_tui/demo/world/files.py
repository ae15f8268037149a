"""The names of files on the wire: ids that tell what the file is, access hashes, references that age.

A file of a generated message is not stored anywhere: its id encodes chat, body, place and message (or
copy, where bodies play again), and its bytes come from that (`content/`). Files of other messages are
registered one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tobs_tui.demo.world.chance import mix64, signed64
from tobs_tui.demo.world.stamp import FileKey

_ODD = 0x1F3D5B79_A9C8E6D1 | 1
_BITS = 62
_MASK = (1 << _BITS) - 1
_BACK = pow(_ODD, -1, 1 << _BITS)
_MESSAGE_BITS, _PLACE_BITS, _BODY_BITS, _CHAT_BITS = 25, 3, 20, 13
_REFERENCE = struct.Struct("<4sI8s")
REFERENCE_HEAD, REFERENCE_TAIL = b"\x01ref", b"tobsdemo"


@dataclass(frozen=True, slots=True)
class FileSpec:
    """What a file is; its bytes follow from this and its id."""

    kind: str
    """The format of its bytes: jpeg, png, mp4, ogg, mp3, webp, tgs, webm, gif, pdf, zip, text, bytes."""
    size: int
    mime: str
    width: int = 0
    height: int = 0
    duration: float = 0.0
    use: str = "document"
    """What it is in a message: photo, video, round, voice, audio, animation, sticker, document."""
    name: str = ""
    title: str = ""
    performer: str = ""
    sizes: tuple[tuple[str, int, int, int], ...] = ()
    """A photo's sizes: type, width, height, bytes."""
    path: Path | None = None
    """A file on disk that is served as it is."""
    dc: int = 0
    """The DC that it lives on; 0: one that follows from its size."""

    @property
    def copies(self) -> int:
        """How many such files go round in a chat whose scenes play again: of large ones one."""
        return 6 if self.size <= 260_000 else 2 if self.size <= 1_000_000 else 1


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the world: where it lives and what it is."""

    id: int
    dc: int
    spec: FileSpec


@dataclass(slots=True)
class FileIds:
    """Makes and reads file ids, access hashes and file references of one world."""

    secret: int
    dcs: tuple[int, ...] = (2, 4, 5, 1)
    epoch: int = 1
    """The references that messages carry now; older ones are refused."""
    uses_of_reference: int | None = None
    """Tests: after so many getFile calls all references given until then expire."""
    resolve: Callable[[int, int, int], FileSpec | None] = field(default=lambda chat, body, place: None)
    """Set by the world: the spec of a generated message's file."""
    registered: dict[int, FileSpec] = field(default_factory=dict)
    _uses: int = 0

    def message_file(self, chat: int, body: int, place: int, message_id: int) -> int:
        """The id of the `place`th file of a generated message; `message_id` may be a copy's number."""
        packed = (chat << _BODY_BITS | body) << _PLACE_BITS | place
        packed = packed << _MESSAGE_BITS | message_id
        return (packed + 1) * _ODD & _MASK

    def register(self, number: int, spec: FileSpec) -> int:
        """An id for a file that is known by a number of its own (stickers, files of single messages)."""
        packed = 1 << (_BITS - 1) | number & ((1 << (_BITS - 1)) - 1)
        file_id = packed * _ODD & _MASK
        self.registered[file_id] = spec
        return file_id

    def find(self, file_id: int) -> StoredFile | None:
        """The file behind an id; None when there is none."""
        spec = self.registered.get(file_id)
        if spec is None:
            packed = (file_id * _BACK & _MASK) - 1
            if packed < 0 or packed >> (_BITS - 1):
                return None
            packed >>= _MESSAGE_BITS
            place = packed & ((1 << _PLACE_BITS) - 1)
            packed >>= _PLACE_BITS
            spec = self.resolve(packed >> _BODY_BITS, packed & ((1 << _BODY_BITS) - 1), place)
        return StoredFile(file_id, self.dc_of(spec), spec) if spec else None

    def dc_of(self, spec: FileSpec) -> int:
        """The DC that files of such a description live on; the first of `dcs` holds the most."""
        if spec.dc:
            return spec.dc
        spread = mix64(spec.size ^ spec.width << 24) >> 8
        return self.dcs[0] if spread & 1 else self.dcs[(spread >> 1) % len(self.dcs)]

    def access_hash(self, file_id: int) -> int:
        """The access hash that must come with a file's id."""
        return signed64(mix64(file_id ^ self.secret))

    def key(self, file_id: int) -> FileKey:
        """All that names a file, with a reference of the present age."""
        return FileKey(file_id, self.access_hash(file_id), self.reference_of(self.epoch))

    @staticmethod
    def reference_of(epoch: int) -> bytes:
        """The file reference of an age."""
        return _REFERENCE.pack(REFERENCE_HEAD, epoch, REFERENCE_TAIL)

    def reference_fits(self, reference: bytes) -> bool:
        """Whether a reference is one that still holds."""
        if len(reference) != _REFERENCE.size:
            return False
        head, epoch, tail = _REFERENCE.unpack(reference)
        return (head, tail) == (REFERENCE_HEAD, REFERENCE_TAIL) and epoch >= self.epoch

    def expire_references(self) -> None:
        """All references handed out until now are refused from now on."""
        self.epoch += 1

    def used(self) -> None:
        """Count a getFile call; may expire the references by `uses_of_reference`."""
        self._uses += 1
        if self.uses_of_reference and self._uses % self.uses_of_reference == 0:
            self.expire_references()
