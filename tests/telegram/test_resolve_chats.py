"""A chat is found by each way in which a person may name it, or the error says what could be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon.tl import functions, types

from tobs_tui.errors import AmbiguousChat, ChatUnavailable, RangeFailed, UnknownChat, UsageError
from tobs_tui.model import Chat, ChatType, Topic
from tobs_tui.telegram.links import parse_link
from tobs_tui.telegram.resolve import ChatRef, find_chat, resolve

WHEN = datetime(2024, 5, 6, tzinfo=UTC)

ANNA = Chat(id=5512, type=ChatType.PERSON, title="Anna Petrova", username="Anna_P")
TRIP = Chat(id=-1001234567890, type=ChatType.SUPERGROUP, title="Trip to Lisbon", migrated_from=-77)
FLAT = Chat(id=-8, type=ChatType.GROUP, title="Flat")
OTHER_FLAT = Chat(id=-9, type=ChatType.GROUP, title="Flat")
YEAR = Chat(id=-10, type=ChatType.GROUP, title="2024")
CAFE = Chat(id=-11, type=ChatType.GROUP, title="Caf\u00e9 ☕")
RUST = Chat(
    id=-1000000000003,
    type=ChatType.FORUM,
    title="Rust Lisboa",
    username="rustlisboa",
    topics=(Topic(1, "General"), Topic(12, "Jobs")),
)
CHATS = (ANNA, TRIP, FLAT, OTHER_FLAT, YEAR, CAFE, RUST)


@pytest.mark.parametrize(
    ("text", "chat"),
    [
        ("5512", ANNA),
        ("-1001234567890", TRIP),
        (" -8 ", FLAT),
        ("-77", TRIP),
        ("@anna_p", ANNA),
        ("@Anna_P", ANNA),
        ("t.me/anna_p", ANNA),
        ("https://t.me/anna_p", ANNA),
        ("http://www.telegram.me/anna_p/", ANNA),
        ("https://anna_p.t.me/", ANNA),
        ("https://t.me/s/rustlisboa", RUST),
        ("https://t.me/anna_p/45?single", ANNA),
        ("tg://resolve?domain=anna_p", ANNA),
        ("https://t.me/c/1234567890", TRIP),
        ("https://t.me/c/1234567890/45", TRIP),
        ("tg://privatepost?channel=1234567890&post=45", TRIP),
        ("Trip to Lisbon", TRIP),
        ("2024", YEAR),
        ("Cafe\u0301 ☕", CAFE),
    ],
)
def test_a_chat_is_found_as_it_is_named(text: str, chat: Chat) -> None:
    assert find_chat(CHATS, text) == ChatRef(chat)


@pytest.mark.parametrize(
    "text",
    [
        "-1000000000003/12",
        "https://t.me/rustlisboa/12",
        "https://t.me/rustlisboa/12/345",
        "https://t.me/c/3/12/345",
        "https://t.me/rustlisboa/345?thread=12",
        "tg://resolve?domain=rustlisboa&post=345&thread=12",
    ],
)
def test_a_topic_is_found_as_it_is_named(text: str) -> None:
    assert find_chat(CHATS, text) == ChatRef(RUST, 12)


def test_a_message_of_a_forum_is_the_forum() -> None:
    assert find_chat(CHATS, "https://t.me/rustlisboa/345") == ChatRef(RUST)


def test_a_topic_that_is_not_there_is_unknown_and_the_others_are_named() -> None:
    with pytest.raises(UnknownChat, match="no topic 99") as caught:
        find_chat(CHATS, "-1000000000003/99")
    assert "12 Jobs" in caught.value.fix


def test_a_chat_without_topics_takes_none() -> None:
    with pytest.raises(UsageError, match="no forum"):
        find_chat(CHATS, "-1001234567890/12")


def test_a_title_of_several_chats_names_them_with_their_ids() -> None:
    with pytest.raises(AmbiguousChat) as caught:
        find_chat(CHATS, "Flat")
    assert "-8 “Flat”" in caught.value.what and "-9 “Flat”" in caught.value.what
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("Trip to Lissbon", "Trip to Lisbon"),
        ("trip to lisbon", "-1001234567890"),
        ("1234567890", "-1001234567890"),
        ("8", "-8"),
        ("Rust", "tobs-tui chats"),
        ("zzzz", "tobs-tui chats"),
        ("", "tobs-tui chats"),
        ("-999", "tobs-tui chats"),
        ("https://t.me/c/99/1", "tobs-tui chats"),
        ("https://example.com/anna_p", "tobs-tui chats"),
        ("@x", "tobs-tui chats"),
    ],
)
def test_an_unknown_chat_is_said_with_what_could_be_meant(text: str, suggested: str) -> None:
    with pytest.raises(UnknownChat) as caught:
        find_chat(CHATS, text)
    assert suggested in caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "https://t.me/+AbCdEf123",
        "t.me/joinchat/AbCdEf123",
        "https://telegram.me/joinchat/AbC",
        "tg://join?invite=AbCdEf",
    ],
)
def test_invite_links_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="Invite links"):
        find_chat(CHATS, text)


@pytest.mark.parametrize(
    "text", ["t.me/addstickers/Cats", "t.me/proxy?server=a", "t.me/", "tg://settings", "t.me"]
)
def test_links_to_something_else_name_no_chat(text: str) -> None:
    assert parse_link(text) is None


@given(st.text(max_size=40))
def test_whatever_is_typed_ends_in_a_chat_or_a_usage_error(text: str) -> None:
    try:
        find_chat(CHATS, text)
    except UsageError as error:
        assert "\n" not in error.line() and "\x1b" not in error.line()


def test_hostile_titles_do_not_reach_a_terminal() -> None:
    hostile = Chat(id=3, type=ChatType.PERSON, title="Evil\x1b]0;x\x07 name")
    with pytest.raises(UnknownChat) as caught:
        find_chat((hostile,), "Evil\x1b]0;x\x07 nam")
    assert "\x1b" not in caught.value.line() and "\x07" not in caught.value.line()


class Telegram:
    """An account on a server that knows one username."""

    own_id = 42

    def __init__(self, username: str, peer: Any, *, users: Any = (), chats: Any = ()) -> None:
        self.username = username
        self.found = SimpleNamespace(peer=peer, users=users, chats=chats)
        self.asked: list[Any] = []

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        self.asked.append(request)
        if isinstance(request, functions.contacts.ResolveUsernameRequest):
            if request.username.lower() != self.username:
                raise RangeFailed("Telegram answered with an error: USERNAME_NOT_OCCUPIED")
            return self.found
        if isinstance(request, functions.messages.GetHistoryRequest):
            messages = [types.Message(id=33, peer_id=self.found.peer, date=WHEN, message="m")]
            return types.messages.ChannelMessages(1, 30, messages, [], [], [])
        raise ChatUnavailable("no")


NEWS = types.Channel(
    id=55,
    title="News",
    photo=types.ChatPhotoEmpty(),
    date=WHEN,
    broadcast=True,
    left=True,
    username="News",
    access_hash=9,
)


async def test_a_public_channel_that_the_account_is_not_in_is_asked_of_telegram() -> None:
    telegram = Telegram("news", types.PeerChannel(55), chats=[NEWS])
    for text in ("@News", "https://t.me/news/3"):
        found = await resolve(telegram, CHATS, text)
        assert (found.chat.id, found.chat.title, found.topic_id) == (-1000000000055, "News", None)
        assert (found.chat.top_id, found.chat.messages, found.chat.no_access) == (33, 30, None)
        assert found.chat.last_date == int(WHEN.timestamp())


async def test_another_username_of_a_listed_chat_is_that_chat() -> None:
    telegram = Telegram("lisbontrip", types.PeerChannel(1234567890))
    assert await resolve(telegram, CHATS, "@LisbonTrip") == ChatRef(TRIP)


async def test_a_username_that_nobody_has_is_unknown() -> None:
    with pytest.raises(UnknownChat, match="@nobody_here"):
        await resolve(Telegram("news", types.PeerChannel(55)), CHATS, "@nobody_here")


async def test_a_listed_chat_asks_nothing() -> None:
    telegram = Telegram("news", types.PeerChannel(55))
    assert await resolve(telegram, CHATS, "Trip to Lisbon") == ChatRef(TRIP)
    assert telegram.asked == []


async def test_a_number_after_a_forum_is_a_topic_where_the_forum_has_it() -> None:
    class Forum(Telegram):
        async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
            assert isinstance(request, functions.messages.GetForumTopicsRequest)
            topics = [types.ForumTopicDeleted(90), jobs_topic()]
            return types.messages.ForumTopics(2, topics, [], [], [], pts=1)

    unlisted = Chat(id=RUST.id, type=ChatType.FORUM, title="Rust Lisboa", username="rustlisboa")
    telegram = Forum("news", types.PeerChannel(55))
    assert (await resolve(telegram, [unlisted], "t.me/rustlisboa/12")).topic_id == 12
    assert (await resolve(telegram, [unlisted], "t.me/c/3/345")).topic_id is None


def jobs_topic() -> Any:
    return types.ForumTopic(
        id=12,
        date=WHEN,
        peer=types.PeerChannel(3),
        title="Jobs",
        icon_color=1,
        top_message=90,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        from_id=types.PeerUser(5),
        notify_settings=types.PeerNotifySettings(),
    )
