"""Users: getUsers, getFullUser, contacts, usernames."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.peers import user_of
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Kind
from tobs_tui.demo.world.world import World


@method(functions.users.GetUsersRequest)
async def get_users(call: Call, request: Any) -> Any:
    """The users asked for; one with a wrong access hash is left out."""
    world: World = call.world
    found = [user_of(world, item) for item in request.id]
    return [world.people.tl(user) for user in found if user is not None]


@method(functions.users.GetFullUserRequest)
async def get_full_user(call: Call, request: Any) -> Any:
    """All about one user."""
    world: World = call.world
    user = user_of(world, request.id)
    if user is None:
        raise RpcError(400, "USER_ID_INVALID")
    person = world.people.by_id[user]
    chat = world.chats.get(user)
    full = types.UserFull(
        id=user,
        settings=types.PeerSettings(),
        notify_settings=types.PeerNotifySettings(),
        common_chats_count=0,
        about=person.about,
        bot_info=types.BotInfo(user_id=user, description=f"I am {person.name}.") if person.bot else None,
        pinned_msg_id=chat.pinned_messages[-1] if chat and chat.pinned_messages else None,
        folder_id=1 if chat and chat.archived else None,
    )
    return types.users.UserFull(full, [], [world.people.tl(user)])


@method(functions.contacts.GetContactsRequest)
async def get_contacts(call: Call, request: Any) -> Any:
    """The account's contacts."""
    world: World = call.world
    contacts = [
        person for person in world.people.by_id.values() if person.contact and person.id != world.account_id
    ]
    contacts.sort(key=lambda person: person.id)
    return types.contacts.Contacts(
        [types.Contact(person.id, True) for person in contacts],
        len(contacts),
        [world.people.tl(person.id) for person in contacts],
    )


@method(functions.contacts.ResolveUsernameRequest)
async def resolve_username(call: Call, request: Any) -> Any:
    """The peer behind a @username.

    :raises RpcError: USERNAME_INVALID, USERNAME_NOT_OCCUPIED.
    """
    world: World = call.world
    name = request.username.lstrip("@").casefold()
    if not name.isidentifier() or len(name) < 4:
        raise RpcError(400, "USERNAME_INVALID")
    for person in world.people.by_id.values():
        if person.username and person.username.casefold() == name:
            return types.contacts.ResolvedPeer(types.PeerUser(person.id), [], [world.people.tl(person.id)])
    for chat in world.chats.values():
        if chat.kind is Kind.CHANNEL and chat.username and chat.username.casefold() == name:
            return types.contacts.ResolvedPeer(chat.peer, [chat.tl()], [])
    raise RpcError(400, "USERNAME_NOT_OCCUPIED")


@method(functions.contacts.ResolvePhoneRequest)
async def resolve_phone(call: Call, request: Any) -> Any:
    """The user behind a phone number."""
    world: World = call.world
    digits = "".join(filter(str.isdigit, request.phone))
    for person in world.people.by_id.values():
        if person.phone == digits:
            return types.contacts.ResolvedPeer(types.PeerUser(person.id), [], [world.people.tl(person.id)])
    raise RpcError(400, "PHONE_NOT_OCCUPIED")
