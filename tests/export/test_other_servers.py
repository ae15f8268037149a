"""A server that is not Telegram's: only login, dialogs, history and getFile are asked of it.

What it lacks, refuses, never answers or answers oddly costs no message, no other chat, and no hours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from telethon.tl import types

from tests.export.changing import assert_is_true, texts
from tobs_tui.demo.rpc import REGISTRY, RpcError
from tobs_tui.export.report import RunStatus
from tobs_tui.model import MediaKind
from tobs_tui.telegram import caller
from tobs_tui.telegram.chats import list_chats

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

HISTORY, DIALOGS = "messages.getHistory", "messages.getDialogs"
REQUIRED = {"auth.sendCode", "auth.signIn", DIALOGS, HISTORY, "upload.getFile"}


@pytest.mark.parametrize(
    "error", [RpcError(400, "METHOD_INVALID"), RpcError(403, "FORBIDDEN"), RpcError(500, "INTERNAL")], ids=str
)
async def test_a_server_that_can_nothing_but_what_is_required_is_exported_whole(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch, error: RpcError
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.001)
    # A connection whose greeting is refused for another reason than an unknown method is none.
    required = REQUIRED if error.code == 400 else REQUIRED | {"help.getConfig"}
    one = await lab(messages=300)

    def is_more(call: Any, _request: object) -> bool:
        return call.method not in required

    one.server.faults.fail(None, error, times=None, when=is_more)
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()
    for chat_id, chat in one.world.chats.items():
        if len(chat.history) > 20 and not (chat.migrated_to or chat.hidden or chat.forbidden):
            one.world.edit(chat_id, texts(one, chat)[-2], "edited")
            one.world.delete(chat_id, [chat.history.ids[-5]])
            one.world.post(chat_id, "posted")
    report = await one.run()
    assert (report.status, report.errors) == (RunStatus.COMPLETE, ())
    assert report.messages_new and report.deleted and report.updated
    assert_is_true(one)


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


@pytest.mark.parametrize("error", [RpcError(400, "METHOD_INVALID"), RpcError(500, "INTERNAL")], ids=str)
async def test_references_that_grew_old_are_renewed_without_messages_by_id(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch, error: RpcError
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.001)
    one = await lab(messages=300)
    await one.run()
    one.world.files.expire_references()
    for method in ("messages.getMessages", "channels.getMessages"):
        one.server.faults.fail(method, error, times=None)
    report = await one.run(media=frozenset((MediaKind.PHOTO, MediaKind.VOICE)))
    assert (report.status, report.errors) == (RunStatus.COMPLETE, ())
    assert report.media_files > 50


@pytest.mark.parametrize(
    "nonsense", [b"\xef\xbe\xad\xde" + bytes(40), b"\xb5\x75\x72\x99"], ids=["unknown", "true"]
)
async def test_answers_that_mean_nothing_stop_nothing_that_is_not_theirs(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch, nonsense: bytes
) -> None:
    one = await lab(messages=300)

    async def answer(_call: Any, _request: Any) -> bytes:
        return nonsense

    for number, known in list(REGISTRY.items()):
        if known.name not in REQUIRED:
            monkeypatch.setitem(REGISTRY, number, replace(known, handler=answer))
    for text in ("", "posted"):
        for chat_id in [chat.id for chat in one.world.dialogs() if text and not chat.forbidden]:
            one.world.post(chat_id, text)
        report = await one.run()
        assert (report.status, report.errors) == (RunStatus.COMPLETE, ())
        one.assert_holds_all()


async def test_a_server_that_counts_the_message_at_the_offset_in_is_read_whole(lab: MakeLab) -> None:
    one = await lab(messages=1500)

    def shift(_call: Any, request: Any) -> None:
        request.offset_id += bool(request.offset_id)

    one.server.faults.before(HISTORY, shift, times=None)
    report = await one.run()
    assert (report.status, report.errors) == (RunStatus.COMPLETE, ())
    one.assert_holds_all()


async def test_one_empty_answer_does_not_deny_the_newest_message_that_the_list_tells_of(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=300)
    number, known = next((number, known) for number, known in REGISTRY.items() if known.name == HISTORY)
    hidden: set[bytes] = set()

    async def empty_once(call: Any, request: Any) -> Any:
        if (peer := bytes(request.peer)) not in hidden:
            hidden.add(peer)
            return types.messages.Messages([], [], [], [])
        return await known.handler(call, request)

    monkeypatch.setitem(REGISTRY, number, replace(known, handler=empty_once))
    report = await one.run()
    assert (report.status, report.errors) == (RunStatus.COMPLETE, ())
    one.assert_holds_all()
    assert all(
        one.saved()[chat.id] for chat in one.world.dialogs() if len(chat.history) and not chat.forbidden
    )


async def test_a_dialog_that_cannot_be_read_hides_none_before_it_and_that_is_said(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=300)
    listed = [chat for chat in one.world.dialogs(archived=False) if not chat.pinned]
    strange = listed[4]
    number, known = next((each, method) for each, method in REGISTRY.items() if method.name == DIALOGS)

    async def with_strange(call: Any, request: Any) -> bytes:
        answer = bytes(await known.handler(call, request))
        head = types.Dialog.CONSTRUCTOR_ID.to_bytes(4, "little")
        at = answer.find(bytes(strange.peer))
        begin = answer.rfind(head, 0, at) if at > 0 else -1
        return answer if begin < 0 else answer[:begin] + bytes(4) + answer[begin + 4 :]

    monkeypatch.setitem(REGISTRY, number, replace(known, handler=with_strange))
    doubts: list[str] = []
    async with await one.connect() as account:
        found = {chat.id for chat in await list_chats(account, on_doubt=doubts.append)}
    assert {chat.id for chat in listed[:4]} <= found
    assert strange.id not in found
    assert len(doubts) == 1
