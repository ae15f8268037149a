"""A file that is on its way: its parts on disk, each at its offset, and a journal of those that are there.

The journal beside it holds a checksum of each part that was written. Opened again, a part counts only if the
bytes on disk have that checksum: neither a torn write nor an altered journal makes a wrong file. One that is
whole has a name that says so, which it gets once its bytes are on disk: its size alone says nothing, for a
power cut may take the journal and leave holes. All methods but `missing` touch the disk and belong into a
thread; they may be called from several at once.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tobs_tui.errors import DiskFull, FileFailed, VaultNotWritable

JOURNAL_SUFFIX, WHOLE_SUFFIX = ".parts", ".whole"
JOURNAL_VERSION = 1
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class PartPlan(Struct, frozen=True):
    """What is being fetched; a journal of anything else is void.

    That of another size holds: of one file, parts are the same as far as they are of the same length.
    """

    file: int
    size: int
    part: int
    thumb: str | None = None
    version: int = JOURNAL_VERSION

    @property
    def count(self) -> int:
        return -(-self.size // self.part)

    def length(self, index: int) -> int:
        """Bytes of one part: all have the same, but for the last."""
        return min(self.part, self.size - index * self.part)


class Stretch(NamedTuple):
    """Some bytes of the file, and the SHA-256 that they should have."""

    offset: int
    length: int
    sha256: bytes


def journal_path(path: Path) -> Path:
    """Where the journal of a part file is."""
    return path.with_name(path.name + JOURNAL_SUFFIX)


def whole_path(path: Path) -> Path:
    """Where a part file is once it has all its parts."""
    return path.with_name(path.name + WHOLE_SUFFIX)


def is_whole(path: Path, size: int) -> bool:
    """Whether a file of this size came whole, and was not taken to its place yet."""
    try:
        return whole_path(path).stat().st_size == size
    except OSError:
        return False


class PartFile:
    """The part file of one plan. End it with `close`, or with `finish` when it is whole."""

    def __init__(self, path: Path, plan: PartPlan, handle: int, journal: int) -> None:
        self.path = path
        self.plan = plan
        self.found: frozenset[int] = frozenset()
        """The parts that were there when it was opened."""
        self._have: set[int] = set()
        self._handle = handle
        self._journal = journal
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, plan: PartPlan) -> Self:
        """Take up what an earlier run left, as far as it holds.

        :raises DiskFull: :raises VaultNotWritable:
        :raises FileFailed: when the disk takes no file of that size.
        """
        with translated(path):
            handle = _opened(path)
            try:
                sums = _read_journal(journal_path(path), plan)
                held = {index: sum_ for index, sum_ in sums.items() if _holds(handle, plan, index, sum_)}
                journal = os.open(journal_path(path), _OPEN | os.O_TRUNC, 0o666)
            except BaseException:
                os.close(handle)
                raise
            opened = cls(path, plan, handle, journal)
            try:
                opened._begin(held)
            except BaseException:
                opened.close()
                raise
        return opened

    @property
    def missing(self) -> list[int]:
        """The parts that are not there yet, in order."""
        return [index for index in range(self.plan.count) if index not in self._have]

    def write(self, index: int, data: memoryview | bytes, stretches: Sequence[Stretch] = ()) -> bool:
        """Put one part in place, then note it; False, and nothing written, if a stretch of it is not right.

        :raises DiskFull: :raises VaultNotWritable:
        """
        begin = index * self.plan.part
        view = memoryview(data)
        for offset, length, sha256 in stretches:
            if hashlib.sha256(view[offset - begin : offset - begin + length]).digest() != sha256:
                return False
        line = _line(index, zlib.crc32(view))
        with self._lock, translated(self.path):
            if self._handle >= 0:
                _write_all(self._handle, view, begin)
                _append_all(self._journal, line)
                self._have.add(index)
        return True

    def drop(self, index: int) -> None:
        """The part is not what it should be: it counts as missing."""
        with self._lock:
            self._have.discard(index)

    def matches(self, stretches: Sequence[Stretch]) -> bool:
        """Whether stretches are right as they stand on disk. :raises VaultNotWritable:"""
        with self._lock, translated(self.path):
            return all(
                hashlib.sha256(os.pread(self._handle, length, offset)).digest() == sha256
                for offset, length, sha256 in stretches
            )

    def finish(self) -> None:
        """Cut to its size, flush to disk and name it whole. Call it when nothing is missing."""
        with self._lock, translated(self.path):
            os.ftruncate(self._handle, self.plan.size)
            os.fsync(self._handle)
        self.close()
        with translated(self.path):
            self.path.replace(whole_path(self.path))
            journal_path(self.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave it for the next run. Waits for a write that is under way; does nothing the second time."""
        with self._lock:
            handles, self._handle, self._journal = (self._handle, self._journal), -1, -1
            for handle in handles:
                if handle >= 0:
                    with contextlib.suppress(OSError):
                        os.close(handle)

    def _begin(self, held: dict[int, int]) -> None:
        self._have = set(held)
        self.found = frozenset(held)
        if not held:
            os.ftruncate(self._handle, 0)
        head = msgspec.json.encode(self.plan) + b"\n"
        _append_all(self._journal, head + b"".join(_line(index, sum_) for index, sum_ in held.items()))


