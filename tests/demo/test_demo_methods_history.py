"""messages.getHistory against a reference that is plainly right, over random histories and windows."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telethon.tl import functions, types

from tests.demo.asking import ask, call_on, peer, titled
from tobs_tui.demo.methods.history import history_hash
from tobs_tui.demo.methods.pages import page_indexes
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world import World, generate_world
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.files import FileIds
from tobs_tui.demo.world.history import History

GetHistory = functions.messages.GetHistoryRequest


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world(messages=700)


def history_request(chat_peer: Any, **more: Any) -> Any:
    given_values = {
        "offset_id": 0,
        "offset_date": None,
        "add_offset": 0,
        "limit": 100,
        "max_id": 0,
        "min_id": 0,
    }
    return GetHistory(peer=chat_peer, hash=0, **{**given_values, **more})


def bare_chat(ids: list[int], dates: list[int]) -> Chat:
    history = History(-1_000_000_000_001, 0, FileIds(1))
    history.ids, history.dates = array("i", ids), array("i", dates)
    history.sorted_dates = dates == sorted(dates)
    return Chat(-1_000_000_000_001, "t", history)


def reference(ids: list[int], dates: list[int], request: Any) -> list[int]:
    """Telegram's words, taken literally: find the offset message, walk, then drop by min and max."""
    newest_first = sorted(zip(ids, dates, strict=True), reverse=True)
    start = 0
    if request.offset_id:
        while start < len(newest_first) and newest_first[start][0] >= request.offset_id:
            start += 1
    elif request.offset_date:
        while start < len(newest_first) and newest_first[start][1] >= request.offset_date.timestamp():
            start += 1
    first = start + request.add_offset
    positions = [at for at in range(first, first + request.limit) if 0 <= at < len(newest_first)]
    page = [newest_first[at][0] for at in positions]
    return [
        each
        for each in page
        if (not request.min_id or each > request.min_id) and (not request.max_id or each < request.max_id)
    ]


windows = st.fixed_dictionaries(
    {
        "offset_id": st.integers(0, 130),
        "seconds": st.one_of(st.none(), st.integers(1, 400)),
        "add_offset": st.integers(-120, 60),
        "limit": st.integers(0, 100),
        "min_id": st.one_of(st.just(0), st.integers(1, 130)),
        "max_id": st.one_of(st.just(0), st.integers(1, 130)),
    }
)


@settings(max_examples=300, deadline=None)
@given(
    ids=st.sets(st.integers(1, 120), max_size=60).map(sorted),
    dates=st.lists(st.integers(1, 400), min_size=60, max_size=60),
    in_order=st.booleans(),
    window=windows,
)
def test_any_window_is_what_the_reference_says(
    ids: list[int], dates: list[int], in_order: bool, window: dict[str, Any]
) -> None:
    dates = (sorted(dates) if in_order else dates)[: len(ids)]
    seconds = window.pop("seconds")
    offset_date = datetime.fromtimestamp(seconds, UTC) if seconds else None
    request = history_request(None, offset_date=offset_date, **window)
    chat = bare_chat(ids, dates)
    indexes, total, _ = page_indexes(chat, request, request.limit)
    assert total == len(ids)
    assert [chat.history.ids[index] for index in indexes] == reference(ids, dates, request)


@settings(max_examples=150, deadline=None)
@given(
    ids=st.sets(st.integers(1, 120), max_size=60).map(sorted),
    window=windows,
    low=st.integers(1, 130),
    size=st.integers(0, 80),
)
def test_a_messages_range_is_a_history_of_its_own(
    ids: list[int], window: dict[str, Any], low: int, size: int
) -> None:
    window.pop("seconds")
    request = history_request(None, **window)
    chat = bare_chat(ids, ids)
    inside = [each for each in ids if low <= each <= low + size]
    indexes, total, _ = page_indexes(chat, request, request.limit, (low, low + size))
    assert total == len(inside)
    assert [chat.history.ids[index] for index in indexes] == reference(inside, inside, request)


async def test_the_whole_history_comes_page_by_page(world: World) -> None:
    town = titled(world, "Internacional")
    below, seen = 0, []
    while True:
        page = await ask(world, history_request(peer(world, town), offset_id=below))
        assert page.count == 700
        if not page.messages:
            break
        seen += [message.id for message in page.messages]
        below = seen[-1]
    assert seen == sorted(town.history.ids, reverse=True)


async def test_a_negative_offset_past_the_newest_makes_the_page_shorter(world: World) -> None:
    town = titled(world, "Internacional")
    ids = town.history.ids
    page = await ask(
        world, history_request(peer(world, town), offset_id=ids[-10], add_offset=-100, limit=100)
    )
    assert [message.id for message in page.messages] == list(reversed(ids[-10:]))


async def test_min_and_max_drop_after_the_window_is_cut(world: World) -> None:
    town = titled(world, "Internacional")
    ids = town.history.ids
    page = await ask(world, history_request(peer(world, town), limit=20, max_id=ids[-30]))
    assert page.messages == []
    page = await ask(world, history_request(peer(world, town), limit=20, min_id=ids[-5]))
    assert [message.id for message in page.messages] == list(reversed(ids[-4:]))


async def test_a_page_never_holds_more_than_a_hundred(world: World) -> None:
    page = await ask(world, history_request(peer(world, titled(world, "Internacional")), limit=5_000))
    assert len(page.messages) == 100


