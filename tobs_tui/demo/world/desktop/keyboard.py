"""Inline buttons and reactions of loaded messages."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.chat import peer_of
from tobs_tui.demo.world.desktop.reading import Row, as_utc, number
from tobs_tui.demo.world.desktop.text import document_id


def buttons_of(row: Row) -> Any:
    """The inline keyboard; None for none."""
    rows = [
        types.KeyboardInlineButtonRow([_button(button) for button in line if isinstance(button, dict)])
        for line in row.get("inline_bot_buttons") or ()
    ]
    return types.ReplyInlineMarkup(rows) if rows else None


def _button(button: Row) -> Any:
    data = str(button.get("data") or "")
    kind = button.get("type")
    match kind:
        case "url" | "web_view" | "simple_web_view":
            form: Any = types.InlineButtonTypeUrl(data)
        case "auth":
            form = types.InlineButtonTypeUrlAuth(data, number(button.get("button_id")))
        case "switch_inline_same":
            form = types.InlineButtonTypeSwitchInline(data, same_peer=True)
        case "switch_inline":
            form = types.InlineButtonTypeSwitchInline(data)
        case "game":
            form = types.InlineButtonTypeGame()
        case "buy":
            form = types.InlineButtonTypeBuy()
        case "copy_text":
            form = types.InlineButtonTypeCopy(data)
        case _:
            form = types.InlineButtonTypeCallback(_callback_data(button, data))
    return types.KeyboardInlineButton(str(button.get("text") or ""), form)


def _callback_data(button: Row, data: str) -> bytes:
    coded = button.get("dataBase64")
    if coded:
        try:
            return b64decode(str(coded) + "=" * (-len(str(coded)) % 4))
        except Error:
            return data.encode()
    return data.encode()


def reactions_of(row: Row, peer: Callable[[object, object], int], date: int) -> Any:
    """The reactions; None for none. `peer` finds the marked id of who reacted."""
    counts, recent = [], []
    for told in row.get("reactions") or ():
        reaction = _reaction(told)
        counts.append(types.ReactionCount(reaction, number(told.get("count"), 1)))
        for one in told.get("recent") or ():
            who = peer(one.get("from_id"), one.get("from"))
            if who:
                recent.append(
                    types.MessagePeerReaction(peer_of(who), as_utc(one.get("date")) or date, reaction)
                )
    return types.MessageReactions(counts, recent_reactions=recent or None) if counts else None


def _reaction(told: Row) -> Any:
    if told.get("type") == "custom_emoji":
        return types.ReactionCustomEmoji(document_id(told.get("document_id")))
    if told.get("type") == "paid":
        return types.ReactionPaid()
    return types.ReactionEmoji(str(told.get("emoji") or "❓"))
