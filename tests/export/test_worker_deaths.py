"""Workers whose connection dies: what they held goes to others, and they come back when it does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from tobs_tui.archive import ArchiveReader
from tobs_tui.demo.knobs import Knobs
from tobs_tui.export import fetching
from tobs_tui.export.report import RunStatus
from tobs_tui.telegram import sharded

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]


class Killer:
    """Ends workers' connections, and refuses them new ones until they are let live."""

    def __init__(self, made: Lab) -> None:
        self._made = made
        self._open: dict[int, Any] = {}

    def worker(self, number: int) -> Any:
        assert self._made.exporter is not None
        assert self._made.exporter._manager is not None
        return self._made.exporter._manager.workers[number]

    async def kill(self, number: int) -> None:
        async def refused() -> Any:
            raise ConnectionRefusedError

        wire = self.worker(number)._wire
        self._open.setdefault(number, wire._open_link)
        wire._open_link = refused
        if wire.link is not None:
            await wire.link.close()

    def let_live(self, number: int) -> None:
        self.worker(number)._wire._open_link = self._open[number]

    async def at_work(self, number: int, pages: int = 3) -> None:
        """Wait until a worker has brought some pages."""
        while self._made.exporter is None or self._made.exporter._manager is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while self.worker(number).state.pages < pages:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharded, "GIVE_UP_AFTER", 1.0)
    monkeypatch.setattr(fetching, "LOOK_AGAIN", 0.1)


async def test_one_that_dies_for_good_loses_nothing(lab: MakeLab) -> None:
    made = await lab(messages=5_000, knobs=Knobs(rtt_ms=30), shard_count=3)
    killer = Killer(made)
    run = asyncio.ensure_future(made.run(only=made.largest()))
    await killer.at_work(1)
    await killer.kill(1)
    assert (await run).status is RunStatus.COMPLETE
    assert made.saved()[made.largest()] == made.truth()[made.largest()]


async def test_one_whose_connection_comes_back_works_again(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharded, "GIVE_UP_AFTER", 0.1)
    monkeypatch.setattr(fetching, "REST", 0.2)
    made = await lab(messages=6_000, knobs=Knobs(rtt_ms=60), shard_count=2)
    killer = Killer(made)
    run = asyncio.ensure_future(made.run(only=made.largest()))
    await killer.at_work(1)
    await killer.kill(1)
    await asyncio.sleep(0.4)
    before = killer.worker(1).state.pages
    killer.let_live(1)
    await killer.at_work(1, before + 2)
    assert (await run).status is RunStatus.COMPLETE
    assert made.saved()[made.largest()] == made.truth()[made.largest()]


async def test_the_last_one_dying_leaves_the_rest_unasked(lab: MakeLab) -> None:
    made = await lab(messages=6_000, knobs=Knobs(rtt_ms=60), shard_count=2)
    largest = made.largest()
    killer = Killer(made)
    run = asyncio.ensure_future(made.run(only=largest))
    await killer.at_work(1)
    await killer.kill(0)
    await killer.kill(1)
    report = await run
    assert report.status is RunStatus.INCOMPLETE
    assert report.exit_code == 3
    assert any("No connection to the server" in error.what for error in report.errors)
    with ArchiveReader.open(made.settings.archive_dir) as archive:
        ledger = archive.ledger(largest)
    assert ledger.unasked
    assert not ledger.failed
    assert (await made.run(only=largest)).status is RunStatus.COMPLETE
    assert made.saved()[largest] == made.truth()[largest]


@pytest.mark.parametrize("ending", ["cancelled", "aborted"])
async def test_every_connection_is_closed_however_it_ends(lab: MakeLab, ending: str) -> None:
    made = await lab(messages=6_000, knobs=Knobs(rtt_ms=60), shard_count=4)
    killer = Killer(made)
    run = asyncio.ensure_future(made.run(only=made.largest()))
    await killer.at_work(3)
    await killer.kill(2)
    if ending == "aborted":
        made.shutdown.request("test")
        made.shutdown.request("test")
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await asyncio.sleep(0.1)
    assert not made.server.connections
