"""A whole run in a takeout session, as the server sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from telethon.tl import types

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.methods import takeout as served
from tobs_tui.demo.rpc import Call, RpcError
from tobs_tui.export.job import Span
from tobs_tui.export.report import RunStatus
from tobs_tui.telegram import caller

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

BEFORE_AND_AFTER = {
    "account.initTakeoutSession",
    "auth.sendCode",
    "auth.signIn",
    "help.getConfig",
    "messages.getDialogFilters",
    "messages.getDialogs",
    "messages.getPinnedDialogs",
    "users.getUsers",
}
"""What may stand outside of the session: the login, the list of chats, its beginning."""


@pytest.fixture(autouse=True)
def many_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "RANGE", 150)


class Seen:
    """All that a server is asked."""

    def __init__(self, made: Lab) -> None:
        self.calls: list[tuple[str, int | None, tuple[int, int] | None, Any]] = []
        made.server.faults.before(None, self._note, times=None)

    def _note(self, call: Call, request: Any) -> None:
        self.calls.append((call.method, call.takeout_id, call.messages_range, request))


async def test_all_is_wrapped_and_private_histories_are_read_by_range(lab: MakeLab) -> None:
    made = await lab(messages=600, use_takeout=True)
    seen = Seen(made)
    ranges = set(served.split_ranges(made.world))
    assert len(ranges) > 2
    report = await made.run()
    assert report.status is RunStatus.COMPLETE
    assert not report.notices
    made.assert_holds_all()
    outside = {method for method, takeout_id, _, _ in seen.calls if takeout_id is None}
    assert outside <= BEFORE_AND_AFTER
    histories = [
        (request, within) for method, _, within, request in seen.calls if method == "messages.getHistory"
    ]
    for request, within in histories:
        assert (within in ranges) == (not isinstance(request.peer, types.InputPeerChannel))
    (finish,) = [request for method, _, _, request in seen.calls if method == "account.finishTakeoutSession"]
    assert finish.success
    assert seen.calls[-1][0] == "account.finishTakeoutSession"

    plain = await lab(server=made.server, vault="plain")
    await plain.run()
    assert plain.notes() == made.notes()
    before = len(seen.calls)
    assert (await made.run()).messages_new == 0
    again = [method for method, *_ in seen.calls[before:]]
    assert again.count("messages.getHistory") <= len(ranges) * sum(
        1 for chat in made.world.chats.values() if not len(chat.history)
    )


async def test_dates_are_found_through_the_ranges(lab: MakeLab) -> None:
    made = await lab(messages=600, use_takeout=True)
    private = max(
        (chat for chat in made.world.chats.values() if chat.id > 0), key=lambda chat: len(chat.history)
    )
    dates, ids = list(private.history.dates), list(private.history.ids)
    since, until = len(ids) // 4, len(ids) // 2
    await made.run(only=private.id, span=Span(dates[since], dates[until]))
    expected = [
        number for number, date in zip(ids, dates, strict=True) if dates[since] <= date < dates[until]
    ]
    assert made.saved()[private.id] == expected


async def test_a_session_that_ends_in_the_middle_loses_nothing(lab: MakeLab) -> None:
    made = await lab(messages=1_500, use_takeout=True)
    made.server.faults.before(
        "messages.getHistory", lambda call, request: made.server.keyring.takeouts.clear(), after=6
    )
    assert (await made.run()).status is RunStatus.COMPLETE
    made.assert_holds_all()


@pytest.mark.parametrize("trouble", ["no ranges", "odd ranges"])
async def test_a_server_with_other_ranges_is_read_whole(lab: MakeLab, trouble: str) -> None:
    made = await lab(messages=400, use_takeout=True)
    with pytest.MonkeyPatch.context() as patch:
        if trouble == "no ranges":
            made.server.faults.fail("messages.getSplitRanges", RpcError(400, "INPUT_METHOD_INVALID_1"))
            patch.setattr(served, "split_ranges", lambda world: [(1, 2**31 - 1)])
        else:
            real = served.split_ranges(made.world)
            odd = [*reversed(real[:-1]), (1, 40), (real[-1][0], 2**31 - 1)]
            patch.setattr(served, "split_ranges", lambda world: odd)
        assert (await made.run()).status is RunStatus.COMPLETE
    made.assert_holds_all()


@pytest.mark.parametrize("method", ["account.initTakeoutSession", "invokeWithMessagesRange"])
async def test_a_server_whose_takeouts_do_not_work_is_read_without(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.001)
    made = await lab(messages=400, use_takeout=True)

    def refuse(call: Any, _request: object) -> None:
        if call.method == method:
            raise RpcError(500, "INTERNAL")
        if method == "invokeWithMessagesRange" and call.messages_range:
            raise RpcError(400, "METHOD_INVALID")

    made.server.faults.before(None, refuse, times=None)
    assert (await made.run()).status is RunStatus.COMPLETE
    made.assert_holds_all()


async def test_the_approval_delay_is_told_with_what_to_do(lab: MakeLab) -> None:
    made = await lab(messages=200, use_takeout=True, knobs=Knobs(takeout_delay=86_400))
    report = await made.run()
    assert report.status is RunStatus.COMPLETE
    assert any("24 h 00 min" in notice and "Data export request" in notice for notice in report.notices)
    made.assert_holds_all()


async def test_a_run_that_is_not_complete_says_so_at_the_end(lab: MakeLab) -> None:
    made = await lab(messages=600, use_takeout=True)
    seen = Seen(made)
    made.server.faults._rules.reverse()
    made.server.faults.refuse_chat(made.largest(), after=2)
    made.server.faults._rules.reverse()
    report = await made.run()
    assert report.status is RunStatus.INCOMPLETE
    (finish,) = [request for method, _, _, request in seen.calls if method == "account.finishTakeoutSession"]
    assert not finish.success
