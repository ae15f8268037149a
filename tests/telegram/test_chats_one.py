"""What is asked of one chat: its count, its topics, its history from before it became a supergroup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from telethon.tl import functions, types

from tobs_tui.errors import RangeFailed
from tobs_tui.model import Chat, ChatType, Topic
from tobs_tui.telegram.chats import count_messages, forum_topics, preview, with_old_history

OWN = 42
WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
SUPER = -1000000000002

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


def history(count: int, *ids: int) -> Answer:
    def answer(request: Any) -> Any:
        messages = [types.Message(id=i, peer_id=types.PeerUser(5), date=WHEN, message="m") for i in ids]
        return types.messages.MessagesSlice(count=count, messages=messages, topics=[], chats=[], users=[])

    return answer


HISTORY = functions.messages.GetHistoryRequest
FULL = functions.channels.GetFullChannelRequest
TEAM = Chat(id=SUPER, type=ChatType.SUPERGROUP, title="Team", access_hash=6)


def full(old: int | None, top: int | None) -> Answer:
    """The part of `messages.ChatFull` that matters."""
    told = SimpleNamespace(migrated_from_chat_id=old, migrated_from_max_id=top)
    return lambda _request: SimpleNamespace(full_chat=told)


async def test_the_old_history_of_a_supergroup_is_asked_for() -> None:
    scripted = Scripted({FULL: full(8, 500), HISTORY: history(9, 503)})
    chat = await with_old_history(scripted, TEAM)
    assert (chat.migrated_from, chat.migrated_top_id) == (-8, 503)
    assert isinstance(scripted.asked[1].peer, types.InputPeerChat)
    refused = Scripted({FULL: full(8, 500)})
    assert (await with_old_history(refused, TEAM)).migrated_top_id == 500


async def test_a_supergroup_that_was_none_before_has_no_old_history() -> None:
    assert await with_old_history(Scripted({FULL: full(None, None)}), TEAM) == TEAM


async def test_a_server_that_tells_no_old_history_is_worked_around(caplog: pytest.LogCaptureFixture) -> None:
    assert await with_old_history(Scripted({}), TEAM) == TEAM
    assert "upgrade" in caplog.text


async def test_other_chats_are_not_asked_for_an_old_history() -> None:
    scripted = Scripted({})
    person = Chat(id=5, type=ChatType.PERSON, title="A")
    assert await with_old_history(scripted, person) == person
    assert scripted.asked == []


async def test_messages_are_counted_with_those_of_the_old_group() -> None:
    old = Chat(id=SUPER, type=ChatType.SUPERGROUP, title="Team", migrated_from=-8)
    assert await count_messages(Scripted({HISTORY: history(30, 1)}), TEAM) == 30
    assert await count_messages(Scripted({HISTORY: history(30, 1)}), old) == 60


async def test_a_preview_shows_the_newest_messages() -> None:
    page = await preview(Scripted({HISTORY: history(30, 9, 8)}), Chat(id=5, type=ChatType.PERSON, title="A"))
    assert [message.id for message in page.messages] == [9, 8]
    assert page.count == 30


class Topics:
    """A forum's topics by pages, as `messages.getForumTopics` gives them."""

    own_id = OWN

    def __init__(self, ids: list[int], page: int = 3) -> None:
        self.ids = ids
        self.page = page
        self.asked: list[Any] = []

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        assert len(self.asked) < 50
        self.asked.append(request)
        place = self.ids.index(request.offset_topic) + 1 if request.offset_topic else 0
        ids = self.ids[place : place + self.page]
        topics = [self.topic(i) for i in ids]
        messages = [
            types.Message(id=i + 1000, peer_id=types.PeerChannel(3), date=WHEN, message="m") for i in ids
        ]
        return types.messages.ForumTopics(len(self.ids), topics, messages, [], [], pts=1)

    def topic(self, topic_id: int) -> Any:
        if topic_id % 10 == 9:
            return types.ForumTopicDeleted(topic_id)
        return types.ForumTopic(
            id=topic_id,
            date=WHEN,
            peer=types.PeerChannel(3),
            title=f"Topic no. {topic_id}",
            icon_color=1,
            top_message=topic_id + 1000,
            read_inbox_max_id=0,
            read_outbox_max_id=0,
            unread_count=0,
            unread_mentions_count=0,
            unread_reactions_count=0,
            unread_poll_votes_count=0,
            from_id=types.PeerUser(5),
            notify_settings=types.PeerNotifySettings(),
        )


FORUM = Chat(id=-1000000000003, type=ChatType.FORUM, title="Rust", access_hash=9)


async def test_all_topics_of_a_forum_are_listed() -> None:
    server = Topics([40, 30, 29, 20, 12, 11, 10, 2])
    topics = {topic.id: topic for topic in await forum_topics(server, FORUM)}
    assert sorted(topics) == [1, 2, 10, 11, 12, 20, 30, 40]
    assert topics[30] == Topic(30, "Topic no. 30", 1030)
    assert topics[1].title == "General"
    assert server.asked[1].offset_id == 1030


async def test_topics_of_a_server_without_them_are_none(caplog: pytest.LogCaptureFixture) -> None:
    assert await forum_topics(Scripted({}), FORUM) == ()
    assert "topics" in caplog.text
    assert await forum_topics(Scripted({}), TEAM) == ()


async def test_a_stuck_list_of_topics_ends() -> None:
    class Stuck(Topics):
        async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
            request.offset_topic = 0
            return await super().ask(request, of=of, chat=chat)

    assert len(await forum_topics(Stuck([40, 30, 20, 10]), FORUM)) == 4
