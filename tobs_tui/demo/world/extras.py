"""What hangs on a message: reactions and inline keyboards, from the scripts' short forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.chat import peer_of
from tobs_tui.demo.world.media import Stickers

_REACTION = re.compile(r"(.+?)(\d+)(\*?)")


def reactions(text: str, stickers: Stickers, by: str | None, sender: Callable[[str], int]) -> Any:
    """`👍2 ❤️1* :1:3 $5`: a custom one stands between colons, a paid one is `$`; `*` is the account's own."""
    counts = []
    for word in text.split():
        match = _REACTION.fullmatch(word)
        if match is None:
            raise ValueError(f"not a reaction: {word!r}")
        name, count, mine = match.groups()
        if name == "$":
            reaction = types.ReactionPaid()
        elif name.startswith(":"):
            reaction = types.ReactionCustomEmoji(stickers.emoji_id(int(name.strip(":"))))
        else:
            reaction = types.ReactionEmoji(name)
        counts.append(types.ReactionCount(reaction, int(count), chosen_order=0 if mine else None))
    recent = [
        types.MessagePeerReaction(peer_of(sender(role)), 1_700_000_000, counts[0].reaction)
        for role in (by or "").split()
    ]
    return types.MessageReactions(
        counts, can_see_list=True if recent else None, recent_reactions=recent or None
    )


def buttons(text: str) -> Any:
    """`Open=https://x | Vote / Copy=copy:ABC`: rows between `/`, buttons between `|`."""
    rows = []
    for row in text.split(" / "):
        keys = []
        for button in row.split("|"):
            label, _, target = button.strip().partition("=")
            keys.append(types.KeyboardInlineButton(label, _button_type(label, target)))
        rows.append(types.KeyboardInlineButtonRow(keys))
    return types.ReplyInlineMarkup(rows)


def _button_type(label: str, target: str) -> Any:
    if target.startswith("http"):
        return types.InlineButtonTypeUrl(target)
    if target.startswith("copy:"):
        return types.InlineButtonTypeCopy(target[5:])
    if target.startswith("switch:"):
        return types.InlineButtonTypeSwitchInline(target[7:], same_peer=True)
    return types.InlineButtonTypeCallback((target or label).encode()[:64])
