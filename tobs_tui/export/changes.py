"""What was edited or deleted since the last run: asked by update state where the server tells, else re-read.

Channels and supergroups have a counter each (`pts:<chat>`), known from before the first page was asked for.
The state moves on only after all that it told is committed, so that a kill repeats and loses nothing. What
can't be told is read again: all that is held, newest first, up to a bound, where a state was lost; a short
window where the server has no states. Private chats and basic groups are `account_changes.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tobs_tui import logs
from tobs_tui.archive import Archive, Batch
from tobs_tui.errors import DiskFull, TobsError
from tobs_tui.export.account_changes import AccountChanges
from tobs_tui.export.applying import Applying, NoteOf
from tobs_tui.export.chat_run import ChatRun, History
from tobs_tui.export.job import Job
from tobs_tui.model import Chat, Interval
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.differences import Difference, NotTold, channel_difference

LOST_WINDOW = 10_000
"""Messages read again where the state was lost: at most 100 requests a chat, once."""
ACTIVE_WINDOW, QUIET_WINDOW = 1_000, 100
"""Messages read again in each run where the server has no states: in chats with something new, in others."""
MOST_EVENTS = 100_000
"""A difference that tells more is not read to its end; reading again is cheaper."""


class Changes:
    """Asked when a chat is opened, told of re-read pages, and settled when all of a chat is committed."""

    def __init__(
        self,
        job: Job,
        runs: Sequence[ChatRun],
        *,
        account: Account,
        archive: Archive,
        note_of: NoteOf,
        problem: Callable[[int | None, TobsError], None],
        notice: Callable[[str], None],
    ) -> None:
        self._job = job
        self._account = account
        self._archive = archive
        self._notice = notice
        self._applying = Applying(runs, archive, note_of, accept=job.accept_deletions, problem=problem)
        self._of_account = AccountChanges(account, archive, self._applying)
        self._no_differences = False
        self._reached: dict[int, int] = {}
        """The counters to keep once what could not be told was read again."""
        self._no_longer_stale: set[int] = set()
        """Private chats and basic groups of which that is so."""
        self._turns: dict[int, asyncio.Lock] = {}

    async def check(self, run: ChatRun, histories: Sequence[History]) -> None:
        """Take over what the server tells of these histories; what must be read again stands in `run.reread`.

        :raises Stopped: :raises NotLoggedIn: :raises ServerUnreachable: nothing is lost, ask again.
        """
        for history in histories:
            chat = history.chat
            if chat.type.has_own_ids:
                # Two topics of one forum are opened as two runs.
                async with self._turns.setdefault(chat.id, asyncio.Lock()):
                    window = await self._check_channel(history)
            else:
                window = await self._check_shared(history)
            part = _common(window, history.window) if window is not None else None
            if part is not None:
                run.reread[chat.id] = part
            if part != window or history.topic_id is not None:
                # Only some of it is looked at again: the state stays where it is.
                self._reached.pop(chat.id, None)
                self._no_longer_stale.discard(chat.id)
            self._tell_kept(chat)

    def missed(self, run: ChatRun, history_id: int, covers: Sequence[Interval], came: set[int]) -> None:
        """Compare re-read ids with what came: what is held and didn't come was deleted."""
        if not (self._job.recheck or history_id in run.reread):
            return
        topic_id = run.target.topic_id
        for cover in covers:
            held = self._archive.live_ids(history_id, cover, topic_id=topic_id)
            self._applying.deleted(
                history_id, [each for each in held if each not in came and each != topic_id]
            )
        if self._job.accept_deletions:
            self._applying.mark(history_id)

    def settle(self, run: ChatRun) -> None:
        """All pages of the chat are committed: mark what is deleted, and go on from the state reached."""
        whole = not run.errors  # a range that failed was not read again
        try:
            for history in run.histories:
                self._settle(history, whole=whole)
        except DiskFull as error:
            run.fail(error)  # the state stays where it was, so that the next run finds the same

    def _settle(self, history: History, *, whole: bool) -> None:
        chat_id = history.chat.id
        self._applying.mark(chat_id)
        if not whole:
            return
        if self._job.recheck and not self._job.span.bounded and history.topic_id is None:
            self._applying.forget_kept(chat_id)
        if chat_id in self._reached:
            self._keep(chat_id, self._reached.pop(chat_id))
        if chat_id in self._no_longer_stale:
            self._of_account.reread(chat_id)

    async def _check_channel(self, history: History) -> Interval | None:
        chat = history.chat
        kept = self._kept(chat.id)
        if kept is None:
            if self._archive.newest_ids(chat.id, 1) is None:
                # Nothing was asked for yet: whatever changes from now on is told after this counter.
                if chat.pts is not None:
                    self._keep(chat.id, chat.pts)
                return None
            if chat.pts is None:
                return self._short_window(history)
            return self._lost(chat, chat.pts)
        if kept == chat.pts:
            return None
        if self._no_differences:
            return self._without_differences(history)
        try:
            reached = await self._apply(history, kept)
        except NotTold as error:
            logs.warning("%s: what changed is not told: %s", chat.title, error)
            self._no_differences = self._no_differences or error.lacking
            return self._without_differences(history) if error.lacking else self._short_window(history)
        if reached.too_long:
            return self._lost(chat, reached.pts if reached.pts is not None else chat.pts)
        return None

    async def _apply(self, history: History, pts: int) -> Difference:
        """Commit slice after slice; the counter moves once all are in. A kill in between repeats them."""
        chat = history.chat
        events = 0
        while True:
            told = await channel_difference(self._account, chat, pts)
            if told.too_long or told.pts is None:
                return told
            stuck = not told.final and told.pts <= pts
            events += told.events
            if stuck or events > MOST_EVENTS:
                return Difference(pts=told.pts, too_long=True)
            taken = self._take_new(history, told)
            self._applying.apply(told, passing_over=taken)
            self._applying.deleted(chat.id, self._archive.live_of(chat.id, told.deleted))
            pts = told.pts
            if told.final:
                break
        self._applying.mark(chat.id)
        self._keep(chat.id, pts)
        return told

    def _take_new(self, history: History, told: Difference) -> set[int]:
        """Commit new messages, where every id between them is told too: no page has to bring them; their ids.

        A gap would cost a page of its own; then all of the slice is left to the pages.
        """
        if history.topic_id is not None:
            return set()
        new = {
            message.id: message
            for message in told.messages
            if (message.chat_id, message.id) in told.new and message.id in history.window
        }
        for held in self._archive.get_many(history.chat.id, new):
            del new[held]
        if not new:
            return set()
        span = Interval(min(new), max(new))
        if len(new) + sum(number in span for number in told.deleted) < len(span):
            return set()
        self._applying.commit(
            Batch(chat_id=history.chat.id, messages=tuple(new.values()), people=told.people, covers=(span,))
        )
        return set(new)

    async def _check_shared(self, history: History) -> Interval | None:
        chat = history.chat
        if not await self._of_account.learn():
            return self._short_window(history)
        if not self._of_account.is_stale(chat.id):
            return None
        self._no_longer_stale.add(chat.id)
        return self._lost_window(chat)

    def _lost(self, chat: Chat, reached: int | None) -> Interval | None:
        if reached is not None:
            self._reached[chat.id] = reached
        return self._lost_window(chat)

    def _lost_window(self, chat: Chat) -> Interval | None:
        window = self._archive.newest_ids(chat.id, LOST_WINDOW)
        count = self._archive.count(chat.id)
        if count > LOST_WINDOW:
            self._notice(
                f"{chat.title}: Telegram no longer tells what changed since the last run; the newest"
                f" {LOST_WINDOW:,} messages were read again (`--recheck` reads all {count:,})"
            )
        return window

    def _without_differences(self, history: History) -> Interval | None:
        if history.chat.pts is not None:
            self._reached[history.chat.id] = history.chat.pts
        return self._short_window(history)

    def _short_window(self, history: History) -> Interval | None:
        chat_id = history.chat.id
        missing = self._archive.missing(chat_id, history.window)
        something_new = bool(missing) and missing[-1].high == history.window.high
        return self._archive.newest_ids(chat_id, ACTIVE_WINDOW if something_new else QUIET_WINDOW)

    def _tell_kept(self, chat: Chat) -> None:
        count = self._applying.kept(chat.id)
        if count and not self._job.recheck:
            self._notice(
                f"{chat.title}: {count:,} messages that seemed deleted in Telegram were kept by an earlier"
                f" run; `tobs-tui export {chat.id} --recheck --accept-deletions` marks them"
            )

    def _kept(self, chat_id: int) -> int | None:
        value = self._archive.meta(f"pts:{chat_id}")
        return int(value) if value else None

    def _keep(self, chat_id: int, pts: int) -> None:
        self._archive.set_meta(f"pts:{chat_id}", str(pts))


def _common(one: Interval, other: Interval) -> Interval | None:
    low, high = max(one.low, other.low), min(one.high, other.high)
    return Interval(low, high) if low <= high else None
