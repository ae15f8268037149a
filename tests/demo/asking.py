"""Calls handlers without a wire, and reads back what they would send."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from telethon.extensions import BinaryReader

import tobs_tui.demo.methods  # noqa: F401  (registers the handlers)
from tobs_tui.demo.dispatch import serialised
from tobs_tui.demo.methods.peers import input_peer
from tobs_tui.demo.rpc import REGISTRY, Call
from tobs_tui.demo.world import World
from tobs_tui.demo.world.chat import Chat

NOW = 1_763_400_000


def call_on(world: World, **more: Any) -> Call:
    """A call by the world's account, on its home DC."""
    faults = SimpleNamespace(page_limit=lambda call, request, limit: limit)
    server: Any = SimpleNamespace(faults=faults, clock=lambda: NOW)
    values = {"account": world.account_id, "session": None, "dc_id": 2, "layer": 229, **more}
    return Call(server, world, **values)


async def ask(world: World, request: Any, **more: Any) -> Any:
    """The answer to a request, through its bytes both ways."""
    parsed = BinaryReader(bytes(request)).tgread_object()
    result = await REGISTRY[request.CONSTRUCTOR_ID].handler(call_on(world, **more), parsed)
    return BinaryReader(serialised(result)).tgread_object()


def titled(world: World, part: str) -> Chat:
    """The first chat whose title holds `part`, hidden ones included."""
    return next(chat for chat in world.chats.values() if part in chat.title)


def peer(world: World, chat: Chat) -> Any:
    """The InputPeer of a chat."""
    return input_peer(world, chat)
