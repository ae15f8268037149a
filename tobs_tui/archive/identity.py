"""Whose archive a file is, and whether it is one that this program can read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from tobs_tui.archive import schema
from tobs_tui.archive.connection import damaged
from tobs_tui.errors import ArchiveOfOther, ArchiveTooNew
from tobs_tui.model import Owner


def meta_of(db: sqlite3.Connection, key: str) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value", (key, value)
    )


def owner_of(db: sqlite3.Connection) -> Owner | None:
    text = meta_of(db, "owner")
    return None if text is None else msgspec.json.decode(text, type=Owner)


def owner_text(owner: Owner) -> str:
    return msgspec.json.encode(owner).decode()


def require_ours(db: sqlite3.Connection, path: Path) -> None:
    """:raises ArchiveDamaged: another program's database. :raises ArchiveTooNew: a newer version's."""
    if schema.application_of(db) != schema.APPLICATION_ID:
        raise damaged(path, "it is another program's database")
    version = schema.version_of(db)
    if version > schema.VERSION:
        raise ArchiveTooNew(
            f"{path} was written by a newer tobs-tui (version {version} of the archive,"
            f" this program knows {schema.VERSION})",
            "Update tobs-tui",
        )


def require_owner(db: sqlite3.Connection, path: Path, owner: Owner) -> None:
    """:raises ArchiveOfOther: the archive is another account's or of another server."""
    kept = owner_of(db)
    if kept is None or (kept.account_id, kept.server) == (owner.account_id, owner.server):
        return
    raise ArchiveOfOther(
        f"The archive {path} belongs to {_named(kept)}, not to {_named(owner)}",
        "Choose another EXPORT_PATH (or ARCHIVE_PATH) for this account",
    )


def _named(owner: Owner) -> str:
    name = f"{owner.name} ({owner.account_id})" if owner.name else f"account {owner.account_id}"
    return f"{name} on {'Telegram' if owner.server == 'telegram' else f'server {owner.server}'}"
