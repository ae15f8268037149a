"""What the screens look like at three sizes; `--snapshot-update` takes new pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.ui import scenes

SIZES = ((80, 24), (120, 40), (250, 60))
MAIN = {
    "chats": scenes.chats_scene,
    "options": scenes.options_scene,
    "run": scenes.run_scene,
    "summary": scenes.summary_scene,
    "archive": scenes.archive_scene,
}
STATES: dict[str, dict[str, object]] = {
    "flood wait": {"flood_s": 23.0},
    "stalled": {"silent_s": 18.0, "silent_dc": 4, "reconnecting": 2},
    "paused": {"phase": "paused"},
    "disk full": {"problem": "disk full · free some space, then p"},
    "stopping": {"phase": "stopping", "window_s": 4.0, "in_pipe_pages": 2, "in_pipe_messages": 140},
    "unknown total": {"expected": None},
    "failures": {"errors": 14},
    "files": {"phase": "files"},
}
Compare = Callable[..., bool]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", MAIN)
def test_main_screens(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    app, play = MAIN[name]()
    assert snap_compare(app, terminal_size=size, run_before=play)


@pytest.mark.parametrize("name", STATES)
def test_states_of_a_run(snap_compare: Compare, name: str) -> None:
    app, play = scenes.run_scene(**STATES[name])
    assert snap_compare(app, terminal_size=(80, 24), run_before=play)


@pytest.mark.parametrize("scene", [scenes.login_scene, scenes.hostile_scene], ids=["login", "hostile"])
def test_other_screens(snap_compare: Compare, scene: Callable[[], Any]) -> None:
    app, play = scene()
    assert snap_compare(app, terminal_size=(80, 24), run_before=play)
