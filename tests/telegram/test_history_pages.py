"""Pages of history as they come, and the way around a message that can't be read."""

from __future__ import annotations

from typing import Any

import pytest

from tobs_tui.errors import RangeFailed
from tobs_tui.model import Chat, ChatType, Interval
from tobs_tui.telegram.convert import convert_page
from tobs_tui.telegram.history import HistoryRef
from tobs_tui.telegram.sharded import ShardedTelegramManager, Worker

EPOCH = 1_736_078_400


@pytest.fixture
async def worker(demo_server: Any, small_world: Any, logged_in: Any) -> Any:
    account = await logged_in(await demo_server(small_world))
    async with ShardedTelegramManager(account, 1) as manager:
        yield manager.workers[0]


async def test_a_page_tells_what_was_asked_and_answered(worker: Worker, channel: Chat) -> None:
    raw = await worker.page(channel, 501, 100)
    assert (raw.chat_id, raw.below, raw.limit, raw.own_id) == (channel.id, 501, 100, 77)
    page = convert_page(raw)
    assert page.covers == Interval(401, 500)
    assert [message.id for message in page.messages] == list(range(500, 400, -1))
    assert page.count == 1000


async def test_pages_go_by_offset_and_from_the_top(worker: Worker, channel: Chat) -> None:
    top = await worker.page(channel, 0, 3)
    assert [message.id for message in top.answer.messages] == [1000, 999, 998]
    shifted = await worker.page(channel, 1001, 1, add_offset=250)
    assert [message.id for message in shifted.answer.messages] == [750]
    beyond = await worker.page(channel, 1, 100)
    assert beyond.answer.messages == []


async def test_a_reference_without_a_chat_is_enough(worker: Worker, channel: Chat) -> None:
    page = await worker.page(HistoryRef(channel.id, channel.access_hash), 11, 100)
    assert [message.id for message in page.answer.messages] == list(range(10, 0, -1))


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (EPOCH, 0),
        (EPOCH + 60, 0),
        (EPOCH + 61, 1),
        (EPOCH + 60 * 500, 499),
        (EPOCH + 60 * 500 + 1, 500),
        (EPOCH + 60 * 5000, 1000),
    ],
)
async def test_the_newest_message_before_a_date(
    worker: Worker, channel: Chat, date: int, expected: int
) -> None:
    assert await worker.newest_before(channel, date) == expected


async def test_the_newest_message(worker: Worker, channel: Chat, small_world: Any) -> None:
    assert await worker.newest_id(channel) == 1000
    small_world.top = 0
    assert await worker.newest_id(channel) == 0


@pytest.mark.parametrize("bad", [{437}, {500}, {401}, {450, 451}, set(range(440, 446))])
async def test_an_unreadable_message_is_told_and_the_others_arrive(
    worker: Worker, channel: Chat, small_world: Any, bad: set[int]
) -> None:
    small_world.unreadable = bad
    small_world.gaps = {430, 438}
    page = convert_page(await worker.page(channel, 501, 100))
    lowest = min(page.covers.low, 401) if page.covers else 0
    ids = set(range(lowest, 501)) - small_world.gaps
    assert page.covers is not None
    assert page.covers.high == 500
    assert {message.id for message in page.messages} | {failed for failed, _ in page.failed} == ids
    assert {failed for failed, _ in page.failed} == bad
    assert all(reason for _, reason in page.failed)


async def test_a_page_of_unreadable_messages_alone_settles_them_all(
    worker: Worker, channel: Chat, small_world: Any
) -> None:
    small_world.unreadable = set(range(1, 9))
    page = convert_page(await worker.page(channel, 9, 100))
    assert page.covers == Interval(1, 8)
    assert {failed for failed, _ in page.failed} == set(range(1, 9))
    assert page.messages == ()


async def test_the_newest_id_is_found_though_its_message_is_unreadable(
    worker: Worker, channel: Chat, small_world: Any
) -> None:
    small_world.unreadable = {1000}
    assert await worker.newest_id(channel) == 1000


async def test_a_service_message_that_is_unreadable_is_named_too(
    worker: Worker, channel: Chat, small_world: Any
) -> None:
    small_world.unreadable = {500}
    small_world.services = {500}
    page = convert_page(await worker.page(channel, 501, 10))
    assert [failed for failed, _ in page.failed] == [500]


async def test_an_answer_that_is_unreadable_through_and_through_fails_its_range(
    worker: Worker, channel: Chat, small_world: Any
) -> None:
    small_world.nonsense = True
    with pytest.raises(RangeFailed, match="can't be read"):
        await worker.page(channel, 501, 4)


async def test_saved_messages_are_asked_for_as_oneself(
    worker: Worker, small_world: Any, demo_server: Any
) -> None:
    seen: list[Any] = []
    small_world.watch = seen.append
    await worker.page(Chat(id=77, type=ChatType.SAVED, title="Saved"), 11, 10)
    await worker.page(Chat(id=-5, type=ChatType.GROUP, title="Old"), 11, 10)
    await worker.page(Chat(id=5, type=ChatType.PERSON, title="A", access_hash=3), 11, 10)
    assert [type(peer).__name__ for peer in seen] == ["InputPeerSelf", "InputPeerChat", "InputPeerUser"]
