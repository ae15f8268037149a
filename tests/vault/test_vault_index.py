"""The vault's index among many chats: written now and then, always at the end, and after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vault.shelf import Shelf, message
from tobs_tui.vault import indexing


def fill(shelf: Shelf, chats: int) -> list[int]:
    ids = [-1000000001000 - number for number in range(chats)]
    for number, chat_id in enumerate(ids):
        shelf.chat(chat_id, title=f"Chat {number}")
        shelf.add([message(1, chat_id=chat_id)])
    return ids


def index(shelf: Shelf) -> str:
    return (shelf.vault / "Telegram archive.md").read_text()


def test_it_is_whole_at_the_end_however_seldom_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_VAULT_STEPS", 2)
    written = 0
    place = indexing.Indexes._place_vault

    def counted(*words: object, **more: object) -> None:
        nonlocal written
        written += 1
        place(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(indexing.Indexes, "_place_vault", counted)
    shelf = Shelf(tmp_path)
    for chat_id in fill(shelf, 20):
        shelf.publish(chat_id)
    assert index(shelf).count("- [[") < 20
    shelf.publisher.finish()
    assert index(shelf).count("- [[") == 20
    assert written < 12
    shelf.publisher.finish()
    assert written < 12
    shelf.close()


def test_one_that_was_due_when_the_publisher_died_is_written_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_VAULT_STEPS", 1)
    shelf = Shelf(tmp_path)
    for chat_id in fill(shelf, 6):
        shelf.publish(chat_id)
    assert index(shelf).count("- [[") < 6
    shelf.settings()
    shelf.publisher.finish()
    assert index(shelf).count("- [[") == 6
    shelf.close()
