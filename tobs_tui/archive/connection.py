"""Connections to SQLite files as the archive wants them, and SQLite's errors in the words of `errors.py`.

Statements run in autocommit: a transaction is begun and ended by name (`transaction`).
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tobs_tui.errors import ArchiveBusy, ArchiveDamaged, ArchiveError, ArchiveNotWritable, DiskFull

BUSY_TIMEOUT_MS = 5000
MAGIC = b"SQLite format 3\x00"
# SQLite's VFS by name; tests set one that has no shared memory, as some network drives.
VFS: str | None = None


def connect(path: Path, mode: str, *, cache_kib: int) -> sqlite3.Connection:
    """A connection that creates nothing. `mode` is `rw`, `ro` or `immutable` (nobody writes the file now)."""
    asked = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    vfs = f"&vfs={VFS}" if VFS else ""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{asked}{vfs}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    db.execute(f"PRAGMA cache_size={-cache_kib}")
    return db


def connect_reading(path: Path, *, cache_kib: int = 2048) -> sqlite3.Connection:
    """A connection that only reads, also in a folder where SQLite can't create its side files.

    :raises ArchiveDamaged: the file is no SQLite database.
    :raises ArchiveNotWritable: commits wait in a log that can't be read without writing to the folder.
    """
    require_database(path)
    try:
        return _probed(path, "ro", cache_kib)
    except sqlite3.OperationalError as error:
        if _primary(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    # A killed writer without a log left a journal, which only a writing connection rolls back.
    with contextlib.suppress(sqlite3.OperationalError):
        _probed(path, "rw", cache_kib).close()
        return _probed(path, "ro", cache_kib)
    if _has_log(path):
        raise ArchiveNotWritable(
            f"{path} holds commits that can't be read while its folder is read-only",
            "Make the folder writable, or copy it to where it can be written",
        )
    return _probed(path, "immutable", cache_kib)


def use_log(db: sqlite3.Connection) -> str | None:
    """Turns the write-ahead log on; where that can't be, a rollback journal, and the notice that says so."""
    db.execute("PRAGMA synchronous=FULL")
    try:
        mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    except sqlite3.OperationalError as error:
        if _primary(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY):
            raise
        mode = "none"
    if mode == "wal":
        # 2000 pages of 4 KiB: fewer, longer checkpoints than SQLite's own 1000, which cost a fifth more.
        db.execute("PRAGMA wal_autocheckpoint=2000")
        return None
    mode = db.execute("PRAGMA journal_mode=TRUNCATE").fetchone()[0]
    return (
        "The archive's folder can't hold SQLite's write-ahead log (a network drive?), "
        f"so journal mode {mode} is used: slower, and readers wait for the writer. "
        "ARCHIVE_PATH can put the archive on a local disk"
    )


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: commits at the end, rolls back on any error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """What is read inside is of one instant, whatever a writer commits meanwhile."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raises SQLite's and the system's errors about `path` as what they mean to a person."""
    try:
        yield
    except sqlite3.Error as error:
        meaning = _meaning(error, path)
        if meaning is None:
            raise
        raise meaning from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(path) from error
        raise ArchiveNotWritable(
            f"{path} can't be used: {error.strerror or error}", "Check the folder and its permissions"
        ) from error


def require_database(path: Path) -> None:
    """:raises ArchiveDamaged: the file doesn't begin as an SQLite database does."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if head != MAGIC:
        raise damaged(path, "it is no SQLite database")


def damaged(path: Path, why: str) -> ArchiveDamaged:
    return ArchiveDamaged(
        f"{path} is damaged: {why}",
        "It was not changed. Put a backup in its place, or move it away and export again",
    )


def _meaning(error: sqlite3.Error, path: Path) -> ArchiveError | DiskFull | None:
    code = _primary(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(error))
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _has_no_space(path)):
        return _disk_full(path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
        return ArchiveNotWritable(f"{path} can't be used: {error}", "Check the folder and its permissions")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return ArchiveBusy(f"{path} is in use by another program", "Wait for it to end, then try again")
    return None


def _disk_full(path: Path) -> DiskFull:
    return DiskFull(
        f"No space left for {path}", "All that was committed is safe. Free some space and run again"
    )


def _has_no_space(path: Path) -> bool:
    """Whether less is left than SQLite's smallest side file takes."""
    try:
        return shutil.disk_usage(path.parent).free < 65_536
    except OSError:
        return False


def _primary(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _probed(path: Path, mode: str, cache_kib: int) -> sqlite3.Connection:
    """A connection that was seen to read."""
    db = connect(path, mode, cache_kib=cache_kib)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _has_log(path: Path) -> bool:
    logs = (path.with_name(path.name + suffix) for suffix in ("-wal", "-journal"))
    return any(log.exists() and log.stat().st_size > 0 for log in logs)
