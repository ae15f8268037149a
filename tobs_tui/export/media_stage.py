"""The fourth stage: the files of the messages that commits made known, fetched beside the history.

History never waits for it: what there is to fetch stands in the archive, and a bounded number of files waits
here. A file that fails is kept as failed and named at the end; it stops no other. A drain ends it at part
boundaries, and the next run goes on from there. What waits, comes and is placed is owned here alone: so a
file is never taken twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from tobs_tui import logs
from tobs_tui.archive import ArchiveReader, MediaWant, WantedFile
from tobs_tui.errors import DiskFull, ServerUnreachable, TobsError
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.export.gauges import StageGauge, StageSnapshot
from tobs_tui.export.media_counts import MediaCounts
from tobs_tui.export.media_failures import MediaFailures
from tobs_tui.export.media_fetch import Came, MediaFetch
from tobs_tui.export.media_lanes import QUEUE, Lanes, Waiting, lane_of
from tobs_tui.export.media_plan import Look, MediaHistory, MediaPlan
from tobs_tui.export.media_room import MediaRoom
from tobs_tui.export.media_snapshot import MediaSnapshot, UnderWay, snapshot_of
from tobs_tui.model import Interval
from tobs_tui.telegram.governor import Stopped
from tobs_tui.vault.quantities import counted

PIECE = 500
"""Files read from the archive at once."""
FINISHING = 64
"""So many files that came may wait to be placed before no further one begins."""
LONG_TO_PLACE = 256 << 20
"""A drain leaves larger files, though whole, to the next run: to be placed they are read once more."""


class Router(Protocol):
    """What the stage asks of the way to the DCs."""

    async def prewarm_workers(self, dcs: Sequence[int]) -> None:
        """Connect to them in the background."""

    def pause(self, paused: bool) -> None:
        """Hold requests for files, or let them go on."""


class MediaStage:
    """Owns what waits and what is under way. `run` ends after `finish` once nothing is left.

    :param reader: a connection of its own to the archive: long looks hold up nobody.
    :param allowed: how many requests to a DC may be in flight, as far as that is known.
    :param only: the files (by id) to fetch, where not all that are asked for; those left out are not counted.
    :param ended: told of each chat whose files are all settled.
    """

    def __init__(
        self,
        want: MediaWant,
        reader: ArchiveReader,
        fetch: MediaFetch,
        room: MediaRoom,
        full_disk: FullDisk,
        *,
        timezone: str,
        only: Container[int] | None = None,
        allowed: Callable[[int], int | None],
        router: Router,
        ended: Callable[[ChatRun], None],
        problem: Callable[[int | None, TobsError], None],
        notice: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._want = want
        self._reader = reader
        self._fetch = fetch
        fetch.references.beside = self._beside_of
        self._room = room
        self._full_disk = full_disk
        self._only = only
        self._router = router
        self._ended = ended
        self._problem = problem
        self._notice = notice
        self._plan = MediaPlan()
        self._lanes = Lanes(allowed)
        self._taken: set[int] = set()
        self._dcs: set[int] = set()
        self._under_way: dict[int, UnderWay] = {}
        self._finishing_files = 0
        self._settled: set[ChatRun] = set()
        self._changed = asyncio.Event()
        self._finished = False
        self._stopping = False
        self._paused = False
        self._tasks: asyncio.TaskGroup | None = None
        self._downloading: set[asyncio.Task[None] | None] = set()
        self._beside: set[asyncio.Future[None]] = set()
        self._counts = MediaCounts(reader, clock)
        self._gauge = StageGauge("media", capacity=QUEUE, workers=1, clock=clock)
        self._failures = MediaFailures(fetch, reader, self._counts, self._gauge, timezone)
        self.fatal: TobsError | None = None
        """What ended the stage before its time."""

    # What the run tells

    def opened(self, run: ChatRun) -> None:
        """A chat's histories are known. What the archive has of them already is looked through."""
        if not self._want.kinds:
            return
        for known in run.histories:
            want = replace(self._want, topic_id=known.topic_id)
            history = MediaHistory(run, known.chat, want)
            self._plan.add(history)
            self._plan.know(history, [Interval(1, max(1, known.window.high))])
        run.files_open = bool(run.histories)
        self._counts.count_again(run)
        self._wake()

    def known(self, run: ChatRun, history_id: int, intervals: Sequence[Interval]) -> None:
        """Messages of these ids were committed."""
        history = self._plan.find(history_id, run.target.topic_id)
        if history is not None:
            self._plan.know(history, intervals)
            self._counts.count_soon(run)
            self._wake()

    def heard_of(self, dcs: Sequence[int]) -> None:
        """Files live on these DCs: connect to those that are new."""
        new = [dc for dc in dcs if dc not in self._dcs]
        if new and not self._stopping:
            self._dcs.update(new)
            self._beside.add(asyncio.ensure_future(self._router.prewarm_workers(new)))

    def messages_settled(self, run: ChatRun) -> None:
        """All messages of a chat are there, as far as they can be had."""
        self._settled.add(run)
        for history in self._plan.of(run):
            # Once more all of it: what came by other ways than pages is found, too.
            top = next((known.window.high for known in run.histories if known.chat is history.chat), 1)
            self._plan.know(history, [Interval(1, max(1, top, self._reader.top(history.chat.id)))])
        self._counts.count_again(run)
        self._end_if_through(run)
        self._wake()

    def finish(self) -> None:
        """No more messages will come."""
        self._finished = True
        self._wake()

    def pause(self, paused: bool) -> None:
        """Begin no file until it is let go again. Those under way stand still between two parts."""
        self._paused = paused
        self._router.pause(paused)
        self._wake()

    def stop(self) -> None:
        """Begin nothing more; what is under way ends at a part boundary."""
        self._stopping = True
        self._router.pause(False)
        self._wake()

    def cut(self) -> None:
        """End what is still under way now. Files that came whole are still placed."""
        for task in tuple(self._downloading):
            if task is not None:
                task.cancel()

    # What others see

    def gauge(self) -> StageSnapshot:
        self._gauge.workers = max(1, self._lanes.at_once())
        self._gauge.depth(len(self._lanes))
        return self._gauge.snapshot()

    def snapshot(self) -> MediaSnapshot:
        return snapshot_of(self._counts, self._under_way.values())

    # The stage

    async def run(self) -> None:
        """Fetch what becomes known, until `finish` and nothing is left, or until it is stopped."""
        writing = asyncio.ensure_future(self._fetch.run())
        try:
            await self._tidy()
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                await self._feed()
        finally:
            self._tasks = None
            writing.cancel()
            self.fatal = self._failures.tell(self._problem, self.fatal)

    async def _tidy(self) -> None:
        try:
            missing = await asyncio.to_thread(self._fetch.tidy)
        except TobsError as error:
            logs.error("%s", error.line())  # whatever it is, the files to come meet it again
            return
        if missing:
            self._notice(f"{counted(missing, 'file')} that had been fetched stood in the vault no more")

    async def _feed(self) -> None:
        while not self._over:
            if (run := self._counts.due()) is not None:
                await self._counts.count(run, self._plan.of(run))
                await self._fits()
                continue
            look = None if self._paused else self._plan.next(self._lanes.has_room)
            if look is not None:
                await self._look(look)
            self._begin_files()
            if look is None and not self._over:
                self._changed.clear()
                await self._changed.wait()

    async def _fits(self) -> None:
        """Wait, or end the stage, where what there is to fetch is more than the disk takes."""
        while not self._over:
            try:
                await self._room.check(self._counts.files_left, self._counts.bytes_left, self._exactly)
                return
            except DiskFull as error:
                await self._held(error)

    async def _exactly(self) -> tuple[int, int]:
        return await self._counts.exactly(self._plan.histories)

    async def _held(self, error: DiskFull) -> None:
        try:
            await self._full_disk.wait(error)
        except DiskFull:
            self._end_with(error)

    @property
    def _over(self) -> bool:
        if self._stopping or self.fatal is not None:
            return True
        return self._finished and self._plan.is_through

    async def _look(self, look: Look) -> None:
        """Queue the files of a stretch of messages, as far as there is room."""
        history = look.history
        after = (look.ids.low, 0)
        left_from: int | None = look.ids.low
        try:
            while not self._over:
                piece = await asyncio.to_thread(
                    self._reader.files_wanted, history.chat.id, history.want, after=after, limit=PIECE
                )
                inside = [found for found in piece if found.message_id <= look.ids.high]
                self.heard_of(sorted({found.file.dc for found in inside} - self._dcs))
                left_from = self._queue(look, inside)
                self._begin_files()
                if left_from is not None or len(inside) < PIECE:
                    break
                after = piece[-1].place
                left_from = after[0]
        finally:
            self._plan.ended(look, left_from=left_from)
        self._end_if_through(history.run)

    def _queue(self, look: Look, found: Sequence[WantedFile]) -> int | None:
        """Put files into their lanes; returns the message from which on there was no room for any."""
        history = look.history
        for wanted in found:
            lane = lane_of(wanted.file)
            file_id = wanted.file.id
            if look.lane not in (None, lane) or not self._is_asked(file_id):
                continue
            if self._failures.is_lost(lane.dc):
                self._failures.lose(lane.dc, history, wanted.file)
                continue
            if len(self._lanes) >= QUEUE:
                return wanted.message_id
            if self._lanes.put(Waiting(history, wanted, lane)):
                self._taken.add(file_id)
                history.taken += 1
            elif look.lane is not None:
                return wanted.message_id
            else:
                self._plan.hold(history, lane, wanted.message_id)
        self._gauge.depth(len(self._lanes))
        return None

    def _beside_of(self, waiting: Waiting) -> Iterator[Waiting]:
        """The files whose references have most likely grown old together with this one's."""
        yield from (one.waiting for one in self._under_way.values() if one.waiting.history is waiting.history)
        yield from self._lanes.beside(waiting)

    def _is_asked(self, file_id: int) -> bool:
        if file_id in self._taken or self._failures.is_out(file_id):
            return False
        return self._only is None or file_id in self._only

    def _begin_files(self) -> None:
        assert self._tasks is not None
        while not self._paused and not self._over and self._finishing_files < FINISHING:
            waiting = self._lanes.take()
            if waiting is None:
                break
            task = self._tasks.create_task(self._bring(waiting))
            self._downloading.add(task)
            task.add_done_callback(self._downloading.discard)
        self._gauge.depth(len(self._lanes))

    async def _bring(self, waiting: Waiting) -> None:
        """Fetch one file and have it kept, or keep why it could not be had."""
        under_way = self._under_way[waiting.file.id] = UnderWay(waiting)

        def on_bytes(more: int) -> None:
            under_way.done += more

        again = False
        try:
            try:
                with self._gauge.busy():
                    came = await self._fetch.fetch(waiting, on_bytes)
            finally:
                self._lanes.ended(waiting.lane)
                # What came whole is placed, even when downloads are cut.
                self._downloading.discard(asyncio.current_task())
                self._finishing_files += 1
                self._wake()
            await self._keep(waiting, came)
        except Stopped:
            self._failures.leave(waiting.file.id)
        except Exception as error:  # boundary: whatever one file stumbles over, the others go on
            again = not self._over and self._failures.may_try_again(waiting, error)
            if not again:
                await self._failed(waiting, error)
        finally:
            self._finishing_files -= 1
            self._under_way.pop(waiting.file.id, None)
            if again:
                self._lanes.put_back(waiting)
            else:
                self._taken.discard(waiting.file.id)
                waiting.history.taken -= 1
                self._end_if_through(waiting.history.run)
            self._wake()

    async def _keep(self, waiting: Waiting, came: Came) -> None:
        if self._stopping and came.size > LONG_TO_PLACE:
            return  # It is whole: the next run places it without fetching anything.
        await self._fetch.keep(came)
        self._failures.written()
        self._gauge.done(1)
        self._counts.done(waiting.history.run, waiting.file.size, came.size)
        logs.info("file fetched")

    async def _failed(self, waiting: Waiting, error: Exception) -> None:
        if isinstance(error, ServerUnreachable):
            self._lose(waiting, error)
        elif (fatal := await self._failures.settle(waiting, error)) is not None:
            self._end_with(fatal)

    def _lose(self, waiting: Waiting, error: ServerUnreachable) -> None:
        """A DC can't be reached: its files are left to the next run, all at once."""
        dc = waiting.lane.dc
        logs.error("DC %d: %s", dc, error.what)
        dropped = [waiting, *self._lanes.drop(dc)]
        for each in dropped:
            self._failures.lose(dc, each.history, each.file)
        for each in dropped[1:]:
            self._taken.discard(each.file.id)
            each.history.taken -= 1

    def _end_with(self, error: TobsError) -> None:
        if self.fatal is None:
            self.fatal = error
            logs.error("%s", error.line())
        self.cut()
        self._wake()

    def _end_if_through(self, run: ChatRun) -> None:
        """Tell when a chat's files are all settled."""
        if run not in self._settled or self._stopping or self.fatal is not None:
            return
        histories = self._plan.of(run)
        if all(history.is_through for history in histories):
            self._settled.discard(run)
            self._plan.drop(run)
            self._counts.forget(run)
            run.files_open = False
            self._ended(run)

    def _wake(self) -> None:
        self._changed.set()
