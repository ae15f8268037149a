"""What a listed chat is: its type, title and folders, whether it can be read, which old group it took in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.tl import functions, types

from tobs_tui.errors import NotLoggedIn, RangeFailed
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram.chats import list_chats

OWN = 42
WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
NOW = WHEN.timestamp()
NO_PHOTO = types.ChatPhotoEmpty()

Answer = Callable[[Any], Any]


class Scripted:
    """An account whose answers are written down; what isn't is a method that the server lacks."""

    own_id = OWN

    def __init__(self, answers: dict[type, Answer]) -> None:
        self.answers = answers
        self.asked: list[Any] = []

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        self.asked.append(request)
        answer = self.answers.get(type(request))
        if answer is None:
            raise RangeFailed("Telegram answered with an error: INPUT_METHOD_INVALID")
        return answer(request)


def dialog(peer: Any, top: int = 10, **fields: Any) -> Any:
    numbers = dict.fromkeys(
        (
            "read_inbox_max_id",
            "read_outbox_max_id",
            "unread_count",
            "unread_mentions_count",
            "unread_reactions_count",
            "unread_poll_votes_count",
        ),
        0,
    )
    settings = fields.pop("settings", types.PeerNotifySettings())
    return types.Dialog(peer=peer, top_message=top, notify_settings=settings, **(numbers | fields))


def channel(channel_id: int, title: str, **fields: Any) -> Any:
    return types.Channel(
        id=channel_id, title=title, photo=NO_PHOTO, date=WHEN, access_hash=channel_id * 3, **fields
    )


def group(chat_id: int, title: str, **fields: Any) -> Any:
    return types.Chat(
        id=chat_id, title=title, photo=NO_PHOTO, participants_count=1, date=WHEN, version=1, **fields
    )


def account(
    dialogs: list[Any],
    users: list[Any] | None = None,
    chats: list[Any] | None = None,
    *,
    messages: list[Any] | None = None,
    filters: list[Any] | None = None,
    archived: list[Any] | None = None,
    more: dict[type, Answer] | None = None,
) -> Scripted:
    def page(request: Any) -> Any:
        found = archived or [] if request.folder_id else dialogs
        return types.messages.Dialogs(found, messages or [], chats or [], users or [])

    answers: dict[type, Answer] = {functions.messages.GetDialogsRequest: page}
    if filters is not None:
        answers[functions.messages.GetDialogFiltersRequest] = lambda _: types.messages.DialogFilters(filters)
    return Scripted(answers | (more or {}))


async def listed(scripted: Scripted) -> dict[int, Chat]:
    chats = await list_chats(scripted, now=lambda: NOW)
    assert len({chat.id for chat in chats}) == len(chats)
    return {chat.id: chat for chat in chats}


async def test_each_dialog_gets_its_type_and_title() -> None:
    users = [
        types.User(id=OWN, is_self=True, first_name="Me"),
        types.User(id=5, first_name="Anna", last_name="P", username="anna", access_hash=55),
        types.User(id=6, bot=True, first_name="Helper", access_hash=66),
        types.User(id=7, deleted=True),
    ]
    chats = [
        group(8, "Flat"),
        channel(1, "News", broadcast=True, username="news"),
        channel(2, "Team", megagroup=True),
        channel(3, "Rust", megagroup=True, forum=True, noforwards=True),
        channel(4, "Crowd", gigagroup=True, megagroup=True),
    ]
    peers = [types.PeerUser(i) for i in (OWN, 5, 6, 7)] + [types.PeerChat(8)]
    peers += [types.PeerChannel(i) for i in (1, 2, 3, 4)]
    found = await listed(account([dialog(peer) for peer in peers], users, chats))
    assert [(chat.type, chat.title) for chat in found.values()] == [
        (ChatType.SAVED, "Saved Messages"),
        (ChatType.PERSON, "Anna P"),
        (ChatType.BOT, "Helper"),
        (ChatType.PERSON, "Deleted account"),
        (ChatType.GROUP, "Flat"),
        (ChatType.CHANNEL, "News"),
        (ChatType.SUPERGROUP, "Team"),
        (ChatType.FORUM, "Rust"),
        (ChatType.SUPERGROUP, "Crowd"),
    ]
    assert (found[5].username, found[5].access_hash) == ("anna", 55)
    assert found[-1000000000003].protected
    assert not found[-8].protected
    assert all(chat.no_access is None for chat in found.values())


