"""A chat of which no more can be had is given up in bounded time, told once, and tried again next time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tobs_tui.demo.faults import chats_of
from tobs_tui.demo.rpc import RpcError
from tobs_tui.export.report import RunStatus

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]


async def test_a_chat_whose_pages_all_fail_is_given_up(lab: MakeLab) -> None:
    made = await lab(messages=6000)
    chat_id = made.largest()
    made.server.faults.fail(
        "messages.getHistory",
        RpcError(400, "SOMETHING_NEW"),
        times=None,
        when=lambda _, request: chat_id in chats_of(request),
    )
    report = await made.run()
    assert report.status is RunStatus.INCOMPLETE
    of_chat = next(chat for chat in report.chats if chat.id == chat_id)
    assert of_chat.failed == len(range(max(made.truth()[chat_id])))
    assert len(report.errors) < 12
    assert made.server.requests["messages.getHistory"] < 100
    made.server.faults.clear()
    assert (await made.run()).status is RunStatus.COMPLETE
    made.assert_holds_all()


async def test_several_workers_learn_of_one_refusal_and_it_is_told_once(lab: MakeLab) -> None:
    made = await lab(messages=6000, shard_count=4)
    chat_id = made.largest()
    made.server.faults.refuse_chat(chat_id, after=12)
    report = await made.run(only=chat_id)
    assert report.status is RunStatus.INCOMPLETE
    assert len(report.errors) == 1
