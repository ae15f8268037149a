"""PNG, GIF, WebP and animated stickers."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence

from tobs_tui.demo.world.content.landscape import landscape
from tobs_tui.demo.world.content.parts import Filler, Part, Repeat
from tobs_tui.demo.world.files import FileSpec

_CELL = 8


def png(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A PNG with a palette, filled up by a private chunk."""
    width, height = spec.width or 640, spec.height or 480
    picture = landscape(width // _CELL + 1, height // _CELL + 1, seed)
    rows = [b"\0" + bytes(cell for cell in row for _ in range(_CELL))[:width] for row in picture.rows]
    pixels = b"".join(rows[y // _CELL] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(level for colour in picture.palette for level in colour)
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"PLTE", palette)
    tail = _chunk(b"IDAT", zlib.compress(pixels, 6)) + _chunk(b"IEND", b"")
    missing = spec.size - len(head) - len(tail)
    return [head, _chunk(b"prVt", bytes(missing - 12)) if missing >= 12 else b"", tail]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def gif(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A GIF of one colour, filled up by a comment."""
    width, height = spec.width or 320, spec.height or 240
    colour = landscape(2, 2, seed).palette[1]
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(colour) + b"\xff\xff\xff"
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + _lzw_of_zeros(width * height) + b"\x3b"
    missing = spec.size - len(head) - len(image)
    comment: list[Part] = []
    if missing >= 4:
        whole, rest = divmod(missing - 3, 256)
        comment = [b"\x21\xfe", Repeat(b"\xff" + b" " * 255, whole)]
        comment.append(bytes((rest - 1,)) + b" " * (rest - 1) if rest > 1 else b"")
        comment.append(b"\0")
    return [head, *comment, image]


def _lzw_of_zeros(count: int) -> bytes:
    """A GIF's image data of `count` pixels of colour 0: each code stands for a run longer by one."""
    clear, end, first_free = 4, 5, 6
    value = shift = 0

    def put(code: int, bits: int) -> None:
        nonlocal value, shift
        value |= code << shift
        shift += bits

    put(clear, 3)
    bits = 3
    while count > 0:
        bits, free, run = 3, first_free, 1
        while count > 0 and free < 4094:
            length = min(run, count)
            put(0 if length == 1 else length + 4, bits)
            count -= length
            if free == 1 << bits:
                bits += 1
            free += 1
            run += 1
        if count > 0:
            put(clear, bits)
    put(end, bits)
    data = value.to_bytes((shift + 7) // 8, "little")
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"\2" + b"".join(bytes((len(block),)) + block for block in blocks) + b"\0"


def webp(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A lossless WebP of one colour, filled up by a chunk that decoders skip."""
    width, height = spec.width or 512, spec.height or 512
    red, green, blue = landscape(2, 2, seed).palette[6]
    bits = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 3)]
    for level in (green, red, blue, 255):
        bits += [(1, 1), (0, 1), (1, 1), (level, 8)]
    bits += [(1, 1), (0, 1), (0, 1), (0, 1)]
    value = shift = 0
    for number, size in bits:
        value |= number << shift
        shift += size
    data = value.to_bytes((shift + 7) // 8, "little")
    image = b"VP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    missing = spec.size - 12 - len(image)
    if missing < 8:
        return [b"RIFF" + struct.pack("<I", 4 + len(image)) + b"WEBP", image]
    inside = (missing - 8) // 2 * 2
    head = b"RIFF" + struct.pack("<I", 4 + len(image) + 8 + inside) + b"WEBP"
    return [head, image, b"JUNK" + struct.pack("<I", inside), Filler(inside, seed)]


def tgs(spec: FileSpec, seed: int) -> Sequence[Part]:
    """An animated sticker: a disc that breathes, as gzipped Lottie, filled up by a gzip comment."""
    red, green, blue = (round(level / 255, 3) for level in landscape(2, 2, seed).palette[8])
    size = {"a": 1, "k": [{"t": 0, "s": [200, 200]}, {"t": 30, "s": [330, 330]}, {"t": 60, "s": [200, 200]}]}
    origin, whole = {"a": 0, "k": [0, 0]}, {"a": 0, "k": 100}
    place = {"p": {"a": 0, "k": [256, 256]}, "a": origin, "s": {"a": 0, "k": [100, 100]}, "o": whole}
    disc = [
        {"ty": "el", "p": origin, "s": size},
        {"ty": "fl", "c": {"a": 0, "k": [red, green, blue, 1]}, "o": whole},
        {"ty": "tr", **place, "r": {"a": 0, "k": 0}},
    ]
    layer = {"ty": 4, "ip": 0, "op": 60, "st": 0, "ks": {}, "shapes": [{"ty": "gr", "it": disc}]}
    lottie = {"tgs": 1, "v": "5.5.2", "fr": 30, "ip": 0, "op": 60, "w": 512, "h": 512, "layers": [layer]}
    raw = json.dumps(lottie, separators=(",", ":")).encode()
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    body = packer.compress(raw) + packer.flush() + struct.pack("<II", zlib.crc32(raw), len(raw))
    head = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
    missing = spec.size - len(head) - len(body)
    return [head, b" " * max(0, missing - 1) + b"\0", body]
