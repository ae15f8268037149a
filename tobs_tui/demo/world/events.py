"""What happens while clients read: posts, edits and deletions, each with its pts and its update.

Private chats and basic groups share the account's pts; each channel and supergroup has one of its own.
What happened is kept, so that a client that was away can ask for the difference.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.demo.world.chat import Chat, Kind, peer_of
from tobs_tui.demo.world.compose import media_tags
from tobs_tui.demo.world.markup import parse_markup
from tobs_tui.demo.world.media import file_specs, tl_media
from tobs_tui.demo.world.ownstamp import OwnStamp
from tobs_tui.demo.world.template import About, fixed_template

if TYPE_CHECKING:
    from tobs_tui.demo.world.world import World

ACCOUNT = 0
"""The key of the box that private chats and basic groups share."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change: the pts after it, and the message it is about (or the ids that are gone)."""

    pts: int
    count: int
    chat_id: int
    kind: str
    """new, edit, delete, pin or unpin."""
    message_ids: tuple[int, ...]


@dataclass(slots=True)
class Box:
    """One sequence of pts, and the events since the world began."""

    start: int
    pts: int
    events: list[Event] = field(default_factory=list)

    def since(self, pts: int) -> list[Event]:
        """The events after `pts`, oldest first."""
        return [event for event in self.events if event.pts > pts]


