"""The main screens in frozen scenes: what snapshots hold, and what the pictures in `assets/` show."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from tests.ui.fake_host import NOW, FakeHost, report, run_view
from tests.ui.test_ui_hostile import hostile_host
from tobs_tui.ui.app import TobsApp
from tobs_tui.ui.ports import LoginView, RunView, Step

Play = Callable[[Pilot[Any]], Awaitable[None]]


class StillClock:
    """Stands unless a scene moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def app_of(host: FakeHost, clock: StillClock) -> TobsApp:
    return TobsApp(host, clock=clock, wall=lambda: NOW)


def chats_scene() -> tuple[TobsApp, Play]:
    """Three marked, the preview shown."""
    clock = StillClock()
    app = app_of(FakeHost(clock=clock), clock)

    async def play(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.2)
        await pilot.press("space", "space", "down", "down", "space", "up", "up", "up")
        await pilot.pause(0.6)

    return app, play


def run_scene(**changes: object) -> tuple[TobsApp, Play]:
    """A minute into a run."""
    clock = StillClock()
    host = FakeHost(clock=clock)
    host.view, host.is_running = _minute_before(run_view()), True
    app = app_of(host, clock)

    async def play(pilot: Pilot[Any]) -> None:
        await pilot.press("2")
        await pilot.pause(0.3)
        await _let_a_minute_pass(host, clock, app)
        host.view = replace(run_view(), **changes)
        clock.now += 1
        batcher = host.batcher
        batcher.emit_now(logging.INFO, "Trip to Lisbon: complete, 532 new, 41 notes")
        batcher.emit(logging.WARNING, "flood wait 4 s asked by Telegram (GetHistory), kept")
        batcher.emit(logging.ERROR, "Portugal Trains m2,214: video is gone from Telegram")
        for _ in range(12):
            batcher.emit(logging.INFO, "page fetched")
            batcher.emit(logging.INFO, "batch written")
        app.refresh_now()
        await pilot.pause(0.3)

    return app, play


def summary_scene() -> tuple[TobsApp, Play]:
    clock = StillClock()
    host = FakeHost(clock=clock)
    host.view, host.last_report = run_view(phase="done"), report()
    app = app_of(host, clock)
    return app, _press("2")


def options_scene() -> tuple[TobsApp, Play]:
    clock = StillClock()
    return app_of(FakeHost(clock=clock), clock), _press("space", "space", "enter", "tab", "tab")


def archive_scene() -> tuple[TobsApp, Play]:
    clock = StillClock()
    return app_of(FakeHost(clock=clock), clock), _press("3")


def login_scene() -> tuple[TobsApp, Play]:
    clock = StillClock()
    app = app_of(FakeHost(clock=clock, login=LoginView(Step.API)), clock)
    return app, _press(
        *"1234567", "enter", *"abc", "enter", *"351", "enter", *"4829", "enter", settle_each=True
    )  # fmt: skip


def hostile_scene() -> tuple[TobsApp, Play]:
    clock = StillClock()
    return app_of(hostile_host(), clock), _press("down")


def _press(*keys: str, settle_each: bool = False) -> Play:
    async def play(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.2)
        for key in keys:
            await pilot.press(key)
            if settle_each and key == "enter":
                await pilot.pause(0.2)
        await pilot.pause(0.6)
        # A blinking cursor is never the same twice.
        pilot.app.screen.set_focus(None)
        await pilot.pause(0.1)

    return play


def _minute_before(view: RunView) -> RunView:
    return replace(
        view, messages=0, stages=tuple(replace(stage, items=0, busy_s=0.0) for stage in view.stages)
    )


async def _let_a_minute_pass(host: FakeHost, clock: StillClock, app: TobsApp) -> None:
    """Sixty seconds of a lively but always equal run, which ends at `run_view()`."""
    chance = random.Random(5)
    shares = [chance.uniform(0.4, 1.2) for _ in range(60)]
    end = run_view()
    done = 0.0
    for share in shares:
        done += share
        part = done / sum(shares)
        host.view = replace(
            end,
            elapsed_s=end.elapsed_s - 60 + clock.now - 100,
            messages=int(end.messages * part),
            stages=tuple(
                replace(stage, items=int(stage.items * part), busy_s=stage.busy_s * part)
                for stage in end.stages
            ),
            workers=tuple(replace(worker, done=int(worker.done * part)) for worker in end.workers),
            chats=tuple(
                replace(chat, new=int(chat.new * part), done=chat.done - chat.new + int(chat.new * part))
                for chat in end.chats
            ),
        )
        clock.now += 1
        app.refresh_now()
