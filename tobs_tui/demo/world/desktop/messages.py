"""The messages of one loaded chat, made into TL and put into its history, old ones into the old group's."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.chat import Chat, ForumTopic, Kind, peer_of
from tobs_tui.demo.world.compose import action_people, media_tags
from tobs_tui.demo.world.desktop.actions import ANSWERED, action_of
from tobs_tui.demo.world.desktop.keyboard import buttons_of, reactions_of
from tobs_tui.demo.world.desktop.media import media_of
from tobs_tui.demo.world.desktop.people import Register
from tobs_tui.demo.world.desktop.reading import OLD_GROUP_SHIFT, DesktopChat, Row, moment, number
from tobs_tui.demo.world.desktop.text import entities_of, text_of
from tobs_tui.demo.world.ownstamp import OwnStamp
from tobs_tui.demo.world.template import About, fixed_template
from tobs_tui.demo.world.world import World


def load_messages(world: World, register: Register, source: DesktopChat, chat: Chat) -> None:
    """Fill the history of `chat`; negative ids go to a basic group that it once was."""
    rows = {int(row["id"]): row for row in reversed(source.messages)}
    ordered = sorted(rows)
    if chat.forum:
        _find_topics(source, chat, rows)
    if any(message_id < 0 for message_id in ordered):
        bare = register.free_id(Kind.GROUP, source.id)
        old = world.add_chat(Kind.GROUP, bare, chat.title, migrated_to=chat.id)
        old.access_hash, old.members, old.creator = chat.access_hash, chat.members, chat.creator
        chat.migrated_from = old.id
    loader = _Loader(world, register, source, rows)
    for message_id in ordered:
        loader.load(chat, message_id)


def _find_topics(source: DesktopChat, chat: Chat, rows: dict[int, Row]) -> None:
    """The forum's topics: General, and one for each message that made one."""
    chat.topics[1] = ForumTopic(1, "General", chat.creator, 0)
    for message_id, row in rows.items():
        if row.get("action") == "topic_created":
            title, date = str(row.get("title") or ""), moment(row) or 0
            chat.topics[message_id] = ForumTopic(message_id, title, chat.creator, date)


