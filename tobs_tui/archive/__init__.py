"""The archive: what was fetched, in SQLite, with a ledger that says so of every message id.

`Archive` writes (one process at a time), `ArchiveReader` reads (any number), `Indexer` makes it searchable.
How things look to people is left to others.
"""

from tobs_tui.archive.asked import keep_asked, keep_opened, not_opened
from tobs_tui.archive.ledger import Covered, Failed, IdState, Ledger
from tobs_tui.archive.opening import has_archive
from tobs_tui.archive.progress import EntityCacheData
from tobs_tui.archive.reader import ArchiveReader
from tobs_tui.archive.search import Indexer
from tobs_tui.archive.topics import TopicLedger, topics_done
from tobs_tui.archive.values import (
    Batch,
    CommitResult,
    FileFate,
    FileState,
    Hit,
    MediaWant,
    NoteRow,
    Scope,
    StoredChat,
    StoredFile,
    StoredMessage,
    Version,
    WantedFile,
)
from tobs_tui.archive.writer import Archive

__all__ = [
    "Archive",
    "ArchiveReader",
    "Batch",
    "CommitResult",
    "Covered",
    "EntityCacheData",
    "Failed",
    "FileFate",
    "FileState",
    "Hit",
    "IdState",
    "Indexer",
    "Ledger",
    "MediaWant",
    "NoteRow",
    "Scope",
    "StoredChat",
    "StoredFile",
    "StoredMessage",
    "TopicLedger",
    "Version",
    "WantedFile",
    "has_archive",
    "keep_asked",
    "keep_opened",
    "not_opened",
    "topics_done",
]
