"""messages.getSplitRanges: how a takeout cuts the shared id space into ranges."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.rpc import Call, method
from tobs_tui.demo.world.world import World

RANGE = 2_000
"""Ids in one range; Telegram's are larger and vary."""


@method(functions.messages.GetSplitRangesRequest)
async def get_split_ranges(call: Call, request: Any) -> Any:
    """Ranges of ids that hold all messages of private chats and basic groups, the newest last."""
    world: World = call.world
    top = max((chat.history.top for chat in world.chats.values() if not chat.kind.own_ids), default=0)
    return [
        types.MessageRange(low, min(low + RANGE - 1, 2**31 - 1) if low + RANGE <= top else 2**31 - 1)
        for low in range(1, max(top, 1) + 1, RANGE)
    ]
