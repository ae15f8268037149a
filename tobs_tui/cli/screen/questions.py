"""What the screen asks Telegram about chats. Counts are remembered: they outlive a connection.

Comes before the first paint, so that what asks is imported only when something is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from tobs_tui import logs
from tobs_tui.errors import NotLoggedIn, TobsError
from tobs_tui.model import Chat, Topic
from tobs_tui.ui.ports import Kinds, Preview, Progress

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account

Answer = TypeVar("Answer")


class Questions:
    """Asks by whatever connection there is now.

    :param account: gives it. :raises ServerUnreachable: there is none.
    :param signed_out: told when an answer shows that the login was ended from elsewhere.
    """

    def __init__(self, account: Callable[[], Account], signed_out: Callable[[], None]) -> None:
        self._account = account
        self._signed_out = signed_out
        self._kinds: dict[int, Kinds | None] = {}
        self.counts: dict[int, int] = {}
        """How many messages the chats have that were asked about."""

    async def chats(self, progress: Progress) -> tuple[Chat, ...]:
        from tobs_tui.telegram.chats import list_chats

        listing = list_chats(
            self._account(),
            on_progress=lambda count, *_: progress(count),
            on_doubt=lambda doubt: logs.warning("%s", doubt),
        )
        return tuple(await self._asked(listing))

    async def count(self, chat: Chat) -> int:
        from tobs_tui.telegram.chats import count_messages

        count = await self._asked(count_messages(self._account(), chat))
        self.counts[chat.id] = count
        return count

    async def topics(self, chat: Chat) -> tuple[Topic, ...]:
        from tobs_tui.telegram.chats import forum_topics

        return await self._asked(forum_topics(self._account(), chat))

    async def preview(self, chat: Chat) -> Preview:
        from tobs_tui.telegram.chats import preview

        page = await self._asked(preview(self._account(), chat))
        kinds = await self.kinds(chat)
        return Preview(page.messages, {person.id: person for person in page.people}, kinds)

    async def kinds(self, chat: Chat) -> Kinds | None:
        from tobs_tui.telegram.chats import count_kinds

        if chat.id not in self._kinds:
            counted = await self._asked(count_kinds(self._account(), chat))
            self._kinds[chat.id] = Kinds(**counted) if counted else None
        return self._kinds[chat.id]

    async def _asked(self, answer: Awaitable[Answer]) -> Answer:
        from tobs_tui.telegram.governor import Stopped

        try:
            return await answer
        except Stopped as error:
            raise TobsError("Not asked: the export is being stopped") from error
        except NotLoggedIn:
            self._signed_out()
            raise
