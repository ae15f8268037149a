"""fetch -> process -> write over two bounded queues: a slow stage holds back the ones before it.

The pipeline moves units and times them; what a unit is, where it comes from and where it goes are the
functions that it is given. It ends when every fetch worker was told that nothing is left and all that
was fetched is written, or with the first exception of a stage.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from msgspec import Struct

from tobs_tui.export.gauges import StageGauge, StageSnapshot

Order = TypeVar("Order")
Raw = TypeVar("Raw")
Ready = TypeVar("Ready")


class PipelineSnapshot(Struct, frozen=True):
    """All stages at one instant, in the order in which a message meets them."""

    fetch: StageSnapshot
    process: StageSnapshot
    write: StageSnapshot

    def stages(self) -> tuple[StageSnapshot, ...]:
        return (self.fetch, self.process, self.write)


class AsyncPipeline(Generic[Order, Raw, Ready]):
    """Three stages with bounded queues between them, each timed apart.

    `take(worker)` waits for what that worker shall fetch next; None sends it home. `fetch` gets one unit,
    or None where nothing came of it. `process` turns it into what is written, on the loop. `write` takes
    what has gathered, about `batch_items` items or what came within `linger` seconds, and returns when it
    is safe on disk: a commit's cost is its flush to disk, whatever is in it. `size` counts a unit's items.
    """

    def __init__(
        self,
        *,
        take: Callable[[int], Awaitable[Order | None]],
        fetch: Callable[[int, Order], Awaitable[Raw | None]],
        process: Callable[[Raw], Ready],
        write: Callable[[Sequence[Ready]], Awaitable[None]],
        size: Callable[[Ready], int],
        workers: int = 1,
        process_workers: int = 1,
        fetch_queue: int = 64,
        process_queue: int = 256,
        batch_items: int = 500,
        linger: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._take = take
        self._fetch = fetch
        self._process = process
        self._write = write
        self._size = size
        self._batch_items = batch_items
        self._linger = linger
        self._pages: asyncio.Queue[Raw] = asyncio.Queue(fetch_queue)
        self._batches: asyncio.Queue[Ready] = asyncio.Queue(process_queue)
        self._workers = workers
        self._in_flight = 0
        self._group: asyncio.TaskGroup | None = None
        self._fetchers: dict[int, asyncio.Task[None]] = {}
        self.fetch_gauge = StageGauge("fetch", capacity=workers, workers=workers, clock=clock)
        self.process_gauge = StageGauge("process", capacity=fetch_queue, workers=process_workers, clock=clock)
        self.write_gauge = StageGauge("write", capacity=process_queue, workers=1, clock=clock)

    def snapshot(self) -> PipelineSnapshot:
        return PipelineSnapshot(
            fetch=self.fetch_gauge.snapshot(),
            process=self.process_gauge.snapshot(),
            write=self.write_gauge.snapshot(),
        )

    @property
    def in_pipe(self) -> int:
        """Units fetched but not yet written, those in a stage's hands left out."""
        return self._pages.qsize() + self._batches.qsize()

    async def run(self) -> None:
        """Run the stages side by side until all is written."""
        async with asyncio.TaskGroup() as stages:
            processors = [
                stages.create_task(self._process_stage()) for _ in range(self.process_gauge.workers)
            ]
            writer = stages.create_task(self._write_stage())
            async with asyncio.TaskGroup() as fetchers:
                self._group = fetchers
                self.set_workers(self._workers)
            await self._pages.join()
            for task in processors:
                task.cancel()
            await self._batches.join()
            writer.cancel()

    async def run_in_turn(self) -> None:
        """Run the same stages one unit at a time, with one worker: for comparison and debugging."""
        async with asyncio.TaskGroup() as alone:
            self._fetchers[0] = alone.create_task(self._all_in_turn())

    def set_workers(self, count: int) -> None:
        """Have so many fetch workers from now on; one too many goes home when `take` sends it.

        Once the last has gone home none comes any more.
        """
        self._workers = count
        self.fetch_gauge.workers = self.fetch_gauge.capacity = count
        for number in range(count):
            if self._group is not None and number not in self._fetchers:
                task = self._group.create_task(self._fetch_stage(number))
                self._fetchers[number] = task
                task.add_done_callback(partial(self._gone_home, number))

    def stop_fetching(self) -> None:
        """End the fetch workers where they stand; what they have handed on is still written."""
        for task in tuple(self._fetchers.values()):
            task.cancel()

    def _gone_home(self, number: int, _task: asyncio.Task[None]) -> None:
        del self._fetchers[number]
        if not self._fetchers:
            self._group = None  # it is finished, and takes no one in

    async def _all_in_turn(self) -> None:
        while (order := await self._take(0)) is not None:
            raw = await self._fetch_one(0, order)
            if raw is not None:
                await self._write_some([self._process_one(raw)])

    async def _fetch_stage(self, worker: int) -> None:
        while worker < self._workers:
            with self.fetch_gauge.waiting():
                order = await self._take(worker)
            if order is None:
                return
            raw = await self._fetch_one(worker, order)
            if raw is None:
                continue
            with self.fetch_gauge.waiting():
                await self._pages.put(raw)
            self.process_gauge.depth(self._pages.qsize())

    async def _process_stage(self) -> None:
        while True:
            with self.process_gauge.waiting():
                raw = await self._pages.get()
            self.process_gauge.depth(self._pages.qsize())
            ready = self._process_one(raw)
            with self.process_gauge.waiting():
                await self._batches.put(ready)
            self.write_gauge.depth(self._batches.qsize())
            self._pages.task_done()
            await asyncio.sleep(0)  # a queue that is not empty never yields; keys must be answered

    async def _write_stage(self) -> None:
        while True:
            with self.write_gauge.waiting():
                gathered = await self._gather()
            self.write_gauge.depth(self._batches.qsize())
            await self._write_some(gathered)
            for _ in gathered:
                self._batches.task_done()

    async def _gather(self) -> list[Ready]:
        """A batch's worth of units, or those that come within `linger` seconds of the first."""
        gathered = [await self._batches.get()]
        items = self._size(gathered[0])
        with suppress(TimeoutError):
            async with asyncio.timeout(self._linger):
                while items < self._batch_items:
                    gathered.append(await self._batches.get())
                    items += self._size(gathered[-1])
        return gathered

    async def _fetch_one(self, worker: int, order: Order) -> Raw | None:
        self._in_flight += 1
        self.fetch_gauge.depth(self._in_flight)
        try:
            with self.fetch_gauge.busy():
                return await self._fetch(worker, order)
        finally:
            self._in_flight -= 1
            self.fetch_gauge.depth(self._in_flight)

    def _process_one(self, raw: Raw) -> Ready:
        with self.process_gauge.busy():
            ready = self._process(raw)
        items = self._size(ready)
        self.fetch_gauge.done(items)
        self.process_gauge.done(items)
        return ready

    async def _write_some(self, gathered: Sequence[Ready]) -> None:
        with self.write_gauge.busy():
            await self._write(gathered)
        self.write_gauge.done(sum(map(self._size, gathered)))
