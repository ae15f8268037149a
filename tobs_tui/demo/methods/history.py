"""messages.getHistory and the getMessages methods."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.pages import limit_of, messages_answer, page_indexes, spliced_answer
from tobs_tui.demo.methods.peers import channel_of, chat_of_peer
from tobs_tui.demo.methods.takeout import range_of
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.world import World

_HASH_MASK = (1 << 64) - 1


@method(functions.messages.GetHistoryRequest)
async def get_history(call: Call, request: Any) -> Any:
    """A window of a chat's messages, newest first."""
    world: World = call.world
    chat = chat_of_peer(world, request.peer)
    within = range_of(call, chat)
    indexes, total, newer = page_indexes(chat, request, limit_of(call, request), within)
    if within is not None and not total:
        # A range without messages: one empty message, by https://core.telegram.org/api/takeout
        return types.messages.Messages([types.MessageEmpty(0, chat.peer)], [], [], [])
    if request.hash and request.hash == history_hash([chat.history.ids[index] for index in indexes]):
        return types.messages.MessagesNotModified(total)
    return spliced_answer(world, chat, indexes, total, offset=newer if request.offset_id else None)


def history_hash(ids: list[int]) -> int:
    """Telegram's hash of a list of ids (core.telegram.org/api/offsets), as TL's signed long."""
    value = 0
    for number in ids:
        value ^= value >> 21
        value ^= value << 35 & _HASH_MASK
        value ^= value >> 4
        value = value + number & _HASH_MASK
    return value - (1 << 64) if value >> 63 else value


@method(functions.channels.GetMessagesRequest)
async def get_channel_messages(call: Call, request: Any) -> Any:
    """Messages of a channel or supergroup by id; those that are not there come back empty."""
    chat = channel_of(call.world, request.channel)
    wanted = wanted_ids(chat, request.id)
    return answer_by_id(call.world, chat, [(chat, message_id) for message_id in wanted])


@method(functions.messages.GetMessagesRequest)
async def get_messages(call: Call, request: Any) -> Any:
    """Messages of private chats and basic groups by id.

    They share one id space, so the peer is not asked for. In a world that was loaded from several
    exports the same id can stand in several chats: then the chat that was loaded first wins, as the
    request has no way to tell which is meant. History by peer is not affected.
    """
    world: World = call.world
    found = []
    for item in request.id[:100]:
        message_id = input_id(item)
        chat = shared_chat_with(world, message_id)
        if chat is not None and isinstance(item, types.InputMessageReplyTo):
            message_id = replied_id(world, chat, message_id)
        found.append((chat, message_id))
    return answer_by_id(world, None, found)


def input_id(item: Any) -> int:
    """The id in an InputMessage (a plain int in older layers)."""
    if isinstance(item, types.InputMessageID | types.InputMessageReplyTo):
        return int(item.id)
    if isinstance(item, int):
        return item
    raise RpcError(400, "MESSAGE_IDS_EMPTY")


def wanted_ids(chat: Chat, items: list[Any]) -> list[int]:
    """The ids that a channel's getMessages asks for; pinned and replied ones are looked up."""
    out = []
    for item in items[:100]:
        if isinstance(item, types.InputMessagePinned):
            out.extend(chat.pinned_messages[-1:])
        elif isinstance(item, types.InputMessageReplyTo):
            out.append(_answered(chat, int(item.id)))
        else:
            out.append(input_id(item))
    return out


def _answered(chat: Chat, message_id: int) -> int:
    from telethon.extensions import BinaryReader

    index = chat.history.index(message_id)
    if index is None:
        return message_id
    header = BinaryReader(chat.history.raw(index)).tgread_object().reply_to
    return int(getattr(header, "reply_to_msg_id", None) or 0)


def replied_id(world: World, chat: Chat, message_id: int) -> int:
    """The id of the message that this one of a private chat or basic group answers; 0 for none."""
    return _answered(chat, message_id)


def shared_chat_with(world: World, message_id: int) -> Chat | None:
    """The private chat or basic group that has a message of this id: the first, where several have."""
    return world.shared_owner(message_id)


def answer_by_id(world: World, around: Chat | None, found: list[tuple[Chat | None, int]]) -> bytes:
    """Messages in the order asked for, MessageEmpty for those that are not there."""
    users: set[int] = set()
    chats: set[int] = set()
    pieces: list[bytes] = []
    for chat, message_id in found:
        index = chat.history.index(message_id) if chat else None
        if chat is None or index is None:
            peer = around.peer if around else None
            pieces.append(bytes(types.MessageEmpty(message_id, peer)))
            continue
        more, _ = chat.history.splice([index], users, chats)
        pieces.extend((b"".join(more),))
        (users if chat.id > 0 else chats).add(chat.id)
    if around is not None:
        return messages_answer(world, around, pieces, len(found), len(found), users, chats)
    return plain_messages(world, pieces, users, chats)


def plain_messages(world: World, pieces: list[bytes], users: set[int], chats: set[int]) -> bytes:
    """messages.messages around messages of several chats."""
    from tobs_tui.demo.methods.pages import chats_vector, users_vector, vector

    head = types.messages.Messages.CONSTRUCTOR_ID.to_bytes(4, "little")
    return b"".join(
        (
            head,
            vector(pieces),
            vector([]),
            chats_vector(world, chats),
            users_vector(world, users | {world.account_id}),
        )
    )
