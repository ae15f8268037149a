"""Which chats and topics are marked, and what an export of them takes, as far as that is known.

Marks outlive filters: what is marked stays so while no row shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from tobs_tui.export.job import Target
from tobs_tui.model import Chat
from tobs_tui.ui import words
from tobs_tui.ui.estimate import cost
from tobs_tui.ui.known_chats import KnownChats
from tobs_tui.ui.widgets.chat_list import Entry, Key


class Marks(Collection[Key]):
    """The keys of the rows that are marked; `targets` are what they stand for, in the order of marking."""

    def __init__(self) -> None:
        self._targets: dict[Key, Target] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._targets

    def __iter__(self) -> Iterator[Key]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(self._targets.values())

    def mark(self, entries: Iterable[Entry]) -> None:
        """Mark rows, but for chats that can't be read."""
        self._targets.update((entry.key, target_of(entry)) for entry in entries if not entry.chat.no_access)

    def unmark(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._targets.pop(entry.key, None)

    def clear(self) -> None:
        self._targets.clear()

    def words(self, known: KnownChats, per_second: float | None) -> str:
        """What the line below the chats tells; `per_second`: requests a second, as they were measured."""
        if not self._targets:
            return ""
        messages, complete = 0, True
        for chat in chats_of(self.targets):
            messages += known.to_fetch(chat) or 0
            is_counted = known.now(chat).messages is not None
            complete = complete and (is_counted or known.is_up_to_date(chat))
        if complete and not messages:
            return f" {len(self):,} marked · nothing new to fetch"
        about = cost(messages, per_second=per_second)
        sign = "" if complete else "at least " if not messages else "about "
        if messages and any(target.topic_id is not None for target in self.targets):
            sign = "at most "  # what a topic holds nobody tells: its forum is counted
        return (
            f" {len(self):,} marked · {sign}{words.number(messages)} messages to fetch · "
            f"{words.plural(about.requests, 'request')} · about {words.duration(about.seconds)}"
        )


def target_of(entry: Entry) -> Target:
    """What an export takes of a row."""
    return Target(entry.chat, entry.topic.id if entry.topic else None)


def chats_of(targets: Iterable[Target]) -> list[Chat]:
    """The chats of some targets, each once: of a forum there may be several topics."""
    return list({target.chat.id: target.chat for target in targets}.values())


def wanted(targets: Sequence[Target], known: KnownChats) -> tuple[tuple[Target, ...], int, bool]:
    """The targets with what is known by now, what they would fetch, and whether that is all known."""
    now = tuple(Target(known.now(one.chat), one.topic_id) for one in targets)
    messages = sum(known.to_fetch(chat) or 0 for chat in chats_of(now))
    return now, messages, all(one.chat.messages is not None for one in now)
