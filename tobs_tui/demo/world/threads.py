"""Which messages of a chat belong to a thread: a forum topic, or the answers below one message."""

from __future__ import annotations

from tobs_tui.demo.world.chat import Chat


def _threads(chat: Chat) -> dict[int, list[int]]:
    """The indexes of each thread's messages, oldest first; kept on the chat until its history changes."""
    history = chat.history
    if chat.threads is not None and chat.threads[0] == history.version:
        return chat.threads[1]
    found: dict[int, list[int]] = {}
    for index in range(len(history)):
        thread = thread_of(chat, index)
        if thread:
            found.setdefault(thread, []).append(index)
    chat.threads = (history.version, found)
    return found


def thread_of(chat: Chat, index: int) -> int:
    """The thread of the message at `index`: in a forum always a topic, elsewhere 0 for none."""
    history = chat.history
    message_id = history.ids[index]
    if message_id in chat.topics:
        return message_id
    thread = history.about(index).thread
    if thread < 0:
        thread = history.ids[max(0, index + thread)]
    if chat.forum and thread not in chat.topics:
        return 1
    return thread


def thread_indexes(chat: Chat, thread_id: int) -> list[int]:
    """The indexes of a thread's messages, oldest first; the root of one outside of forums is not in it."""
    return _threads(chat).get(thread_id, [])
