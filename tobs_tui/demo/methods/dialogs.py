"""The list of dialogs, in all the ways in which clients ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.peers import chat_of_peer, input_peer
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat, Kind
from tobs_tui.demo.world.world import Folder, World

MOST = 100


def tl_dialog(world: World, chat: Chat) -> Any:
    """One dialog."""
    top = chat.history.top
    read = chat.history.ids[-1 - chat.unread] if 0 < chat.unread < len(chat.history) else top
    return types.Dialog(
        peer=chat.peer,
        top_message=top,
        read_inbox_max_id=read,
        read_outbox_max_id=top,
        unread_count=chat.unread,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(mute_until=2**31 - 1 if chat.muted else None),
        pinned=bool(chat.pinned) or None,
        pts=world.events.box(chat).pts if chat.kind.own_ids else None,
        folder_id=1 if chat.archived else None,
    )


def gathered(world: World, chats: Sequence[Chat]) -> dict[str, list[Any]]:
    """The dialogs of these chats with their newest messages and all that those name."""
    users: set[int] = {world.account_id}
    groups: set[int] = set()
    messages = []
    for chat in chats:
        (users if chat.kind is Kind.USER else groups).add(chat.id)
        if chat.migrated_to:
            groups.add(chat.migrated_to)
        if len(chat.history) and not chat.forbidden:
            messages.append(world.message(chat.id, chat.history.top))
            about = chat.history.about(len(chat.history) - 1)
            users |= about.users
            groups |= about.chats
    return {
        "dialogs": [tl_dialog(world, chat) for chat in chats],
        "messages": messages,
        "chats": [world.chats[group].tl() for group in sorted(groups) if group in world.chats],
        "users": [world.people.tl(user) for user in sorted(users)],
    }


def listed(world: World, *, archived: bool | None = False) -> list[Chat]:
    """The dialogs of the main list or of the archive."""
    return world.dialogs(archived=archived)


@method(functions.messages.GetDialogsRequest)
async def get_dialogs(call: Call, request: Any) -> Any:
    """A page of the list: pinned dialogs first, then by the date of their newest message.

    `folder_id` 0 is the main list, 1 the archive; without it both come, the archive's last.
    """
    world: World = call.world
    if request.folder_id not in (None, 0, 1):
        raise RpcError(400, "FOLDER_ID_INVALID")
    if request.folder_id is None:
        chats = listed(world, archived=False) + listed(world, archived=True)
        chats.sort(
            key=lambda chat: (not chat.pinned, chat.pinned, -chat.last_date, -chat.history.top, chat.id)
        )
    else:
        chats = listed(world, archived=request.folder_id == 1)
    total = len(chats)
    if request.exclude_pinned:
        chats = [chat for chat in chats if not chat.pinned]
    rest = after_offset(world, chats, request)
    limit = min(MOST, request.limit) if request.limit > 0 else MOST
    page = rest[:limit]
    parts = gathered(world, page)
    if len(page) == total:
        return types.messages.Dialogs(**parts)
    return types.messages.DialogsSlice(count=total, **parts)


def after_offset(world: World, chats: list[Chat], request: Any) -> list[Chat]:
    """The dialogs below the one that the offset names."""
    offset_date = int(request.offset_date.timestamp()) if request.offset_date else 0
    offset_peer: Chat | None = None
    if not isinstance(request.offset_peer, types.InputPeerEmpty):
        try:
            offset_peer = chat_of_peer(world, request.offset_peer)
        except RpcError:
            offset_peer = None
    if (
        offset_peer is not None
        and offset_peer in chats
        and (not offset_date or offset_peer.last_date == offset_date)
    ):
        return chats[chats.index(offset_peer) + 1 :]
    if offset_date <= 0:
        return chats
    offset_id = request.offset_id or 2**31

    def below(chat: Chat) -> bool:
        return (chat.last_date, chat.history.top) < (offset_date, offset_id)

    return [chat for chat in chats if not chat.pinned and below(chat)]


def _state(call: Call) -> Any:
    box = call.world.events.box(None)
    return types.updates.State(pts=box.pts, qts=0, date=call.now(), seq=0, unread_count=0)


@method(functions.messages.GetPinnedDialogsRequest)
async def get_pinned_dialogs(call: Call, request: Any) -> Any:
    """The pinned dialogs of the main list or the archive."""
    world: World = call.world
    pinned = [chat for chat in listed(world, archived=request.folder_id == 1) if chat.pinned]
    return types.messages.PeerDialogs(**gathered(world, pinned), state=_state(call))


@method(functions.messages.GetPeerDialogsRequest)
async def get_peer_dialogs(call: Call, request: Any) -> Any:
    """The dialogs of some peers, in the order asked for."""
    world: World = call.world
    chats = []
    for item in request.peers:
        if isinstance(item, types.InputDialogPeerFolder):
            chats.extend(listed(world, archived=item.folder_id == 1))
        else:
            chats.append(chat_of_peer(world, item.peer))
    return types.messages.PeerDialogs(**gathered(world, chats), state=_state(call))


def tl_folder(world: World, folder: Folder) -> Any:
    """A folder as DialogFilter."""

    def peers(ids: tuple[int, ...]) -> list[Any]:
        return [input_peer(world, world.chats[chat_id]) for chat_id in ids]

    return types.DialogFilter(
        id=folder.id,
        title=types.TextWithEntities(folder.title, []),
        emoticon=folder.emoticon,
        pinned_peers=peers(folder.pinned),
        include_peers=peers(folder.include),
        exclude_peers=peers(folder.exclude),
        **dict.fromkeys(folder.flags, True),
    )


@method(functions.messages.GetDialogFiltersRequest)
async def get_dialog_filters(call: Call, request: Any) -> Any:
    """The account's folders."""
    filters = [types.DialogFilterDefault(), *(tl_folder(call.world, folder) for folder in call.world.folders)]
    return types.messages.DialogFilters(filters)
