"""Defects that torture found, each with its seed, made small."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tobs_tui.archive import ArchiveReader
from tobs_tui.demo.rpc import RpcError
from tobs_tui.export.report import RunStatus

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]


async def test_a_top_that_was_deleted_before_it_was_read_is_empty_not_unasked(lab: MakeLab) -> None:
    """Seed 119: the chat list told of it, the run was killed, and no later run asked for its id."""
    one = await lab(messages=300)
    anna = next(chat for chat in one.world.chats.values() if chat.title.startswith("Anna"))
    one.server.faults.fail("messages.getHistory", RpcError(400, "CHANNEL_PRIVATE"), times=None)
    await one.run(only=anna.id)
    one.server.faults.clear()
    one.world.delete(anna.id, [anna.history.top])
    report = await one.run(only=anna.id)
    assert report.status is RunStatus.COMPLETE
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        ledger = archive.ledger(anna.id)
    assert (ledger.unasked, ledger.failed) == ((), ())
    assert one.saved()[anna.id] == sorted(anna.history)
