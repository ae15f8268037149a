"""Ranges: every id is settled by one worker exactly once, whatever is split, released or cut short."""

from __future__ import annotations

import random
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tobs_tui.export.census import Census
from tobs_tui.export.shards import PAGE, Shard, ShardPlan
from tobs_tui.model import Interval


def answer(ids: list[int], below: int, limit: int) -> Interval:
    """The ids that one honest page of a chat with these messages settles."""
    page = sorted((i for i in ids if i < below), reverse=True)[:limit]
    return Interval(page[-1] if page else 1, below - 1)


@given(
    ids=st.sets(st.integers(1, 3000), max_size=800),
    workers=st.integers(1, 9),
    seed=st.integers(0, 2**32),
    known=st.booleans(),
)
def test_every_id_is_settled_exactly_once(ids: set[int], workers: int, seed: int, known: bool) -> None:
    dice = random.Random(seed)
    plan = ShardPlan()
    top = max(ids, default=1)
    plan.add("chat", [Interval(1, top)], Census(1.0 if known else None))
    settled: list[Interval] = []
    under_way: dict[int, tuple[Shard, Interval]] = {}
    while len(plan):
        worker = dice.randrange(workers)
        if worker in under_way:
            shard, covers = under_way.pop(worker)
            if dice.random() < 0.1:
                plan.release(shard, worker)
                continue
            if (part := shard.settle(covers)) is not None:
                settled.append(part)
            if not shard.ids_left:
                plan.finish(shard)
        elif (shard_taken := plan.take(worker)) is not None:
            limit = dice.randint(1, shard_taken.limit)
            under_way[worker] = (shard_taken, answer(sorted(ids), shard_taken.below, limit))
    numbers = [number for part in settled for number in range(part.low, part.high + 1)]
    assert sorted(numbers) == list(range(1, top + 1))


def test_an_idle_worker_takes_half_of_the_largest_range_left() -> None:
    plan = ShardPlan()
    plan.add("chat", [Interval(1, 10_000)], Census(1.0))
    first = plan.take(0)
    second = plan.take(1)
    assert first is not None
    assert second is not None
    assert (first.low, first.below) == (5001, 10_001)
    assert (second.low, second.below) == (1, 5001)


def test_small_or_unknown_ranges_are_not_split() -> None:
    plan = ShardPlan()
    plan.add("small", [Interval(1, 5 * PAGE)], Census(1.0))
    plan.add("unknown", [Interval(1, 1_000_000)], Census(None))
    assert plan.take(0) is not None
    assert plan.take(1) is not None
    assert plan.take(2) is None


def test_a_page_reaching_into_a_stolen_half_settles_only_its_own() -> None:
    plan = ShardPlan()
    plan.add("chat", [Interval(1, 1000)], Census(1.0))
    owner = plan.take(0)
    assert owner is not None
    thief = plan.take(1)
    assert thief is not None
    assert owner.settle(Interval(300, 1000)) == Interval(thief.below, 1000)
    assert owner.ids_left == 0
    assert thief.ids_left == thief.below - 1


@pytest.mark.parametrize("covers", [Interval(2001, 3000), Interval(5000, 6000)])
def test_an_answer_outside_the_range_settles_nothing(covers: Interval) -> None:
    shard = Shard("chat", 1, 1001, Census(1.0))
    assert shard.settle(covers) is None
    assert shard.ids_left == 1000


def test_a_released_range_is_taken_by_the_next_worker() -> None:
    plan = ShardPlan()
    plan.add("chat", [Interval(1, 100)], Census(None))
    shard = plan.take(0)
    assert shard is not None
    assert plan.take(1) is None
    plan.release(shard, 0)
    assert plan.take(1) is shard


def test_dropping_a_history_tells_what_was_left_of_it() -> None:
    plan = ShardPlan()
    plan.add("private", [Interval(1, 50), Interval(80, 90)], Census(1.0))
    plan.add("other", [Interval(1, 5)], Census(1.0))
    assert sorted(plan.drop("private")) == [Interval(1, 50), Interval(80, 90)]
    assert len(plan) == 1


def uneven(count: int) -> list[int]:
    """The ids of a private chat that was busy long ago and again lately."""
    return [
        *range(1, count // 2),
        *range(1_000_000, 1_000_000 + count // 4),
        *range(5_000_000, 5_000_000 + count),
    ]


def answer_page(shard: Shard, ids: list[int]) -> int:
    """Have a server with these ids answer one page of a range; returns how many messages it held."""
    below = shard.below
    place = bisect_left(ids, below)
    page = ids[max(0, place - shard.limit) : place]
    covers = Interval(page[0] if page else 1, below - 1)
    shard.told(below, covers, len(page), place)
    shard.settle(covers)
    return len(page)


def test_probes_divide_an_uneven_chat_evenly() -> None:
    ids = uneven(20_000)
    plan = ShardPlan()
    plan.add("private", [Interval(1, ids[-1])], Census(None))
    owner = plan.take(0)
    assert owner is not None
    assert plan.take(1) is None
    assert plan.probe() is None, "nobody can tell yet what the range is worth"
    answer_page(owner, ids)
    probes = [plan.probe() for _ in range(7)]
    for probe in probes:
        assert probe is not None
        plan.cut(probe, ids[bisect_left(ids, probe.below) - 1 - probe.skip])
    shares = [bisect_left(ids, shard.below) - bisect_left(ids, shard.low) for shard in plan.of("private")]
    assert len(shares) == 8
    assert sum(shares) == len(ids) - PAGE
    assert max(shares) - min(shares) < 100


@pytest.mark.parametrize("lie", ["newest", "oldest", "above", "below", "nothing"])
def test_a_lying_probe_is_believed_once_at_most(lie: str) -> None:
    ids = uneven(20_000)
    plan = ShardPlan()
    plan.add("private", [Interval(1, ids[-1])], Census(None))
    settled = asked = 0
    while len(plan):
        for worker in range(4):
            shard = plan.take(worker)
            if shard is None:
                if (probe := plan.probe()) is None:
                    continue
                lies = {"newest": probe.below - 1, "oldest": 1, "above": 2**31 - 1, "below": 0}
                plan.cut(probe, lies.get(lie))
                asked += 1
                continue
            settled += answer_page(shard, ids)
            asked += 1
            if not shard.ids_left:
                plan.finish(shard)
    assert settled >= len(ids)
    assert asked < 1.5 * len(ids) / PAGE


def test_a_chat_whose_counts_lie_is_still_read_to_its_end() -> None:
    ids = list(range(1, 900))
    plan = ShardPlan()
    plan.add("group", [Interval(1, 100_000)], Census(1.0))
    asked = 0
    while len(plan):
        for worker in range(9):
            shard = plan.take(worker)
            if shard is not None:
                below = shard.below
                answer_page(shard, ids)
                shard.messages_below = 10.0**9
                shard.census.mark(below, 10.0**9)
                asked += 1
                if not shard.ids_left:
                    plan.finish(shard)
    assert asked < 100


def test_a_stuck_workers_range_is_taken_over_and_its_late_answer_counts() -> None:
    plan = ShardPlan()
    plan.add("chat", [Interval(1, 500)], Census(1.0))
    shard = plan.take(0)
    assert shard is not None
    assert plan.take(1) is None
    assert plan.take_over(1, iter([0])) is shard
    plan.release(shard, 0)
    assert plan.held_by(1) is shard, "who lost it can't give it away"
    assert shard.settle(Interval(401, 500)) == Interval(401, 500)
    assert shard.settle(Interval(401, 500)) is None
