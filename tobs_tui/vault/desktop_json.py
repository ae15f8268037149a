"""A chat as Telegram Desktop's `result.json`, so that what reads such exports can read this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tobs_tui.archive import ArchiveReader, StoredChat
from tobs_tui.vault.calendar import Calendar


def result_path(folder: str) -> str:
    return f"{folder}/result.json"


def write_result(
    archive: ArchiveReader, stored: StoredChat, calendar: Calendar, target: Path, stop: Callable[[], bool]
) -> bool:
    return True
