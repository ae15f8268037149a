"""updates.getState, getDifference and getChannelDifference: what a client that was away has missed."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.dialogs import tl_dialog
from tobs_tui.demo.methods.peers import channel_of
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.events import Event
from tobs_tui.demo.world.world import World

SLICE = 1_000
"""Events in one answer at most."""

CHANNEL_SLICE = 100
"""The same of a channel: users, unlike bots, are given no more."""

TOO_LONG, ACCOUNT_TOO_LONG = 2_000, 20_000
"""A client of a channel, or of the account, that has missed more events is told to begin anew."""


def state(call: Call, pts: int) -> Any:
    """The account's state at `pts`."""
    return types.updates.State(pts=pts, qts=0, date=call.now(), seq=0, unread_count=0)


@method(functions.updates.GetStateRequest)
async def get_state(call: Call, request: Any) -> Any:
    """The account's pts now."""
    return state(call, call.world.events.box(None).pts)


@method(functions.updates.GetDifferenceRequest)
async def get_difference(call: Call, request: Any) -> Any:
    """What happened in private chats and basic groups since a pts."""
    world: World = call.world
    box = world.events.box(None)
    if request.pts < box.start or request.pts > box.pts:
        return types.updates.DifferenceTooLong(box.pts)
    events = box.since(request.pts)
    if not events:
        return types.updates.DifferenceEmpty(call.now(), 0)
    if len(events) > ACCOUNT_TOO_LONG:
        return types.updates.DifferenceTooLong(box.pts)
    limit = min(SLICE, request.pts_limit or SLICE)
    page = events[:limit]
    messages, others = told(world, page)
    users, chats = world.events.named(page)
    if len(page) < len(events):
        between = state(call, page[-1].pts)
        return types.updates.DifferenceSlice(messages, [], others, chats, users, between)
    return types.updates.Difference(messages, [], others, chats, users, state(call, box.pts))


def told(world: World, events: list[Event]) -> tuple[list[Any], list[Any]]:
    """New messages as such, everything else as updates."""
    messages, others = [], []
    for event in events:
        update = world.events.update(event)
        if type(update).__name__ in ("UpdateNewMessage", "UpdateNewChannelMessage"):
            messages.append(update.message)
        else:
            others.append(update)
    return messages, others


@method(functions.updates.GetChannelDifferenceRequest)
async def get_channel_difference(call: Call, request: Any) -> Any:
    """What happened in a channel or supergroup since a pts; too long when that is too much to tell.

    :raises RpcError: PERSISTENT_TIMESTAMP_EMPTY, PERSISTENT_TIMESTAMP_INVALID.
    """
    world: World = call.world
    chat = channel_of(world, request.channel)
    box = world.events.box(chat)
    if request.pts < 1:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_EMPTY")
    if request.pts > box.pts:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_INVALID")
    events = box.since(request.pts)
    if not events and request.pts >= box.start:
        return types.updates.ChannelDifferenceEmpty(box.pts, final=True, timeout=30)
    if request.pts < box.start or len(events) > TOO_LONG:
        newest = [world.message(chat.id, message_id) for message_id in reversed(chat.history.ids[-10:])]
        seen = [Event(box.pts, 1, chat.id, "new", tuple(chat.history.ids[-10:]))]
        users, chats = world.events.named(seen)
        return types.updates.ChannelDifferenceTooLong(
            tl_dialog(world, chat), newest, chats, users, final=True, timeout=30
        )
    page = events[: max(1, min(request.limit, CHANNEL_SLICE))]
    messages, others = told(world, page)
    users, chats = world.events.named(page)
    final = True if len(page) == len(events) else None
    return types.updates.ChannelDifference(
        page[-1].pts, messages, others, chats, users, final=final, timeout=30
    )
