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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tobs_tui.errors import DiskFull, TobsError, VaultNotWritable

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_TEMPORARY = ".tobs-{}.tmp"
WRITERS = 4
"""Threads that write and sync files side by side."""


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
        with open(path, "rb", 0) as file:  # noqa: PTH123  # every note is looked at twice
            return file.readall()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal(path, error) from error


def replace_all(
    replacements: Sequence[Replacement], pool: Executor, meanwhile: Callable[[], None] = lambda: None
) -> list[Replacement]:
    """Put files in place; return those left as they are because somebody changed them meanwhile.

    `meanwhile` is done while they are written and synced.

    :raises DiskFull: :raises VaultNotWritable: naming the file; the ones before it may be in place already.
    """
    changed: list[Replacement] = []
    folders: dict[str, None] = {}
    for replacement, (temporary, target) in zip(
        replacements, _write_all_beside(replacements, pool, meanwhile), strict=True
    ):
        try:
            if read(replacement.path) != replacement.before:
                changed.append(replacement)
                _drop([temporary])
                continue
            os.replace(temporary, target)  # noqa: PTH105  # as the promise is worded
        except OSError as error:
            raise refusal(replacement.path, error) from error
        folders[os.path.dirname(target)] = None  # noqa: PTH120
    list(pool.map(sync_folder, map(Path, folders)))
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


def _write_all_beside(
    replacements: Sequence[Replacement], pool: Executor, meanwhile: Callable[[], None]
) -> list[tuple[str, str]]:
    """Write each beside its target, synced; returns the temporaries, each with the target."""
    for folder in dict.fromkeys(replacement.path.parent for replacement in replacements):
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
    # Some for each thread: handing them over one by one costs as much as writing them.
    under_way = [pool.submit(_write_some_beside, replacements[first::WRITERS]) for first in range(WRITERS)]
    failure: BaseException | None = None
    try:
        meanwhile()
    except BaseException as error:
        failure = error
    failure = failure or next(filter(None, [future.exception() for future in under_way]), None)
    if failure is not None:
        for future in under_way:
            if future.exception() is None:
                _drop(temporary for temporary, _ in future.result())
        raise failure
    written: list[tuple[str, str]] = [("", "")] * len(replacements)
    for first, future in enumerate(under_way):
        written[first::WRITERS] = future.result()
    return written


def _write_some_beside(replacements: Sequence[Replacement]) -> list[tuple[str, str]]:
    written: list[tuple[str, str]] = []
    for replacement in replacements:
        try:
            written.append(_write_beside(replacement))
        except BaseException as error:
            _drop(temporary for temporary, _ in written)
            if isinstance(error, OSError):
                raise refusal(replacement.path, error) from error
            raise
    return written


def _write_beside(replacement: Replacement) -> tuple[str, str]:
    target = _real(replacement.path)
    if target is not replacement.path:
        target.parent.mkdir(parents=True, exist_ok=True)
    temporary = str(_temporary(target))
    try:
        with open(temporary, "wb", 0) as file:  # noqa: PTH123
            left = memoryview(replacement.content)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        if replacement.before is not None:
            _keep_mode(target, Path(temporary))
    except BaseException:
        _drop([temporary])
        raise
    return temporary, str(target)


def _drop(temporaries: Iterable[str]) -> None:
    for temporary in temporaries:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108


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
