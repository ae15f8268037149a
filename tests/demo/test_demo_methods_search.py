"""Search, topics, threads, split ranges."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from tests.demo.asking import ask, peer, titled
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world import World, generate_world
from tobs_tui.demo.world.chat import Chat

messages = functions.messages


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world(messages=1_500)


def search_request(chat_peer: Any, **more: Any) -> Any:
    start: dict[str, Any] = {"q": "", "filter": types.InputMessagesFilterEmpty(), "limit": 100}
    start |= {"min_date": None, "max_date": None, "offset_id": 0, "add_offset": 0, "max_id": 0, "min_id": 0}
    return messages.SearchRequest(peer=chat_peer, hash=0, **{**start, **more})


def objects(chat: Chat) -> list[Any]:
    history = chat.history
    return [BinaryReader(history.raw(at)).tgread_object() for at in range(len(history) - 1, -1, -1)]


async def found(world: World, chat: Chat, **more: Any) -> list[int]:
    """All hits of a search, page by page."""
    seen: list[int] = []
    while True:
        answer = await ask(
            world, search_request(peer(world, chat), offset_id=seen[-1] if seen else 0, **more)
        )
        if not answer.messages:
            return seen
        seen += [message.id for message in answer.messages]


async def test_text_is_found_without_regard_to_case(world: World) -> None:
    town = titled(world, "Internacional")
    expected = [each.id for each in objects(town) if "stairs" in (each.message or "").lower()]
    assert await found(world, town, q="STAIRS") == expected != []


async def test_filters_find_what_their_name_says(world: World) -> None:
    town = titled(world, "Internacional")
    photos = [
        each.id for each in objects(town) if isinstance(each.media, types.MessageMediaPhoto) and each.photo
    ]
    assert await found(world, town, filter=types.InputMessagesFilterPhotos()) == photos != []
    voices = [each.id for each in objects(town) if each.voice]
    assert await found(world, town, filter=types.InputMessagesFilterVoice()) == voices != []
    polls = [each.id for each in objects(town) if each.poll]
    assert await found(world, town, filter=types.InputMessagesFilterPoll()) == polls != []
    with pytest.raises(RpcError, match="INPUT_FILTER_INVALID"):
        await ask(world, search_request(peer(world, town), filter=types.InputDialogPeerFolder(1)))


async def test_a_sender_is_found_in_groups_and_ignored_in_private_chats(world: World) -> None:
    town, anna = titled(world, "Internacional"), titled(world, "Anna")
    sender = next(each for each in objects(town) if isinstance(each.from_id, types.PeerUser)).from_id.user_id
    expected = [
        each.id
        for each in objects(town)
        if isinstance(each.from_id, types.PeerUser) and each.from_id.user_id == sender
    ]
    asked = types.InputPeerUser(sender, world.people.hash_of(sender))
    assert await found(world, town, from_id=asked) == expected
    assert len(await found(world, anna, from_id=types.InputPeerSelf())) == len(anna.history)


async def test_counters_agree_with_searches(world: World) -> None:
    town = titled(world, "Internacional")
    filters = [
        types.InputMessagesFilterPhotos(),
        types.InputMessagesFilterDocument(),
        types.InputMessagesFilterUrl(),
    ]
    answer = await ask(world, messages.GetSearchCountersRequest(peer(world, town), filters))
    for counter in answer:
        assert counter.count == len(await found(world, town, filter=counter.filter)) > 0


async def test_an_empty_limit_still_counts(world: World) -> None:
    answer = await ask(world, search_request(peer(world, titled(world, "Internacional")), limit=0))
    assert (answer.messages, answer.count) == ([], 1_500)


async def test_a_global_search_reaches_several_chats(world: World) -> None:
    request = messages.SearchGlobalRequest(
        "tickets", types.InputMessagesFilterEmpty(), None, None, 0, types.InputPeerEmpty(), 0, 50
    )
    answer = await ask(world, request)
    assert len({message.chat_id or message.peer_id.user_id for message in answer.messages}) > 1


async def test_every_message_of_a_forum_is_in_one_topic(world: World) -> None:
    rust = titled(world, "Rust")
    topics = await ask(world, messages.GetForumTopicsRequest(peer(world, rust), None, 0, 0, 100))
    assert topics.count == len(topics.topics) == 6
    assert topics.topics[0].pinned
    seen: list[int] = []
    for topic in topics.topics:
        request = messages.GetRepliesRequest(peer(world, rust), topic.id, 0, None, 0, 100, 0, 0, 0)
        page = await ask(world, request)
        assert page.count == len(page.messages)
        assert page.messages[0].id == topic.top_message
        assert {each.id for each in page.topics} == {topic.id}
        seen += [message.id for message in page.messages]
    assert sorted(seen) == list(rust.history.ids)


async def test_topics_are_asked_for_by_id_and_by_words(world: World) -> None:
    rust = titled(world, "Rust")
    by_id = await ask(world, messages.GetForumTopicsByIDRequest(peer(world, rust), [1, 999]))
    assert [type(topic).__name__ for topic in by_id.topics] == ["ForumTopic", "ForumTopicDeleted"]
    jobs = await ask(world, messages.GetForumTopicsRequest(peer(world, rust), None, 0, 0, 10, q="jobs"))
    assert [topic.title for topic in jobs.topics] == ["Jobs 💼"]
    with pytest.raises(RpcError, match="CHANNEL_FORUM_MISSING"):
        await ask(world, messages.GetForumTopicsRequest(peer(world, titled(world, "Trip")), None, 0, 0, 10))


async def test_comments_of_a_post_are_those_it_counts(world: World) -> None:
    trains = titled(world, "Trains 🚆")
    with_comments = [post for post in objects(trains) if getattr(post, "replies", None)]
    assert with_comments
    for post in with_comments[:12]:
        assert post.replies.channel_id == world.chats[trains.linked].bare_id
        start = await ask(world, messages.GetDiscussionMessageRequest(peer(world, trains), post.id))
        root = start.messages[0]
        assert (root.message, root.fwd_from.channel_post) == (post.message, post.id)
        page = await ask(
            world, messages.GetRepliesRequest(peer(world, trains), post.id, 0, None, 0, 100, 0, 0, 0)
        )
        assert page.count == post.replies.replies
        for comment in page.messages:
            assert root.id in (comment.reply_to.reply_to_msg_id, comment.reply_to.reply_to_top_id)
    with pytest.raises(RpcError, match="MSG_ID_INVALID"):
        await ask(world, messages.GetDiscussionMessageRequest(peer(world, trains), 999_999))


async def test_split_ranges_hold_all_shared_ids(world: World) -> None:
    with pytest.raises(RpcError, match="TAKEOUT_REQUIRED"):
        await ask(world, messages.GetSplitRangesRequest())
    ranges = await ask(world, messages.GetSplitRangesRequest(), takeout_id=1)
    ids = [each for chat in world.chats.values() if not chat.kind.own_ids for each in chat.history.ids]
    assert all(any(each.min_id <= number <= each.max_id for each in ranges) for number in ids)
    assert all(one.max_id < other.min_id for one, other in pairwise(ranges))
