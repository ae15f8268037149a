"""A full disk: with somebody at the screen the run waits and goes on where it stood; alone it ends, told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.export.conftest import Lab, MakeLab
from tobs_tui.export.report import RunStatus


@contextmanager
def small_disk(lab: Lab, pages_more: int = 12) -> Iterator[None]:
    """The archive's file may grow by so many pages and no more."""
    assert lab.exporter is not None
    database: Any = lab.exporter._archive._db
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages + pages_more}")
    yield
    database.execute("PRAGMA max_page_count=1000000")


async def until_full(lab: Lab) -> None:
    async with asyncio.timeout(20):
        while lab.exporter is None or not lab.exporter.snapshot().disk_full:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_run_waits_for_space_and_then_loses_nothing(lab: MakeLab) -> None:
    one = await lab()
    disk: Any = None

    def shrink() -> None:
        nonlocal disk
        disk = small_disk(one)
        disk.__enter__()

    run = asyncio.create_task(one.run(waits_for_space=True, connected=shrink))
    await until_full(one)
    assert one.exporter is not None
    assert one.exporter.paused
    disk.__exit__(None, None, None)
    one.exporter.resume()

    report = await run

    assert report.status is RunStatus.COMPLETE
    one.assert_holds_all()


async def test_a_stop_while_it_waits_ends_the_run_with_the_reason(lab: MakeLab) -> None:
    one = await lab()
    run = asyncio.create_task(one.run(waits_for_space=True, connected=lambda: small_disk(one).__enter__()))
    await until_full(one)
    one.shutdown.request("q")

    report = await run

    assert report.status is RunStatus.FAILED
    assert "No space left" in report.errors[-1].what


async def test_without_a_screen_it_ends_at_once(lab: MakeLab) -> None:
    one = await lab()

    report = await one.run(connected=lambda: small_disk(one).__enter__())

    assert report.status is RunStatus.FAILED
    assert "No space left" in report.errors[-1].what
