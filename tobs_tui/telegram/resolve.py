"""CHAT as a person writes it -> the chat: marked id, `ID/TOPIC`, @username, t.me link or exact title."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from telethon.tl import functions

from tobs_tui.errors import AmbiguousChat, ChatUnavailable, RangeFailed, UnknownChat, UsageError
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram.asking import Asks
from tobs_tui.telegram.chats import chat_of_peer, forum_topics, newest
from tobs_tui.telegram.convert.primitives import channel_mark, marked
from tobs_tui.telegram.links import ChatLink, is_username, parse_link
from tobs_tui.text import for_terminal

_ID = re.compile(r"(-?[0-9]{1,19})(?:/([0-9]{1,10}))?")
_SUGGESTIONS = 3
_LIST_THEM = "`tobs-tui chats` lists them all"


@dataclass(frozen=True, slots=True)
class ChatRef:
    """A chat that was asked for; `topic_id` when it is one topic of a forum."""

    chat: Chat
    topic_id: int | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A username that no listed chat has: only Telegram can tell whose it is."""

    username: str
    link: ChatLink


async def resolve(account: Asks, chats: Sequence[Chat], text: str) -> ChatRef:
    """The chat that `text` means among `chats`; a username that none of them has is asked of Telegram.

    :raises UnknownChat: naming close titles.
    :raises AmbiguousChat: naming the candidates with their ids.
    :raises UsageError: for invite links, and for a topic of a chat that has none.
    """
    found = find_chat(chats, text)
    if isinstance(found, ChatRef):
        link = _link(text)
        if found.topic_id is None and found.chat.type is ChatType.FORUM and link and len(link.numbers) == 1:
            # The one number after a forum's name is a topic or a message of its General topic.
            topics = found.chat.topics or await forum_topics(account, found.chat)
            return _with_link(msgspec.structs.replace(found.chat, topics=tuple(topics)), link)
        return await _with_known_topic(account, found)
    chat = await _ask_username(account, chats, found.username)
    return await _with_known_topic(account, _with_link(chat, found.link))


def find_chat(chats: Sequence[Chat], text: str) -> ChatRef | Elsewhere:
    """`resolve` without an account: among the chats given alone; `Elsewhere` for the username of another."""
    wanted = text.strip()
    if match := _ID.fullmatch(wanted):
        chat = _with_id(chats, int(match[1]))
        if chat is not None:
            return ChatRef(chat, _topic(chat, int(match[2]))) if match[2] else ChatRef(chat)
    titled = [chat for chat in chats if _same(chat.title, wanted)]
    if len(titled) > 1:
        raise _ambiguous(titled, wanted)
    if titled:
        return ChatRef(titled[0])
    link = _link(wanted)
    if link is None:
        raise _unknown(chats, wanted)
    if link.chat_id is not None:
        chat = _with_id(chats, link.chat_id)
        if chat is None:
            raise _unknown(chats, wanted)
        return _with_link(chat, link)
    username = link.username or ""
    named = [chat for chat in chats if (chat.username or "").lower() == username.lower()]
    return _with_link(named[0], link) if named else Elsewhere(username, link)


def _link(text: str) -> ChatLink | None:
    wanted = text.strip()
    if wanted.startswith("@"):
        return ChatLink(username=wanted[1:]) if is_username(wanted[1:]) else None
    return parse_link(wanted)


def _with_id(chats: Sequence[Chat], chat_id: int) -> Chat | None:
    """The chat of that marked id, or the supergroup that the basic group of that id became."""
    exact = next((chat for chat in chats if chat.id == chat_id), None)
    return exact or next((chat for chat in chats if chat.migrated_from == chat_id), None)


