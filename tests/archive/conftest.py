"""An archive in an empty folder, with a clock that tests turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive.building import OWNER, START, group
from tobs_tui.archive import Archive


class Clock:
    """The time that the archive believes it is."""

    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault" / ".tobs"


@pytest.fixture
def archive(folder: Path, clock: Clock) -> Iterator[Archive]:
    with Archive.open(folder, OWNER, now=clock) as archive:
        archive.save_chats([group()])
        yield archive
