"""The account's chats: the whole list with folders, and what is asked of one (topics, counts, old history).

Of a server only `messages.getDialogs` and `getHistory` are needed; what else it lacks is said in the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec
from telethon.tl import functions, types

from tobs_tui.errors import ChatUnavailable, RangeFailed
from tobs_tui.model import Chat, ChatType, Page, Topic
from tobs_tui.telegram.asking import Asks
from tobs_tui.telegram.convert import RawPage, convert_page
from tobs_tui.telegram.convert.people import DELETED_NAME, chat_title, user_name, username_of
from tobs_tui.telegram.convert.primitives import channel_mark, unix_or_none
from tobs_tui.telegram.dialogs import DialogList, Progress, list_dialogs
from tobs_tui.telegram.folders import Folder, folders_of
from tobs_tui.telegram.history import history_request
from tobs_tui.telegram.peers import input_channel, input_peer, input_peer_of

_log = logging.getLogger(__name__)

SAVED_TITLE = "Saved Messages"
GENERAL = Topic(1, "General")
_TOPICS_PAGE = 100


async def list_chats(
    account: Asks,
    *,
    on_progress: Progress | None = None,
    on_doubt: Callable[[str], None] = lambda doubt: None,
    now: Callable[[], float] = time.time,
) -> list[Chat]:
    """All chats of the account, archived ones last, in Telegram's order.

    A basic group that became a supergroup is no chat of its own: the supergroup names it in `migrated_from`.

    :param on_doubt: told, in a line, of whatever may be missing.
    """
    listed = DialogList()
    await list_dialogs(account, listed, folder=0, progress=on_progress)
    try:
        await list_dialogs(account, listed, folder=1, progress=on_progress)
    except (ChatUnavailable, RangeFailed) as error:
        _log.warning("the server has no list of archived chats: %s", error)
        on_doubt(f"Archived chats can't be listed and may be missing: {error.what}")
    if not listed.complete:
        _log.warning("the server's list of chats stopped before its end: some chats may be missing")
        on_doubt("The server's list of chats stopped before its end: some chats may be missing")
    folders = await _folders(account, now())
    upgraded = _upgraded(listed)
    chats: list[Chat] = []
    for chat_id, dialog in listed.dialogs.items():
        if chat_id in upgraded and upgraded[chat_id] in listed.dialogs:
            continue
        chats.append(_chat(chat_id, dialog, listed, folders, account.own_id))
    old = {new_id: old_id for old_id, new_id in upgraded.items()}
    return [_with_migrated(chat, old.get(chat.id), listed) for chat in chats]


async def with_old_history(account: Asks, chat: Chat) -> Chat:
    """The chat with `migrated_from` and `migrated_top_id`, if it was a basic group once."""
    if chat.type not in (ChatType.SUPERGROUP, ChatType.FORUM) or chat.no_access:
        return chat
    if chat.migrated_from is not None and chat.migrated_top_id:
        return chat
    try:
        full = await account.ask(
            functions.channels.GetFullChannelRequest(input_channel(chat)), chat=chat.title
        )
    except (ChatUnavailable, RangeFailed) as error:
        _log.warning("whether a group has a history from before its upgrade can't be told: %s", error)
        old_id, told = chat.migrated_from, 0
    else:
        basic = getattr(full.full_chat, "migrated_from_chat_id", None)
        old_id = -basic if basic else chat.migrated_from
        told = getattr(full.full_chat, "migrated_from_max_id", None) or 0
    if old_id is None:
        return chat
    top = await _newest_id(account, old_id, chat.title)
    return msgspec.structs.replace(chat, migrated_from=old_id, migrated_top_id=max(told, top))


async def count_messages(account: Asks, chat: Chat) -> int:
    """How many messages Telegram counts in the chat, with those of its old basic group."""
    count = _count(
        await account.ask(
            history_request(input_peer(chat, account.own_id), limit=1), of="history", chat=chat.title
        )
    )
    if chat.migrated_from is None:
        return count
    try:
        peer = input_peer_of(chat.migrated_from, 0, account.own_id)
        return count + _count(
            await account.ask(history_request(peer, limit=1), of="history", chat=chat.title)
        )
    except (ChatUnavailable, RangeFailed) as error:
        _log.warning("messages from before a group's upgrade can't be counted: %s", error)
        return count


async def preview(account: Asks, chat: Chat, limit: int = 20) -> Page:
    """The newest messages of a chat, for looking at; nothing of it is kept."""
    request = history_request(input_peer(chat, account.own_id), limit=limit)
    answer = await account.ask(request, of="history", chat=chat.title)
    forum = chat.type is ChatType.FORUM
    return convert_page(RawPage(chat.id, account.own_id, 0, limit, answer, forum=forum))


async def count_kinds(account: Asks, chat: Chat) -> dict[str, int]:
    """How many photos, videos, files and voice messages Telegram counts in a chat, by these words.

    Empty where the server doesn't count. A chat's old history is not counted in.
    """
    filters = [kind() for kind in _COUNTED.values()]
    request = functions.messages.GetSearchCountersRequest(input_peer(chat, account.own_id), filters)
    try:
        counters = await account.ask(request, chat=chat.title)
    except (ChatUnavailable, RangeFailed) as error:
        _log.info("files can't be counted: %s", error)
        return {}
    words = {kind.CONSTRUCTOR_ID: word for word, kind in _COUNTED.items()}
    return {
        words[counter.filter.CONSTRUCTOR_ID]: int(counter.count)
        for counter in counters
        if counter.filter.CONSTRUCTOR_ID in words
    }


_COUNTED = {
    "photos": types.InputMessagesFilterPhotos,
    "videos": types.InputMessagesFilterVideo,
    "files": types.InputMessagesFilterDocument,
    "voices": types.InputMessagesFilterVoice,
}


async def newest(account: Asks, chat: Chat) -> Chat:
    """The chat with its newest message's id and date, and Telegram's count: for one that is no dialog."""
    answer = await account.ask(
        history_request(input_peer(chat, account.own_id), limit=1), of="history", chat=chat.title
    )
    chat = msgspec.structs.replace(chat, pts=getattr(answer, "pts", None))
    top = max(answer.messages, key=lambda message: message.id, default=None)
    if top is None:
        return chat
    date = unix_or_none(top.date)
    return msgspec.structs.replace(chat, top_id=top.id, last_date=date, messages=_count(answer))


async def forum_topics(account: Asks, chat: Chat) -> tuple[Topic, ...]:
    """All topics of a forum, General among them; empty for other chats and where the server has no topics."""
    if chat.type is not ChatType.FORUM or chat.no_access:
        return ()
    topics: dict[int, Topic] = {GENERAL.id: GENERAL}
    seen: set[int] = set()
    date: Any = None
    message_id = topic_id = 0
    while True:
        request = functions.messages.GetForumTopicsRequest(
            peer=input_peer(chat, account.own_id),
            offset_date=date,
            offset_id=message_id,
            offset_topic=topic_id,
            limit=_TOPICS_PAGE,
        )
        try:
            answer = await account.ask(request, chat=chat.title)
        except (ChatUnavailable, RangeFailed) as error:
            _log.warning("topics of a forum can't be listed: %s", error)
            return tuple(topics.values()) if seen else ()
        new = [topic for topic in answer.topics if topic.id not in seen]
        if not new:
            return tuple(topics.values())
        for topic in new:
            seen.add(topic.id)
            if isinstance(topic, types.ForumTopic):
                topics[topic.id] = Topic(topic.id, topic.title or f"Topic {topic.id}", topic.top_message)
        last = next((topic for topic in reversed(new) if isinstance(topic, types.ForumTopic)), None)
        if last is None:
            return tuple(topics.values())
        tops = {message.id: message.date for message in answer.messages}
        date = last.date if answer.order_by_create_date else tops.get(last.top_message, last.date)
        message_id, topic_id = last.top_message, last.id


async def _folders(account: Asks, now: float) -> list[Folder]:
    try:
        answer = await account.ask(functions.messages.GetDialogFiltersRequest(), of="dialogs")
    except (ChatUnavailable, RangeFailed) as error:
        _log.warning("the server has no folders: %s", error)
        return []
    # Before layer 176 the answer was the bare list.
    return folders_of(list(getattr(answer, "filters", answer)), account.own_id, now)


async def _newest_id(account: Asks, chat_id: int, title: str) -> int:
    """The newest id of an old basic group's history; 0 when it can't be asked."""
    try:
        peer = input_peer_of(chat_id, 0, account.own_id)
        answer = await account.ask(history_request(peer, limit=1), of="history", chat=title)
    except (ChatUnavailable, RangeFailed) as error:
        _log.warning("the history from before a group's upgrade can't be asked: %s", error)
        return 0
    return max((message.id for message in answer.messages), default=0)


def _count(answer: Any) -> int:
    count = getattr(answer, "count", None)
    return int(count) if count is not None else len(answer.messages)


def _upgraded(listed: DialogList) -> dict[int, int]:
    """Old basic groups -> the supergroups that they became, both as marked ids."""
    return {
        chat_id: channel_mark(peer.migrated_to.channel_id)
        for chat_id, peer in listed.peers.items()
        if isinstance(peer, types.Chat) and isinstance(peer.migrated_to, types.InputChannel)
    }


def _with_migrated(chat: Chat, old_id: int | None, listed: DialogList) -> Chat:
    if old_id is None:
        return chat
    dialog = listed.dialogs.get(old_id)
    top = dialog.top_message if dialog is not None else 0
    return msgspec.structs.replace(chat, migrated_from=old_id, migrated_top_id=top)


def _chat(chat_id: int, dialog: Any, listed: DialogList, folders: list[Folder], own_id: int) -> Chat:
    peer = listed.peers.get(chat_id)
    archived = chat_id in listed.archived
    top = listed.top_message(dialog)
    return msgspec.structs.replace(
        chat_of_peer(chat_id, peer, own_id),
        top_id=dialog.top_message,
        last_date=unix_or_none(top.date) if top is not None else None,
        unread=dialog.unread_count,
        archived=archived,
        pinned=bool(dialog.pinned),
        folders=tuple(folder.title for folder in folders if folder.shows(chat_id, dialog, peer, archived)),
        pts=dialog.pts,
    )


def chat_of_peer(chat_id: int, peer: Any, own_id: int) -> Chat:
    """A chat as its `User`, `Chat` or `Channel` tells it; `peer` None when the server sent none."""
    if isinstance(peer, types.User):
        return Chat(
            id=chat_id,
            type=_user_type(peer, own_id),
            title=_user_title(peer, own_id),
            username=username_of(peer),
            access_hash=peer.access_hash,
        )
    if isinstance(peer, types.Channel):
        return Chat(
            id=chat_id,
            type=_channel_type(peer),
            title=chat_title(peer),
            username=username_of(peer),
            access_hash=peer.access_hash,
            protected=bool(peer.noforwards),
            no_access=_why_closed(peer),
        )
    if isinstance(peer, types.ChannelForbidden):
        return Chat(
            id=chat_id,
            type=ChatType.SUPERGROUP if peer.megagroup else ChatType.CHANNEL,
            title=chat_title(peer),
            access_hash=peer.access_hash,
            no_access="the account was removed from it",
        )
    if isinstance(peer, (types.Chat, types.ChatForbidden)):
        # Telegram lets a basic group be read as far as the account was in it, even after it left.
        protected = bool(getattr(peer, "noforwards", False))
        return Chat(id=chat_id, type=ChatType.GROUP, title=chat_title(peer), protected=protected)
    return _nameless(chat_id, own_id)


def _nameless(chat_id: int, own_id: int) -> Chat:
    """A dialog whose peer the server did not send, or sent empty."""
    if chat_id == own_id:
        return Chat(id=chat_id, type=ChatType.SAVED, title=SAVED_TITLE)
    if chat_id > 0:
        return Chat(id=chat_id, type=ChatType.PERSON, title=DELETED_NAME)
    own_space = chat_id <= channel_mark(0)
    kind = ChatType.CHANNEL if own_space else ChatType.GROUP
    closed = "Telegram does not tell enough of it" if own_space else None
    return Chat(id=chat_id, type=kind, title=f"Chat {chat_id}", no_access=closed)


def _user_type(user: Any, own_id: int) -> ChatType:
    if user.id == own_id:
        return ChatType.SAVED
    return ChatType.BOT if user.bot else ChatType.PERSON


def _user_title(user: Any, own_id: int) -> str:
    if user.id == own_id:
        return SAVED_TITLE
    return DELETED_NAME if user.deleted else user_name(user)


def _channel_type(channel: Any) -> ChatType:
    if not (channel.megagroup or channel.gigagroup):
        return ChatType.CHANNEL
    return ChatType.FORUM if channel.forum else ChatType.SUPERGROUP


def _why_closed(channel: Any) -> str | None:
    """Public ones may be read by anybody; others only from within."""
    banned = channel.banned_rights
    if banned is not None and banned.view_messages:
        return "the account is banned in it"
    if channel.left and not username_of(channel) and not channel.has_geo:
        return "the account has left it"
    return None
