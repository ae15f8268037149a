"""The example of `note-format.md`, byte for byte."""

from __future__ import annotations

from tests.vault.golden_day import CHAT, FILES, MESSAGES, NOTE, PEOPLE
from tobs_tui.model import ChatType, NoteKey, NoteLayout
from tobs_tui.vault.albums import together
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.note import Heading, fields_of, neighbour, region_of
from tobs_tui.vault.region import new_note
from tobs_tui.vault.rendering import Piece, parts
from tobs_tui.vault.scene import Scene, Target

CALENDAR = Calendar("Europe/Lisbon", NoteLayout.DAILY)
TARGETS = {
    (CHAT, stored.message.id): Target(
        stored.message, f"m{stored.message.id}", (stored.message.date, 1, stored.message.id)
    )
    for stored in MESSAGES
}


def test_the_example_day_comes_out_as_shown() -> None:
    scene = Scene(
        chat_id=CHAT,
        chat_type=ChatType.SUPERGROUP,
        calendar=CALENDAR,
        chat_name="Trip to Lisbon",
        people=PEOPLE,
        targets=TARGETS,
        files=FILES,
    )
    heading = Heading(
        chat_id=CHAT,
        chat_type=ChatType.SUPERGROUP,
        chat_name="Trip to Lisbon",
        key=NoteKey(0, "2025-01-05"),
        timezone="Europe/Lisbon",
        layout=NoteLayout.DAILY,
        index="Trip to Lisbon (Telegram)",
    )
    [(part, last)] = parts([Piece(list(together(MESSAGES)), scene)], CALENDAR, [])
    before = neighbour("Trip to Lisbon 2025-01-04", "2025-01-04", "2025-01-05")
    after = neighbour("Trip to Lisbon 2025-01-07", "2025-01-07", "2025-01-05")
    note = new_note(fields_of(heading, part), region_of(heading, part, before, after))
    assert last
    assert note.decode() == NOTE
