"""Dialogs, folders, people and groups, as clients ask for them."""

from __future__ import annotations

from typing import Any

import pytest
from telethon import utils
from telethon.tl import functions, types

from tests.demo.asking import ask, peer, titled
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world import World, generate_world

messages, channels, users = functions.messages, functions.channels, functions.users


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world(messages=120, chats=90)


def dialogs_request(**more: Any) -> Any:
    start = {"offset_date": None, "offset_id": 0, "offset_peer": types.InputPeerEmpty(), "limit": 100}
    return messages.GetDialogsRequest(hash=0, **{**start, **more})


def dialog_ids(answer: Any) -> list[int]:
    return [utils.get_peer_id(dialog.peer) for dialog in answer.dialogs]


async def all_pages(world: World, limit: int, folder: int | None) -> list[int]:
    """Walks the list as Telethon does: by the last dialog that has a message, without pinned ones."""
    seen: list[int] = []
    request = dialogs_request(limit=limit, folder_id=folder)
    while True:
        page = await ask(world, request)
        fresh = [each for each in dialog_ids(page) if each not in seen]
        seen += fresh
        if not isinstance(page, types.messages.DialogsSlice) or len(page.dialogs) < limit or not fresh:
            return seen
        dates = {(utils.get_peer_id(message.peer_id), message.id): message for message in page.messages}
        tops = [dates.get((utils.get_peer_id(dialog.peer), dialog.top_message)) for dialog in page.dialogs]
        last = next((message for message in reversed(tops) if message), None)
        request = dialogs_request(
            limit=limit,
            folder_id=folder,
            exclude_pinned=True,
            offset_id=last.id if last else 0,
            offset_date=last.date if last else None,
            offset_peer=peer(world, world.chats[dialog_ids(page)[-1]]),
        )


@pytest.mark.parametrize("limit", [4, 7, 40, 100])
@pytest.mark.parametrize("folder", [0, 1, None])
async def test_walking_the_list_meets_every_dialog_once(world: World, limit: int, folder: int | None) -> None:
    archived = None if folder is None else folder == 1
    expected = [chat.id for chat in world.dialogs(archived=archived)]
    seen = await all_pages(world, limit, folder)
    assert len(seen) == len(set(seen))
    with_messages = {chat.id for chat in world.dialogs(archived=archived) if len(chat.history)}
    assert set(seen) >= with_messages
    if limit == 100:
        assert set(seen) == set(expected)


async def test_pinned_dialogs_come_first_in_their_order(world: World) -> None:
    page = await ask(world, dialogs_request(limit=5, folder_id=0))
    assert dialog_ids(page)[:3] == [
        titled(world, "Anna").id,
        world.account_id,
        titled(world, "Internacional").id,
    ]
    assert all(dialog.pinned for dialog in page.dialogs[:3])
    without = await ask(world, dialogs_request(limit=5, folder_id=0, exclude_pinned=True))
    assert not any(dialog.pinned for dialog in without.dialogs)
    pinned = await ask(world, messages.GetPinnedDialogsRequest(0))
    assert dialog_ids(pinned) == dialog_ids(page)[:3]


async def test_the_archive_is_a_list_of_its_own(world: World) -> None:
    page = await ask(world, dialogs_request(folder_id=1))
    assert titled(world, "Clube de Leitura").id in dialog_ids(page)
    assert all(dialog.folder_id == 1 for dialog in page.dialogs)
    main = await ask(world, dialogs_request(folder_id=0))
    assert not set(dialog_ids(page)) & set(dialog_ids(main))
    with pytest.raises(RpcError, match="FOLDER_ID_INVALID"):
        await ask(world, dialogs_request(folder_id=3))


async def test_a_dialog_comes_with_its_newest_message_and_its_people(world: World) -> None:
    page = await ask(world, dialogs_request(folder_id=0))
    tops = {(utils.get_peer_id(message.peer_id), message.id) for message in page.messages}
    named = {utils.get_peer_id(entity) for entity in (*page.users, *page.chats)}
    for dialog in page.dialogs:
        chat_id = utils.get_peer_id(dialog.peer)
        assert chat_id in named
        if dialog.top_message:
            assert (chat_id, dialog.top_message) in tops
        if chat_id < -1_000_000_000_000:
            assert dialog.pts


async def test_peer_dialogs_answer_for_those_asked(world: World) -> None:
    anna = titled(world, "Anna")
    asked = [types.InputDialogPeer(peer(world, anna))]
    answer = await ask(world, messages.GetPeerDialogsRequest(asked))
    assert dialog_ids(answer) == [anna.id]
    assert answer.state.pts