def write_whole(path: Path, data: memoryview | bytes) -> None:
    """A file of one part: written, flushed to disk, with no journal left. Raises as `PartFile.open`."""
    with translated(path):
        handle = _opened(path)
        try:
            os.ftruncate(handle, 0)
            _write_all(handle, data, 0)
            os.fsync(handle)
        finally:
            os.close(handle)
        with contextlib.suppress(FileNotFoundError):
            journal_path(path).unlink()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns the system's refusal into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise DiskFull(
                f"No space left for {path.name} in {path.parent}",
                "Free some space, then start again: it goes on where it stopped",
            ) from error
        if error.errno == errno.EFBIG:
            raise FileFailed(
                f"It is larger than a file may be in {path.parent}",
                "Export to another disk, or leave it out with --max-file-size",
            ) from error
        raise VaultNotWritable(
            f"{path} can't be written: {error.strerror}",
            f"See that {path.parent} can be written into, or export to another folder",
        ) from error


def _opened(path: Path) -> int:
    """A handle of the file, made with its folder where it is not there yet.

    Bytes that have their place in the vault already, as a second name of the same file, are not touched:
    a kill between the two steps of placing leaves that.
    """
    try:
        handle = os.open(path, _OPEN, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, _OPEN, 0o666)
    if os.fstat(handle).st_nlink <= 1:
        return handle
    os.close(handle)
    path.unlink()
    return os.open(path, _OPEN, 0o666)


def _line(index: int, checksum: int) -> bytes:
    return b"%x %08x\n" % (index, checksum)


def _read_journal(path: Path, plan: PartPlan) -> dict[int, int]:
    """The checksums of the parts that the journal tells of; none where it is of another plan or damaged."""
    try:
        head, *lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    try:
        if replace(msgspec.json.decode(head, type=PartPlan), size=plan.size) != plan:
            return {}
    except msgspec.MsgspecError:
        return {}
    sums: dict[int, int] = {}
    for line in lines:
        words = line.split()
        with contextlib.suppress(ValueError):
            index, checksum = (int(word, 16) for word in words)
            if 0 <= index < plan.count:
                sums[index] = checksum
    return sums


def _holds(handle: int, plan: PartPlan, index: int, checksum: int) -> bool:
    data = os.pread(handle, plan.length(index), index * plan.part)
    return len(data) == plan.length(index) and zlib.crc32(data) == checksum


def _write_all(handle: int, data: memoryview | bytes, offset: int) -> None:
    left = memoryview(data)
    while left.nbytes:
        written = os.pwrite(handle, left, offset)
        left = left[written:]
        offset += written


def _append_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left.nbytes:
        left = left[os.write(handle, left) :]
