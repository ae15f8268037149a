"""The tables of archive.db, its version, and how an older one becomes today's.

Messages stand in a rowid table: its key `seq` is given out by the writer, ascending and never twice, so that
the index for searching knows by one number how far it has read. An edited message takes a new `seq`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tobs_tui.archive import progress
from tobs_tui.archive.connection import transaction

APPLICATION_ID = 0x746F6273  # "tobs"
VERSION = 3

# In an archive whose files are all here, none of a million need be looked at to know that.
OPEN_FILES = "CREATE INDEX files_open ON files (state, kind) WHERE state<>'done'"

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # One row: the last seq given out, and the number of the last transaction that made notes dirty.
    "CREATE TABLE counters (seq INTEGER NOT NULL, generation INTEGER NOT NULL)",
    "INSERT INTO counters VALUES (0, 0)",
    """CREATE TABLE chats (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, folder TEXT, aliases TEXT NOT NULL DEFAULT '[]',
        part_of INTEGER, top INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL)""",
    """CREATE TABLE messages (
        seq INTEGER PRIMARY KEY, chat INTEGER NOT NULL, id INTEGER NOT NULL, date INTEGER NOT NULL,
        edit_date INTEGER, sender INTEGER, topic INTEGER, album INTEGER, reply_to INTEGER,
        kind TEXT NOT NULL, text TEXT NOT NULL, deleted_at INTEGER, body BLOB)""",
    "CREATE UNIQUE INDEX messages_id ON messages (chat, id)",
    "CREATE INDEX messages_date ON messages (chat, date, id)",
    "CREATE INDEX messages_topic ON messages (chat, topic, date, id) WHERE topic IS NOT NULL",
    "CREATE INDEX messages_reply ON messages (chat, reply_to) WHERE reply_to IS NOT NULL",
    "CREATE INDEX messages_album ON messages (chat, album) WHERE album IS NOT NULL",
    """CREATE TABLE versions (
        chat INTEGER NOT NULL, id INTEGER NOT NULL, noticed_at INTEGER NOT NULL, body BLOB NOT NULL)""",
    "CREATE INDEX versions_id ON versions (chat, id)",
    # Which messages speak of which: replies into other chats and t.me links; same-chat replies have a column.
    """CREATE TABLE links (
        target_chat INTEGER NOT NULL, target INTEGER NOT NULL, chat INTEGER NOT NULL, id INTEGER NOT NULL,
        PRIMARY KEY (target_chat, target, chat, id)) WITHOUT ROWID""",
    "CREATE INDEX links_source ON links (chat, id)",
    # `generation` is that of the transaction which changed the name last.
    """CREATE TABLE people (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, username TEXT,
        min INTEGER NOT NULL, generation INTEGER NOT NULL)""",
    # Telegram's file ids come in no order: only the index is written all over, rows and links are appended.
    """CREATE TABLE files (
        number INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, kind TEXT NOT NULL, size INTEGER NOT NULL,
        dc INTEGER NOT NULL, mime TEXT NOT NULL, name TEXT, access_hash INTEGER NOT NULL,
        reference BLOB NOT NULL, date INTEGER NOT NULL, thumb TEXT,
        state TEXT NOT NULL DEFAULT 'unasked', reason TEXT, path TEXT, digest TEXT)""",
    OPEN_FILES,
    """CREATE TABLE media (
        chat INTEGER NOT NULL, message INTEGER NOT NULL, file INTEGER NOT NULL REFERENCES files (number),
        PRIMARY KEY (chat, message, file)) WITHOUT ROWID""",
    "CREATE INDEX media_file ON media (file)",
    # Disjoint intervals; `day` is days since 1970 in UTC. What is covered is never failed too.
    """CREATE TABLE coverage (
        chat INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, day INTEGER NOT NULL,
        PRIMARY KEY (chat, low)) WITHOUT ROWID""",
    """CREATE TABLE failures (
        chat INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, day INTEGER NOT NULL,
        reason TEXT NOT NULL, PRIMARY KEY (chat, low)) WITHOUT ROWID""",
    """CREATE TABLE scopes (
        chat INTEGER NOT NULL, since INTEGER, until INTEGER, low INTEGER NOT NULL, high INTEGER NOT NULL,
        media TEXT NOT NULL, at INTEGER NOT NULL)""",
    "CREATE INDEX scopes_chat ON scopes (chat)",
    """CREATE TABLE notes (
        chat INTEGER NOT NULL, topic INTEGER NOT NULL, period TEXT NOT NULL, part INTEGER NOT NULL,
        path TEXT NOT NULL, region_hash TEXT, planned_hash TEXT,
        PRIMARY KEY (chat, topic, period, part)) WITHOUT ROWID""",
    """CREATE TABLE note_people (
        person INTEGER NOT NULL, chat INTEGER NOT NULL, topic INTEGER NOT NULL, period TEXT NOT NULL,
        part INTEGER NOT NULL, PRIMARY KEY (person, chat, topic, period, part)) WITHOUT ROWID""",
    "CREATE INDEX note_people_note ON note_people (chat, topic, period, part)",
    """CREATE TABLE dirty (
        chat INTEGER NOT NULL, topic INTEGER NOT NULL, period TEXT NOT NULL, generation INTEGER NOT NULL,
        PRIMARY KEY (chat, topic, period)) WITHOUT ROWID""",
    "CREATE TABLE flood_waits (class TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID",
    progress.PROGRESS,
    progress.EPOCHS,
)

Migration = Callable[[sqlite3.Connection], None]


def _keep_digests(db: sqlite3.Connection) -> None:
    """From 1 to 2: files keep a hash of their content, and those that are not here are indexed."""
    db.execute("ALTER TABLE files ADD COLUMN digest TEXT")
    db.execute(OPEN_FILES)


def _keep_progress(db: sqlite3.Connection) -> None:
    """From 2 to 3: a chat's rows are counted as they come, and each time of writing has a token."""
    db.execute(progress.PROGRESS)
    db.execute(progress.EPOCHS)
    progress.recount(db)


MIGRATIONS: Mapping[int, Migration] = MappingProxyType({1: _keep_digests, 2: _keep_progress})
"""By version: what makes that version the next one. Every version below today's has its own."""


def create(db: sqlite3.Connection, first_rows: Sequence[tuple[str, str]]) -> None:
    """Makes the tables and the first rows of `meta` in one transaction: wholly there or not at all."""
    with transaction(db):
        for statement in TABLES:
            db.execute(statement)
        db.executemany("INSERT INTO meta VALUES (?, ?)", first_rows)
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={VERSION}")


def migrate(db: sqlite3.Connection) -> None:
    """Brings an older archive to today's version, one transaction a step."""
    while (version := version_of(db)) < VERSION:
        with transaction(db):
            MIGRATIONS[version](db)
            db.execute(f"PRAGMA user_version={version + 1}")


def version_of(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def application_of(db: sqlite3.Connection) -> int:
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    return application


def is_blank(db: sqlite3.Connection) -> bool:
    """Whether there are no tables at all: just created, or killed before the first commit."""
    count: int = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return count == 0 and application_of(db) == 0