class Events:
    """Changes the world and tells whoever listens."""

    def __init__(self, world: World, *, now: Callable[[], float] = time.time) -> None:
        self._world = world
        self._boxes: dict[int, Box] = {}
        self._listeners: list[Callable[[Any], object]] = []
        self._last_shared_id = 0
        self._last_own_ids: dict[int, int] = {}
        self.now = now

    def box(self, chat: Chat | None) -> Box:
        """The pts box of a chat; of the account for None, private chats and basic groups."""
        key = ACCOUNT if chat is None or not chat.kind.own_ids else chat.id
        found = self._boxes.get(key)
        if found is None:
            begin = 1 + (self._shared_top() if key == ACCOUNT or chat is None else chat.history.top)
            found = self._boxes[key] = Box(begin, begin)
        return found

    def subscribe(self, callback: Callable[[Any], object]) -> Callable[[], None]:
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end

    def post(
        self,
        chat: Chat,
        text: str,
        *,
        sender: int | None = None,
        date: int | None = None,
        reply_to: int | None = None,
        topic: int = 0,
        medium: tuple[str, ...] = (),
        markup: bool = False,
        entities: list[Any] | None = None,
    ) -> int:
        """A new message; its id. `medium` is as in scripts (`("photo", "1280x960")`), `markup` reads tags."""
        world = self._world
        author = world.account_id if sender is None else sender
        message_id = 1 + (self._own_top(chat) if chat.kind.own_ids else self._shared_top())
        if not chat.kind.own_ids:
            self._last_shared_id = message_id
        found: list[Any] = []
        if markup:
            text, found = parse_markup(text)
        moment = int(self.now()) if date is None else date
        stamp = OwnStamp(chat.history, message_id, moment, file_specs(medium))
        media = tl_media(medium, stamp, world.files, world.studio.stickers)
        header = None
        if reply_to or topic:
            header = types.MessageReplyHeader(
                reply_to_msg_id=reply_to or topic,
                reply_to_top_id=topic if topic and reply_to else None,
                forum_topic=True if topic else None,
            )
        hidden = chat.broadcast or (chat.kind is Kind.USER and author == chat.id)
        message = types.Message(
            id=message_id,
            peer_id=chat.peer,
            date=moment,
            message=text,
            out=True if author == world.account_id != chat.id and not chat.broadcast else None,
            post=chat.broadcast or None,
            from_id=None if hidden else peer_of(author),
            reply_to=header,
            media=media,
            entities=entities or found or None,
        )
        users = frozenset((author,)) if author > 0 else frozenset()
        chats = frozenset((author,)) if author < 0 else frozenset()
        about = About(
            text, 0 if hidden else author, users, chats, frozenset(media_tags(media)), topic or reply_to or 0
        )
        chat.history.append(message_id, moment, fixed_template(message, about))
        self._record(chat, "new", (message_id,))
        return message_id

    def edit(
        self, chat: Chat, message_id: int, text: str, *, date: int | None = None, hidden: bool = False
    ) -> None:
        """Another text for a message. `hidden` sets `edit_hide`, as reactions do.

        :raises KeyError: there is no such message.
        :raises ValueError: it is a service message, which has no text.
        """
        changed: dict[str, Any] = {
            "message": text,
            "entities": None,
            "edit_date": int(self.now()) if date is None else date,
            "edit_hide": hidden,
        }
        self._rewrite(chat, message_id, changed)
        self._record(chat, "edit", (message_id,))

    def pin(self, chat: Chat, message_id: int, pinned: bool = True) -> None:
        """Pin a message, or take its pin off; raises as `edit`. No service message tells of it."""
        self._rewrite(chat, message_id, {"pinned": pinned or None})
        self._record(chat, "pin" if pinned else "unpin", (message_id,))

    def _rewrite(self, chat: Chat, message_id: int, changed: dict[str, Any]) -> None:
        """Give a message a template of its own with some fields changed."""
        history = chat.history
        index = history.index(message_id)
        if index is None:
            raise KeyError(message_id)
        old = history.template_at(index).frozen(history, index)
        message = BinaryReader(old.whole).tgread_object()
        if not isinstance(message, types.Message):
            raise ValueError(f"{message_id} is a service message")
        vars(message).update(changed)
        text = changed.get("message", old.about.text)
        about = About(text, old.about.sender, old.users, old.chats, old.about.tags, old.about.thread)
        history.replace(index, fixed_template(message, about))

    def delete(self, chat: Chat, message_ids: list[int]) -> None:
        """Delete messages; ids that are not there are passed over."""
        gone = []
        for message_id in message_ids:
            index = chat.history.index(message_id)
            if index is not None:
                if chat.kind.own_ids:
                    self._last_own_ids[chat.id] = self._own_top(chat)
                else:
                    self._last_shared_id = self._shared_top()
                chat.history.remove(index)
                gone.append(message_id)
        if gone:
            self._record(chat, "delete", tuple(gone))

    def _own_top(self, chat: Chat) -> int:
        """The last id that was given in a channel: that of a deleted message is never given again."""
        return max(self._last_own_ids.get(chat.id, 0), chat.history.top)

    def _shared_top(self) -> int:
        tops = (chat.history.top for chat in self._world.chats.values() if not chat.kind.own_ids)
        return max(self._last_shared_id, max(tops, default=0))

    def _record(self, chat: Chat, kind: str, message_ids: tuple[int, ...]) -> None:
        box = self.box(chat)
        box.pts += len(message_ids)
        event = Event(box.pts, len(message_ids), chat.id, kind, message_ids)
        box.events.append(event)
        if not self._listeners:
            return
        users, chats = self.named([event])
        updates = types.Updates([self.update(event)], users, chats, int(self.now()), 0)
        for listener in tuple(self._listeners):
            listener(updates)

    def update(self, event: Event) -> Any:
        """The TL update of an event; of a message that is gone since, its deletion."""
        own = self._world.chats[event.chat_id].kind.own_ids
        message = None
        if event.kind != "delete":
            message = self._world.message(event.chat_id, event.message_ids[0])
        if message is None:
            if own:
                bare_id = self._world.chats[event.chat_id].bare_id
                return types.UpdateDeleteChannelMessages(
                    bare_id, list(event.message_ids), event.pts, event.count
                )
            return types.UpdateDeleteMessages(list(event.message_ids), event.pts, event.count)
        if event.kind in ("pin", "unpin"):
            pinned = event.kind == "pin"
            if own:
                return types.UpdatePinnedChannelMessages(
                    self._world.chats[event.chat_id].bare_id,
                    list(event.message_ids),
                    event.pts,
                    event.count,
                    pinned=pinned,
                )
            peer = peer_of(event.chat_id)
            return types.UpdatePinnedMessages(
                peer, list(event.message_ids), event.pts, event.count, pinned=pinned
            )
        if event.kind == "new":
            kind = types.UpdateNewChannelMessage if own else types.UpdateNewMessage
        else:
            kind = types.UpdateEditChannelMessage if own else types.UpdateEditMessage
        return kind(message, event.pts, event.count)

    def named(self, events: list[Event]) -> tuple[list[Any], list[Any]]:
        """The users and chats that these events name."""
        world = self._world
        users: set[int] = {world.account_id}
        chats: set[int] = set()
        for event in events:
            (users if event.chat_id > 0 else chats).add(event.chat_id)
            history = world.chats[event.chat_id].history
            for message_id in event.message_ids:
                index = history.index(message_id)
                if index is not None:
                    about = history.about(index)
                    users |= about.users
                    chats |= about.chats
        return (
            [world.people.tl(user) for user in sorted(users)],
            [world.chats[chat].tl() for chat in sorted(chats) if chat in world.chats],
        )
