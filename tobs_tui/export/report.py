"""What a run did, as `--json` prints it and as the summary tells it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class RunStatus(StrEnum):
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    DRAINED = "drained"
    ABORTED = "aborted"
    FAILED = "failed"

    @property
    def exit_code(self) -> int:
        return _EXIT_CODES[self]


_EXIT_CODES = {
    RunStatus.COMPLETE: 0,
    RunStatus.FAILED: 1,
    RunStatus.INCOMPLETE: 3,
    RunStatus.DRAINED: 4,
    RunStatus.ABORTED: 130,
}


class ReportedError(Struct, frozen=True):
    """One thing that went wrong: where, what, and what the person can do."""

    chat: str
    what: str
    fix: str = ""


class ChatReport(Struct, frozen=True, kw_only=True):
    """What a run did to one chat; `state` is `complete`, `incomplete`, `not yet` or `failed`."""

    id: int
    title: str
    state: str
    new: int
    updated: int
    deleted: int
    total: int
    """Messages of the chat in the archive."""
    failed: int
    """Ids that could not be fetched."""
    notes: int
    """Notes written by this run."""
    expected: int | None = None
    """How many messages Telegram counts; None where it was not told."""
    files: int = 0
    """Files that this run fetched."""
    files_failed: int = 0


class StageReport(Struct, frozen=True):
    items: int
    busy_s: float
    wait_s: float
    queue_max: int


class RunReport(Struct, frozen=True, kw_only=True):
    """One run, whole. Times are seconds."""

    status: RunStatus
    chats: tuple[ChatReport, ...]
    messages_new: int
    requests: int
    """RPC calls sent, retries included."""
    flood_wait_s: float
    media_files: int
    media_bytes: int
    elapsed_s: float
    stages: dict[str, StageReport]
    phases: dict[str, float]
    """When each phase ended, in seconds since the start: `fetch`, `publish`, `index`."""
    errors: tuple[ReportedError, ...]
    notices: tuple[str, ...] = ()
    """What the person should know and need not mend."""
    vault: str = ""
    exit_code: int = 0

    @property
    def updated(self) -> int:
        """Messages that were changed since an earlier run."""
        return sum(chat.updated for chat in self.chats)

    @property
    def deleted(self) -> int:
        """Messages that were deleted since an earlier run."""
        return sum(chat.deleted for chat in self.chats)

    @property
    def found_nothing(self) -> bool:
        return not (self.messages_new or self.updated or self.deleted or self.media_files)