async def test_the_newest_message_dates_a_chat() -> None:
    message = types.Message(id=10, peer_id=types.PeerUser(5), date=WHEN, message="hi")
    user = types.User(id=5, first_name="Anna")
    dialogs = [dialog(types.PeerUser(5), unread_count=3, pinned=True, pts=None)]
    (chat,) = (await listed(account(dialogs, [user], messages=[message]))).values()
    assert (chat.top_id, chat.last_date, chat.unread, chat.pinned) == (10, int(NOW), 3, True)
    (chat,) = (await listed(account(dialogs, [user]))).values()
    assert (chat.top_id, chat.last_date) == (10, None)


async def test_archived_chats_are_listed_too() -> None:
    users = [types.User(id=5, first_name="A"), types.User(id=6, first_name="B")]
    found = await listed(
        account([dialog(types.PeerUser(5))], users, archived=[dialog(types.PeerUser(6), folder_id=1)])
    )
    assert [(chat.id, chat.archived) for chat in found.values()] == [(5, False), (6, True)]


async def test_a_server_that_knows_no_archive_archives_nothing() -> None:
    users = [types.User(id=5, first_name="A")]
    dialogs = [dialog(types.PeerUser(5))]
    found = await listed(account(dialogs, users, archived=dialogs))
    assert [(chat.id, chat.archived) for chat in found.values()] == [(5, False)]


async def test_a_server_with_dialogs_alone_is_enough(caplog: pytest.LogCaptureFixture) -> None:
    users = [types.User(id=5, first_name="A")]
    scripted = account([dialog(types.PeerUser(5))], users)

    def main_only(request: Any) -> Any:
        if request.folder_id:
            raise RangeFailed("Telegram answered with an error: FOLDER_ID_INVALID")
        return types.messages.Dialogs([dialog(types.PeerUser(5))], [], [], users)

    scripted.answers[functions.messages.GetDialogsRequest] = main_only
    with caplog.at_level(logging.WARNING):
        assert list(await listed(scripted)) == [5]
    assert "folders" in caplog.text and "archived" in caplog.text


async def test_the_end_of_the_login_is_not_worked_around() -> None:
    def ended(_: Any) -> Any:
        raise NotLoggedIn("The login was ended")

    scripted = account([dialog(types.PeerUser(5))], more={functions.messages.GetDialogFiltersRequest: ended})
    with pytest.raises(NotLoggedIn):
        await list_chats(scripted)


@pytest.mark.parametrize(
    ("peer", "readable"),
    [
        (channel(1, "T", left=True), False),
        (channel(1, "T", left=True, username="public"), True),
        (channel(1, "T", left=True, usernames=[types.Username("public", active=True)]), True),
        (channel(1, "T", banned_rights=types.ChatBannedRights(WHEN, view_messages=True)), False),
        (channel(1, "T", banned_rights=types.ChatBannedRights(WHEN, send_messages=True)), True),
        (types.ChannelForbidden(1, 3, "T", megagroup=True), False),
    ],
)
async def test_a_chat_that_cannot_be_read_says_why(peer: Any, readable: bool) -> None:
    (chat,) = (await listed(account([dialog(types.PeerChannel(1))], chats=[peer]))).values()
    assert (chat.no_access is None) == readable
    assert chat.title == "T"


async def test_a_dialog_whose_peer_the_server_did_not_send_is_still_listed() -> None:
    peers = [types.PeerUser(OWN), types.PeerUser(5), types.PeerChat(6), types.PeerChannel(7)]
    found = await listed(account([dialog(peer) for peer in peers]))
    assert [chat.type for chat in found.values()] == [
        ChatType.SAVED,
        ChatType.PERSON,
        ChatType.GROUP,
        ChatType.CHANNEL,
    ]
    assert found[-1000000000007].no_access


def words(text: str) -> Any:
    return types.TextWithEntities(text, [])


def folder(title: str, **fields: Any) -> Any:
    lists: dict[str, Any] = {"pinned_peers": [], "include_peers": [], "exclude_peers": []}
    return types.DialogFilter(id=2, title=words(title), **(lists | fields))


