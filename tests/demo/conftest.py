"""A tiny world with its own handlers, so that the protocol is tested without the real world's data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.tl import functions, types

from tobs_tui.demo.rpc import REGISTRY, Call, RpcError, method

EPOCH = datetime(2025, 1, 5, 12, 0, tzinfo=UTC)


class TinyWorld:
    """One account that has a chat with itself."""

    account_id = 77
    phone = "42010001"
    messages = 1000

    def __init__(self) -> None:
        self.running = 0
        self.most_running = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.seen: tuple[object, ...] = ()
        self.listeners: list[Callable[[Any], object]] = []
        self._crowd = 0
        self._crowded = asyncio.Event()

    def enter(self) -> None:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if self.running >= self._crowd:
            self._crowded.set()

    def subscribe(self, callback: Callable[[Any], object]) -> Callable[[], None]:
        self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)

    async def crowd(self, count: int) -> None:
        """Wait until so many history calls run at once; closes the gate first."""
        self.gate.clear()
        self._crowd = count
        self._crowded.clear()
        await self._crowded.wait()

    def account_user(self) -> types.User:
        return types.User(
            id=self.account_id, is_self=True, access_hash=1, first_name="Tiny", phone=self.phone
        )


async def get_users(call: Call, request: functions.users.GetUsersRequest) -> list[types.User]:
    return [call.world.account_user()]


async def get_state(call: Call, request: functions.updates.GetStateRequest) -> types.updates.State:
    return types.updates.State(pts=1, qts=0, date=EPOCH, seq=0, unread_count=0)


async def get_difference(
    call: Call, request: functions.updates.GetDifferenceRequest
) -> types.updates.DifferenceEmpty:
    return types.updates.DifferenceEmpty(date=EPOCH, seq=0)


async def get_history(
    call: Call, request: functions.messages.GetHistoryRequest
) -> types.messages.MessagesSlice:
    world: TinyWorld = call.world
    world.enter()
    try:
        await world.gate.wait()
    finally:
        world.running -= 1
    below = request.offset_id or world.messages + 1
    limit = call.page_limit(request, min(request.limit, 100))
    ids = range(below - 1, max(0, below - 1 - limit), -1)
    messages = [
        types.Message(id=each, peer_id=types.PeerUser(77), date=EPOCH, message=f"Message {each} " * 5)
        for each in ids
    ]
    return types.messages.MessagesSlice(
        count=world.messages, messages=messages, topics=[], chats=[], users=[world.account_user()]
    )


async def get_messages(call: Call, request: Any) -> Any:
    raise RpcError(400, "MESSAGE_IDS_EMPTY")


async def resolve_username(call: Call, request: Any) -> Any:
    raise ZeroDivisionError


async def get_file(call: Call, request: functions.upload.GetFileRequest) -> types.upload.File:
    return types.upload.File(types.storage.FileJpeg(), 0, bytes((call.dc_id,)) * 16)


async def get_hashes(call: Call, request: Any) -> bytes:
    """What the call was wrapped in, as a Vector of nothing after checks by the test."""
    call.world.seen = (call.takeout_id, call.messages_range, call.no_updates, call.layer)
    return b"\x15\xc4\xb5\x1c\0\0\0\0"


@pytest.fixture
def tiny_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyWorld]:
    """A TinyWorld, with its handlers in the registry's place of the real ones."""
    before = dict(REGISTRY)
    method(functions.users.GetUsersRequest)(get_users)
    method(functions.updates.GetStateRequest)(get_state)
    method(functions.updates.GetDifferenceRequest)(get_difference)
    method(functions.messages.GetHistoryRequest)(get_history)
    method(functions.messages.GetMessagesRequest)(get_messages)
    method(functions.contacts.ResolveUsernameRequest)(resolve_username)
    method(functions.upload.GetFileRequest, any_dc=True)(get_file)
    method(functions.upload.GetFileHashesRequest, any_dc=True)(get_hashes)
    yield TinyWorld()
    REGISTRY.clear()
    REGISTRY.update(before)
