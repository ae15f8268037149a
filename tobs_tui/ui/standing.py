"""How a chat stands in the archive, in words and as what is still to fetch."""

from __future__ import annotations

from tobs_tui.model import Chat, ChatType
from tobs_tui.ui import words
from tobs_tui.ui.ports import Standing


def is_up_to_date(chat: Chat, standing: Standing | None) -> bool:
    """Whether all that the chat has is saved, as far as its newest id tells."""
    return (
        standing is not None
        and bool(standing.saved or standing.top)
        and standing.share >= 1.0
        and standing.since is None
        and chat.top_id <= standing.top
    )


def to_fetch(chat: Chat, standing: Standing | None) -> int | None:
    """About how many messages an export would fetch; None while nobody can tell."""
    if is_up_to_date(chat, standing):
        # Ids of messages that are gone make guesses too large.
        return 0
    total = chat.messages if chat.messages is not None else guessed(chat)
    if total is None:
        return None
    return max(0, total - (standing.saved if standing else 0))


def guessed(chat: Chat) -> int | None:
    """How many messages a chat has at the most, by its newest id where it numbers them itself."""
    if chat.messages is not None:
        return chat.messages
    return chat.top_id if chat.type.has_own_ids and chat.top_id else None


def messages_words(chat: Chat) -> str:
    """`12,408`, `~210 k` as a guess, or `—`."""
    if chat.messages is not None:
        return words.number(chat.messages)
    top = guessed(chat)
    return words.guess(top) if top is not None else words.UNKNOWN


def standing_words(chat: Chat, standing: Standing | None, timezone: str) -> tuple[str, str]:
    """What the Saved column tells, and the style that goes with it."""
    if chat.no_access:
        return "no access", ".failed"
    if standing is None or (not standing.saved and not standing.top):
        return "never", ".muted"
    if not standing.top and standing.since is None:
        return ("some topics" if chat.type is ChatType.FORUM else "in part"), ".done"
    if standing.share < 1.0:
        return f"stopped at {words.share(standing.share)}", ".waiting"
    if chat.top_id > standing.top:
        if chat.type.has_own_ids:
            return f"{words.number(chat.top_id - standing.top)} new", ".moving"
        return "some new", ".moving"
    if standing.since is not None:
        return f"since {words.month(standing.since, timezone)}", ".done"
    return "up to date", ".done"
