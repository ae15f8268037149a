"""What the server has, in our own words: the messages and files that an export of it must hold."""

from __future__ import annotations

from dataclasses import dataclass

from telethon.tl import types

from tobs_tui.archive import StoredFile
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.content import content_of
from tobs_tui.demo.world.world import World
from tobs_tui.model import Message
from tobs_tui.telegram.convert import RawPage, convert_page


@dataclass(frozen=True, slots=True)
class Truth:
    """The server's messages at one instant, by chat and id."""

    messages: dict[int, dict[int, Message]]
    world: World

    @classmethod
    def of(cls, world: World) -> Truth:
        """Every history that `export --all` can read."""
        return cls({chat.id: _messages(world, chat) for chat in readable(world)}, world)

    def content(self, stored: StoredFile) -> bytes:
        """The bytes that a file has on the server. :raises LookupError: it has no such file."""
        found = self.world.files.find(stored.id)
        if found is None:
            raise LookupError(stored.id)
        spec = found.spec
        return content_of(spec, found.id).read(0, spec.size)


def readable(world: World) -> list[Chat]:
    """The listed chats that are not refused, and the basic groups that some of them once were."""
    listed = [chat for chat in world.dialogs() if not (chat.forbidden or chat.migrated_to)]
    return listed + [world.chats[chat.migrated_from] for chat in listed if chat.migrated_from]


def _messages(world: World, chat: Chat) -> dict[int, Message]:
    told = [world.message(chat.id, message_id) for message_id in reversed(chat.history.ids)]
    answer = types.messages.ChannelMessages(
        pts=1, count=len(told), messages=told, topics=[], chats=[], users=[]
    )
    page = convert_page(
        RawPage(chat.id, world.account_id, chat.history.top + 1, 100, answer, forum=chat.forum)
    )
    assert not page.failed, page.failed
    return {message.id: message for message in page.messages}
