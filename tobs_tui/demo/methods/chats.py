"""Groups and channels: short and full, and who is in them."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.peers import channel_of, chat_of_peer
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat, Kind
from tobs_tui.demo.world.world import World


@method(functions.channels.GetChannelsRequest)
async def get_channels(call: Call, request: Any) -> Any:
    """Channels and supergroups, also those that are closed to the account."""
    return types.messages.Chats([channel_of(call.world, item, listed=True).tl() for item in request.id])


@method(functions.messages.GetChatsRequest)
async def get_chats(call: Call, request: Any) -> Any:
    """Basic groups."""
    return types.messages.Chats([_group(call.world, chat_id).tl() for chat_id in request.id])


def _group(world: World, chat_id: int) -> Chat:
    chat = world.chats.get(-chat_id)
    if chat is None or chat.kind is not Kind.GROUP:
        raise RpcError(400, "CHAT_ID_INVALID")
    return chat


def _users(world: World, ids: tuple[int, ...]) -> list[Any]:
    return [world.people.tl(user) for user in sorted(set(ids))]


@method(functions.messages.GetFullChatRequest)
async def get_full_chat(call: Call, request: Any) -> Any:
    """All about one basic group."""
    world: World = call.world
    chat = _group(world, request.chat_id)
    members = [
        types.ChatParticipantCreator(user)
        if user == chat.creator
        else types.ChatParticipant(user, chat.creator, chat.date)
        for user in chat.members
    ]
    full = types.ChatFull(
        id=chat.bare_id,
        about=chat.about,
        participants=types.ChatParticipants(chat.bare_id, members, 1),
        notify_settings=types.PeerNotifySettings(),
        chat_photo=types.PhotoEmpty(0),
        pinned_msg_id=chat.pinned_messages[-1] if chat.pinned_messages else None,
        folder_id=1 if chat.archived else None,
    )
    chats = [chat.tl()]
    if chat.migrated_to:
        chats.append(world.chats[chat.migrated_to].tl())
    return types.messages.ChatFull(full, chats, _users(world, chat.members))


@method(functions.channels.GetFullChannelRequest)
async def get_full_channel(call: Call, request: Any) -> Any:
    """All about one channel or supergroup: where its old history is, which group comments in it."""
    world: World = call.world
    chat = channel_of(world, request.channel)
    old = world.chats.get(chat.migrated_from) if chat.migrated_from else None
    full = types.ChannelFull(
        id=chat.bare_id,
        about=chat.about,
        read_inbox_max_id=chat.history.top,
        read_outbox_max_id=chat.history.top,
        unread_count=chat.unread,
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=world.events.box(chat).pts,
        can_view_participants=not chat.broadcast or None,
        participants_count=chat.member_count or len(chat.members),
        migrated_from_chat_id=old.bare_id if old else None,
        migrated_from_max_id=old.history.top if old else None,
        pinned_msg_id=chat.pinned_messages[-1] if chat.pinned_messages else None,
        folder_id=1 if chat.archived else None,
        linked_chat_id=world.chats[chat.linked].bare_id if chat.linked else None,
    )
    chats = [chat.tl()]
    chats += [world.chats[other].tl() for other in (chat.migrated_from, chat.linked) if other]
    return types.messages.ChatFull(full, chats, [])


def _participant(world: World, chat: Chat, user: int) -> Any:
    if user == chat.creator:
        return types.ChannelParticipantCreator(user, types.ChatAdminRights(other=True))
    if user == world.account_id:
        return types.ChannelParticipantSelf(user, chat.creator, chat.date)
    return types.ChannelParticipant(user, chat.date)


@method(functions.channels.GetParticipantsRequest)
async def get_participants(call: Call, request: Any) -> Any:
    """The members of a supergroup; a channel shows them to its admins alone."""
    world: World = call.world
    chat = channel_of(world, request.channel)
    if chat.broadcast:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    members = list(chat.members)
    if isinstance(request.filter, types.ChannelParticipantsSearch) and request.filter.q:
        sought = request.filter.q.casefold()
        members = [user for user in members if sought in world.people.by_id[user].name.casefold()]
    elif isinstance(request.filter, types.ChannelParticipantsAdmins):
        members = [chat.creator]
    page = members[request.offset : request.offset + max(0, min(200, request.limit))]
    participants = [_participant(world, chat, user) for user in page]
    return types.channels.ChannelParticipants(len(members), participants, [], _users(world, tuple(page)))


@method(functions.channels.GetParticipantRequest)
async def get_participant(call: Call, request: Any) -> Any:
    """One member of a channel or supergroup."""
    world: World = call.world
    chat = channel_of(world, request.channel)
    user = chat_of_peer(world, request.participant).id
    if user not in chat.members and user != world.account_id:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    return types.channels.ChannelParticipant(_participant(world, chat, user), [], _users(world, (user,)))
