"""A set of message ids that can say "surely new", and never more than that.

"Maybe held" has to be asked of the archive: at the rated capacity one unknown id in a hundred is taken for a
known one. Where an id stands in ranges, the coverage ledger is exact and cheaper; docs/bloom.md has figures.

A file says whose ids it holds (`Origin`). One that is missing, damaged, of another version, archive, chat or
rate is never trusted: `load` gives None, and the caller builds it anew from the archive.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import compress, repeat
from operator import add, mod
from pathlib import Path
from typing import NamedTuple, Self
from zlib import crc32

import mmh3
from bitarray import bitarray
from bitarray.util import zeros

MAGIC = b"TOBSBLOM"
VERSION = 1
SUFFIX = ".bloom"
NEW_SUFFIX = ".new"
FIRST_CAPACITY = 4_096
FIRST_SHARE, GROWTH_SHARE = 0.9, 0.05
"""How much of the rate asked for the first layer may use up, and all further ones together."""
SPARED_HASHES = 0.75
"""Three quarters of the hashes that would need the fewest bits: 3 % more bits, a quarter less work."""

_HEAD = struct.Struct("<8sHqd8s8sqII")  # magic, version, chat, rate, archive, epoch, seq, layers, checksum
_LAYER = struct.Struct("<QQQI")  # capacity, items, bits, hashes
_ID = struct.Struct("<q").pack
_MOST_LAYERS = 32
_digest = mmh3.mmh3_x64_128_digest
_halves = mmh3.mmh3_x64_128_utupledigest


class Origin(NamedTuple):
    """Whose ids a filter holds: all of one chat's, up to the archive's row `seq`."""

    archive: bytes
    """8 bytes that no other archive has."""
    epoch: bytes
    """8 bytes of the time of writing (one opening of the archive) in which it was saved."""
    chat_id: int
    seq: int


class _Layer:
    """A filter of fixed size, by double hashing of one stable 128-bit hash."""

    __slots__ = ("bits", "capacity", "hashes", "items")

    def __init__(self, capacity: int, hashes: int, bits: bitarray, items: int = 0) -> None:
        self.capacity = capacity
        self.hashes = hashes
        self.bits = bits
        self.items = items

    @classmethod
    def rated(cls, capacity: int, rate: float) -> Self:
        """An empty one that is wrong about a share of `rate` of unknown ids once it holds `capacity` ids."""
        hashes = max(1, round(-math.log2(rate) * SPARED_HASHES))
        # From the share of set bits p with p ** hashes = rate; see Bloom 1970.
        size = math.ceil(-hashes * capacity / math.log1p(-(rate ** (1 / hashes))))
        return cls(capacity, hashes, zeros(max(64, size)))

    def add(self, low: Sequence[int], high: Sequence[int]) -> None:
        """Add ids by the two halves of their hashes."""
        size = len(self.bits)
        places = list(map(mod, low, repeat(size)))
        steps = list(map(mod, high, repeat(size)))
        self.bits[places] = 1
        for _ in range(self.hashes - 1):
            places = list(map(mod, map(add, places, steps), repeat(size)))
            self.bits[places] = 1
        self.items += len(low)

    def add_one(self, low: int, high: int) -> None:
        bits, size = self.bits, len(self.bits)
        place, step = low % size, high % size
        for _ in range(self.hashes):
            bits[place] = 1
            place = (place + step) % size
        self.items += 1

    def may_hold_one(self, low: int, high: int) -> bool:
        """The same as `may_hold` for one id, whose answer is mostly found at the first bits."""
        bits, size = self.bits, len(self.bits)
        place, step = low % size, high % size
        for _ in range(self.hashes):
            if not bits[place]:
                return False
            place = (place + step) % size
        return True

    def may_hold(self, low: Sequence[int], high: Sequence[int]) -> bitarray:
        """For each id a bit: whether it may have been added."""
        size = len(self.bits)
        places = list(map(mod, low, repeat(size)))
        steps = list(map(mod, high, repeat(size)))
        maybe = self.bits[places]
        for _ in range(self.hashes - 1):
            places = list(map(mod, map(add, places, steps), repeat(size)))
            maybe &= self.bits[places]
        return maybe


class BloomFilter:
    """Grows by a further layer when full; the rate asked for holds over all layers together.

    :param rate: how often an id that was never added may be taken for a known one, between 0 and 1.
    :param capacity: ids that the first layer is rated for; a good guess keeps it to one layer, and small.
    """

    def __init__(self, rate: float = 0.01, capacity: int = FIRST_CAPACITY) -> None:
        if not 0 < rate < 1:
            raise ValueError("a rate of wrong answers is between 0 and 1")
        self.rate = rate
        self._layers = [_Layer.rated(max(capacity, 1), rate * FIRST_SHARE)]

    def add(self, message_id: int) -> None:
        """Add one id; `add_many` is quicker for more than one."""
        layer = self._layers[-1]
        if layer.items >= layer.capacity:
            layer = self._grown()
        layer.add_one(*_halves(_ID(message_id)))

    def add_many(self, message_ids: Iterable[int]) -> None:
        """Add ids. Adding one twice costs room, and changes no answer."""
        ids = list(message_ids)
        while ids:
            layer = self._layers[-1]
            room = layer.capacity - layer.items
            if room <= 0:
                layer = self._grown()
                room = layer.capacity
            layer.add(*_hashes(ids[:room]))
            ids = ids[room:]

    def surely_new(self, message_id: int) -> bool:
        """True: it was never added. False: ask the archive."""
        low, high = _halves(_ID(message_id))
        return not any(layer.may_hold_one(low, high) for layer in self._layers)

    def maybe_held(self, message_ids: Iterable[int]) -> list[int]:
        """Those of the ids that the archive has to be asked about; all others are surely new."""
        ids = list(message_ids)
        low, high = _hashes(ids)
        maybe = zeros(len(ids))
        for layer in self._layers:
            maybe |= layer.may_hold(low, high)
        return list(compress(ids, maybe))

    def __len__(self) -> int:
        """How many ids were added."""
        return sum(layer.items for layer in self._layers)

    @property
    def layers(self) -> int:
        """How many layers have to be asked; each that it grew by makes lookups slower and ids larger."""
        return len(self._layers)

    @property
    def capacity(self) -> int:
        """How many ids all its layers are rated for."""
        return sum(layer.capacity for layer in self._layers)

    @property
    def size(self) -> int:
        """Bytes in memory, and about as many on disk."""
        return sum((len(layer.bits) + 7) // 8 for layer in self._layers)

    def packed(self, origin: Origin) -> bytes:
        """The filter as its file holds it, saying whose it is."""
        body = b"".join(
            _LAYER.pack(layer.capacity, layer.items, len(layer.bits), layer.hashes) + layer.bits.tobytes()
            for layer in self._layers
        )
        return _head(origin, self.rate, len(self._layers), body) + body

    @classmethod
    def unpacked(cls, data: bytes) -> tuple[Self, Origin]:
        """A filter and whose it is. :raises ValueError: they are no filter, whole and of this version."""
        if len(data) < _HEAD.size:
            raise ValueError("it is cut short")
        magic, version, chat_id, rate, archive, epoch, seq, count, _ = _HEAD.unpack_from(data)
        origin, body = Origin(archive, epoch, chat_id, seq), data[_HEAD.size :]
        if (magic, version) != (MAGIC, VERSION) or not 0 < rate < 1 or not 0 < count <= _MOST_LAYERS:
            raise ValueError("it is no filter of this version")
        if data[: _HEAD.size] != _head(origin, rate, count, body):
            raise ValueError("its checksum is another")
        loaded = cls(rate, capacity=1)
        loaded._layers = _layers(body, count)
        return loaded, origin

    def _grown(self) -> _Layer:
        # Room for as many again, and rates whose sum stays below the one asked for, however many layers come.
        rate = self.rate * GROWTH_SHARE / 2 ** len(self._layers)
        self._layers.append(_Layer.rated(self.capacity, rate))
        return self._layers[-1]


def save(path: Path, packed: bytes) -> None:
    """Replace the file as a whole. Not synced: what a power cut spoils, its checksum gives away.

    :raises OSError: it can't be written; the old file stays.
    """
    temporary = path.with_name(path.name + NEW_SUFFIX)
    try:
        with suppress(FileNotFoundError):
            temporary.unlink()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(packed)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def load(path: Path) -> tuple[BloomFilter, Origin] | None:
    """A filter as it was saved, and whose it is; None when there is none that is whole."""
    try:
        return BloomFilter.unpacked(path.read_bytes())
    except (OSError, ValueError):
        return None


def _head(origin: Origin, rate: float, count: int, body: bytes) -> bytes:
    facts = (MAGIC, VERSION, origin.chat_id, rate, origin.archive, origin.epoch, origin.seq, count)
    return _HEAD.pack(*facts, crc32(body, crc32(_HEAD.pack(*facts, 0))))


def _layers(body: bytes, count: int) -> list[_Layer]:
    layers = []
    for _ in range(count):
        if len(body) < _LAYER.size:
            raise ValueError("a layer is cut short")
        capacity, items, size, hashes = _LAYER.unpack_from(body)
        end = _LAYER.size + (size + 7) // 8
        if len(body) < end or not size or not hashes or not capacity:
            raise ValueError("a layer is cut short")
        bits = bitarray()
        bits.frombytes(body[_LAYER.size : end])
        del bits[size:]
        layers.append(_Layer(capacity, hashes, bits, items))
        body = body[end:]
    if body:
        raise ValueError("there is more than its layers")
    return layers


def _hashes(ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The two halves of each id's hash, the same on every machine."""
    halves = struct.unpack(f"<{2 * len(ids)}Q", b"".join(map(_digest, map(_ID, ids))))
    return halves[::2], halves[1::2]
