"""Forum topics."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.peers import chat_of_peer
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat, ForumTopic
from tobs_tui.demo.world.threads import thread_indexes
from tobs_tui.demo.world.world import World


def tl_topic(chat: Chat, topic_id: int) -> Any:
    """A topic as TL; ForumTopicDeleted when there is none."""
    topic = chat.topics.get(topic_id)
    if topic is None:
        return types.ForumTopicDeleted(topic_id)
    top = topic_top(chat, topic_id)
    return types.ForumTopic(
        id=topic.id,
        date=topic.date,
        peer=chat.peer,
        title=topic.title,
        icon_color=topic.color,
        icon_emoji_id=topic.icon,
        top_message=top,
        read_inbox_max_id=top,
        read_outbox_max_id=top,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        from_id=types.PeerUser(topic.creator),
        notify_settings=types.PeerNotifySettings(),
        closed=topic.closed or None,
        pinned=topic.pinned or None,
        hidden=topic.hidden or None,
    )


def topic_top(chat: Chat, topic_id: int) -> int:
    """The id of a topic's newest message."""
    indexes = thread_indexes(chat, topic_id)
    return chat.history.ids[indexes[-1]] if indexes else topic_id


def _order(chat: Chat) -> list[ForumTopic]:
    dates = dict(zip(chat.history.ids, chat.history.dates, strict=True))

    def key(topic: ForumTopic) -> tuple[bool, int, int]:
        return (not topic.pinned, -dates.get(topic_top(chat, topic.id), topic.date), -topic.id)

    return sorted(chat.topics.values(), key=key)


def _forum(call: Call, peer: Any) -> Chat:
    chat = chat_of_peer(call.world, peer)
    if not chat.forum:
        raise RpcError(400, "CHANNEL_FORUM_MISSING")
    return chat


def _answer(world: World, chat: Chat, topics: list[Any], count: int) -> Any:
    ids = [topic.top_message for topic in topics if isinstance(topic, types.ForumTopic)]
    messages = [message for message_id in ids if (message := world.message(chat.id, message_id))]
    users: set[int] = {topic.from_id.user_id for topic in topics if isinstance(topic, types.ForumTopic)}
    for message_id in ids:
        index = chat.history.index(message_id)
        if index is not None:
            users |= chat.history.about(index).users
    return types.messages.ForumTopics(
        count=count,
        topics=topics,
        messages=messages,
        chats=[chat.tl()],
        users=[world.people.tl(user) for user in sorted(users)],
        pts=world.events.box(chat).pts,
    )


@method(functions.messages.GetForumTopicsRequest)
async def get_forum_topics(call: Call, request: Any) -> Any:
    """The topics of a forum, pinned first, then by their newest message."""
    chat = _forum(call, request.peer)
    topics = _order(chat)
    if request.q:
        topics = [topic for topic in topics if request.q.casefold() in topic.title.casefold()]
    count = len(topics)
    if request.offset_topic:
        ids = [topic.id for topic in topics]
        topics = topics[ids.index(request.offset_topic) + 1 :] if request.offset_topic in ids else []
    shown = [tl_topic(chat, topic.id) for topic in topics[: max(0, min(100, request.limit))]]
    return _answer(call.world, chat, shown, count)


@method(functions.messages.GetForumTopicsByIDRequest)
async def get_forum_topics_by_id(call: Call, request: Any) -> Any:
    """Some topics by id."""
    chat = _forum(call, request.peer)
    topics = [tl_topic(chat, topic_id) for topic_id in request.topics[:100]]
    return _answer(call.world, chat, topics, len(topics))
