"""Ogg Opus and MP3 that play silence for the stated time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from tobs_tui.demo.world.content.parts import Part, Repeat
from tobs_tui.demo.world.files import FileSpec

_SILENCE = b"\xf8\xff\xfe"
"""One Opus packet: 20 ms of CELT silence, mono."""
_PACKETS = 50
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))

_FRAME = b"\xff\xfb\x94\xc4" + b"\0" * 380
"""One MP3 frame: 24 ms of silence at 48 kHz, 128 kbit/s, mono."""


def _ogg_crc(data: bytes) -> int:
    """Ogg's CRC-32, which counts bits from the other side than zlib's."""
    mirrored = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _page(flags: int, granule: int, sequence: int, lacing: bytes, body: bytes) -> bytes:
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 0x746F6273, sequence, 0)
    page = head + bytes((len(lacing),)) + lacing + body
    return page[:22] + struct.pack("<I", _ogg_crc(page)) + page[26:]


def _packet_pages(packet: bytes, sequence: int) -> list[bytes]:
    """A packet over as many pages as it takes."""
    lacing = b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))
    pages: list[bytes] = []
    for at in range(0, len(lacing), 255):
        part = lacing[at : at + 255]
        body = packet[at * 255 : at * 255 + sum(part)]
        ends = at + 255 >= len(lacing)
        pages.append(_page(1 if at else 0, 0 if ends else -1, sequence + len(pages), part, body))
    return pages


def _tags_length(room: int) -> int:
    """The length of a tags packet whose pages take `room` bytes, or one byte less."""
    length = max(16, room - 27 - 1)
    while length > 16:
        segments = length // 255 + 1
        if length + segments + (segments + 254) // 255 * 27 <= room:
            break
        length -= 1
    return length


def ogg(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A voice message: Opus, filled up inside of the comment header."""
    head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, 312, 48_000, 0, 0)
    first = _page(2, 0, 0, bytes((len(head),)), head)
    seconds = max(1, int(spec.duration))
    sounds = len(_SILENCE) * _PACKETS + _PACKETS + 27
    room = spec.size - len(first) - seconds * sounds
    if room < 64:
        seconds = max(1, (spec.size - len(first) - 64) // sounds)
        room = spec.size - len(first) - seconds * sounds
    tags = struct.pack("<8sI4sI", b"OpusTags", 4, b"tobs", 0)
    tags = tags.ljust(_tags_length(room), b"\0")
    pages = _packet_pages(tags, 1)
    begin = 1 + len(pages)
    for second in range(seconds):
        flags = 4 if second == seconds - 1 else 0
        granule = (second + 1) * 48_000
        pages.append(_page(flags, granule, begin + second, bytes((3,)) * _PACKETS, _SILENCE * _PACKETS))
    return [first, *pages]


def mp3(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A song: its title and performer, and silence; filled up inside of the ID3 tag."""
    frames = _text_frame(b"TIT2", spec.title) + _text_frame(b"TPE1", spec.performer)
    count = min(int(spec.duration / 0.024), max(1, (spec.size - len(frames) - 10) // len(_FRAME)))
    padding = max(0, spec.size - 10 - len(frames) - count * len(_FRAME))
    size = len(frames) + padding
    coded = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return [b"ID3\3\0\0" + coded + frames, Repeat(b"\0", padding), Repeat(_FRAME, count)]


def _text_frame(name: bytes, text: str) -> bytes:
    if not text:
        return b""
    body = b"\1" + text.encode("utf-16")
    return name + struct.pack(">IH", len(body), 0) + body
