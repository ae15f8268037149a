"""What clients call peers, turned into the world's chats and people; wrong access hashes are refused."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world.chat import Chat, Kind, marked
from tobs_tui.demo.world.world import World


def chat_of_peer(world: World, peer: Any) -> Chat:
    """The chat behind an InputPeer.

    :raises RpcError: PEER_ID_INVALID, CHANNEL_INVALID; CHANNEL_PRIVATE for one that is closed to the account.
    """
    match peer:
        case types.InputPeerSelf():
            return _private(world, world.account_id)
        case types.InputPeerUser():
            check_user(world, peer.user_id, peer.access_hash, "PEER_ID_INVALID")
            return _private(world, peer.user_id)
        case types.InputPeerUserFromMessage():
            seen_in(world, peer.peer, peer.msg_id, peer.user_id)
            return _private(world, peer.user_id)
        case types.InputPeerChat():
            chat = world.chats.get(-peer.chat_id)
            if chat is None:
                raise RpcError(400, "PEER_ID_INVALID")
            return chat
        case types.InputPeerChannel() | types.InputPeerChannelFromMessage():
            return channel_of(world, peer)
    raise RpcError(400, "PEER_ID_INVALID")


def _private(world: World, user_id: int) -> Chat:
    chat = world.chats.get(user_id)
    if chat is None:
        person = world.people.get(user_id)
        if person is None:
            raise RpcError(400, "PEER_ID_INVALID")
        chat = world.add_chat(Kind.USER, user_id, person.name, hidden=True)
    return chat


def channel_of(world: World, peer: Any, *, listed: bool = False) -> Chat:
    """The channel or supergroup behind an InputChannel or InputPeerChannel.

    `listed` also gives those that are closed to the account, as channels.getChannels does.

    :raises RpcError: CHANNEL_INVALID, CHANNEL_PRIVATE.
    """
    if isinstance(peer, types.InputChannelFromMessage | types.InputPeerChannelFromMessage):
        chat = world.chats.get(marked(Kind.CHANNEL, peer.channel_id))
    elif isinstance(peer, types.InputChannel | types.InputPeerChannel):
        chat = world.chats.get(marked(Kind.CHANNEL, peer.channel_id))
        if chat is not None and chat.access_hash != peer.access_hash:
            chat = None
    else:
        chat = None
    if chat is None:
        raise RpcError(400, "CHANNEL_INVALID")
    if chat.forbidden and not listed:
        raise RpcError(400, "CHANNEL_PRIVATE")
    return chat


def check_user(world: World, user_id: int, access_hash: int, error: str) -> None:
    """Refuse a user id with another access hash than its own.

    :raises RpcError: `error`.
    """
    if user_id == world.account_id:
        return
    if world.people.get(user_id) is None or world.people.hash_of(user_id) != access_hash:
        raise RpcError(400, error)


def seen_in(world: World, peer: Any, message_id: int, user_id: int) -> None:
    """Check that a message that the account can read names a user.

    :raises RpcError: MSG_ID_INVALID, USER_ID_INVALID.
    """
    history = chat_of_peer(world, peer).history
    index = history.index(message_id)
    if index is None:
        raise RpcError(400, "MSG_ID_INVALID")
    if user_id not in history.about(index).users:
        raise RpcError(400, "USER_ID_INVALID")


def user_of(world: World, user: Any) -> int | None:
    """The user id behind an InputUser; None where Telegram leaves it out of the answer."""
    match user:
        case types.InputUserSelf():
            return world.account_id
        case types.InputUser():
            known = user.user_id == world.account_id or (
                world.people.get(user.user_id) is not None
                and world.people.hash_of(user.user_id) == user.access_hash
            )
            return int(user.user_id) if known else None
        case types.InputUserFromMessage():
            seen_in(world, user.peer, user.msg_id, user.user_id)
            return int(user.user_id)
    return None


def input_peer(world: World, chat: Chat) -> Any:
    """The InputPeer that the account would use for a chat."""
    if chat.kind is Kind.USER:
        if chat.id == world.account_id:
            return types.InputPeerSelf()
        return types.InputPeerUser(chat.id, world.people.hash_of(chat.id))
    if chat.kind is Kind.GROUP:
        return types.InputPeerChat(chat.bare_id)
    return types.InputPeerChannel(chat.bare_id, chat.access_hash)
