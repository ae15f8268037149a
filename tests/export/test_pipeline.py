"""The three stages: order kept out of it, nothing lost, a stopped writer stops the fetching."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tobs_tui.export.pipeline import AsyncPipeline

Unit = tuple[int, int]


class Source:
    """Hands out numbers, a page of three items each."""

    def __init__(self, pages: int) -> None:
        self.left = list(range(pages))
        self.fetched = 0

    async def take(self, worker: int) -> int | None:
        return self.left.pop(0) if self.left else None

    async def fetch(self, worker: int, order: int) -> Unit:
        await asyncio.sleep(0)
        self.fetched += 1
        return (order, 3)


class Sink:
    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.written: list[int] = []
        self.batches: list[int] = []

    async def write(self, units: Sequence[Unit]) -> None:
        await self.open.wait()
        self.batches.append(sum(count for _, count in units))
        self.written.extend(number for number, _ in units)


def pipeline(source: Source, sink: Sink, **options: Any) -> AsyncPipeline[int, Unit, Unit]:
    return AsyncPipeline(
        take=source.take,
        fetch=source.fetch,
        process=lambda unit: unit,
        write=sink.write,
        size=lambda unit: unit[1],
        **options,
    )


@pytest.mark.parametrize("workers", [1, 2, 7])
async def test_everything_fetched_is_written_once(workers: int) -> None:
    source, sink = Source(100), Sink()
    run = pipeline(source, sink, workers=workers, fetch_queue=4, process_queue=2)
    await run.run()
    assert sorted(sink.written) == list(range(100))
    snapshot = run.snapshot()
    assert [stage.items for stage in snapshot.stages()] == [300, 300, 300]
    assert snapshot.process.high_water <= 4
    assert snapshot.write.high_water <= 2


async def test_a_stopped_writer_stops_the_fetching() -> None:
    source, sink = Source(1000), Sink()
    sink.open.clear()
    run = pipeline(source, sink, workers=3, fetch_queue=5, process_queue=4, batch_items=6)
    task = asyncio.create_task(run.run())
    before = -1
    while source.fetched != before:
        before = source.fetched
        for _ in range(200):
            await asyncio.sleep(0)
    # Two queues, one unit in each fetch worker's and the processor's hands, one batch of two at the writer.
    assert 5 + 4 <= source.fetched <= 5 + 4 + 3 + 1 + 2
    assert not sink.written
    assert run.snapshot().process.queued == 5
    sink.open.set()
    await task
    assert sorted(sink.written) == list(range(1000))


async def test_batches_gather_what_is_ready() -> None:
    source, sink = Source(50), Sink()
    sink.open.clear()
    run = pipeline(source, sink, workers=2, fetch_queue=50, process_queue=50, batch_items=30)
    task = asyncio.create_task(run.run())
    for _ in range(500):
        await asyncio.sleep(0)
    sink.open.set()
    await task
    assert max(sink.batches) == 30


async def test_in_turn_writes_the_same() -> None:
    source, sink = Source(20), Sink()
    run = pipeline(source, sink, workers=1)
    await run.run_in_turn()
    assert sink.written == list(range(20))
    assert run.snapshot().fetch.high_water == 1


async def test_a_failing_writer_ends_the_run() -> None:
    class FullDisk(Exception):
        pass

    source, sink = Source(100), Sink()

    async def write(units: Sequence[Unit]) -> None:
        raise FullDisk

    run: AsyncPipeline[int, Unit, Unit] = AsyncPipeline(
        take=source.take,
        fetch=source.fetch,
        process=lambda unit: unit,
        write=write,
        size=lambda unit: unit[1],
        workers=4,
        fetch_queue=2,
        process_queue=2,
    )
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(run.run(), 5)
    assert raised.value.subgroup(FullDisk) is not None
    assert not sink.written


async def test_waiting_and_busy_are_timed_apart() -> None:
    now = 0.0

    class Slow(Source):
        async def fetch(self, worker: int, order: int) -> Unit:
            nonlocal now
            now += 2.0
            return (order, 1)

        async def take(self, worker: int) -> int | None:
            nonlocal now
            now += 0.5
            return await super().take(worker)

    source, sink = Slow(4), Sink()
    run: AsyncPipeline[int, Unit, Unit] = AsyncPipeline(
        take=source.take,
        fetch=source.fetch,
        process=lambda unit: unit,
        write=sink.write,
        size=lambda unit: unit[1],
        clock=lambda: now,
    )
    await run.run()
    fetch = run.snapshot().fetch
    assert fetch.busy_s == pytest.approx(8.0)
    assert fetch.wait_s == pytest.approx(2.5)
    assert fetch.p50_s == pytest.approx(2.0)


async def test_workers_asked_for_while_the_last_ones_go_home_do_not_come() -> None:
    source, sink = Source(60), Sink()
    run = pipeline(source, sink, workers=2, fetch_queue=4, process_queue=2)
    running = asyncio.ensure_future(run.run())
    count = 0
    while not running.done():
        count += 1
        await asyncio.sleep(0)
        run.set_workers(2 + count % 7)
    await running
    assert sorted(sink.written) == list(range(60))
