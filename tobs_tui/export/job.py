"""What one run shall fetch: chats, a span of dates, and what of them to read again."""

from __future__ import annotations

from msgspec import Struct

from tobs_tui.model import Chat, MediaKind


class Span(Struct, frozen=True):
    """Dates in Unix seconds, `since` included, `until` not; None where it is open."""

    since: int | None = None
    until: int | None = None

    @property
    def bounded(self) -> bool:
        return self.since is not None or self.until is not None


class Target(Struct, frozen=True):
    """One chat, or one topic of a forum."""

    chat: Chat
    topic_id: int | None = None


class Job(Struct, frozen=True, kw_only=True):
    """One run's order, as the person gave it."""

    targets: tuple[Target, ...]
    span: Span = Span()
    recheck: bool = False
    """Read again what the archive already covers, for edits and reactions."""
    accept_deletions: bool = False
    """Mark messages as deleted however many they are."""
    media: frozenset[MediaKind] = frozenset()
    """The kinds of files to fetch."""
    max_file_size: int | None = None
    """Bytes; larger files are left out."""
    only_files: frozenset[int] | None = None
    """Set where nothing but these files is to be fetched, for messages that the archive has already."""
