"""A running app on the fake host, with a clock that only tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.fake_host import NOW, FakeHost
from tobs_tui.ui.app import TobsApp


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Shown:
    """The app under a pilot, and what stands on its screen."""

    def __init__(self, app: TobsApp, host: FakeHost, pilot: Pilot[None], clock: Clock) -> None:
        self.app, self.host, self.pilot, self.clock = app, host, pilot, clock

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*["space" if sign == " " else sign for sign in text])

    async def settle(self, seconds: float = 0.0) -> None:
        await self.pilot.pause(seconds or None)
        self.app.refresh_now()
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        """The screen's lines as a person reads them."""
        compositor = self.app.screen._compositor
        return ["".join(segment.text for segment in strip) for strip in compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


Show = Callable[..., Any]


@pytest.fixture
def show() -> Show:
    """`async with show(host, size=…) as shown:`"""

    @asynccontextmanager
    async def opened(
        host: FakeHost | None = None,
        *,
        size: tuple[int, int] = (120, 40),
        before: Callable[[FakeHost], Awaitable[None] | None] | None = None,
    ) -> AsyncIterator[Shown]:
        clock = Clock()
        host = host or FakeHost(clock=clock)
        app = TobsApp(host, clock=clock, wall=lambda: NOW)
        async with app.run_test(size=size) as pilot:
            shown = Shown(app, host, pilot, clock)
            await shown.settle()
            await shown.settle()
            yield shown

    return opened
