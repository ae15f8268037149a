"""JPEG: a landscape of flat 8x8 blocks, of the stated width, height and exact size.

Baseline, three components without subsampling. A block has only its DC coefficient, so a row is a walk
from colour to colour; the file is filled up by comment segments, which decoders skip.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tobs_tui.demo.world.content.landscape import Colour, Picture, landscape
from tobs_tui.demo.world.content.parts import Filler, Part
from tobs_tui.demo.world.files import FileSpec

_DC_LENGTHS = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
_DC_CODES = (
    "00",
    "010",
    "011",
    "100",
    "101",
    "110",
    "1110",
    "11110",
    "111110",
    "1111110",
    "11111110",
    "111111110",
)
_END_OF_BLOCK = "0"
_COMMENT_MOST = 65_533


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _tables(width: int, height: int) -> bytes:
    quantisation = _segment(0xDB, b"\0" + bytes((8,) * 64))
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\1\x11\0" + b"\2\x11\0" + b"\3\x11\0"
    dc = _segment(0xC4, b"\0" + _DC_LENGTHS + bytes(range(12)))
    ac = _segment(0xC4, b"\x10" + bytes((1,) + (0,) * 15) + b"\0")
    scan = _segment(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0")
    return quantisation + _segment(0xC0, frame) + dc + ac + scan


def _ycc(colour: Colour) -> Colour:
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    values = (luma, 128 + (blue - luma) * 0.564, 128 + (red - luma) * 0.713)
    y, cb, cr = (min(255, max(0, round(value))) - 128 for value in values)
    return y, cb, cr


def _difference(value: int) -> str:
    """The Huffman code of a DC difference, and the end of its block."""
    size = abs(value).bit_length()
    bits = format(value if value > 0 else value + (1 << size) - 1, f"0{size}b") if size else ""
    return _DC_CODES[size] + bits + _END_OF_BLOCK


def _scan(picture: Picture) -> bytes:
    levels = [_ycc(colour) for colour in picture.palette]
    steps = [
        ["".join(_difference(to - of) for of, to in zip(one, other, strict=True)) for other in levels]
        for one in levels
    ]
    first = ["".join(map(_difference, level)) for level in levels]
    bits: list[str] = []
    before: int | None = None
    for row in picture.rows:
        for cell in row:
            bits.append(first[cell] if before is None else steps[before][cell])
            before = cell
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def encode(width: int, height: int, seed: int) -> tuple[bytes, bytes]:
    """The two halves of a picture, between which comments may stand."""
    picture = landscape((width + 7) // 8, (height + 7) // 8, seed)
    head = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    return head, _tables(width, height) + _scan(picture) + b"\xff\xd9"


def jpeg(spec: FileSpec, seed: int) -> Sequence[Part]:
    """The parts of a JPEG of `spec.size` bytes; a smaller picture where the size is too small for it."""
    width, height = spec.width or 800, spec.height or 600
    head, body = encode(width, height, seed)
    while len(head) + len(body) > spec.size and width > 8 and height > 8:
        width, height = width // 2, height // 2
        head, body = encode(width, height, seed)
    return [head, *_comments(spec.size - len(head) - len(body), seed), body]


def _comments(length: int, seed: int) -> list[Part]:
    parts: list[Part] = []
    while length >= 4:
        inside = min(_COMMENT_MOST, length - 4)
        parts.append(struct.pack(">BBH", 0xFF, 0xFE, inside + 2))
        parts.append(Filler(inside, seed + len(parts)))
        length -= inside + 4
    if length > 0:
        parts.append(b"\xff" * length)
    return parts
