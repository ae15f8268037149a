"""What a run does for the notes besides writing what is new."""

from __future__ import annotations

from tests.export.conftest import MakeLab


async def test_a_note_that_somebody_deleted_comes_back_with_the_next_run(lab: MakeLab) -> None:
    one = await lab(messages=400)
    await one.run()
    before = one.notes()
    gone = next(name for name in before if name[-13:-5].count("-") == 2)
    (one.settings.export_path / gone).unlink()
    report = await one.run()
    assert (report.messages_new, sum(chat.notes for chat in report.chats)) == (0, 1)
    assert one.notes() == before
