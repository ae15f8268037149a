"""The fetch stage's work: opens chats, hands ranges to workers, asks for pages, judges failures.

It promises that a range is given up only with its reason in the ledger, and that one chat's failure
never stops the others. Committing and publishing are left to others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct

from tobs_tui import logs
from tobs_tui.archive import Archive, Batch
from tobs_tui.archive.ledger import union
from tobs_tui.errors import ChatUnavailable, DiskFull, RangeFailed, ServerUnreachable, TobsError
from tobs_tui.export.census import Census
from tobs_tui.export.changes import Changes
from tobs_tui.export.chat_run import ChatRun, ChatState, History
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.export.job import Job
from tobs_tui.export.judging import Judging, divided, learn
from tobs_tui.export.opening import Opening
from tobs_tui.export.shards import PAGE, Probe, Shard, ShardPlan
from tobs_tui.model import Interval, NoteKey
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.convert import RawPage
from tobs_tui.telegram.governor import Stopped
from tobs_tui.telegram.sharded import Worker

STUCK_AFTER = 3
"""From this try to connect on, a worker's range may be taken over by one that has nothing to do."""

REST = 20.0
"""Seconds after which a worker that lost its connection for good tries again, while others go on."""

LOOK_AGAIN = 1.0
"""Seconds after which an idle worker looks whether another got stuck."""

HOPELESS, HOPELESS_LATER = 5, 25
"""So many pages in a row that can't be had make a chat be given up: before one was had, and after."""

NoteOf = Callable[[int, int | None], NoteKey]


class Order(Struct, frozen=True):
    """One page to ask for."""

    run: ChatRun
    history: History
    shard: Shard
    below: int
    """Only ids below this one were asked for; the range may have moved on meanwhile."""


class Fetched(Struct, frozen=True):
    """One answered page and the ids of the asking range that it settles."""

    run: ChatRun
    history: History
    raw: RawPage
    covers: Interval


