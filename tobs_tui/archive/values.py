"""What the archive takes and gives: batches, stored chats and messages, scopes, notes, hits.

All are frozen. What a message, a chat or a person is says `tobs_tui.model`; dates are Unix seconds in UTC.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tobs_tui.model import Chat, Interval, MediaKind, Message, NoteKey, Person


class Batch(Struct, frozen=True, kw_only=True):
    """What one commit writes of one chat, and the ids that it settles."""

    chat_id: int
    messages: tuple[Message, ...] = ()
    people: tuple[Person, ...] = ()
    covers: tuple[Interval, ...] = ()
    """Ids asked for and answered: those without a message are empty from now on."""
    failed: tuple[tuple[Interval, str], ...] = ()
    """Ids that could not be had, each range with the reason."""
    notices_deleted: bool = False
    """Set when known ids were asked again: a stored message in `covers` that isn't here was deleted."""
    deleted: tuple[int, ...] = ()
    """Ids that Telegram said are deleted. Those that the archive doesn't hold change nothing."""


class CommitResult(Struct, frozen=True):
    """What a commit did to the rows of messages."""

    new: int = 0
    updated: int = 0
    """Messages whose note has to change: edited, other reactions, back again."""
    unchanged: int = 0
    """Messages already held, with at most counters and file references refreshed."""
    deleted: int = 0
    """Messages noticed as deleted in Telegram."""


class Scope(Struct, frozen=True, kw_only=True):
    """What was asked for once: dates, the ids they came to, the kinds of files."""

    since: int | None = None
    until: int | None = None
    low: int = 1
    high: int = 0
    media: frozenset[MediaKind] = frozenset()
    at: int = 0
    """When it was asked for last; the archive sets it where it is 0."""


class StoredChat(Struct, frozen=True, kw_only=True):
    """A chat as the archive knows it."""

    chat: Chat
    name: str
    """The title when the chat was first seen, which its notes go by."""
    folder: str | None = None
    """Its folder in the vault; None until one was given."""
    aliases: tuple[str, ...] = ()
    """Every title that it was seen with, oldest first."""
    part_of: int | None = None
    """For an old basic group: the supergroup that it became, whose notes hold its messages."""
    top: int = 0


class StoredMessage(Struct, frozen=True):
    message: Message
    deleted_at: int | None = None
    """When it was noticed that Telegram no longer has the message."""


class Version(Struct, frozen=True):
    """A message as it was before a change that was noticed at `noticed_at`."""

    message: Message
    noticed_at: int


class NoteRow(Struct, frozen=True, kw_only=True):
    """One published file of a note, by what the archive knows of it."""

    chat_id: int
    topic_id: int = 0
    period: str = ""
    part: int = 1
    path: str
    """Relative to the vault, with `/`."""
    region_hash: str | None = None
    """Of the region between the markers, as it was written; None before the first write ended."""
    planned_hash: str | None = None
    """Of a region about to be written: after a crash the file may hold either."""
    people: tuple[int, ...] = ()
    """Whom the note names; a changed name makes it dirty."""

    @property
    def key(self) -> NoteKey:
        return NoteKey(self.topic_id, self.period)


class Hit(Struct, frozen=True, kw_only=True):
    """One message that a search found."""

    chat_id: int
    chat: str
    """The chat's name, as its notes go by."""
    message_id: int
    date: int
    topic_id: int | None
    sender_id: int | None
    sender: str
    """The sender's name; empty when nobody's is known."""
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    """Where the words stand in `text`: start and end of each."""
    note: str | None = None
    """The published note that it stands in, relative to the vault; None when that wasn't asked for."""
    deleted_at: int | None = None


NOTHING_ASKED = "none"
"""The reason of a file that was left out because no kind of file was asked for."""


class FileState(StrEnum):
    """What became of a file. Only `unasked` and `failed` ones are asked for again as they are."""

    UNASKED = "unasked"
    OTHER_KIND = "other_kind"
    """Left out: its kind wasn't asked for; with the reason `NOTHING_ASKED`, none was."""
    TOO_LARGE = "too_large"
    """Left out by the limit of size, which the reason gives in bytes."""
    DONE = "done"
    GONE = "gone"
    FAILED = "failed"


class StoredFile(Struct, frozen=True, kw_only=True):
    """A file that messages show, and what became of it."""

    id: int
    kind: MediaKind
    size: int
    dc: int
    mime: str
    name: str | None
    access_hash: int
    reference: bytes
    date: int
    thumb: str | None
    state: FileState = FileState.UNASKED
    reason: str | None = None
    path: str | None = None
    """Relative to the vault, once it is done."""
    digest: str | None = None
    """Of its content, as `vault.media_files.digest_of` tells it, once it is done."""


class MediaWant(Struct, frozen=True):
    """Which files of a chat are asked for: kinds, the largest size in bytes, dates, a topic."""

    kinds: frozenset[MediaKind]
    max_size: int | None = None
    since: int | None = None
    """Unix seconds of the message, inclusive."""
    until: int | None = None
    """The same, exclusive."""
    topic_id: int | None = None


class FileFate(Struct, frozen=True):
    """What became of one file."""

    file_id: int
    state: FileState
    reason: str | None = None
    path: str | None = None
    """Relative to the vault."""
    digest: str | None = None
    size: int | None = None
    """Bytes, where it came with other ones than its message tells."""


class WantedFile(Struct, frozen=True):
    """A file that is asked for and not here, at one of the messages that show it."""

    place: tuple[int, int]
    """The message's id and the file's number: where to go on from."""
    chat_id: int
    """The history that the message stands in, which its file reference is asked of."""
    message_id: int
    file: StoredFile
