"""Files put in place whole or not at all: written beside, synced, compared once more, renamed.

A crash leaves the old file or the new one, and at most a hidden temporary, which the next write of the same
file takes over.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tobs_tui.errors import DiskFull, TobsError, VaultNotWritable

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_TEMPORARY = ".tobs-{}.tmp"


class Replacement(NamedTuple):
    """A file as it should be, and as it was when that was decided; None when there was none."""

    path: Path
    content: bytes
    before: bytes | None


def read(path: Path) -> bytes | None:
    """Return a file's content, None when there is no such file.

    :raises VaultNotWritable: it can't be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal(path, error) from error


def replace_all(replacements: Sequence[Replacement], pool: Executor) -> list[Replacement]:
    """Put files in place; return those left as they are because somebody changed them meanwhile.

    :raises DiskFull: :raises VaultNotWritable: naming the file; the ones before it may be in place already.
    """
    temporaries = _write_all_beside(replacements, pool)
    changed: list[Replacement] = []
    folders: dict[Path, None] = {}
    for replacement, temporary in zip(replacements, temporaries, strict=True):
        target = _real(replacement.path)
        with translated(replacement.path):
            if read(replacement.path) != replacement.before:
                changed.append(replacement)
                temporary.unlink(missing_ok=True)
                continue
            os.replace(temporary, target)  # noqa: PTH105  # as the promise is worded
        folders[target.parent] = None
    list(pool.map(sync_folder, folders))
    return changed


@contextmanager
def streamed(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write `path` anew by; it takes its place when the block ends without an error.

    Where it comes out the same, the old one stays, its time too.
    """
    target = _real(path)
    with translated(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(target)
        try:
            with open(temporary, "wb") as file:  # noqa: PTH123
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists() and same_content(target, temporary):
                temporary.unlink()
                return
            _keep_mode(target, temporary)
            os.replace(temporary, target)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the system's errors into those that a person can act on."""
    try:
        yield
    except OSError as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: OSError) -> TobsError:
    """The error that a person meets for one of the system's about a file."""
    if error.errno in _NO_SPACE:
        return DiskFull(f"No space left to write {path}", "Free some space and run again; nothing is lost")
    reason = error.strerror or str(error)
    return VaultNotWritable(f"{path} can't be written: {reason}", "Check the folder's rights, then run again")


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all_beside(replacements: Sequence[Replacement], pool: Executor) -> list[Path]:
    under_way = [pool.submit(_write_beside, replacement) for replacement in replacements]
    failure = next((error for future in under_way if (error := future.exception()) is not None), None)
    if failure is None:
        return [future.result() for future in under_way]
    for future in under_way:
        if future.exception() is None:
            with contextlib.suppress(OSError):
                future.result().unlink(missing_ok=True)
    raise failure


def _write_beside(replacement: Replacement) -> Path:
    target = _real(replacement.path)
    with translated(replacement.path):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(target)
        try:
            with open(temporary, "wb") as file:  # noqa: PTH123
                file.write(replacement.content)
                file.flush()
                os.fsync(file.fileno())
            if replacement.before is not None:
                _keep_mode(target, temporary)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    return temporary


def _temporary(target: Path) -> Path:
    # The same for the same file: what a crash left is written over, not left beside for good.
    digest = hashlib.blake2b(target.name.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return target.with_name(_TEMPORARY.format(digest))


def _real(path: Path) -> Path:
    """A note that a person made a link stays one."""
    return path.resolve() if os.path.islink(path) else path  # noqa: PTH114  # asked of every file, twice


def _keep_mode(target: Path, temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))


def same_content(one: Path, other: Path) -> bool:
    """Return whether two files hold the same bytes."""
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while chunk := first.read(1 << 20):
            if chunk != second.read(1 << 20):
                return False
    return True
