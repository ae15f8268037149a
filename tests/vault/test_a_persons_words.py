"""What a person writes, moves or breaks in the vault: kept, followed, or left alone and told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vault.shelf import GROUP, START, Shelf, message
from tobs_tui.model import Entity, File, MediaKind, Reply
from tobs_tui.vault.media_files import MediaShelf
from tobs_tui.vault.region import BEGIN, END


def published(shelf: Shelf) -> Path:
    shelf.chat()
    shelf.add([message(1), message(2, day=1, reply=Reply(message_id=1))])
    shelf.publish()
    return shelf.note()


def test_words_around_the_region_stay_byte_for_byte(shelf: Shelf) -> None:
    note = published(shelf)
    text = note.read_bytes().replace(b"---\n\n%%", b"---\n\n# Mine\n\xff\r\n\n%%") + b"\n## Remarks\r\nme  "
    note.write_bytes(text)
    shelf.add([message(5)])
    assert shelf.publish().kept_edits == ()
    after = note.read_bytes()
    assert b"message 5" in after
    assert after.startswith(text[: text.index(b"participants")])
    assert b"\n# Mine\n\xff\r\n\n%%" in after
    assert after.endswith(b"%% tobs:end %%\n\n## Remarks\r\nme  ")


def test_properties_are_compared_by_value(shelf: Shelf) -> None:
    note = published(shelf)
    text = note.read_text()
    ours = text[: text.index("%% tobs:begin")]
    quoted = (
        "---\nrating: 5  # mine\nchat: Trip\nchat_id: -1000000000777\ntype: supergroup\n"
        "date: 2025-01-05\ntimezone: UTC\nparticipants:\n  - Anna\nmessages: 1\n"
        "tags: [telegram, telegram/supergroup, holiday]\naliases: []\n---\n\n"
    )
    note.write_text(text.replace(ours, quoted))
    shelf.archive.mark_all_dirty(GROUP)
    assert shelf.publish().written == 0
    shelf.add([message(5)])
    assert shelf.publish().written == 1
    assert quoted.replace("messages: 1", "messages: 2") in note.read_text()


def test_a_tag_of_ours_that_is_gone_comes_back_beside_others(shelf: Shelf) -> None:
    note = published(shelf)
    text = note.read_text().replace("  - telegram\n  - telegram/supergroup\n", "  - holiday\n  - Telegram\n")
    note.write_text(text)
    shelf.archive.mark_all_dirty(GROUP)
    shelf.publish()
    assert "tags:\n  - holiday\n  - Telegram\n  - telegram/supergroup\n" in note.read_text()


def test_a_list_in_one_line_is_taken_over(shelf: Shelf) -> None:
    note = published(shelf)
    text = note.read_text().replace("tags:\n  - telegram\n  - telegram/supergroup\n", 'tags: [mine, "a b"]\n')
    note.write_text(text)
    shelf.archive.mark_all_dirty(GROUP)
    shelf.publish()
    assert 'tags:\n  - mine\n  - "a b"\n  - telegram\n  - telegram/supergroup\n---\n' in note.read_text()


def test_a_change_inside_the_region_is_kept_beside_it(shelf: Shelf) -> None:
    note = published(shelf)
    changed = note.read_text().replace("message 1", "my own words")
    note.write_text(changed)
    shelf.add([message(5)])
    report = shelf.publish()
    assert report.kept_edits == ("Trip/Trip 2025-01-05 (my edits).md",)
    assert (shelf.vault / report.kept_edits[0]).read_text() == changed
    assert "my own words" not in note.read_text()
    again = note.read_text().replace("message 5", "again")
    note.write_text(again)
    shelf.add([message(6)])
    assert shelf.publish().kept_edits == ("Trip/Trip 2025-01-05 (my edits 2).md",)


def test_an_editor_that_turns_line_ends_is_no_change(shelf: Shelf) -> None:
    note = published(shelf)
    note.write_bytes(note.read_bytes().replace(b"\n", b"\r\n"))
    shelf.add([message(5)])
    report = shelf.publish()
    assert (report.kept_edits, report.problems) == ((), ())
    assert "message 5" in note.read_text()
    assert b"timezone: UTC\r\n" in note.read_bytes()


BREAKS: dict[str, Callable[[str], str]] = {
    "no begin": lambda text: text.replace(f"{BEGIN}\n", ""),
    "no end": lambda text: text.replace(f"{END}\n", ""),
    "reordered": lambda text: text.replace(BEGIN, "x").replace(END, BEGIN).replace("x", END),
    "doubled begin": lambda text: text.replace("# Sunday", f"{BEGIN}\n# Sunday"),
    "doubled end": lambda text: text.replace("# Sunday", f"{END}\n# Sunday"),
    "doubled region": lambda text: text + text[text.index(BEGIN) :],
    "end before begin": lambda text: text.replace(BEGIN, f"{END}\n{BEGIN}"),
    "broken yaml": lambda text: text.replace("chat_id:", "chat_id: [", 1),
    "twice a key": lambda text: text.replace("type:", "chat: x\ntype:", 1),
    "no end of properties": lambda text: text.replace("\n---\n", "\n", 1),
    "a list for properties": lambda text: "---\n- a\n---\n" + text[text.index(BEGIN) :],
    "tabs": lambda text: text.replace("type:", "\ttype:", 1),
}


@pytest.mark.parametrize("how", BREAKS)
def test_what_cannot_be_understood_is_left_alone_and_told(shelf: Shelf, how: str) -> None:
    note = published(shelf)
    broken = BREAKS[how](note.read_text())
    note.write_text(broken)
    shelf.add([message(5), message(6, day=1)])
    report = shelf.publish()
    assert note.read_text() == broken
    assert len(report.problems) == 1
    assert "Trip/Trip 2025-01-05.md is left alone" in report.problems[0]
    assert "message 6" in shelf.note("2025-01-06").read_text()
    # It's told until it is repaired; then what is missing comes.
    assert len(shelf.publish().problems) == 1
    note.unlink()
    assert shelf.publish().problems == ()
    assert "message 5" in note.read_text()


def test_markers_in_code_do_not_confuse(shelf: Shelf) -> None:
    code = f"{END}\n{BEGIN}\n```\n{END}"
    shelf.chat()
    shelf.add([message(1, code, entities=(Entity("pre", 0, len(code)),))])
    shelf.publish()
    note = shelf.note()
    with note.open("a") as file:
        file.write("\nmine\n")
    shelf.add([message(5)])
    report = shelf.publish()
    assert (report.problems, report.kept_edits) == ((), ())
    assert note.read_text().endswith("message 5 ^m5\n\n%% tobs:end %%\n\nmine\n")
    note.write_text(note.read_text().replace("message 5", "changed"))
    shelf.add([message(6)])
    assert len(shelf.publish().kept_edits) == 1


def test_a_moved_note_is_written_where_it_is(shelf: Shelf) -> None:
    note = published(shelf)
    moved = shelf.vault / "Journal" / note.name
    moved.parent.mkdir()
    note.rename(moved)
    shelf.add([message(5)])
    shelf.publish()
    assert not note.exists()
    assert "message 5" in moved.read_text()
    assert shelf.archive.notes(GROUP)[0].path == f"Journal/{note.name}"


def test_a_moved_note_is_found_past_what_took_its_place(shelf: Shelf) -> None:
    note = published(shelf)
    note.rename(shelf.vault / "moved.md")
    note.write_text("mine")
    shelf.add([message(5)])
    assert shelf.publish().problems == ()
    assert note.read_text() == "mine"
    assert "message 5" in (shelf.vault / "moved.md").read_text()


def test_links_follow_a_renamed_note(shelf: Shelf) -> None:
    note = published(shelf)
    note.rename(note.with_name("Departure.md"))
    shelf.add([message(5)])
    shelf.publish()
    other = shelf.note("2025-01-06").read_text()
    assert "[[Departure|← 5 Jan]]" in other
    assert "[[Departure#^m1|Anna: message 1]]" in other
    assert "[[Departure|5]]" in (shelf.vault / "Trip/Trip (Telegram).md").read_text()
    assert not note.exists()


def test_a_copy_of_a_note_is_nobodys_business(shelf: Shelf) -> None:
    note = published(shelf)
    copy = shelf.vault / "copy.md"
    copy.write_text(note.read_text())
    shelf.add([message(5)])
    shelf.publish()
    assert "message 5" in note.read_text()
    assert "message 5" not in copy.read_text()


def test_a_note_that_was_thrown_away_comes_back(shelf: Shelf) -> None:
    note = published(shelf)
    note.unlink()
    shelf.add([message(5)])
    assert shelf.publish().written == 1
    assert "message 1" in note.read_text()


def test_foreign_files_are_never_overwritten(shelf: Shelf) -> None:
    (shelf.vault / "Telegram archive.md").write_text("mine")
    foreign = shelf.vault / "Trip"
    shelf.chat()
    shelf.add([message(1), message(2, day=1)])
    shelf.publish()
    (foreign / "Trip 2025-01-07.md").write_text("mine too")
    shelf.add([message(3, day=2, reply=Reply(message_id=1)), message(4, day=3, reply=Reply(message_id=3))])
    shelf.publish()
    files = shelf.files()
    assert files["Telegram archive.md"] == "mine"
    assert files["Trip/Trip 2025-01-07.md"] == "mine too"
    assert "message 3" in files["Trip/Trip 2025-01-07 (777).md"]
    assert "[[Trip 2025-01-07 (777)|7 Jan →]]" in files["Trip/Trip 2025-01-06.md"]
    assert "[[Trip 2025-01-07 (777)#^m3|" in files["Trip/Trip 2025-01-08.md"]
    assert "Trip" in files["Telegram archive (tobs).md"]


def test_a_persons_folder_of_the_same_name_stays_theirs(shelf: Shelf) -> None:
    (shelf.vault / "trip").mkdir()
    (shelf.vault / "trip" / "plans.md").write_text("mine")
    published(shelf)
    assert "Trip (777)/Trip (777) 2025-01-05.md" in shelf.files()


def test_a_lost_archive_finds_its_notes_again(tmp_path: Path) -> None:
    first = Shelf(tmp_path)
    note = published(first)
    with note.open("a") as file:
        file.write("\nmine\n")
    before = first.files()
    first.close()
    for path in (tmp_path / "vault" / ".tobs").iterdir():
        path.unlink()
    second = Shelf(tmp_path)
    second.chat()
    second.add([message(1), message(2, day=1, reply=Reply(message_id=1))])
    report = second.publish()
    assert (report.problems, report.kept_edits) == ((), ())
    assert second.files() == before
    second.close()


def test_a_note_changed_while_it_is_written_is_read_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = published(shelf)
    shelf.add([message(5)])
    real, done = os.fsync, False

    def meanwhile(descriptor: int) -> None:
        nonlocal done
        real(descriptor)
        if not done:
            done = True
            with note.open("a") as file:
                file.write("\nwritten meanwhile\n")

    monkeypatch.setattr(os, "fsync", meanwhile)
    report = shelf.publish()
    assert (report.problems, report.kept_edits) == ((), ())
    assert "message 5" in note.read_text()
    assert note.read_text().endswith("\nwritten meanwhile\n")
    assert not list(shelf.vault.rglob("*.tmp"))


def test_a_note_that_is_a_link_stays_one(shelf: Shelf, tmp_path: Path) -> None:
    note = published(shelf)
    real = tmp_path / "elsewhere.md"
    note.rename(real)
    note.symlink_to(real)
    shelf.add([message(5)])
    shelf.publish()
    assert note.is_symlink()
    assert "message 5" in real.read_text()


@pytest.mark.parametrize("edited", [False, True])
def test_a_lost_archive_makes_copies_only_of_what_a_person_changed(tmp_path: Path, *, edited: bool) -> None:
    shown = File(id=7, kind=MediaKind.PHOTO, size=5, dc=1, access_hash=1, reference=b"", date=START)
    other = -1000000000888

    def fetch(shelf: Shelf, *, files_to_come: bool) -> int:
        """Do as a run does: messages, notes, files, notes, the index. Returns how many were put off."""
        put_off = 0
        for chat_id, title in ((GROUP, "Trip"), (other, "Other")):
            shelf.chat(chat_id, title)
            shelf.add([message(1, chat_id=chat_id, media=shown), message(2, chat_id=chat_id, day=1)])
            put_off += shelf.publisher.publish(chat_id, files_to_come=files_to_come).put_off
        part = tmp_path / "part"
        part.write_bytes(b"hello")
        stored = shelf.archive.file(7)
        assert stored is not None
        fate = MediaShelf(shelf.archive, shelf.vault).put(stored, part)
        shelf.archive.save_fates([fate], shelf.calendar.note_of)
        for chat_id in (GROUP, other):
            kept.extend(shelf.publish(chat_id).kept_edits)
        kept.extend(shelf.publisher.finish().kept_edits)
        return put_off

    kept: list[str] = []
    first = Shelf(tmp_path)
    assert fetch(first, files_to_come=True) == 0
    if edited:
        note = first.note()
        note.write_text(note.read_text().replace("message 1", "my words"))
    before = first.files()
    first.close()
    shutil.rmtree(tmp_path / "vault" / ".tobs")

    second = Shelf(tmp_path)
    assert fetch(second, files_to_come=True) == 4  # of each chat, its index and the day with the photo
    if edited:
        assert kept == ["Trip/Trip 2025-01-05 (my edits).md"]
        assert second.files()[kept[0]] == before["Trip/Trip 2025-01-05.md"]
    else:
        assert (kept, second.files()) == ([], before)
    assert second.archive.dirty_chats() == []
    second.close()
