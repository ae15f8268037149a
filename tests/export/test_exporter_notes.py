"""What a run does for the notes besides writing what is new."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.export.conftest import MakeLab
from tobs_tui.demo.knobs import Knobs
from tobs_tui.export import early
from tobs_tui.export.report import RunStatus
from tobs_tui.vault.publisher import Publisher


async def test_a_note_that_somebody_deleted_comes_back_with_the_next_run(lab: MakeLab) -> None:
    one = await lab(messages=400)
    await one.run()
    before = one.notes()
    gone = next(name for name in before if name[-13:-5].count("-") == 2)
    (one.settings.export_path / gone).unlink()
    report = await one.run()
    assert (report.messages_new, sum(chat.notes for chat in report.chats)) == (0, 1)
    assert one.notes() == before


async def test_a_disk_that_is_full_for_notes_is_told_once(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=400)
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(target).suffix == ".md":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        report = await one.run()
    assert report.status is RunStatus.FAILED
    assert len(report.errors) == 1
    assert "No space left" in report.errors[0].what
    assert one.notes() == {}

    again = await one.run()
    assert (again.status, again.messages_new) == (RunStatus.COMPLETE, 0)
    assert len(one.notes()) > len(one.world.chats)


async def test_notes_come_out_while_a_far_chat_is_fetched_and_are_the_same(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "LOOK_S", 0.01)
    monkeypatch.setattr(early, "MOST_LATE_S", 1000.0)
    monkeypatch.setattr(early, "MOST_BUSY", 1000.0)
    taken: list[int] = []
    publish = Publisher.publish_settled

    def counting(publisher: Publisher, chat_id: int, *, stop: Callable[[], bool]) -> int:
        taken.append(publish(publisher, chat_id, stop=stop))
        return taken[-1]

    monkeypatch.setattr(Publisher, "publish_settled", counting)
    one = await lab(messages=6000, knobs=Knobs(rtt_ms=40))
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    assert sum(taken) > 0
    assert sum(chat.notes for chat in report.chats) == len(one.notes()) - sum(
        name.endswith("(Telegram).md") or name == "Telegram archive.md" for name in one.notes()
    )
    monkeypatch.setattr(early, "MOST_BUSY", 0.0)
    taken.clear()
    other = await lab(server=one.server, vault="late")
    await other.run()
    assert not taken
    assert one.notes() == other.notes()
