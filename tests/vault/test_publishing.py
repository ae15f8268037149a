"""Publishing: what becomes a note, what is left quiet, what goes on after a stop or a crash."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.vault.shelf import ANNA, DAY, GROUP, PEOPLE, START, Shelf, message
from tobs_tui.archive import Archive
from tobs_tui.errors import DiskFull, VaultNotWritable
from tobs_tui.model import (
    Action,
    ChatType,
    Entity,
    File,
    MediaKind,
    NoteDeleted,
    NoteLayout,
    Person,
    PersonKind,
    Reply,
    Topic,
)
from tobs_tui.vault import note as note_module


def three_days(shelf: Shelf) -> None:
    shelf.chat()
    shelf.add([message(1), message(2, day=1, reply=Reply(message_id=1)), message(3, day=2)])


def test_a_second_publish_writes_nothing(shelf: Shelf) -> None:
    three_days(shelf)
    assert shelf.publish().written == 3
    before = {path: path.stat().st_mtime_ns for path in shelf.vault.rglob("*.md")}
    shelf.archive.mark_all_dirty(GROUP)
    report = shelf.publish()
    assert (report.written, report.unchanged) == (0, 3)
    assert {path: path.stat().st_mtime_ns for path in shelf.vault.rglob("*.md")} == before
    assert shelf.archive.dirty_chats() == []


def test_a_new_day_is_linked_from_the_days_beside_it(shelf: Shelf) -> None:
    shelf.chat()
    shelf.add([message(1), message(9, day=5)])
    shelf.publish()
    shelf.add([message(5, day=2)])
    assert shelf.publish().written == 3
    assert "[[Trip 2025-01-07|7 Jan →]]" in shelf.note().read_text()
    assert "[[Trip 2025-01-07|← 7 Jan]]" in shelf.note("2025-01-10").read_text()


def test_notes_do_not_depend_on_the_order_in_which_messages_came(tmp_path: Path) -> None:
    messages = [message(n, day=n % 4, reply=Reply(message_id=n - 1)) for n in range(1, 30)]
    vaults = []
    for number, order in enumerate((messages, messages[::-1])):
        shelf = Shelf(tmp_path / str(number))
        shelf.chat()
        for some in (order[:10], order[10:]):
            shelf.add(some)
            shelf.publish()
        vaults.append(shelf.files())
        shelf.close()
    assert vaults[0] == vaults[1]


def test_a_stopped_publish_is_finished_by_the_next(tmp_path: Path) -> None:
    whole, halting = Shelf(tmp_path / "a"), Shelf(tmp_path / "b")
    for shelf in (whole, halting):
        shelf.chat()
        shelf.add([message(n, day=n) for n in range(1, 40)])
    whole.publish()
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked % 7 == 0

    lefts = []
    while True:
        report = halting.publish(stop=stop)
        lefts.append(report.left)
        if not report.left:
            break
    assert len(lefts) > 3
    assert lefts == sorted(lefts, reverse=True)
    assert halting.files() == whole.files()
    assert list(halting.archive.dump()) == list(whole.archive.dump())
    for shelf in (whole, halting):
        shelf.close()


@pytest.mark.parametrize("calls", range(1, 14))
def test_a_publish_killed_anywhere_is_repaired(
    tmp_path: Path, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = Shelf(tmp_path / "a"), Shelf(tmp_path / "b")
    for shelf in (whole, killed):
        three_days(shelf)
        shelf.publish()
        shelf.add([message(4, "new", day=1), message(5, "and a new day", day=4)])
    whole.publish()
    left = calls
    real_replace, real_written, real_plan = os.replace, Archive.notes_written, Archive.plan_notes

    def dies_after(real: object) -> object:
        def step(*args: object, **more: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return real(*args, **more)  # type: ignore[operator]

        return step

    monkeypatch.setattr(os, "replace", dies_after(real_replace))
    monkeypatch.setattr(Archive, "notes_written", dies_after(real_written))
    monkeypatch.setattr(Archive, "plan_notes", dies_after(real_plan))
    with contextlib.suppress(KeyboardInterrupt):
        killed.publish()
    monkeypatch.undo()
    report = killed.publish()
    assert report.kept_edits == ()
    assert killed.files() == whole.files()
    assert list(killed.archive.dump()) == list(whole.archive.dump())
    for shelf in (whole, killed):
        shelf.close()


def test_a_long_note_goes_on_in_parts(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(note_module, "PART_BYTES", 2_000)
    shelf.chat()
    shelf.add([message(n, "x" * 90, reply=Reply(message_id=1) if n > 1 else None) for n in range(1, 40)])
    shelf.add([message(50, day=1, reply=Reply(message_id=39))])
    shelf.publish()
    names = [name for name in shelf.files() if name.startswith("Trip/Trip 2025-01-05")]
    assert names == [
        "Trip/Trip 2025-01-05 part 2.md",
        "Trip/Trip 2025-01-05 part 3.md",
        "Trip/Trip 2025-01-05 part 4.md",
        "Trip/Trip 2025-01-05 part 5.md",
        "Trip/Trip 2025-01-05.md",
    ]
    first, second = shelf.note().read_text(), shelf.note("2025-01-05 part 2").read_text()
    assert "[[#^m1|Anna: xxx" in first
    assert "[[Trip 2025-01-05 part 2|part 2 →]]" in first
    assert "[[Trip 2025-01-05#^m1|Anna: xxx" in second
    assert "[[Trip 2025-01-05|← part 1]]" in second
    assert "part: 2" in second
    assert "[[Trip 2025-01-05 part 5#^m39|" in shelf.note("2025-01-06").read_text()
    shelf.archive.mark_all_dirty(GROUP)
    assert shelf.publish().written == 0


def test_parts_that_are_no_more_go(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(note_module, "PART_BYTES", 500)
    shelf.chat()
    shelf.add([message(n, "x" * 90) for n in range(1, 12)])
    shelf.publish()
    assert shelf.note("2025-01-05 part 2").exists()
    monkeypatch.setattr(note_module, "PART_BYTES", 5_000_000)
    shelf.archive.mark_all_dirty(GROUP)
    shelf.publish()
    assert not shelf.note("2025-01-05 part 2").exists()
    assert "part 2" not in shelf.note().read_text()
    assert [row.part for row in shelf.archive.notes(GROUP)] == [1]


def test_the_monthly_layout_has_days_inside(shelf: Shelf) -> None:
    shelf.settings(layout=NoteLayout.MONTHLY)
    shelf.chat()
    shelf.add([message(1), message(2, day=1), message(3, day=40)])
    shelf.publish()
    note = shelf.note("2025-01").read_text()
    assert "# January 2025" in note
    assert note.index("## Sunday 5 January 2025") < note.index("## Monday 6 January 2025")
    assert "[[Trip 2025-02|Feb →]]" in note
    assert 'month: "2025-01"' in note
    assert "[[Trip 2025-02|February]] · 1 message" in (shelf.vault / "Trip/Trip (Telegram).md").read_text()


def test_the_single_layout_is_one_note(shelf: Shelf) -> None:
    shelf.settings(layout=NoteLayout.SINGLE)
    shelf.chat()
    shelf.add([message(1), message(2, day=400, reply=Reply(message_id=1))])
    shelf.publish()
    note = (shelf.vault / "Trip/Trip.md").read_text()
    assert "# Trip\n" in note
    assert "[[#^m1|Anna: message 1]]" in note
    assert "layout: single" in note


def test_another_layout_publishes_anew_and_keeps_a_persons_words(shelf: Shelf) -> None:
    three_days(shelf)
    shelf.publish()
    with shelf.note().open("a") as file:
        file.write("\n## Mine\n")
    shelf.settings(layout=NoteLayout.MONTHLY)
    shelf.archive.mark_all_dirty(note_of=shelf.calendar.note_of)
    report = shelf.publish()
    assert (report.written, report.problems) == (1, ())
    names = set(shelf.files())
    assert "Trip/Trip 2025-01.md" in names
    assert "Trip/Trip 2025-01-06.md" not in names
    assert "## Mine" in shelf.note().read_text()
    assert "tobs:begin" not in shelf.note().read_text()
    assert [row.period for row in shelf.archive.notes(GROUP)] == ["2025-01"]


def test_another_time_zone_moves_messages_between_notes(shelf: Shelf) -> None:
    shelf.chat()
    shelf.add([message(1, date=START + 60), message(2, date=START + DAY + 3600)])
    shelf.publish()
    shelf.settings(timezone="America/New_York")
    shelf.publish()
    names = [name for name in shelf.files() if name.startswith("Trip/Trip 20")]
    assert names == ["Trip/Trip 2025-01-04.md", "Trip/Trip 2025-01-05.md"]


def test_deleted_messages_are_tombstones_or_kept(shelf: Shelf) -> None:
    shelf.chat()
    shelf.add([message(1, "secret"), message(2)])
    shelf.publish()
    shelf.delete(GROUP, 1)
    shelf.publish()
    note = shelf.note().read_text()
    assert "**Anna** 00:01 · *deleted in Telegram, noticed 5 Jan 2025* ^m1" in note
    assert "secret" not in note
    shelf.settings(deleted=NoteDeleted.KEEP)
    shelf.publish()
    assert "*deleted in Telegram, noticed 5 Jan 2025*  \nsecret ^m1" in shelf.note().read_text()


def test_quotes_of_a_deleted_message_show_its_tombstone(shelf: Shelf) -> None:
    other = -1000000000888
    shelf.chat()
    shelf.chat(other, "Other")
    shelf.add([message(1, "secret plan"), message(2, "same day", reply=Reply(message_id=1))])
    shelf.add([message(3, "next day", day=1, reply=Reply(message_id=1, quote="secret"))])
    shelf.add([message(4, day=2, action=Action(kind="pin_message", message_id=1))])
    shelf.add([message(5, "afar", chat_id=other, reply=Reply(message_id=1, chat_id=GROUP))])
    for chat_id in (GROUP, other):
        shelf.publish(chat_id)
    assert sum("secret" in text for text in shelf.files().values()) == 4

    shelf.delete(GROUP, 1)
    assert len(shelf.archive.dirty_notes(GROUP)) == 3
    for chat_id in (GROUP, other):
        shelf.publish(chat_id)
    assert not any("secret" in text for text in shelf.files().values())
    assert "↳ [[#^m1|Anna: deleted in Telegram]]" in shelf.note().read_text()
    assert (
        "[[Trip 2025-01-05#^m1|Anna: deleted in Telegram]]" in shelf.note("2025-01-05", "Other").read_text()
    )

    shelf.add([message(1, "secret plan")])  # it is back
    shelf.publish()
    assert "↳ [[#^m1|Anna: secret plan]]" in shelf.note().read_text()
    shelf.delete(GROUP, 1)
    shelf.settings(deleted=NoteDeleted.KEEP)
    shelf.publish()
    assert "[[Trip 2025-01-05#^m1|Anna: secret]]" in shelf.note("2025-01-06").read_text()


def test_an_old_group_has_ids_of_its_own(shelf: Shelf) -> None:
    shelf.chat(migrated_from=-55, migrated_top_id=9)
    shelf.add([message(7, "old", chat_id=-55), message(8, "old too", chat_id=-55, reply=Reply(message_id=7))])
    shelf.add([message(9, "new")])
    shelf.publish()
    note = shelf.note().read_text()
    assert "old ^g7" in note
    assert "↳ [[#^g7|Anna: old]]  \nold too ^g8" in note
    assert "new ^m9" in note


def test_a_group_that_became_a_supergroup_keeps_its_notes(shelf: Shelf) -> None:
    shelf.chat(-55, "Flat", type=ChatType.GROUP)
    shelf.add([message(7, "old", chat_id=-55)])
    shelf.publish(-55)
    with shelf.note(name="Flat").open("a") as file:
        file.write("\nmine\n")
    shelf.chat(GROUP, "Flat", migrated_from=-55, migrated_top_id=9)
    shelf.add([message(9, "new", day=1)])
    report = shelf.publish()
    assert (report.problems, report.kept_edits) == ((), ())
    names = set(shelf.files())
    assert names == {
        "Flat/Flat (Telegram).md",
        "Flat/Flat 2025-01-05.md",
        "Flat/Flat 2025-01-06.md",
        "Telegram archive.md",
    }
    note = shelf.note(name="Flat").read_text()
    assert "old ^g7" in note
    assert "mine" in note
    assert f"chat_id: {GROUP}" in note


def test_two_published_chats_that_turn_out_one_are_one(shelf: Shelf) -> None:
    shelf.chat(-55, "Flat", type=ChatType.GROUP)
    shelf.chat(GROUP, "House")
    shelf.add([message(7, "old", chat_id=-55)])
    shelf.add([message(9, "new")])
    shelf.publish(-55)
    shelf.publish()
    shelf.chat(GROUP, "House", migrated_from=-55, migrated_top_id=9)
    report = shelf.publish()
    assert (report.problems, report.kept_edits) == ((), ())
    assert set(shelf.files()) == {
        "House/House (Telegram).md",
        "House/House 2025-01-05.md",
        "Telegram archive.md",
    }
    assert "Flat" not in shelf.files()["Telegram archive.md"]
    assert "old ^g7" in shelf.note(name="House").read_text()


def test_links_to_posts_of_the_chat_stay_in_the_vault(shelf: Shelf) -> None:
    text = "see https://t.me/c/777/1 and here and https://t.me/other/1"
    shelf.chat(username="trippers")
    shelf.add([message(1)])
    shelf.add(
        [
            message(
                2,
                text,
                day=1,
                entities=(
                    Entity("link", 4, 20),
                    Entity("text_link", 29, 4, url="https://t.me/trippers/1"),
                    Entity("link", 38, 20),
                ),
            )
        ]
    )
    shelf.publish()
    assert (
        "see [[Trip 2025-01-05#^m1|https://t.me/c/777/1]] and [[Trip 2025-01-05#^m1|here]]"
        " and <https://t.me/other/1> ^m2"
    ) in shelf.note("2025-01-06").read_text()


def test_a_link_to_a_later_found_message_comes_alive(shelf: Shelf) -> None:
    shelf.chat()
    shelf.add([message(2, day=1, reply=Reply(message_id=1))])
    shelf.publish()
    assert "*to a message that isn't here*" in shelf.note("2025-01-06").read_text()
    shelf.add([message(1)])
    shelf.publish()
    assert "↳ [[Trip 2025-01-05#^m1|Anna: message 1]]" in shelf.note("2025-01-06").read_text()


def test_links_to_an_albums_member_go_to_its_first(shelf: Shelf) -> None:
    photos = [
        File(id=n, kind=MediaKind.PHOTO, size=10, dc=2, access_hash=1, reference=b"", date=START)
        for n in (1, 2)
    ]
    shelf.chat()
    shelf.add(
        [
            message(1, "both", album=5, media=photos[0], date=START),
            message(2, " ", album=5, media=photos[1], date=START),
            message(3, "nice", reply=Reply(message_id=2)),
        ]
    )
    shelf.publish()
    note = shelf.note().read_text()
    assert "**Anna** 00:00 · *album of 2: 2 photos, 20 bytes, not downloaded yet*  \nboth ^m1" in note
    assert "↳ [[#^m1|Anna: photo]]" in note
    assert "^m2" not in note
    assert "messages: 3" in note


def test_topics_are_folders_of_their_forum(shelf: Shelf) -> None:
    topics = (Topic(id=1, title="General"), Topic(id=5, title="Jobs: #remote"))
    shelf.chat(title="Rust Lisboa", type=ChatType.FORUM, topics=topics)
    shelf.add([message(6, topic_id=5), message(7, topic_id=1), message(8, topic_id=5, day=1)])
    shelf.publish()
    assert set(shelf.files()) == {
        "Rust Lisboa/General/Rust Lisboa, General 2025-01-05.md",
        "Rust Lisboa/Jobs remote/Rust Lisboa, Jobs remote 2025-01-05.md",
        "Rust Lisboa/Jobs remote/Rust Lisboa, Jobs remote 2025-01-06.md",
        "Rust Lisboa/Rust Lisboa (Telegram).md",
        "Telegram archive.md",
    }
    note = shelf.files()["Rust Lisboa/Jobs remote/Rust Lisboa, Jobs remote 2025-01-05.md"]
    assert 'topic: "Jobs: #remote"\ntopic_id: 5\n' in note
    assert "message 7" not in note
    assert "[[Rust Lisboa, Jobs remote 2025-01-06|6 Jan →]]" in note
    assert "## Jobs: \\#remote" in shelf.files()["Rust Lisboa/Rust Lisboa (Telegram).md"]


def test_a_renamed_person_changes_the_notes_that_name_them(shelf: Shelf) -> None:
    three_days(shelf)
    shelf.publish()
    shelf.add([message(9, day=9)], people=(Person(id=ANNA, kind=PersonKind.USER, name="Ana"), PEOPLE[1]))
    assert shelf.publish().written == 4
    assert "**Ana** 00:01" in shelf.note().read_text()


def test_a_renamed_chat_keeps_its_folder_and_gains_an_alias(shelf: Shelf) -> None:
    three_days(shelf)
    shelf.publish()
    shelf.chat(title="Lisboa!!")
    shelf.add([message(9, day=9)])
    shelf.publish()
    assert shelf.note("2025-01-14").exists()
    index = (shelf.vault / "Trip/Trip (Telegram).md").read_text()
    assert 'aliases:\n  - "Trip"\n  - "Lisboa!!"\n' in index


def test_two_chats_of_one_title_have_two_folders(shelf: Shelf) -> None:
    for chat_id, title in ((11, "Anna"), (5512, "anna")):
        shelf.chat(chat_id, title, type=ChatType.PERSON)
        shelf.add([message(chat_id, chat_id=chat_id, sender_id=chat_id)])
        shelf.publish(chat_id)
    assert {name.split("/")[0] for name in shelf.files()} == {"Anna", "anna (5512)", "Telegram archive.md"}
    assert "[[anna (5512) (Telegram)|anna]]" in shelf.files()["Telegram archive.md"]


def test_a_full_disk_is_said_and_nothing_is_torn(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    three_days(shelf)
    shelf.publish()
    before = shelf.files()
    shelf.add([message(4, "more")])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match=r"Trip 2025-01-05\.md"):
        shelf.publish()
    monkeypatch.undo()
    assert shelf.files() == before
    assert shelf.publish().written == 1


def test_a_vault_without_rights_is_said(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    three_days(shelf)

    def refused(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(VaultNotWritable, match="Permission denied"):
        shelf.publish()


def test_a_chat_without_messages_leaves_no_trace(shelf: Shelf) -> None:
    shelf.chat()
    assert shelf.publish().written == 0
    assert shelf.files() == {}