class _Loader:
    """Makes messages of one export's chat."""

    def __init__(self, world: World, register: Register, source: DesktopChat, rows: dict[int, Row]) -> None:
        self.world = world
        self.register = register
        self.source = source
        self.rows = rows
        self.last_date = next((date for row in rows.values() if (date := moment(row))), 0)

    def load(self, chat: Chat, file_id: int) -> None:
        """Append the message of this id in the file."""
        row = self.rows[file_id]
        message_id = file_id
        if file_id < 0:
            chat = self.world.chats[chat.migrated_from]
            message_id = file_id + OLD_GROUP_SHIFT
        if not 0 < message_id < 2**31:
            return
        date = self.last_date = moment(row) or self.last_date
        stamp = OwnStamp(chat.history, message_id, date)
        sender = chat.id if chat.broadcast else self._sender(row)
        try:
            template = fixed_template(*self._made(row, chat, stamp, sender))
        except Exception:  # the boundary of one row: a field of a form that no export has had yet
            template = fixed_template(*self._unreadable(row, chat, stamp, sender))
        chat.history.append(message_id, date, template)
        if row.get("action") == "pin_message" and number(row.get("message_id")) > 0:
            chat.pinned_messages.append(number(row["message_id"]))

    def _made(self, row: Row, chat: Chat, stamp: OwnStamp, sender: int) -> tuple[Any, About]:
        users: set[int] = set()
        chats: set[int] = set()
        if sender:
            (users if sender > 0 else chats).add(sender)
        make = self._service if row.get("type") == "service" else self._message
        return make(row, chat, stamp, sender, users, chats)

    def _unreadable(self, row: Row, chat: Chat, stamp: OwnStamp, sender: int) -> tuple[Any, About]:
        """The text of a row of which more can't be made."""
        text = text_of(row)
        shown = self._shown(chat, sender)
        message = types.Message(
            id=stamp.id,
            peer_id=chat.peer,
            date=stamp.date,
            message=text,
            out=self._out(chat, sender),
            post=chat.broadcast or None,
            from_id=shown,
            media=types.MessageMediaUnsupported(),
        )
        users, chats = (
            (frozenset((sender,)), frozenset[int]())
            if sender > 0
            else (frozenset[int](), frozenset((sender,)))
        )
        return message, About(text, sender if shown is not None else 0, users, chats)

    def _sender(self, row: Row) -> int:
        who, name = row.get("from_id", row.get("actor_id")), row.get("from", row.get("actor"))
        return self.register.peer(self.source, who, name)

    def _message(
        self, row: Row, chat: Chat, stamp: OwnStamp, sender: int, users: set[int], chats: set[int]
    ) -> tuple[Any, About]:
        def person(user_id: object, name: object) -> int:
            found = self.register.peer(self.source, user_id, name)
            users.add(found if found > 0 else self.world.account_id)
            return found if found > 0 else self.world.account_id

        def peer(value: object, name: object) -> int:
            found = self.register.peer(self.source, value, name)
            if found:
                (users if found > 0 else chats).add(found)
            return found

        text = text_of(row)
        entities = entities_of(row, person)
        media = media_of(row, self.source, stamp, self.register)
        reply, thread = self._reply(row, chat, peer)
        via = row.get("via_bot")
        bot = self.register.bot(str(via)) if via else None
        if bot:
            users.add(bot)
        edited = moment(row, "edited")
        shown = self._shown(chat, sender)
        message = types.Message(
            id=stamp.id,
            peer_id=chat.peer,
            date=stamp.date,
            message=text,
            out=self._out(chat, sender),
            post=chat.broadcast or None,
            from_id=shown,
            fwd_from=self._forward(row, stamp, peer),
            via_bot_id=bot,
            reply_to=reply,
            media=media,
            entities=entities or None,
            reply_markup=buttons_of(row),
            views=1 if chat.broadcast else None,
            forwards=0 if chat.broadcast else None,
            edit_date=edited if edited and edited > 86_400 * 365 else None,
            post_author=str(row["author"]) if row.get("author") else None,
            reactions=reactions_of(row, peer, stamp.date),
        )
        tags = set(media_tags(media))
        if any(
            isinstance(entity, types.MessageEntityUrl | types.MessageEntityTextUrl) for entity in entities
        ):
            tags.add("url")
        about_sender = sender if shown is not None else 0
        return message, About(text, about_sender, frozenset(users), frozenset(chats), frozenset(tags), thread)

    def _service(
        self, row: Row, chat: Chat, stamp: OwnStamp, sender: int, users: set[int], chats: set[int]
    ) -> tuple[Any, About]:
        other = self._other_group(chat)
        action = action_of(row, self.source, chat, stamp, self.register, other)
        users |= action_people(action)
        answered = next((number(row[key]) for key in ANSWERED if row.get(key)), 0)
        thread = answered if answered in chat.topics else 0
        reply = None
        if answered:
            reply = types.MessageReplyHeader(reply_to_msg_id=_old_id(answered))
        elif row.get("reply_to_message_id"):
            reply, thread = self._reply(row, chat, lambda value, name: 0)
        shown = self._shown(chat, sender)
        message = types.MessageService(
            id=stamp.id,
            peer_id=chat.peer,
            date=stamp.date,
            action=action,
            out=self._out(chat, sender),
            post=chat.broadcast or None,
            from_id=shown,
            reply_to=reply,
        )
        tags = frozenset({"call"} if isinstance(action, types.MessageActionPhoneCall) else ())
        about_sender = sender if shown is not None else 0
        return message, About("", about_sender, frozenset(users), frozenset(chats), tags, thread)

    def _other_group(self, chat: Chat) -> int:
        """The bare id of what a group became or once was; a made one where no export holds it."""
        other = chat.migrated_to or chat.migrated_from
        if other:
            return self.world.chats[other].bare_id
        return chat.bare_id

    def _out(self, chat: Chat, sender: int) -> bool | None:
        return True if sender == self.world.account_id != chat.id and not chat.broadcast else None

    def _shown(self, chat: Chat, sender: int) -> Any:
        if not sender or chat.broadcast or (sender == chat.id and chat.kind is Kind.USER):
            return None
        return peer_of(sender)

    def _forward(self, row: Row, stamp: OwnStamp, peer: Any) -> Any:
        if "forwarded_from" not in row and "forwarded_from_id" not in row:
            return None
        name = row.get("forwarded_from")
        source = peer(row["forwarded_from_id"], name) if row.get("forwarded_from_id") else 0
        saved = row.get("saved_from")
        return types.MessageFwdHeader(
            date=stamp.date,
            from_id=peer_of(source) if source else None,
            from_name=None if source else str(name) if name else None,
            saved_from_name=str(saved) if saved else None,
        )

    def _reply(self, row: Row, chat: Chat, peer: Any) -> tuple[Any, int]:
        """The reply header and the forum topic; 0 outside of forums."""
        answered = number(row.get("reply_to_message_id"))
        if not answered:
            return None, 0
        elsewhere = peer(row["reply_to_peer_id"], None) if row.get("reply_to_peer_id") else 0
        if elsewhere and elsewhere != chat.id:
            return types.MessageReplyHeader(reply_to_msg_id=answered, reply_to_peer_id=peer_of(elsewhere)), 0
        topic = self._topic(chat, answered)
        if topic:
            return types.MessageReplyHeader(
                reply_to_msg_id=answered,
                reply_to_top_id=topic if topic != answered else None,
                forum_topic=True,
            ), topic
        return types.MessageReplyHeader(reply_to_msg_id=_old_id(answered)), 0

    def _topic(self, chat: Chat, answered: int) -> int:
        """The topic of a message that answers `answered`, up the chain of replies."""
        seen: set[int] = set()
        while chat.topics and answered and answered not in seen:
            if answered in chat.topics:
                return answered
            seen.add(answered)
            answered = number(self.rows.get(answered, {}).get("reply_to_message_id"))
        return 0


def _old_id(answered: int) -> int:
    """The id of an answered message; lowered ids of old groups are raised again."""
    return answered + OLD_GROUP_SHIFT if answered < 0 else answered
