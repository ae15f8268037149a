"""Posts, edits and deletions in a served world, with a memory of all that was ever there."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.world import World

MOST_DELETED = 0.06
"""Share of a chat that is deleted at most: more would be called a mass deletion, and asked about."""

_MEDIA = (
    ("photo", "320x240"),
    ("voice", "0:07"),
    ("file", "notes.txt", "3K"),
    ("file", "../../evil?.bin", "40K"),
    ("sticker", "3"),
)


class Changes:
    """Changes one world by dice."""

    def __init__(self, world: World, kinds: Sequence[str], dice: Random) -> None:
        self._world = world
        self._kinds = kinds
        self._dice = dice
        self._deleted: dict[int, int] = {}
        self._count = 0
        self.ever: dict[int, set[int]] = {chat_id: set(chat.history) for chat_id, chat in world.chats.items()}
        """The ids of all messages that ever were there, by chat."""
        self.counts = dict.fromkeys(kinds, 0)

    def change(self) -> None:
        """One change, if the dice find something to do."""
        if not self._kinds:
            return
        kind = self._dice.choice(self._kinds)
        chat = self._dice.choice(self._alive())
        done = {"post": self._post, "edit": self._edit, "delete": self._delete}[kind](chat)
        self.counts[kind] += done

    def _alive(self) -> list[Chat]:
        return [
            chat
            for chat in self._world.chats.values()
            if not (chat.hidden or chat.forbidden or chat.migrated_to)
        ]

    def _post(self, chat: Chat) -> bool:
        dice, ids = self._dice, chat.history.ids
        self._count += 1
        message_id = self._world.post(
            chat.id,
            f"posted word{self._count:06} **bold**",
            sender=dice.choice(chat.members) if chat.members and not chat.broadcast else None,
            date=chat.last_date + dice.choice([0, 1, 40, 4_000, 90_000]),
            reply_to=dice.choice(ids[-50:]) if ids and dice.random() < 0.3 else None,
            topic=dice.choice([0, *chat.topics]) if chat.topics else 0,
            medium=dice.choice(_MEDIA) if dice.random() < 0.25 else (),
        )
        self.ever[chat.id].add(message_id)
        return True

    def _edit(self, chat: Chat) -> bool:
        ids = chat.history.ids
        if not ids:
            return False
        message_id = self._dice.choice(ids if self._dice.random() < 0.5 else ids[-30:])
        self._count += 1
        message = self._world.message(chat.id, message_id)
        before = getattr(message, "edit_date", None) or message.date
        date = int(before.timestamp()) + self._dice.choice([0, 1, 60, 5_000])
        try:
            self._world.edit(chat.id, message_id, f"edited word{self._count:06}", date=date)
        except ValueError:  # a service message
            return False
        return True

    def _delete(self, chat: Chat) -> bool:
        ids = chat.history.ids
        room = int(MOST_DELETED * len(self.ever[chat.id])) - self._deleted.get(chat.id, 0)
        if not ids or room < 1:
            return False
        wanted = min(room, self._dice.choice([1, 1, 1, 3, 12]))
        last = len(ids) if self._dice.random() < 0.2 else self._dice.randrange(1, len(ids) + 1)
        gone = list(ids[max(0, last - wanted) : last])
        self._world.delete(chat.id, gone)
        self._deleted[chat.id] = self._deleted.get(chat.id, 0) + len(gone)
        return True