async def test_a_date_seeks_to_the_newest_older_message(world: World) -> None:
    history = titled(world, "Internacional").history
    date = history.dates[350]
    expected = max(each for each, at in zip(history.ids, history.dates, strict=True) if at < date)
    wanted = datetime.fromtimestamp(date, UTC)
    page = await ask(
        world, history_request(peer(world, titled(world, "Internacional")), offset_date=wanted, limit=1)
    )
    assert page.messages[0].id == expected


async def test_the_kind_of_answer_depends_on_the_chat(world: World) -> None:
    whole = await ask(world, history_request(peer(world, titled(world, "Metro"))))
    assert isinstance(whole, types.messages.Messages)
    part = await ask(world, history_request(peer(world, titled(world, "Anna")), limit=10))
    assert isinstance(part, types.messages.MessagesSlice)
    assert part.count == len(titled(world, "Anna").history)
    channel = await ask(world, history_request(peer(world, titled(world, "Trains")), limit=10))
    assert isinstance(channel, types.messages.ChannelMessages)
    assert channel.pts == world.events.box(titled(world, "Trains")).pts


async def test_a_page_names_everybody_that_its_messages_do(world: World) -> None:
    town = titled(world, "Internacional")
    below = 0
    for _ in range(7):
        page = await ask(world, history_request(peer(world, town), offset_id=below))
        below = page.messages[-1].id
        users = {user.id for user in page.users}
        chats = {-1_000_000_000_000 - chat.id for chat in page.chats}
        for message in page.messages:
            header = message.reply_to
            reply_peer = getattr(header, "reply_to_peer_id", None) or getattr(header, "peer", None)
            for one in (message.from_id, message.fwd_from and message.fwd_from.from_id, reply_peer):
                if isinstance(one, types.PeerUser):
                    assert one.user_id in users
                elif isinstance(one, types.PeerChannel):
                    assert -1_000_000_000_000 - one.channel_id in chats
            for entity in message.entities or ():
                if isinstance(entity, types.MessageEntityMentionName):
                    assert entity.user_id in users
            if message.via_bot_id:
                assert message.via_bot_id in users


async def test_rare_members_come_in_their_reduced_form(world: World) -> None:
    page = await ask(world, history_request(peer(world, titled(world, "Internacional"))))
    reduced = [user for user in page.users if user.min]
    assert reduced
    inside = types.InputUserFromMessage(
        peer(world, titled(world, "Internacional")),
        next(message.id for message in page.messages if message.sender_id == reduced[0].id),
        reduced[0].id,
    )
    users = await ask(world, functions.users.GetUsersRequest([inside]))
    assert not users[0].min
    assert users[0].access_hash != reduced[0].access_hash


async def test_an_unchanged_hash_is_not_sent_again(world: World) -> None:
    anna = titled(world, "Anna")
    request = history_request(peer(world, anna), limit=10)
    request.hash = history_hash(list(reversed(anna.history.ids[-10:])))
    assert isinstance(await ask(world, request), types.messages.MessagesNotModified)


async def test_a_messages_range_narrows_the_shared_id_space_alone(world: World) -> None:
    anna, town = titled(world, "Anna"), titled(world, "Internacional")
    low, high = anna.history.ids[40], anna.history.ids[80]
    page = await ask(world, history_request(peer(world, anna)), messages_range=(low, high), takeout_id=1)
    assert page.messages
    assert all(low <= message.id <= high for message in page.messages)
    page = await ask(world, history_request(peer(world, town)), messages_range=(1, 2), takeout_id=1)
    assert len(page.messages) == 100


async def test_closed_wrong_and_unknown_peers_are_refused(world: World) -> None:
    deals, town = titled(world, "Deals"), titled(world, "Internacional")
    anna = titled(world, "Anna")
    wrong = [
        (peer(world, deals), "CHANNEL_PRIVATE"),
        (types.InputPeerChannel(town.bare_id, town.access_hash ^ 1), "CHANNEL_INVALID"),
        (types.InputPeerChannel(77, 1), "CHANNEL_INVALID"),
        (types.InputPeerUser(anna.id, 5), "PEER_ID_INVALID"),
        (types.InputPeerChat(12), "PEER_ID_INVALID"),
        (types.InputPeerEmpty(), "PEER_ID_INVALID"),
    ]
    for each, error in wrong:
        with pytest.raises(RpcError, match=error):
            await ask(world, history_request(each))


async def test_messages_by_id_come_in_order_with_empty_ones_between(world: World) -> None:
    town = titled(world, "Internacional")
    ids = town.history.ids
    missing = next(number for number in range(1, 2_000) if number not in ids)
    wanted = [types.InputMessageID(each) for each in (ids[5], missing, ids[3])]
    channel = types.InputChannel(town.bare_id, town.access_hash)
    answer = await ask(world, functions.channels.GetMessagesRequest(channel, wanted))
    assert [message.id for message in answer.messages] == [ids[5], missing, ids[3]]
    assert isinstance(answer.messages[1], types.MessageEmpty)


async def test_shared_ids_find_their_chat(world: World) -> None:
    anna, family = titled(world, "Anna"), titled(world, "Семья")
    wanted = [types.InputMessageID(anna.history.ids[0]), types.InputMessageID(family.history.ids[-1])]
    answer = await ask(world, functions.messages.GetMessagesRequest(wanted))
    assert [message.chat_id or message.peer_id.user_id for message in answer.messages] == [anna.id, family.id]


def test_the_call_knows_the_server_time(world: World) -> None:
    assert call_on(world).now() > 1_700_000_000
