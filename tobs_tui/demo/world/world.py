"""The data that the demo server serves: people, chats, histories, files, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tobs_tui.demo.world.chance import mix64
from tobs_tui.demo.world.chat import Chat, Kind, marked
from tobs_tui.demo.world.compose import Studio
from tobs_tui.demo.world.events import Events
from tobs_tui.demo.world.files import FileIds, FileSpec
from tobs_tui.demo.world.history import History
from tobs_tui.demo.world.media import Stickers
from tobs_tui.demo.world.people import People, access_hash
from tobs_tui.demo.world.plan import ScriptBook


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the account: Telegram's dialog filter."""

    id: int
    title: str
    emoticon: str
    include: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()
    pinned: tuple[int, ...] = ()
    flags: frozenset[str] = frozenset()
    """`contacts`, `groups`, `broadcasts`, `bots`, `non_contacts`, `exclude_archived` …"""


@dataclass(frozen=True, slots=True)
class Remapped:
    """A loaded chat whose id was taken already."""

    title: str
    source: str
    """The file's name."""
    was: int
    now: int
    """Marked ids."""


@dataclass(slots=True)
class World:
    """Everything that one account sees on the server."""

    account_id: int
    secret: int
    phone: str = "15550100200"
    people: People = field(init=False)
    files: FileIds = field(init=False)
    studio: Studio = field(init=False)
    chats: dict[int, Chat] = field(default_factory=dict)
    """By marked id; hidden ones too."""
    folders: list[Folder] = field(default_factory=list)
    remapped: list[Remapped] = field(default_factory=list)
    events: Events = field(init=False)
    by_number: list[Chat] = field(default_factory=list)
    _owners: tuple[int, dict[int, Chat]] | None = None

    def __post_init__(self) -> None:
        self.people = People(self.account_id, self.secret)
        self.files = FileIds(mix64(self.secret))
        self.files.resolve = self._spec_of
        self.studio = Studio(self.people, self.files, Stickers(self.files))
        self.events = Events(self)

    def account_user(self) -> Any:
        """The account as a TL User with `is_self` set."""
        return self.people.tl(self.account_id)

    def add_chat(self, kind: Kind, bare_id: int, title: str, *, scripted: bool = False, **more: Any) -> Chat:
        """A new chat with an empty history."""
        chat_id = marked(kind, bare_id)
        if chat_id in self.chats:
            raise ValueError(f"there is a chat {chat_id} already")
        history = History(chat_id, len(self.by_number), self.files)
        hash_kind = "user" if kind is Kind.USER else "channel"
        chat = Chat(chat_id, title, history, access_hash(hash_kind, bare_id, self.secret), **more)
        if scripted:
            history.book = ScriptBook(self.studio, chat)
        self.chats[chat_id] = chat
        self.by_number.append(chat)
        return chat

    def shared_owner(self, message_id: int) -> Chat | None:
        """The private chat or basic group with a message of this id; the first, where several have one."""
        version = sum(chat.history.version for chat in self.by_number) + len(self.by_number)
        if self._owners is None or self._owners[0] != version:
            found: dict[int, Chat] = {}
            for chat in reversed(self.by_number):
                if not chat.kind.own_ids:
                    found.update(dict.fromkeys(chat.history.ids, chat))
            self._owners = (version, found)
        return self._owners[1].get(message_id)

    def dialogs(self, *, archived: bool | None = None) -> list[Chat]:
        """The listed chats, newest first, pinned before them; of one folder or of both."""
        listed = [
            chat
            for chat in self.chats.values()
            if not chat.hidden and (archived is None or chat.archived is archived)
        ]
        listed.sort(
            key=lambda chat: (not chat.pinned, chat.pinned, -chat.last_date, -chat.history.top, chat.id)
        )
        return listed

    def _spec_of(self, number: int, body: int, place: int) -> FileSpec | None:
        if number >= len(self.by_number):
            return None
        book = self.by_number[number].history.book
        if not isinstance(book, ScriptBook):
            return None
        specs = book.specs(body)
        return specs[place] if place < len(specs) else None

    def chat(self, chat_id: int) -> Chat:
        """A chat by marked id.

        :raises KeyError: there is none.
        """
        return self.chats[chat_id]

    def message(self, chat_id: int, message_id: int) -> Any:
        """A message as Telethon object; None when there is none."""
        from telethon.extensions import BinaryReader

        history = self.chats[chat_id].history
        index = history.index(message_id)
        return None if index is None else BinaryReader(history.raw(index)).tgread_object()

    def post(self, chat_id: int, text: str, **more: Any) -> int:
        """A new message by `sender` (marked id; the account where not given); its id. See `Events.post`."""
        return self.events.post(self.chats[chat_id], text, **more)

    def edit(self, chat_id: int, message_id: int, text: str, **more: Any) -> None:
        """Another text for a message. See `Events.edit`."""
        self.events.edit(self.chats[chat_id], message_id, text, **more)

    def pin(self, chat_id: int, message_id: int, pinned: bool = True) -> None:
        """Pin a message, or take its pin off. See `Events.pin`."""
        self.events.pin(self.chats[chat_id], message_id, pinned)

    def delete(self, chat_id: int, message_ids: list[int]) -> None:
        """Delete messages; ids that are not there are passed over."""
        self.events.delete(self.chats[chat_id], message_ids)

    def subscribe(self, callback: Any) -> Any:
        """Call `callback(updates)` with each TL `Updates` as it happens; returns what ends that."""
        return self.events.subscribe(callback)
