"""How a chat is divided among workers: evenly, for few requests, and whole whatever a probe says."""

from __future__ import annotations

import random
from array import array
from collections.abc import Awaitable, Callable
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import RpcError
from tobs_tui.export.report import RunStatus
from tobs_tui.export.shards import PAGE

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

HISTORY = "messages.getHistory"


def lengthen(made: Lab, count: int) -> int:
    """Give a private chat so many messages, its ids spread as unevenly as in real accounts; its id."""
    chat = next(chat for chat in made.world.chats.values() if chat.id > 0 and len(chat.history) > 20)
    dice, history = random.Random(7), chat.history
    ids, at = [], 0
    for position in range(count):
        busy_elsewhere = 90_000 if position < count // 2 else 300
        at += 1 if dice.random() < 0.99 else dice.randrange(busy_elsewhere)
        ids.append(at)
    bodies = [body for body in history.bodies if body >= 0]
    begin = history.dates[0]
    history.ids = array("i", ids)
    history.dates = array("i", range(begin, begin + count))
    history.bodies = array("i", [bodies[position % len(bodies)] for position in range(count)])
    history.version += 1
    return chat.id


def watched(made: Lab) -> list[Any]:
    """All requests for pages from now on."""
    asked: list[Any] = []
    made.server.faults.before(HISTORY, lambda call, request: asked.append(request), times=None)
    return asked


async def test_a_private_chat_is_divided_evenly_within_a_few_requests(lab: MakeLab) -> None:
    made = await lab(knobs=Knobs(rtt_ms=20), shard_count=4)
    chat_id = lengthen(made, 8_000)
    report = await made.run(only=chat_id)
    assert report.status is RunStatus.COMPLETE
    assert made.saved()[chat_id] == made.truth()[chat_id]
    assert made.exporter is not None
    pages = [worker.pages for worker in made.exporter.snapshot().workers]
    assert min(pages) > 0.15 * sum(pages)
    assert made.server.requests[HISTORY] <= ceil(8_000 / PAGE) + 12


async def test_one_worker_alone_asks_for_pages_only(lab: MakeLab) -> None:
    made = await lab(shard_count=1)
    chat_id = lengthen(made, 3_000)
    asked = watched(made)
    assert (await made.run(only=chat_id)).status is RunStatus.COMPLETE
    assert len(asked) <= 3_000 / PAGE + 1
    assert not any(request.add_offset for request in asked)


async def test_more_workers_than_pages_ask_for_hardly_more(lab: MakeLab) -> None:
    made = await lab(shard_count=12)
    chat_id = lengthen(made, 450)
    asked = watched(made)
    assert (await made.run(only=chat_id)).status is RunStatus.COMPLETE
    assert made.saved()[chat_id] == made.truth()[chat_id]
    assert len(asked) <= 6


def lie_about(request: Any, lie: str) -> None:
    """Have the server answer another question than it was asked."""
    match lie:
        case "refused":
            raise RpcError(400, "OFFSET_INVALID")
        case "the newest":
            request.add_offset = 0
        case "above":
            request.offset_id = request.add_offset = 0
        case "the oldest":
            request.offset_id, request.add_offset = 2, 0
        case "none":
            request.add_offset = 10**6
        case "as it likes":
            request.add_offset = random.Random(request.offset_id).randrange(4_000)


LIES = ("refused", "the newest", "above", "the oldest", "none", "as it likes")


@pytest.mark.parametrize("lie", LIES)
async def test_a_lying_probe_costs_requests_never_messages(lab: MakeLab, lie: str) -> None:
    made = await lab(knobs=Knobs(rtt_ms=5), shard_count=4)
    chat_id = lengthen(made, 4_000)
    probes = made.server.faults.before(
        HISTORY,
        lambda call, request: lie_about(request, lie),
        times=None,
        when=lambda call, request: request.limit == 1 and request.add_offset > 0,
    )
    report = await made.run(only=chat_id)
    assert probes.hits
    assert report.status is RunStatus.COMPLETE
    assert made.saved()[chat_id] == made.truth()[chat_id]
    assert made.server.requests[HISTORY] < 100


async def test_a_server_that_counts_nothing_is_read_to_the_end(lab: MakeLab) -> None:
    made = await lab(knobs=Knobs(rtt_ms=5), shard_count=4)
    chat_id = lengthen(made, 3_000)
    from tobs_tui.demo.methods import pages

    def uncounted(*args: Any, **more: Any) -> bytes:
        return pages._MESSAGES

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "_head", uncounted)
        assert (await made.run(only=chat_id)).status is RunStatus.COMPLETE
    assert made.saved()[chat_id] == made.truth()[chat_id]
    assert made.exporter is not None
    assert sum(worker.pages > 3 for worker in made.exporter.snapshot().workers) > 1


async def test_the_notes_are_one_workers_notes(lab: MakeLab) -> None:
    made = await lab(shard_count=1)
    chat_id = lengthen(made, 3_000)
    await made.run(only=chat_id)
    for workers in (3, 9):
        other = await lab(server=made.server, vault=f"by-{workers}", shard_count=workers)
        assert (await other.run(only=chat_id)).status is RunStatus.COMPLETE
        assert other.notes() == made.notes()
    assert made.notes()


async def test_the_governor_chooses_how_many_workers(lab: MakeLab) -> None:
    made = await lab(messages=16_000, knobs=Knobs(rtt_ms=60), shard_count=0)
    sizes: set[int] = set()

    def note_workers(call: Any, request: Any) -> None:
        assert made.exporter is not None
        sizes.add(len(made.exporter.snapshot().workers))

    made.server.faults.before(HISTORY, note_workers, times=None)
    assert (await made.run(only=made.largest())).status is RunStatus.COMPLETE
    assert min(sizes) == 4
    assert 8 <= max(sizes) <= 16
    assert made.saved()[made.largest()] == made.truth()[made.largest()]
