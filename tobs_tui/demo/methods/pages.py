"""Pages of messages as ready bytes: which messages a window holds, and the answer around them.

Telegram cuts a page by `offset_id`, `add_offset` and `limit` first and drops what lies outside of
`min_id` and `max_id` afterwards, so such a page can be short or empty in the middle of a history. A
negative `add_offset` that reaches past the newest message makes the page shorter, it doesn't shift it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.threads import thread_of
from tobs_tui.demo.world.world import World

if TYPE_CHECKING:
    from tobs_tui.demo.rpc import Call

_VECTOR = struct.Struct("<II")
_VECTOR_ID = 0x1CB5C415
_EMPTY_VECTOR = _VECTOR.pack(_VECTOR_ID, 0)
_MESSAGES = struct.pack("<I", types.messages.Messages.CONSTRUCTOR_ID)
_SLICE = struct.Struct("<IIi")
_CHANNEL = struct.Struct("<IIii")
_INT = struct.Struct("<i")
_SLICE_OFFSET = 1 << 2
_CHANNEL_OFFSET = 1 << 2
MOST = 100
"""No page holds more messages."""


def window(total: int, newer: int, add_offset: int, limit: int) -> tuple[int, int]:
    """The positions [first, last) of a page, counted from the newest message.

    `newer` is the position of the first message below the offset.
    """
    first = newer + add_offset
    return max(0, first), max(0, min(total, first + limit))


def page_indexes(
    chat: Chat, request: Any, limit: int, within: tuple[int, int] | None = None
) -> tuple[range | list[int], int, int]:
    """A getHistory page: the indexes (newest first), how many messages there are, the offset's position.

    `within` (min_id, max_id, both included) narrows the whole history, as invokeWithMessagesRange does.
    """
    history = chat.history
    begin, end = 0, len(history)
    if within is not None:
        end -= history.newer_than(within[1] + 1)
        begin = min(end, len(history) - history.newer_than(within[0]))
    above = len(history) - end
    if request.offset_id > 0:
        newer = history.newer_than(request.offset_id) - above
    elif request.offset_date and (date := int(request.offset_date.timestamp())) > 0:
        newer = history.not_before(date) - above
    else:
        newer = 0
    newer = min(max(0, newer), end - begin)
    first, last = window(end - begin, newer, request.add_offset, limit)
    indexes: range | list[int] = range(end - 1 - first, end - 1 - last, -1)
    if request.min_id or request.max_id:
        ids = history.ids
        low, high = request.min_id, request.max_id or (1 << 31)
        indexes = [index for index in indexes if low < ids[index] < high]
    return indexes, end - begin, newer


def limit_of(call: Call, request: Any) -> int:
    """How many messages the page may hold."""
    wanted = min(MOST, request.limit)
    return call.page_limit(request, wanted) if wanted > 0 else 0


def messages_answer(
    world: World,
    chat: Chat,
    pieces: Sequence[bytes],
    count: int,
    total: int,
    users: Iterable[int],
    chats: set[int],
    *,
    offset: int | None = None,
    topics: Sequence[int] = (),
) -> bytes:
    """messages.messages, messagesSlice or channelMessages around spliced messages."""
    chats.add(chat.id)
    if chat.linked and chat.broadcast:
        chats.add(chat.linked)
    user_ids = set(users)
    if chat.id > 0:
        user_ids.add(chat.id)
        user_ids.add(world.account_id)
    out = [_head(world, chat, count, total, offset), _VECTOR.pack(_VECTOR_ID, count), *pieces]
    out.append(topics_vector(chat, topics))
    out.append(chats_vector(world, chats))
    out.append(users_vector(world, user_ids, reduced=chat.id < 0))
    return b"".join(out)


def _head(world: World, chat: Chat, count: int, total: int, offset: int | None) -> bytes:
    if chat.kind.own_ids:
        flags = _CHANNEL_OFFSET if offset is not None else 0
        pts = world.events.box(chat).pts
        head = _CHANNEL.pack(types.messages.ChannelMessages.CONSTRUCTOR_ID, flags, pts, total)
    elif count == total and not offset:
        return _MESSAGES
    else:
        flags = _SLICE_OFFSET if offset is not None else 0
        head = _SLICE.pack(types.messages.MessagesSlice.CONSTRUCTOR_ID, flags, total)
    return head + _INT.pack(offset) if offset is not None else head


def vector(items: Sequence[bytes]) -> bytes:
    """A boxed Vector of ready objects."""
    return _VECTOR.pack(_VECTOR_ID, len(items)) + b"".join(items)


def chats_vector(world: World, chat_ids: Iterable[int]) -> bytes:
    """The groups and channels among these marked ids."""
    items = []
    for chat_id in sorted(chat_ids):
        chat = world.chats.get(chat_id)
        if chat is not None and chat_id < 0:
            items.append(chat.tl_bytes(reduced=chat.left))
    return vector(items)


def users_vector(world: World, user_ids: Iterable[int], *, reduced: bool = False) -> bytes:
    """These users; `reduced` sends rare ones in their `min` form."""
    people = world.people
    return vector([people.tl_bytes(user, reduced=reduced) for user in sorted(user_ids)])


def topics_vector(chat: Chat, topic_ids: Iterable[int]) -> bytes:
    """The forum topics that a page is about."""
    if not chat.forum:
        return _EMPTY_VECTOR
    from tobs_tui.demo.methods.topics import tl_topic

    return vector([bytes(tl_topic(chat, topic)) for topic in sorted(set(topic_ids)) if topic in chat.topics])


def spliced_answer(
    world: World, chat: Chat, indexes: range | list[int], total: int, *, offset: int | None = None
) -> bytes:
    """The messages at `indexes` of a chat as one answer."""
    users: set[int] = set()
    chats: set[int] = set()
    pieces, count = chat.history.splice(indexes, users, chats)
    topics: set[int] = set()
    if chat.forum:
        topics = {thread_of(chat, index) for index in indexes}
    return messages_answer(
        world, chat, pieces, count, total, users, chats, offset=offset, topics=sorted(topics)
    )
