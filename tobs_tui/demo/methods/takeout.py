"""messages.getSplitRanges: how a takeout cuts the shared id space into ranges.

https://core.telegram.org/api/takeout#split-ranges
"""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.world import World

RANGE, MOST_RANGES = 2_000, 6
"""Ids in one range, and how many ranges there are before they grow; Telegram's are larger and vary."""


@method(functions.messages.GetSplitRangesRequest)
async def get_split_ranges(call: Call, request: Any) -> Any:
    """Ranges of ids that hold all messages of private chats and basic groups, the newest last."""
    if call.takeout_id is None:
        raise RpcError(403, "TAKEOUT_REQUIRED")
    return [types.MessageRange(low, high) for low, high in split_ranges(call.world)]


def split_ranges(world: World) -> list[tuple[int, int]]:
    """The ranges, oldest first; the last one takes in whatever is still to come."""
    top = max((chat.history.top for chat in world.chats.values() if not chat.kind.own_ids), default=0)
    size = max(RANGE, -(-top // MOST_RANGES))
    lows = range(1, max(top, 1) + 1, size)
    return [(low, low + size - 1 if low + size <= top else 2**31 - 1) for low in lows]


def range_of(call: Call, chat: Chat) -> tuple[int, int] | None:
    """The ids from which this call is answered about a chat; None for all.

    Telegram documents that a takeout reads private chats and basic groups range by range, not what it answers
    to who does not: here it is the newest range alone, so that a client which ignores ranges is found out.

    :raises RpcError: TAKEOUT_REQUIRED, for a range outside of a takeout.
    """
    if call.messages_range is not None and call.takeout_id is None:
        raise RpcError(403, "TAKEOUT_REQUIRED")
    if chat.kind.own_ids or call.takeout_id is None:
        return None
    return call.messages_range or split_ranges(call.world)[-1]
