"""Messages in order become blocks: albums together, everything else alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from tobs_tui.archive.values import StoredMessage

Group = list[StoredMessage]

LOOK_AHEAD = 40
"""Messages among which an album's members are looked for: ten at most, but others may come between."""


def together(messages: Iterable[StoredMessage]) -> Iterator[Group]:
    """Give the messages as they come, each with the later members of its album."""
    source = iter(messages)
    waiting: deque[StoredMessage] = deque()
    while True:
        stored = waiting.popleft() if waiting else next(source, None)
        if stored is None:
            return
        album = stored.message.album
        if album is None:
            yield [stored]
            continue
        while len(waiting) < LOOK_AHEAD and (following := next(source, None)) is not None:
            waiting.append(following)
        chat_id = stored.message.chat_id
        members = [stored]
        others: deque[StoredMessage] = deque()
        for candidate in waiting:
            mate = candidate.message.album == album and candidate.message.chat_id == chat_id
            (members if mate else others).append(candidate)
        waiting = others
        yield members
