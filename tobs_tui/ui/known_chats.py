"""What is known of an account's chats by now: their list, how they stand, what single ones were asked about.

Asks nothing itself: the screen asks, puts the answers here, and takes the rows to show from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from tobs_tui.model import Chat, Topic
from tobs_tui.text import for_terminal
from tobs_tui.ui import standing
from tobs_tui.ui.chat_filter import Listed, kinds, listed, ordered, shown
from tobs_tui.ui.ports import Preview, Standing
from tobs_tui.ui.widgets.chat_list import Entry, Key


class KnownChats:
    """Grows while chats are asked about; `take` begins a new list."""

    def __init__(self) -> None:
        self.standings: Mapping[int, Standing] = {}
        self.topics: dict[int, tuple[Topic, ...]] = {}
        self.previews: dict[int, Preview] = {}
        self.problems: dict[int, str] = {}
        """Why a chat could not be asked about, in words."""
        self._listed: list[Listed] = []
        self._by_id: dict[int, Chat] = {}

    @property
    def total(self) -> int:
        return len(self._listed)

    @property
    def kinds(self) -> list[str]:
        """The kinds that rows can be limited to."""
        return kinds(self._listed)

    def take(self, chats: Iterable[Chat]) -> None:
        """Replace the list. A chat that comes without a count keeps the one that it was asked for."""
        taken = [
            replace(chat, messages=self.now(chat).messages) if chat.messages is None else chat
            for chat in chats
        ]
        self._listed = listed(taken)
        self._by_id = {chat.id: chat for chat in taken}

    def counted(self, chat: Chat, messages: int) -> None:
        self._by_id[chat.id] = replace(self.now(chat), messages=messages)

    def forget_asked(self) -> None:
        """Previews and problems: they are asked for again."""
        self.previews.clear()
        self.problems.clear()

    def now(self, chat: Chat) -> Chat:
        """A chat with what was learned of it since."""
        return self._by_id.get(chat.id, chat)

    def standing(self, chat: Chat) -> Standing | None:
        return self.standings.get(chat.id)

    def to_fetch(self, chat: Chat) -> int | None:
        """About how many messages an export would fetch; None while nobody can tell."""
        return standing.to_fetch(self.now(chat), self.standing(chat))

    def is_up_to_date(self, chat: Chat) -> bool:
        return standing.is_up_to_date(self.now(chat), self.standing(chat))

    def rows(
        self,
        words: str,
        kind: str,
        order: str,
        *,
        marked: Collection[Key],
        unfolded: Collection[int],
        exporting: Collection[int],
    ) -> list[Entry]:
        """The chats that hold all words and are of the kind, and below those unfolded their topics."""
        rows = []
        for one in self._ordered(shown(self._listed, words, kind), order):
            chat = self.now(one.chat)
            rows.append(
                Entry(
                    chat=chat,
                    title=one.title,
                    marked=(chat.id, None) in marked,
                    unfolded=chat.id in unfolded,
                    standing=self.standing(chat),
                    exporting=chat.id in exporting,
                )
            )
            if chat.id in unfolded:
                rows += [
                    Entry(
                        chat=chat,
                        title=for_terminal(topic.title, 100) or "(no name)",
                        topic=topic,
                        marked=(chat.id, topic.id) in marked,
                    )
                    for topic in self.topics.get(chat.id, ())
                ]
        return rows

    def _ordered(self, chats: list[Listed], order: str) -> list[Listed]:
        if order == "saved":
            return sorted(chats, key=lambda one: s.share + 1 if (s := self.standing(one.chat)) else 0.0)
        return ordered(chats, order)
