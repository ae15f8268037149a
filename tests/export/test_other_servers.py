"""A server that is not Telegram's: only login, dialogs, history and getFile are asked of it.

What it lacks, refuses, never answers or answers oddly costs no message, no other chat, and no hours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tobs_tui.demo.rpc import RpcError
from tobs_tui.export.report import RunStatus

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

HISTORY = "messages.getHistory"


async def test_a_chat_whose_opening_is_refused_stops_no_other(lab: MakeLab) -> None:
    one = await lab(messages=300)
    one.server.faults.fail(
        HISTORY, RpcError(400, "LIMIT_INVALID"), times=None, when=lambda _, request: request.limit == 1
    )
    report = await one.run()
    assert report.status is RunStatus.INCOMPLETE
    assert [error.what for error in report.errors] == ["Telegram answered with an error: LIMIT_INVALID"]
    one.assert_holds_all()
    assert one.saved()[one.largest()]
    one.server.faults.clear()
    assert (await one.run()).status is RunStatus.COMPLETE
