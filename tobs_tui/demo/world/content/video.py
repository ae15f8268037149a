"""MP4 and WebM containers: an MP4 plays a still picture for the stated time."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tobs_tui.demo.world.content.h264 import (
    key_frame,
    picture_parameters,
    sequence_parameters,
    skipped_frame,
)
from tobs_tui.demo.world.content.landscape import landscape
from tobs_tui.demo.world.content.parts import Filler, Part
from tobs_tui.demo.world.files import FileSpec

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LONG_BOX = 1 << 32


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), *parts)


def _ycc(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(16 + luma * 0.859), round(128 + (blue - luma) * 0.496), round(128 + (red - luma) * 0.627)


def _film(width: int, height: int, frames: int, seed: int) -> list[bytes]:
    """The samples: a key frame and its repetitions, each with its length before it."""
    palette = landscape(2, 2, seed).palette
    bands = [_ycc(colour) for colour in (*palette[:14:2], palette[-1])]
    units = [key_frame(width, height, bands)]
    units += [skipped_frame(width, height, number) for number in range(1, frames)]
    return [struct.pack(">I", len(unit)) + unit for unit in units]


def _sample_table(width: int, height: int, samples: Sequence[bytes], offset: int) -> bytes:
    sps, pps = sequence_parameters(width, height), picture_parameters()
    avcc = _box(
        b"avcC",
        bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)),
        struct.pack(">H", len(sps)) + sps + b"\1",
        struct.pack(">H", len(pps)) + pps,
    )
    entry = _box(
        b"avc1",
        struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1),
        avcc,
    )
    count = len(samples)
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">III", 1, count, 1)),
        _full(b"stss", struct.pack(">II", 1, 1)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, count, 1)),
        _full(b"stsz", struct.pack(">II", 0, count), *(struct.pack(">I", len(each)) for each in samples)),
        _full(b"stco", struct.pack(">II", 1, offset)),
    )


def _movie(width: int, height: int, samples: Sequence[bytes], rate: int, offset: int) -> bytes:
    count = len(samples)
    mvhd = _full(
        b"mvhd",
        struct.pack(">IIIIIH10x", 0, 0, rate, count, 0x10000, 0x100),
        _MATRIX,
        struct.pack(">24xI", 2),
    )
    tkhd = _full(
        b"tkhd",
        struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, count, 0, 0, 0, 0),
        _MATRIX,
        struct.pack(">II", width << 16, height << 16),
        flags=3,
    )
    mdhd = _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, rate, count, 0x55C4, 0))
    hdlr = _full(b"hdlr", b"\0\0\0\0vide" + bytes(12) + b"demo\0")
    dinf = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    vmhd = _full(b"vmhd", bytes(8), flags=1)
    minf = _box(b"minf", vmhd, dinf, _sample_table(width, height, samples, offset))
    return _box(b"moov", mvhd, _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf)))


def mp4(spec: FileSpec, seed: int) -> Sequence[Part]:
    """An MP4 of the stated size and time, filled up by a free box; slower frames where it is small."""
    width, height = max(2, spec.width or 320) & ~1, max(2, spec.height or 240) & ~1
    parts: list[Part] = []
    for rate in (10, 2, 1):
        samples = _film(width, height, max(1, round(spec.duration * rate)), seed)
        ftyp = _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
        moov = _movie(width, height, samples, rate, 0)
        moov = _movie(width, height, samples, rate, len(ftyp) + len(moov) + 8)
        parts = [ftyp + moov, _box(b"mdat", *samples)]
        if sum(map(len, parts)) <= spec.size:
            break
    missing = spec.size - sum(map(len, parts))
    if missing >= _LONG_BOX:
        parts += [struct.pack(">I4sQ", 1, b"free", missing), Filler(missing - 16, seed)]
    elif missing >= 8:
        parts += [struct.pack(">I4s", missing, b"free"), Filler(missing - 8, seed)]
    return parts


def _element(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">Q", len(body) | 1 << 56) + body


def webm(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A WebM without clusters, filled up by a void element: it opens, there is nothing to play."""
    kind = b"matroska" if spec.mime.endswith("matroska") else b"webm"
    header = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", kind))
    duration = _element(b"\x44\x89", struct.pack(">d", spec.duration * 1000))
    size = _element(b"\xb0", struct.pack(">H", spec.width or 512)) + _element(
        b"\xba", struct.pack(">H", spec.height or 512)
    )
    track = _element(b"\xd7", b"\1") + _element(b"\x83", b"\1") + _element(b"\x86", b"V_VP9")
    tracks = _element(b"\x16\x54\xae\x6b", _element(b"\xae", track + _element(b"\xe0", size)))
    inside = _element(b"\x15\x49\xa9\x66", duration) + tracks
    missing = max(9, spec.size - len(header) - 12 - len(inside))
    segment = b"\x18\x53\x80\x67" + struct.pack(">Q", len(inside) + missing | 1 << 56)
    void = b"\xec" + struct.pack(">Q", missing - 9 | 1 << 56)
    return [header + segment + inside + void, Filler(missing - 9, seed)]