async def test_folders_name_their_chats(world: World) -> None:
    answer = await ask(world, messages.GetDialogFiltersRequest())
    named = {folder.title.text: folder for folder in answer.filters if hasattr(folder, "title")}
    assert set(named) == {"Lisboa", "People", "Groups"}
    assert titled(world, "Rust").bare_id in {each.channel_id for each in named["Lisboa"].include_peers}
    assert named["People"].contacts


async def test_the_old_group_of_an_upgraded_one_is_told(world: World) -> None:
    trip = next(chat for chat in world.chats.values() if chat.migrated_from)
    old = world.chats[trip.migrated_from]
    answer = await ask(
        world, channels.GetFullChannelRequest(types.InputChannel(trip.bare_id, trip.access_hash))
    )
    assert answer.full_chat.migrated_from_chat_id == old.bare_id
    assert answer.full_chat.migrated_from_max_id == old.history.top
    group = next(chat for chat in answer.chats if isinstance(chat, types.Chat))
    assert group.deactivated
    assert group.migrated_to.channel_id == trip.bare_id
    full = await ask(world, messages.GetFullChatRequest(old.bare_id))
    assert len(full.full_chat.participants.participants) == len(old.members)


async def test_a_channel_tells_its_discussion_group(world: World) -> None:
    trains = titled(world, "Trains 🚆")
    asked = types.InputChannel(trains.bare_id, trains.access_hash)
    answer = await ask(world, channels.GetFullChannelRequest(asked))
    assert answer.full_chat.linked_chat_id == world.chats[trains.linked].bare_id


async def test_a_closed_channel_is_listed_and_refused(world: World) -> None:
    deals = titled(world, "Deals")
    asked = types.InputChannel(deals.bare_id, deals.access_hash)
    listed = await ask(world, channels.GetChannelsRequest([asked]))
    assert isinstance(listed.chats[0], types.ChannelForbidden)
    with pytest.raises(RpcError, match="CHANNEL_PRIVATE"):
        await ask(world, channels.GetFullChannelRequest(asked))


async def test_users_with_a_wrong_hash_are_left_out(world: World) -> None:
    anna = titled(world, "Anna").id
    asked = [
        types.InputUserSelf(),
        types.InputUser(anna, 0),
        types.InputUser(anna, world.people.hash_of(anna)),
    ]
    answer = await ask(world, users.GetUsersRequest(asked))
    assert [user.id for user in answer] == [world.account_id, anna]
    assert answer[0].is_self
    with pytest.raises(RpcError, match="USER_ID_INVALID"):
        await ask(world, users.GetFullUserRequest(types.InputUser(anna, 0)))
    full = await ask(world, users.GetFullUserRequest(types.InputUserSelf()))
    assert full.users[0].is_self


async def test_usernames_and_phones_are_resolved(world: World) -> None:
    for name, expected in (
        ("annapetrova", titled(world, "Anna").id),
        ("@RustLisboa", titled(world, "Rust").id),
    ):
        found = await ask(world, functions.contacts.ResolveUsernameRequest(name))
        assert utils.get_peer_id(found.peer) == expected
    for name, error in (("nobodyhere", "USERNAME_NOT_OCCUPIED"), ("a b", "USERNAME_INVALID")):
        with pytest.raises(RpcError, match=error):
            await ask(world, functions.contacts.ResolveUsernameRequest(name))
    found = await ask(world, functions.contacts.ResolvePhoneRequest(f"+{world.phone}"))
    assert found.peer.user_id == world.account_id


async def test_contacts_are_people_of_the_world(world: World) -> None:
    answer = await ask(world, functions.contacts.GetContactsRequest(0))
    assert titled(world, "Anna").id in {contact.user_id for contact in answer.contacts}
    assert len(answer.users) == len(answer.contacts)


async def test_members_are_told_in_pages(world: World) -> None:
    rust = titled(world, "Rust")
    asked = types.InputChannel(rust.bare_id, rust.access_hash)
    seen: list[int] = []
    while True:
        answer = await ask(
            world,
            channels.GetParticipantsRequest(asked, types.ChannelParticipantsRecent(), len(seen), 5, 0),
        )
        if not answer.participants:
            break
        seen += [each.user_id for each in answer.participants]
    assert sorted(seen) == sorted(rust.members)
    one = await ask(world, channels.GetParticipantRequest(asked, types.InputPeerSelf()))
    assert isinstance(one.participant, types.ChannelParticipantSelf)
