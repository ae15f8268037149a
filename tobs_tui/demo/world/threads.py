"""Which messages of a chat belong to a thread: a forum topic, or the answers below one message."""

from __future__ import annotations

from tobs_tui.demo.world.chat import Chat

_kept: dict[tuple[int, int], tuple[int, dict[int, list[int]]]] = {}


def _threads(chat: Chat) -> dict[int, list[int]]:
    """The indexes of each thread's messages, oldest first; kept until the history changes."""
    history = chat.history
    key = (id(history), chat.id)
    kept = _kept.get(key)
    if kept is not None and kept[0] == history.version:
        return kept[1]
    found: dict[int, list[int]] = {}
    for index in range(len(history)):
        thread = history.about(index).thread
        if thread < 0:
            thread = history.ids[max(0, index + thread)]
        if chat.forum:
            if history.ids[index] in chat.topics:
                thread = history.ids[index]
            elif thread not in chat.topics:
                thread = 1
        if thread:
            found.setdefault(thread, []).append(index)
    _kept.clear() if len(_kept) > 64 else None
    _kept[key] = (history.version, found)
    return found


def thread_indexes(chat: Chat, thread_id: int) -> list[int]:
    """The indexes of a thread's messages, oldest first; the root of one outside of forums is not in it."""
    return _threads(chat).get(thread_id, [])
