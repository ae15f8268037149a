"""Waits that a person can leave: Ctrl+C while connecting or listing ends them, as `q` ends a run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tobs_tui.errors import TobsError
from tobs_tui.export.report import RunStatus
from tobs_tui.shutdown import ShutdownManager

Result = TypeVar("Result")


class StoppedEarly(TobsError):
    """A stop was asked for before the run had begun; nothing was changed."""

    exit_code = RunStatus.DRAINED.exit_code


async def unless_stopped(shutdown: ShutdownManager, work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work, or leave it when a stop is asked for. :raises StoppedEarly:"""
    task = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(shutdown.wait_drain())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise StoppedEarly("Stopped before anything was fetched")
    finally:
        stop.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=2.0)
