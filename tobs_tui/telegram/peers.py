"""A chat as Telegram wants it named in a request."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.model import CHANNEL_MARK, Chat


def input_peer(chat: Chat, own_id: int) -> Any:
    """The `InputPeer` of a chat that was listed or resolved."""
    return input_peer_of(chat.id, chat.access_hash or 0, own_id)


def input_peer_of(chat_id: int, access_hash: int, own_id: int) -> Any:
    """The `InputPeer` of a marked id. Basic groups need no access hash."""
    if chat_id == own_id:
        return types.InputPeerSelf()
    if chat_id > 0:
        return types.InputPeerUser(chat_id, access_hash)
    if chat_id > -CHANNEL_MARK:
        return types.InputPeerChat(-chat_id)
    return types.InputPeerChannel(-chat_id - CHANNEL_MARK, access_hash)


def input_channel(chat: Chat) -> Any:
    """The `InputChannel` of a channel or supergroup."""
    return types.InputChannel(-chat.id - CHANNEL_MARK, chat.access_hash or 0)
