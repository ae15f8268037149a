"""One chat's way through a run: what is asked of it, how far it is, and what went wrong.

A chat has one history, or two: a supergroup that was a basic group once keeps the old group's apart,
with ids of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from tobs_tui.archive import TopicLedger
from tobs_tui.errors import MessageFailed, TobsError
from tobs_tui.export.job import Target
from tobs_tui.export.report import ChatReport, ReportedError
from tobs_tui.model import Chat, Interval

NAMED_FILES = 100
"""So many files of a chat that failed are named in a report; beyond, they are counted."""


class ChatState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHING = "publishing"
    FILES = "files"
    """Its messages are there and its notes are out; files are still to come."""
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class History(Struct, frozen=True):
    """One id space of a chat, and the part of it that this run is asked for."""

    chat: Chat
    """Whom to ask: the chat itself, or the basic group that it was."""
    window: Interval
    topic_id: int | None = None
    """Set where only one topic of a forum was asked for."""


class ChatProgress(Struct, frozen=True):
    """One chat at one instant, for whoever shows it."""

    id: int
    title: str
    state: ChatState
    done: int
    """Messages of the chat that are safe in the archive."""
    total: int | None
    """About how many there are; None until Telegram told. It counts some that no page gives."""
    new: int
    share: float | None
    """How much of what was asked for is settled, 0 to 1; None while unknown."""
    problem: str = ""
    files: int = 0
    """Files that this run fetched."""
    files_left: int = 0
    """Files that are known to be still to come."""


class ChatRun:
    """Mutable; owned by the exporter, shown through `progress()` and `report()`."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.state = ChatState.QUEUED
        self.histories: tuple[History, ...] = ()
        self.topic: TopicLedger | None = None
        self.reread: dict[int, Interval] = {}
        """What is read again by history, because nobody tells what changed there."""
        self.in_pipe = 0
        """Pages fetched and not yet committed."""
        self.failed_in_row = 0
        """Pages that could not be had since the last that could."""
        self.ids_asked = 0
        """Ids that this run set out to settle."""
        self.ids_settled = 0
        self.before = 0
        """Messages that the archive held when the run began."""
        self.new = 0
        self.updated = 0
        self.deleted = 0
        self.notes = 0
        self.files_open = False
        """Whether files of it are still to come in this run."""
        self.files = 0
        self.file_bytes = 0
        """Files that this run fetched for it, and their bytes."""
        self.files_failed = 0
        self.files_left = 0
        """Files that are known to be still to come."""
        self.counts: dict[tuple[int, int], int] = {}
        """What Telegram counts, by history, and in a takeout by range."""
        self.errors: list[TobsError] = []
        self._files_named = 0

    @property
    def chat(self) -> Chat:
        return self.target.chat

    @property
    def history_ids(self) -> tuple[int, ...]:
        """The ids that its histories have in the archive."""
        old = self.chat.migrated_from
        known = [history.chat.id for history in self.histories]
        return tuple(dict.fromkeys([self.chat.id, *known, *([old] if old else [])]))

    @property
    def was_opened(self) -> bool:
        """Whether it is settled what of it is asked for: nothing, where it is empty or out of reach."""
        return bool(self.histories) or self.state in _OPENED

    @property
    def total(self) -> int | None:
        counted = {history_id for history_id, _ in self.counts}
        if len(counted) < len(self.histories) and self.chat.messages is not None:
            # Of two histories one is not counted yet.
            return max(self.chat.messages, sum(self.counts.values()))
        return sum(self.counts.values()) if self.counts else self.chat.messages

    def counted(self, history_id: int, count: int, part: int = 1) -> None:
        """Take Telegram's count of a history, or of a part of it that begins at the id `part`."""
        self.counts[history_id, part] = count

    def fail(self, error: TobsError) -> None:
        self.errors.append(error)

    def file_failed(self, error: TobsError) -> None:
        """Name a file that could not be had; beyond the first ones, they are counted alone."""
        self._files_named += 1
        if self._files_named <= NAMED_FILES:
            self.fail(error)

    def message_failed(self, message_id: int, why: str) -> None:
        self.fail(MessageFailed(f"message {message_id}: {why}", "The next run tries it again"))

    def progress(self) -> ChatProgress:
        done = self.before + self.new
        if self.state is ChatState.DONE:
            share: float | None = 1.0
        elif not self.ids_asked:
            share = None
        else:
            share = self.ids_settled / self.ids_asked
        return ChatProgress(
            id=self.chat.id,
            title=self.chat.title,
            state=self.state,
            done=done,
            total=self.total,
            new=self.new,
            share=share,
            problem=self.errors[-1].what if self.errors else "",
            files=self.files,
            files_left=self.files_left,
        )

    def report(self, *, total: int, failed: int) -> ChatReport:
        """What came of it; `total` and `failed` are the archive's own counts."""
        return ChatReport(
            id=self.chat.id,
            title=self.chat.title,
            state="incomplete" if self.errors or self.files_failed else _REPORTED[self.state],
            new=self.new,
            updated=self.updated,
            deleted=self.deleted,
            total=total,
            failed=failed,
            notes=self.notes,
            expected=self.total,
            files=self.files,
            files_failed=self.files_failed,
        )

    def reported_errors(self) -> Sequence[ReportedError]:
        reported = [ReportedError(self.chat.title, error.what, error.fix) for error in self.errors]
        if (more := self._files_named - NAMED_FILES) > 0:
            what = f"{more:,} more {'file' if more == 1 else 'files'} could not be had"
            reported.append(ReportedError(self.chat.title, what, "`tobs-tui verify` lists them"))
        return reported


_OPENED = (ChatState.PUBLISHING, ChatState.FILES, ChatState.DONE, ChatState.FAILED)
_REPORTED = {
    ChatState.QUEUED: "not yet",
    ChatState.RUNNING: "incomplete",
    ChatState.STOPPED: "incomplete",
    ChatState.PUBLISHING: "complete",
    ChatState.FILES: "incomplete",
    ChatState.DONE: "complete",
    ChatState.FAILED: "incomplete",
}
