"""What of a chat a run has to ask for: its histories, the ids that dates mean, what is missing of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tobs_tui.archive import Archive, Scope, TopicLedger
from tobs_tui.export.chat_run import ChatRun, History
from tobs_tui.export.job import Job
from tobs_tui.model import Chat, ChatType, Interval
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import forum_topics, with_old_history
from tobs_tui.telegram.sharded import Worker

_LAST_DATE = 2**31 - 1
MOST_PENDING = 64
"""Chats whose scope may wait for the next commit."""


class Opening:
    """Opens the chats of one job. Asks Telegram only for what the archive and the chat list don't tell."""

    def __init__(self, job: Job, account: Account, archive: Archive) -> None:
        self._job = job
        self._account = account
        self._archive = archive
        self._pending: list[tuple[int, Scope]] = []

    async def histories(self, run: ChatRun, worker: Worker) -> tuple[History, ...]:
        """The chat's histories, each with its window; see `keep_scopes` for what is kept of it."""
        chat = await self._with_topics(await self._with_old_history(run.chat))
        self._archive.save_chats([chat])
        topic_id = run.target.topic_id
        if topic_id is not None:
            run.topic = TopicLedger(self._archive, chat.id, topic_id)
            window = await self._window(chat, worker)
            return (History(chat, window, topic_id),) if window else ()
        found = []
        for source in _sources(chat):
            window = await self._window(source, worker)
            if window is not None:
                self._keep_scope(source, window)
                found.append(History(source, window))
        return tuple(found)

    def missing(self, run: ChatRun, history: History) -> Sequence[Interval]:
        """The ids to ask for."""
        if self._job.recheck:
            return [history.window]
        if run.topic is not None:
            return run.topic.ask(history.window, self._job.media)
        return self._archive.progress(history.chat.id).missing_within(history.window)

    def keep_scopes(self) -> None:
        """Keep in the archive what was asked for of the chats opened since the last call.

        To be called before the first page of one is asked for, and at the end: a commit of its own for each
        of a thousand chats that have nothing new would take longer than all the rest.
        """
        if self._pending:
            self._archive.record_scopes(self._pending)
            self._pending.clear()

    def _keep_scope(self, source: Chat, window: Interval) -> None:
        span = self._job.span
        scope = Scope(
            since=span.since, until=span.until, low=window.low, high=window.high, media=self._job.media
        )
        self._pending.append((source.id, scope))
        if len(self._pending) >= MOST_PENDING:
            self.keep_scopes()

    async def _window(self, chat: Chat, worker: Worker) -> Interval | None:
        """The ids that the run's dates mean in this history; None where it has none."""
        since, until = self._job.span.since, self._job.span.until
        top = chat.top_id or await worker.newest_id(chat)
        # What stood above and was deleted before it was read has to be asked for, too, and is then empty.
        top = max(top, self._archive.top(chat.id))
        # Telegram's dates are 32 bits wide: no message is older than 0 or newer than their last.
        if until is not None and top and until <= _LAST_DATE:
            top = min(top, await worker.newest_before(chat, until)) if until > 0 else 0
        low = 1
        if since is not None and top and since > 0:
            low = top + 1 if since > _LAST_DATE else await worker.newest_before(chat, since) + 1
        return Interval(low, top) if low <= top else None

    async def _with_old_history(self, chat: Chat) -> Chat:
        """The chat with what is known of the basic group that it was; Telegram is asked once."""
        if chat.type not in (ChatType.SUPERGROUP, ChatType.FORUM):
            return chat
        asked = f"asked_old_history:{chat.id}"
        stored = self._archive.chat(chat.id)
        if stored is not None and self._archive.meta(asked):
            old = stored.chat
            return replace(chat, migrated_from=old.migrated_from, migrated_top_id=old.migrated_top_id)
        chat = await with_old_history(self._account, chat)
        self._archive.set_meta(asked, "1")
        return chat

    async def _with_topics(self, chat: Chat) -> Chat:
        """A forum with its topics' titles, asked each time: there may be new ones."""
        if chat.type is not ChatType.FORUM:
            return chat
        return replace(chat, topics=await forum_topics(self._account, chat))


def _sources(chat: Chat) -> list[Chat]:
    if chat.migrated_from is None:
        return [chat]
    old = Chat(id=chat.migrated_from, type=ChatType.GROUP, title=chat.title, top_id=chat.migrated_top_id)
    return [chat, old]
