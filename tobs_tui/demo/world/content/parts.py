"""Files as a row of parts that are read at any offset without being held: bytes, repeats, filler, a file."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Protocol, TypeAlias

from tobs_tui.demo.world.chance import mix64

_BLOCK = 4096
_PATTERN = 1 << 20
_STAMP = struct.Struct("<QQ")


class Readable(Protocol):
    """A part that is not in memory."""

    def __len__(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes: ...


Part: TypeAlias = "bytes | Readable"


@cache
def _noise() -> bytes:
    return Random(20_130_814).randbytes(_PATTERN)


class Filler:
    """Bytes that differ from block to block and from file to file, made where they are read."""

    def __init__(self, length: int, seed: int) -> None:
        self._length = length
        self._seed = seed

    def __len__(self) -> int:
        return self._length

    def read(self, offset: int, length: int) -> bytes:
        first = offset // _BLOCK
        last = (offset + length + _BLOCK - 1) // _BLOCK
        noise = _noise()
        out = bytearray()
        for block in range(first, last):
            at = mix64(block ^ self._seed) % (_PATTERN - _BLOCK)
            out += _STAMP.pack(block, self._seed & 0xFFFFFFFFFFFFFFFF)
            out += noise[at : at + _BLOCK - _STAMP.size]
        begin = offset - first * _BLOCK
        return bytes(out[begin : begin + length])


class Repeat:
    """The same bytes again and again."""

    def __init__(self, unit: bytes, times: int) -> None:
        self._unit = unit
        self._times = times

    def __len__(self) -> int:
        return len(self._unit) * self._times

    def read(self, offset: int, length: int) -> bytes:
        size = len(self._unit)
        begin = offset % size
        turns = (begin + length + size - 1) // size
        return (self._unit * turns)[begin : begin + length]


class DiskPart:
    """A file on disk, as long as it was when the export was read; what is missing since is zeros."""

    def __init__(self, path: Path, length: int) -> None:
        self._path = path
        self._length = length

    def __len__(self) -> int:
        return self._length

    def read(self, offset: int, length: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                data = file.read(length)
        except OSError:
            data = b""
        return data.ljust(length, b"\0")


class Content:
    """A file of exactly `size` bytes: the parts, cut or filled up with zeros."""

    def __init__(self, parts: Sequence[Part], size: int) -> None:
        missing = size - sum(len(part) for part in parts)
        self._parts = [*parts, Repeat(b"\0" * _BLOCK, missing // _BLOCK + 1)] if missing > 0 else list(parts)
        self._starts = [0, *accumulate(len(part) for part in self._parts)]
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; fewer at the end, none beyond it."""
        end = min(self.size, offset + length)
        out = []
        at = bisect_right(self._starts, offset) - 1
        while offset < end and at < len(self._parts):
            part, start = self._parts[at], self._starts[at]
            take = min(end, start + len(part)) - offset
            if take > 0:
                piece = part[offset - start : offset - start + take] if isinstance(part, bytes) else None
                out.append(part.read(offset - start, take) if piece is None else piece)  # type: ignore[union-attr]
                offset += take
            at += 1
        return b"".join(out)
