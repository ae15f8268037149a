"""What was asked for and never begun is not done: `verify` knows it after a drain, and after a kill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from tobs_tui.archive import ArchiveReader, not_opened
from tobs_tui.export.report import RunStatus
from tobs_tui.vault.verify import verify

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]


def is_done(made: Lab) -> bool:
    with ArchiveReader.open(made.settings.archive_dir) as archive:
        checks = verify(archive, made.settings.export_path)
    assert not any(check.problems for check in checks)
    return all(check.done for check in checks)


async def test_a_run_stopped_before_its_first_chat_is_not_done(lab: MakeLab) -> None:
    made = await lab()
    report = await made.run(connected=lambda: made.shutdown.request("test"))
    assert report.status is RunStatus.DRAINED
    assert not is_done(made)
    assert (await made.run()).status is RunStatus.COMPLETE
    assert is_done(made)


async def test_a_run_killed_between_chats_is_not_done(lab: MakeLab) -> None:
    made = await lab(shard_count=1)
    smallest = min(made.world.chats, key=lambda chat_id: len(made.world.chats[chat_id].history) or 9999)

    def kill() -> None:
        asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.ensure_future(made.run(connected=kill))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_done(made)
    # Another chat's export makes none of them forgotten.
    await made.run(only=smallest)
    assert not is_done(made)
    assert (await made.run()).status is RunStatus.COMPLETE
    assert is_done(made)
    with ArchiveReader.open(made.settings.archive_dir) as archive:
        assert not not_opened(archive)