class Fetching:
    """Owns the plan of ranges and the queue of chats; the pipeline's workers call `take` and `fetch`."""

    def __init__(
        self,
        job: Job,
        runs: Sequence[ChatRun],
        *,
        account: Account,
        archive: Archive,
        full_disk: FullDisk,
        changes: Changes,
        workers: int,
        worker_of: Callable[[int], Worker],
        note_of: NoteOf,
        stopping: Callable[[], bool],
        opened: Callable[[ChatRun], None],
        ended: Callable[[ChatRun], None],
    ) -> None:
        self._opening_of = Opening(job, account, archive)
        self._archive = archive
        self._full_disk = full_disk
        self._changes = changes
        self._workers = workers
        self._worker_of = worker_of
        self._note_of = note_of
        self._stopping = stopping
        self._opened = opened
        self._ended = ended
        self._waiting = deque(runs)
        self._plan = ShardPlan()
        self._opening = 0
        self._owners: dict[History, ChatRun] = {}
        self._judging = Judging()
        self._gone: set[int] = set()
        self._asking: set[int] = set()
        self._changed = asyncio.Event()
        self.paused = False
        self.idle: set[int] = set()
        """The workers that wait for something to do."""
        self.fatal: TobsError | None = None
        """What ended the fetching of every chat: a lost login, a server out of reach for all workers."""

    async def take(self, number: int) -> Order | None:
        """The next page for this worker; waits while only others have work; None when it may go home."""
        while not self._sent_home(number):
            if self.paused:
                await self._until_changed()
                continue
            if number in self._gone:
                await self._rest(number)
                continue
            shard = self._plan.take(number)
            if shard is not None:
                return self._order(shard)
            if self._waiting:
                await self._open(self._waiting.popleft(), number)
            elif (probe := self._plan.probe()) is not None:
                await self._ask_where(probe, number)
            elif (shard := self._plan.take_over(number, self._stuck())) is not None:
                return self._order(shard)
            elif len(self._plan) or self._opening:
                await self._idle(number)
            else:
                break
        if (held := self._plan.held_by(number)) is not None:
            self._plan.release(held, number)
        self.wake()
        return None

    def keep_opened(self) -> None:
        """Keep what was asked for of the chats opened so far; to be called when no more will be."""
        self._opening_of.keep_scopes()

    def wake(self) -> None:
        """Let waiting workers look again: something changed, or the run stops."""
        self._changed.set()

    def set_workers(self, count: int) -> None:
        """Send workers above this number home; what they held goes to the others."""
        self._workers = count
        self.wake()

    async def sent_home(self, patience: float) -> None:
        """Wait, for so many seconds, until workers above the number have the answers they wait for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while any(number >= self._workers for number in self._asking):
                    await self._until_changed()

    def pause(self, paused: bool) -> None:
        """Hand out nothing more until it is let go again."""
        self.paused = paused
        self.wake()

    def range_of(self, number: int) -> tuple[int, Interval, int] | None:
        """What a worker reads: the chat's id, the ids left to it, and where its range began."""
        shard = self._plan.held_by(number)
        if shard is None or not shard.ids_left:
            return None
        history: History = shard.history  # type: ignore[assignment]
        return history.chat.id, Interval(shard.low, shard.below - 1), shard.high

    async def fetch(self, number: int, order: Order) -> Fetched | None:
        """Ask for one page; a failure settles what it means and gives None."""
        shard = order.shard
        self._asking.add(number)
        try:
            raw = await self._worker_of(number).page(
                order.history.chat,
                order.below,
                shard.limit,
                topic_id=order.history.topic_id,
                within=shard.within,
            )
        except Stopped:
            self._plan.release(shard, number)
            return None
        except RangeFailed as error:
            self._fail_page(order, error)
            return None
        except TobsError as error:
            self._plan.release(shard, number)
            self._lose(number, order.run, error)
            return None
        finally:
            self._asking.discard(number)
            self.wake()
        return self._settle(order, raw)

    def committed(self, run: ChatRun) -> None:
        """A page of this chat is in the archive: perhaps its last."""
        self._end_when_settled(run)

    def _settle(self, order: Order, raw: RawPage) -> Fetched | None:
        run, history, shard = order.run, order.history, order.shard
        try:
            answered = self._judging.settled_by(shard, raw, history.chat.top_id)
        except RangeFailed as error:
            self._fail_page(order, error)
            return None
        if answered is None:
            return None
        count = getattr(raw.answer, "count", None)
        if count is not None:
            run.counted(history.chat.id, count, part=raw.lowest)
        learn(shard, raw, answered, history.chat.top_id)
        covers = shard.settle(answered)
        if covers is None:
            # Another worker, which took the range over, was quicker.
            return None
        self._judging.forget(shard)
        run.failed_in_row = 0
        run.in_pipe += 1
        run.ids_settled += len(covers)
        if not shard.ids_left:
            self._plan.finish(shard)
        return Fetched(run, history, raw, covers)

    def _order(self, shard: Shard) -> Order:
        history: History = shard.history  # type: ignore[assignment]
        return Order(self._owners[history], history, shard, shard.below)

    def _sent_home(self, number: int) -> bool:
        return self._stopping() or self.fatal is not None or number >= self._workers

    def _stuck(self) -> Iterator[int]:
        """The workers that have tried in vain for some time to get their connection back."""
        return (each for each in range(self._workers) if self._worker_of(each).state.tries >= STUCK_AFTER)

    async def _idle(self, number: int) -> None:
        self.idle.add(number)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._until_changed()
        finally:
            self.idle.discard(number)

    async def _rest(self, number: int) -> None:
        """Let a worker without connection wait until it may try again, or there is nothing left to do."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REST):
                while not self._sent_home(number) and (len(self._plan) or self._waiting or self._opening):
                    await self._until_changed()
        self._gone.discard(number)

    async def _ask_where(self, probe: Probe, number: int) -> None:
        """Have a worker that has nothing to do ask where a range is best cut. Nothing depends on it."""
        order = self._order(probe.shard)
        found: int | None = None
        try:
            raw = await self._worker_of(number).page(
                order.history.chat,
                probe.below,
                1,
                add_offset=probe.skip,
                topic_id=order.history.topic_id,
                within=probe.shard.within,
            )
            found = next((message.id for message in getattr(raw.answer, "messages", ())), None)
        except Stopped:
            pass
        except (RangeFailed, ChatUnavailable) as error:
            logs.info("no even division, as Telegram answers %s", type(error).__name__)
        except TobsError as error:
            self._lose(number, order.run, error)
        finally:
            self._plan.cut(probe, found)
            self.wake()

    async def _until_changed(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _open(self, run: ChatRun, number: int) -> None:
        self._opening += 1
        try:
            await self._plan_chat(run, self._worker_of(number))
        except Stopped:
            run.state = ChatState.QUEUED
            self._waiting.appendleft(run)
        except DiskFull as error:
            await self._open_again(run, error)
        except RangeFailed as error:
            self._give_up(run, error)
        except TobsError as error:
            self._lose(number, run, error)
        finally:
            self._opening -= 1
            self.wake()

    async def _open_again(self, run: ChatRun, error: DiskFull) -> None:
        try:
            await self._full_disk.wait(error)
        except DiskFull:
            self.fatal = error
        else:
            run.state = ChatState.QUEUED
            self._waiting.appendleft(run)

    async def _plan_chat(self, run: ChatRun, worker: Worker) -> None:
        run.state = ChatState.RUNNING
        run.before = sum(map(self._archive.count, run.history_ids))
        histories = await self._opening_of.histories(run, worker)
        await self._changes.check(run, histories)
        run.histories = histories
        for history in run.histories:
            self._owners[history] = run
            self._put_up(run, history, worker.ranges_of(history.chat))
        self._opened(run)
        self._end_when_settled(run)

    def _put_up(self, run: ChatRun, history: History, split_ranges: Sequence[Interval]) -> None:
        reread = run.reread.get(history.chat.id)
        missing = union([*self._opening_of.missing(run, history), *([reread] if reread else [])])
        if missing:
            self.keep_opened()
        run.ids_asked += sum(len(interval) for interval in missing)
        # Ids shared with other chats or topics tell nothing of how many messages there are.
        own_ids = history.chat.type.has_own_ids and history.topic_id is None
        rest = list(missing)
        for within in split_ranges:
            inside, rest = divided(rest, within)
            self._plan.add(history, inside, Census(None, within.low), within)
        self._plan.add(history, rest, Census(1.0 if own_ids else None))

    def _fail_page(self, order: Order, error: RangeFailed) -> None:
        """Give up the ids that the next page would most likely hold, with the reason, and go on below."""
        run, history, shard = order.run, order.history, order.shard
        failed = Interval(max(shard.low, shard.below - PAGE), shard.below - 1)
        self._note_failed(history, [failed], error)
        run.fail(error)
        shard.settle(failed)
        self._judging.forget(shard)
        run.failed_in_row += 1
        if run.failed_in_row >= (HOPELESS_LATER if run.ids_settled else HOPELESS):
            self._give_up(run, ChatUnavailable("the rest was given up: no page of it can be had"))
            return
        if not shard.ids_left:
            self._plan.finish(shard)
            self._end_when_settled(run)

    def _lose(self, number: int, run: ChatRun, error: TobsError) -> None:
        """Decide whom an error stops: a chat, a worker, or all."""
        match error:
            case ChatUnavailable():
                self._give_up(run, error)
            case ServerUnreachable():
                self._gone.add(number)
                logs.warning("worker %d: %s", number + 1, error.what)
                if not run.histories:
                    self._waiting.appendleft(run)
                if all(each in self._gone for each in range(self._workers)):
                    self.fatal = error
            case _:
                self.fatal = error

    def _give_up(self, run: ChatRun, error: TobsError) -> None:
        """End a chat; the ledger holds what is missing of it as failed. Other workers may learn it, too."""
        if run.state is ChatState.FAILED:
            return
        for history in run.histories:
            self._note_failed(history, self._plan.drop(history), error)
        run.fail(error)
        run.state = ChatState.FAILED
        self._ended(run)

    def _note_failed(self, history: History, ranges: Sequence[Interval], error: TobsError) -> None:
        # Most ids of a topic's range are other topics': the forum's ledger must not call them failed.
        if not ranges or history.topic_id is not None:
            return
        self._archive.commit(
            Batch(
                chat_id=history.chat.id,
                failed=tuple((interval, error.what) for interval in ranges),
            ),
            self._note_of,
        )

    def _end_when_settled(self, run: ChatRun) -> None:
        if run.state is not ChatState.RUNNING or run.in_pipe:
            return
        if not any(True for history in run.histories for _ in self._plan.of(history)):
            self._changes.settle(run)
            self._ended(run)
