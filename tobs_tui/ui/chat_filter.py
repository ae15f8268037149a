"""Which chats are shown, in which order: words, types, folders. Pure, and quick for thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from tobs_tui.model import Chat, ChatType
from tobs_tui.text import for_terminal
from tobs_tui.ui.standing import guessed

GROUPS: tuple[tuple[str, frozenset[ChatType]], ...] = (
    ("people", frozenset({ChatType.PERSON, ChatType.SAVED})),
    ("groups", frozenset({ChatType.GROUP, ChatType.SUPERGROUP})),
    ("forums", frozenset({ChatType.FORUM})),
    ("channels", frozenset({ChatType.CHANNEL})),
    ("bots", frozenset({ChatType.BOT})),
)
ORDERS = ("newest", "title", "unread", "messages")
ORDER_WORDS = {
    "newest": "newest first",
    "title": "by title",
    "unread": "unread first",
    "messages": "largest first",
    "type": "by type",
    "saved": "not saved first",
}
ALL = "all types"


class Listed(Struct, frozen=True):
    """A chat with what a filter looks at, prepared once."""

    chat: Chat
    title: str
    needle: str


def listed(chats: Iterable[Chat]) -> list[Listed]:
    """Prepare chats: safe titles, words to search."""
    return [
        Listed(
            chat,
            for_terminal(chat.title, 120) or "(no name)",
            f"{chat.title}\n{f'@{chat.username}' if chat.username else ''}\n{chat.id}".casefold(),
        )
        for chat in chats
    ]


def kinds(chats: Sequence[Listed]) -> list[str]:
    """What `t` goes through: all, the types that there are, the folders."""
    types = {entry.chat.type for entry in chats}
    folders = sorted({folder for entry in chats for folder in entry.chat.folders})
    found = [ALL, *(name for name, group in GROUPS if group & types), *(f"folder {name}" for name in folders)]
    if any(entry.chat.archived for entry in chats):
        found.append("archived")
    return found


def shown(chats: Sequence[Listed], words: str, kind: str) -> list[Listed]:
    """Those that hold all words and are of the kind."""
    wanted = words.casefold().split()
    group = next((types for name, types in GROUPS if name == kind), None)
    folder = kind.removeprefix("folder ") if kind.startswith("folder ") else None
    return [
        entry
        for entry in chats
        if (group is None or entry.chat.type in group)
        and (folder is None or folder in entry.chat.folders)
        and (kind != "archived" or entry.chat.archived)
        and all(word in entry.needle for word in wanted)
    ]


def ordered(chats: list[Listed], order: str) -> list[Listed]:
    """In the order asked for; stable, so that equal ones stay as Telegram lists them."""
    match order:
        case "title":
            return sorted(chats, key=lambda entry: entry.title.casefold())
        case "unread":
            return sorted(chats, key=lambda entry: -entry.chat.unread)
        case "messages":
            return sorted(chats, key=lambda entry: -(guessed(entry.chat) or 0))
        case "type":
            return sorted(chats, key=lambda entry: entry.chat.type.value)
        case _:
            return sorted(chats, key=lambda entry: -(entry.chat.last_date or 0))