def _with_link(chat: Chat, link: ChatLink) -> ChatRef:
    """The chat, or the topic that the link leads into: `name/TOPIC/MESSAGE`, `?thread=`, or a known topic."""
    if chat.type is not ChatType.FORUM:
        return ChatRef(chat)
    if link.thread is not None or len(link.numbers) > 1:
        return ChatRef(chat, link.thread or link.numbers[0])
    known = {topic.id for topic in chat.topics}
    return ChatRef(chat, link.numbers[0] if link.numbers and link.numbers[0] in known else None)


async def _with_known_topic(account: Asks, found: ChatRef) -> ChatRef:
    """The same, with its topics listed. :raises UnknownChat: when the topic asked for is none of them."""
    if found.topic_id is None:
        return found
    topics = found.chat.topics or await forum_topics(account, found.chat)
    chat = msgspec.structs.replace(found.chat, topics=tuple(topics))
    return ChatRef(chat, _topic(chat, found.topic_id))


def _topic(chat: Chat, topic_id: int) -> int:
    if chat.type is not ChatType.FORUM:
        raise UsageError(f"{_named(chat)} is no forum and has no topics", f"Give {chat.id} alone")
    known = {topic.id for topic in chat.topics}
    if topic_id < 1 or (known and topic_id not in known):
        shown = ", ".join(f"{topic.id} {for_terminal(topic.title, 40)}" for topic in chat.topics[:10])
        raise UnknownChat(
            f"{_named(chat)} has no topic {topic_id}", f"It has: {shown}" if shown else _LIST_THEM
        )
    return topic_id


async def _ask_username(account: Asks, chats: Sequence[Chat], username: str) -> Chat:
    """The chat behind a username: a listed one under another of its names, or one not among the dialogs."""
    try:
        answer = await account.ask(functions.contacts.ResolveUsernameRequest(username))
    except (ChatUnavailable, RangeFailed) as error:
        raise _unknown(chats, f"@{username}") from error
    chat_id = marked(answer.peer)
    listed = _with_id(chats, chat_id)
    if listed is not None:
        return listed
    peers = {user.id: user for user in answer.users}
    peers |= {channel_mark(chat.id): chat for chat in answer.chats}
    chat = chat_of_peer(chat_id, peers.get(chat_id), account.own_id)
    return await newest(account, chat)


def _same(title: str, wanted: str) -> bool:
    return title == wanted or _plain(title) == _plain(wanted)


def _plain(text: str) -> str:
    """Canonical Unicode form and single spaces: what looks the same is the same title."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _named(chat: Chat) -> str:
    return f"“{for_terminal(chat.title, 60)}”"


def _ambiguous(chats: Sequence[Chat], wanted: str) -> AmbiguousChat:
    candidates = ", ".join(f"{chat.id} {_named(chat)} ({chat.type.value})" for chat in chats)
    return AmbiguousChat(
        f"Several chats are called “{for_terminal(wanted, 60)}”: {candidates}", "Give one's id"
    )


def _unknown(chats: Sequence[Chat], wanted: str) -> UnknownChat:
    """Names the chats that could be meant: an id without its mark, a title in other case, a near one."""
    close = [chat for chat in chats if _ID.fullmatch(wanted) and wanted.lstrip("-") in _digits(chat)]
    close += [chat for chat in chats if chat.title.casefold() == wanted.casefold()]
    if not close:
        by_title = {chat.title.casefold(): chat for chat in reversed(chats)}
        near = difflib.get_close_matches(wanted.casefold(), by_title, n=_SUGGESTIONS, cutoff=0.6)
        close = [by_title[title] for title in near]
    what = f"No chat answers to “{for_terminal(wanted, 60)}”"
    if not close:
        return UnknownChat(what, _LIST_THEM)
    suggestions = ", ".join(f"{_named(chat)} ({chat.id})" for chat in close[:_SUGGESTIONS])
    return UnknownChat(what, f"Did you mean {suggestions}?")


def _digits(chat: Chat) -> tuple[str, ...]:
    """A chat's id as people write it without the mark."""
    return (str(abs(chat.id)), str(abs(chat.id)).removeprefix("100"))
