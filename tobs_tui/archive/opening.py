"""Opening the archive's file: found or made, ours, of this owner, sound at a glance, of today's version.

All of it is looked at before the first byte is written, so that a file that can't be used stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from tobs_tui.archive import connection, identity, progress, schema
from tobs_tui.archive.locking import WriterLock
from tobs_tui.errors import ArchiveError
from tobs_tui.model import Owner

FILE_NAME = "archive.db"

# Bounded, for memory must not grow with the archive; twice as much made commits no faster.
_CACHE_KIB = 3072


def has_archive(folder: Path) -> bool:
    """Whether a folder holds an archive, be it readable or not."""
    return (folder / FILE_NAME).exists()


def open_reading(folder: Path) -> sqlite3.Connection:
    """A connection that reads the archive of a folder.

    :raises ArchiveError: there is none, or an older version's that must be opened for writing once.
    :raises ArchiveDamaged: :raises ArchiveTooNew: :raises ArchiveNotWritable: as their classes say.
    """
    path = folder / FILE_NAME
    with connection.translated(path):
        if not path.exists() or path.stat().st_size == 0:
            raise ArchiveError(f"There is no archive in {folder}", "Export a chat first")
        db = connection.connect_reading(path)
        try:
            if schema.is_blank(db):
                raise ArchiveError(f"The archive in {folder} is empty", "Export a chat first")
            identity.require_ours(db, path)
            if schema.version_of(db) < schema.VERSION:
                raise ArchiveError(
                    f"{path} is of an older version", "Run an export once: it brings the archive up to date"
                )
        except BaseException:
            db.close()
            raise
    return db


def make_folder(folder: Path) -> None:
    """The folder, made for its owner alone where it is new or holds nothing yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        folder.chmod(0o700)


def open_writing(folder: Path, owner: Owner) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """The writer's connection, and what its person should be told. The writer's lock is held already.

    :raises ArchiveError: one of its kinds, as `Archive.open` says. :raises DiskFull: no space left.
    """
    path = folder / FILE_NAME
    with connection.translated(path):
        if path.exists() and path.stat().st_size > 0:
            _look_at(path, owner)
        else:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = connection.connect(path, "rw", cache_kib=_CACHE_KIB)
        try:
            notice = connection.use_log(db)
            if schema.is_blank(db):
                schema.create(
                    db, [("owner", identity.owner_text(owner)), ("generation", secrets.token_hex(8))]
                )
            schema.migrate(db)
            with connection.transaction(db):
                progress.begin_epoch(db)
                identity.set_meta(db, "owner", identity.owner_text(owner))
        except BaseException:
            db.close()
            raise
    return db, () if notice is None else (notice,)


def acquire(folder: Path) -> WriterLock:
    """The writer's lock of a folder, held. :raises ArchiveBusy: another run holds it."""
    with connection.translated(folder):
        make_folder(folder)
        lock = WriterLock(folder)
        lock.acquire()
    return lock


def _look_at(path: Path, owner: Owner) -> None:
    with contextlib.closing(connection.connect_reading(path)) as db:
        if schema.is_blank(db):
            return
        identity.require_ours(db, path)
        identity.require_owner(db, path, owner)
