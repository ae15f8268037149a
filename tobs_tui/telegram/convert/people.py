"""Users, groups and channels as the people of a page: each once, with its name as Telegram has it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from tobs_tui.model import Person, PersonKind
from tobs_tui.telegram.convert.primitives import channel_mark

_log = logging.getLogger(__name__)

DELETED_NAME = "Deleted account"


def user_name(user: Any) -> str:
    """First and last name as they are; a username or the id where Telegram has no name, or a blank one."""
    first, last = user.first_name, user.last_name
    name = f"{first} {last}" if first and last else first or last
    if name and not name.isspace():
        return str(name)
    if user.deleted:
        return DELETED_NAME
    return username_of(user) or f"User {user.id}"


def username_of(peer: Any) -> str | None:
    """The username, or the first active one of several (collectible names come only so)."""
    if peer.username:
        return str(peer.username)
    for name in peer.usernames or ():
        if name.active:
            return str(name.username)
    return None


def chat_title(chat: Any) -> str:
    """A group's or channel's title; its id where Telegram tells none, or a blank one."""
    title = getattr(chat, "title", None)
    return str(title) if title and not title.isspace() else f"Chat {chat.id}"


def _user(user: Any) -> Person:
    if user.deleted:
        return Person(id=user.id, kind=PersonKind.DELETED, name=DELETED_NAME)
    kind = PersonKind.BOT if user.bot else PersonKind.USER
    return Person(id=user.id, kind=kind, name=user_name(user), username=username_of(user), min=bool(user.min))


def _user_empty(user: Any) -> Person:
    return Person(id=user.id, kind=PersonKind.DELETED, name=DELETED_NAME, min=True)


def _group(chat: Any) -> Person:
    return Person(id=-chat.id, kind=PersonKind.CHAT, name=chat_title(chat))


def _group_forbidden(chat: Any) -> Person:
    return Person(id=-chat.id, kind=PersonKind.CHAT, name=chat_title(chat), min=True)


def _channel(chat: Any) -> Person:
    return Person(
        id=channel_mark(chat.id),
        kind=PersonKind.CHAT,
        name=chat_title(chat),
        username=username_of(chat),
        min=bool(chat.min),
    )


def _channel_forbidden(chat: Any) -> Person:
    return Person(id=channel_mark(chat.id), kind=PersonKind.CHAT, name=chat_title(chat), min=True)


_BY_CLASS = {
    types.User: _user,
    types.UserEmpty: _user_empty,
    types.Chat: _group,
    types.ChatForbidden: _group_forbidden,
    types.Channel: _channel,
    types.ChannelForbidden: _channel_forbidden,
}


def person_of(peer: Any) -> Person | None:
    """The person of a Telethon `User`, `Chat` or `Channel`; None for an empty chat or an unknown class."""
    convert = _BY_CLASS.get(type(peer))
    return convert(peer) if convert is not None else None


def people_of(*peers: Iterable[Any]) -> dict[int, Person]:
    """Everybody named beside an answer, by marked id; a full form wins over a reduced one."""
    people: dict[int, Person] = {}
    for group in peers:
        for peer in group:
            try:
                person = person_of(peer)
            except Exception as error:  # the boundary of one person: a page goes on without the name
                _log.warning("a person's name can't be read: %s", type(error).__name__)
                continue
            if person is None:
                continue
            known = people.get(person.id)
            if known is None or (known.min and not person.min):
                people[person.id] = person
    return people
