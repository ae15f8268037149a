"""What is told of the list of chats as a whole: how far it is loaded, how many are shown, why none is."""

from __future__ import annotations

from msgspec import Struct

from tobs_tui.text import for_terminal
from tobs_tui.ui.chat_filter import ORDER_WORDS
from tobs_tui.ui.ports import Link, Reach


class Loading(Struct, frozen=True):
    """How far the list has come."""

    so_far: int | None = 0
    """Chats that came; None while none is being loaded."""
    problem: str = ""
    """Why it could not be loaded."""

    def words(self) -> str:
        return f"Loading chats, {self.so_far:,} so far" if self.so_far else "Loading chats"


def shown_words(shown: int, total: int, kind: str, order: str, loading: Loading) -> str:
    """What stands beside the filter."""
    if not total:
        return ""
    if loading.so_far is not None:
        return loading.words()
    count = f"{total:,} chats" if shown == total else f"{shown:,} of {total:,}"
    return f"{count} · {for_terminal(kind, 20)} · {ORDER_WORDS[order]}"


def empty_words(total: int, query: str, kind: str, loading: Loading, link: Link) -> str:
    """Why no chat is shown, and what to do about it."""
    query = for_terminal(query, 40)
    if loading.problem:
        return f"✗ {for_terminal(loading.problem)} · r tries again"
    if total and query:
        return f'No chat matches "{query}" · esc clears'
    if total:
        return f"No chat here is of {for_terminal(kind)} · t shows others"
    if link.reach in (Reach.STARTING, Reach.CONNECTING):
        return "Connecting to Telegram"
    if link.reach is Reach.OFFLINE:
        return f"! offline: {for_terminal(link.detail)} · r now"
    if loading.so_far is not None:
        return loading.words()
    return "This account has no chats yet"
