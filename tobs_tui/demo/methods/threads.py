"""Threads: the messages of a topic or below a message, and the discussion of a channel's post."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.peers import chat_of_peer
from tobs_tui.demo.methods.search import found_page
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.threads import thread_indexes
from tobs_tui.demo.world.world import World


def discussion(world: World, chat: Chat, message_id: int) -> tuple[Chat, int]:
    """Where the thread of a message is: of a channel's post in the linked group.

    :raises RpcError: MSG_ID_INVALID.
    """
    if chat.broadcast:
        group = world.chats.get(chat.linked)
        root = group.roots.get(message_id) if group else None
        if group is None or root is None:
            raise RpcError(400, "MSG_ID_INVALID")
        return group, root
    known = message_id in chat.topics or chat.history.index(message_id) is not None
    if not known and not thread_indexes(chat, message_id):
        raise RpcError(400, "TOPIC_ID_INVALID" if chat.forum else "MSG_ID_INVALID")
    return chat, message_id


@method(functions.messages.GetRepliesRequest)
async def get_replies(call: Call, request: Any) -> Any:
    """A window of a thread's messages, newest first."""
    chat, root = discussion(call.world, chat_of_peer(call.world, request.peer), request.msg_id)
    return found_page(call, chat, thread_indexes(chat, root), request)


@method(functions.messages.GetDiscussionMessageRequest)
async def get_discussion_message(call: Call, request: Any) -> Any:
    """The message that a thread begins with, as the group has it."""
    world: World = call.world
    origin = chat_of_peer(world, request.peer)
    chat, root = discussion(world, origin, request.msg_id)
    message = world.message(chat.id, root)
    indexes = thread_indexes(chat, root)
    top = chat.history.ids[indexes[-1]] if indexes else root
    users, chats = set[int](), {chat.id, origin.id}
    if (index := chat.history.index(root)) is not None:
        users, chats = set(chat.history.about(index).users), chats | chat.history.about(index).chats
    return types.messages.DiscussionMessage(
        messages=[message] if message else [],
        max_id=top,
        read_inbox_max_id=top,
        read_outbox_max_id=top,
        unread_count=0,
        chats=[world.chats[each].tl() for each in sorted(chats) if each in world.chats and each < 0],
        users=[world.people.tl(user) for user in sorted(users)],
    )