async def folders_of(filters: list[Any], **dialog_fields: Any) -> dict[int, tuple[str, ...]]:
    users = [
        types.User(id=OWN, is_self=True, contact=True, first_name="Me"),
        types.User(id=5, contact=True, first_name="Friend"),
        types.User(id=6, first_name="Stranger"),
        types.User(id=7, bot=True, first_name="Bot"),
    ]
    chats = [group(8, "Group"), channel(1, "Channel", broadcast=True), channel(2, "Super", megagroup=True)]
    peers = [types.PeerUser(i) for i in (OWN, 5, 6, 7)] + [types.PeerChat(8)]
    peers += [types.PeerChannel(1), types.PeerChannel(2)]
    dialogs = [dialog(peer, **dialog_fields) for peer in peers]
    found = await listed(account(dialogs, users, chats, filters=[types.DialogFilterDefault(), *filters]))
    return {chat_id: chat.folders for chat_id, chat in found.items()}


CHANNEL, SUPER = -1000000000001, -1000000000002


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        ({"contacts": True}, {OWN, 5}),
        ({"non_contacts": True}, {6}),
        ({"bots": True}, {7}),
        ({"groups": True}, {-8, SUPER}),
        ({"broadcasts": True}, {CHANNEL}),
        ({}, set()),
    ],
)
async def test_a_folder_shows_the_kinds_that_it_names(kinds: dict[str, bool], shown: set[int]) -> None:
    folders = await folders_of([folder("F", **kinds)])
    assert {chat_id for chat_id, titles in folders.items() if titles == ("F",)} == shown


async def test_listed_peers_are_in_and_excluded_ones_out() -> None:
    rules = folder(
        "F",
        groups=True,
        pinned_peers=[types.InputPeerSelf()],
        include_peers=[types.InputPeerUser(6, 1), types.InputPeerChannel(1, 1)],
        exclude_peers=[types.InputPeerChat(8)],
        exclude_read=True,
    )
    folders = await folders_of([rules])
    assert {chat_id for chat_id, titles in folders.items() if titles} == {OWN, 6, CHANNEL}


async def test_a_shared_folder_shows_its_list() -> None:
    shared = types.DialogFilterChatlist(3, words("Work"), [], [types.InputPeerChannel(2, 1)])
    folders = await folders_of([folder("All", contacts=True, groups=True), shared])
    assert folders[SUPER] == ("All", "Work")
    assert folders[5] == ("All",)


def muted_until(year: int) -> Any:
    return types.PeerNotifySettings(mute_until=datetime(year, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "fields", "shown"),
    [
        ("exclude_read", {}, False),
        ("exclude_read", {"unread_count": 1}, True),
        ("exclude_read", {"unread_mark": True}, True),
        ("exclude_archived", {"folder_id": 1}, False),
        ("exclude_archived", {}, True),
        ("exclude_muted", {"settings": muted_until(2038)}, False),
        ("exclude_muted", {"settings": muted_until(2020)}, True),
        ("exclude_muted", {"settings": muted_until(2038), "unread_mentions_count": 1}, True),
    ],
)
async def test_a_folder_leaves_out_what_it_says(rule: str, fields: dict[str, Any], shown: bool) -> None:
    folders = await folders_of([folder("F", contacts=True, **{rule: True})], **fields)
    assert bool(folders[5]) == shown


def upgraded(old: int, new: int) -> Any:
    return group(old, "Flat", deactivated=True, migrated_to=types.InputChannel(new, 1))


async def test_an_upgraded_group_is_folded_into_its_supergroup() -> None:
    dialogs = [dialog(types.PeerChat(8), top=77), dialog(types.PeerChannel(2))]
    found = await listed(account(dialogs, chats=[upgraded(8, 2), channel(2, "Flat", megagroup=True)]))
    assert list(found) == [SUPER]
    assert (found[SUPER].migrated_from, found[SUPER].migrated_top_id) == (-8, 77)


async def test_an_upgraded_group_whose_supergroup_is_not_listed_stays() -> None:
    found = await listed(account([dialog(types.PeerChat(8))], chats=[upgraded(8, 2)]))
    assert list(found) == [-8]
