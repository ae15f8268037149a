"""The number of workers follows the governor: up at once, down after a while, never past its bounds."""

from __future__ import annotations

import asyncio

import pytest

from tobs_tui.export.governed import FIRST, LOOK_EVERY, MOST, TOO_MANY_FOR, GovernedWorkers


class Scene:
    """What the workers see, second by second."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self.idle = 0
        self.sizes: list[int] = []
        self.crew = GovernedWorkers(
            limit=lambda: self.limit, idle=lambda: self.idle, resize=self.resize, sleep=self.sleep
        )
        self.looks_left = 0

    async def resize(self, count: int) -> None:
        self.sizes.append(count)

    async def sleep(self, seconds: float) -> None:
        if not self.looks_left:
            raise asyncio.CancelledError
        self.looks_left -= 1

    async def go_on(self, seconds: float) -> None:
        self.looks_left = round(seconds / LOOK_EVERY)
        with pytest.raises(asyncio.CancelledError):
            await self.crew.run()


async def test_workers_come_as_soon_as_more_may_be_in_flight() -> None:
    scene = Scene()
    await scene.go_on(1)
    assert scene.sizes == []
    assert scene.crew.count == FIRST
    scene.limit = 8
    await scene.go_on(LOOK_EVERY)
    assert scene.sizes == [8]
    scene.limit = 100
    await scene.go_on(1)
    assert scene.sizes == [8, MOST]


async def test_none_come_while_others_have_nothing_to_do() -> None:
    scene = Scene()
    scene.limit, scene.idle = 16, 1
    await scene.go_on(TOO_MANY_FOR - LOOK_EVERY)
    assert scene.sizes == []


async def test_idle_ones_leave_after_a_while() -> None:
    scene = Scene()
    scene.limit, scene.idle = FIRST, 3
    await scene.go_on(TOO_MANY_FOR - LOOK_EVERY)
    assert scene.sizes == []
    await scene.go_on(LOOK_EVERY)
    assert scene.sizes == [FIRST - 3]
    scene.idle = 1
    await scene.go_on(TOO_MANY_FOR * 3)
    assert scene.crew.count == 1, "one always stays"


async def test_what_the_governor_tries_in_passing_costs_no_connection() -> None:
    scene = Scene()
    scene.limit = FIRST - 1
    await scene.go_on(TOO_MANY_FOR - LOOK_EVERY)
    scene.limit = FIRST
    await scene.go_on(LOOK_EVERY)
    scene.limit = FIRST - 1
    await scene.go_on(TOO_MANY_FOR - LOOK_EVERY)
    assert scene.sizes == []
    await scene.go_on(LOOK_EVERY)
    assert scene.sizes == [FIRST - 1]
