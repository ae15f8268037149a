"""RPC methods that serve the world's data; importing this package registers all of them."""

from __future__ import annotations

from tobs_tui.demo.methods import (
    chats,
    dialogs,
    files,
    history,
    search,
    stickers,
    takeout,
    threads,
    topics,
    updates,
    users,
)

__all__ = [
    "chats",
    "dialogs",
    "files",
    "history",
    "search",
    "stickers",
    "takeout",
    "threads",
    "topics",
    "updates",
    "users",
]
