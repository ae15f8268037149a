"""Rounds of torture as tests: three known seeds always, two hundred fresh ones with `-m torture -n 2`."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torture.one_round import play_round
from tests.torture.plan import Ending, Moment, plan_round


@pytest.mark.parametrize("seed", [333, 475, 587])
async def test_a_round_ends_with_what_the_server_has(seed: int, tmp_path: Path) -> None:
    await play_round(seed, tmp_path / "round", print)


@pytest.mark.torture
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(200))
async def test_torture(number: int, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}: python -m tests.torture --rounds 1 --seed {seed}")
    record_property("seed", seed)
    await play_round(seed, tmp_path / "round", print)


def test_plans_follow_from_the_seed_and_hold_every_trouble() -> None:
    assert plan_round(7) == plan_round(7)
    runs = [run for seed in range(200) for run in plan_round(seed).runs]
    assert {run.ending for run in runs} == set(Ending)
    assert {run.moment for run in runs} == set(Moment)
    for trouble in runs[0].weather.__slots__:
        assert any(getattr(run.weather, trouble) for run in runs), trouble
