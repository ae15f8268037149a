"""What hangs below a message: reactions and the labels of a bot's keyboard."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.model import Reaction

PAID_REACTION = "⭐"
CUSTOM_REACTION = "❔"
"""Stands for a custom emoji, whose picture only its document id tells."""


def convert_reactions(reactions: Any) -> tuple[Reaction, ...]:
    """The counted reactions in Telegram's order."""
    converted: list[Reaction] = []
    for counted in reactions.results:
        reaction = counted.reaction
        kind = type(reaction)
        if kind is types.ReactionEmoji:
            converted.append(Reaction(reaction.emoticon, counted.count))
        elif kind is types.ReactionCustomEmoji:
            converted.append(Reaction(CUSTOM_REACTION, counted.count, reaction.document_id))
        elif kind is types.ReactionPaid:
            converted.append(Reaction(PAID_REACTION, counted.count))
    return tuple(converted)


_SAID_BY_LABEL = frozenset((types.ReplyKeyboardHide, types.ReplyKeyboardForceReply))


def convert_buttons(markup: Any) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """The labels of an inline keyboard, and whether they say it all: a link behind a button they don't."""
    if type(markup) is not types.ReplyInlineMarkup:
        return (), type(markup) in _SAID_BY_LABEL
    rows: list[tuple[str, ...]] = []
    whole = True
    for row in markup.rows:
        rows.append(tuple(button.text for button in row.buttons))
        whole = whole and all(
            type(getattr(button, "type", None)) is types.InlineButtonTypeCallback for button in row.buttons
        )
    return tuple(rows), whole
