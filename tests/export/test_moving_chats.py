"""A chat that grows, shrinks or is answered oddly while it is read loses nothing that stays."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from tobs_tui.demo.faults import Rule
from tobs_tui.demo.knobs import Knobs
from tobs_tui.export.report import RunStatus

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

HISTORY = "messages.getHistory"


@pytest.mark.parametrize("workers", [1, 3, 9])
async def test_posts_and_deletions_while_it_reads(lab: MakeLab, workers: int) -> None:
    made = await lab(messages=3_000, knobs=Knobs(rtt_ms=3), shard_count=workers)
    largest, dice = made.largest(), random.Random(workers)
    private = next(c.id for c in made.world.chats.values() if c.id > 0 and len(c.history) > 20)

    def move(call: Any, request: Any) -> None:
        for chat_id in (largest, private):
            ids = list(made.world.chats[chat_id].history)
            made.world.post(chat_id, "While you read")
            if len(ids) > 10:
                made.world.delete(chat_id, dice.sample(ids, 7))

    made.server.faults.before(HISTORY, move, times=None)
    assert (await made.run()).status is RunStatus.COMPLETE
    made.server.faults.clear()
    final = await made.run(recheck=True, accept_deletions=True)
    assert final.status is RunStatus.COMPLETE, final.errors
    made.assert_holds_all()


async def test_a_chat_that_is_cleared_while_it_reads(lab: MakeLab) -> None:
    made = await lab(messages=3_000, shard_count=4)
    largest = made.largest()
    made.server.faults.before(
        HISTORY,
        lambda call, request: made.world.delete(largest, list(made.world.chats[largest].history)),
        after=5,
    )
    assert (await made.run(only=largest)).status is RunStatus.COMPLETE
    assert made.server.requests[HISTORY] < 40


@pytest.mark.parametrize("workers", [1, 4])
async def test_an_empty_answer_in_the_middle_is_not_believed(lab: MakeLab, workers: int) -> None:
    made = await lab(messages=3_000, shard_count=workers)
    largest = made.largest()
    rules = [Rule(HISTORY, 1, after, None, page_limit=0) for after in (0, 6, 9)]
    made.server.faults._rules.extend(rules)
    assert (await made.run(only=largest)).status is RunStatus.COMPLETE
    assert all(rule.hits for rule in rules)
    assert made.saved()[largest] == made.truth()[largest]


async def test_a_page_of_other_ids_than_were_asked_settles_nothing(lab: MakeLab) -> None:
    made = await lab(messages=3_000, shard_count=3)
    largest = made.largest()
    made.server.faults.before(
        HISTORY,
        lambda call, request: setattr(request, "offset_id", request.offset_id + 150),
        after=2,
        times=4,
    )
    assert (await made.run(only=largest)).status is RunStatus.COMPLETE
    assert made.saved()[largest] == made.truth()[largest]
