"""Which notes become dirty, and that a note is cleared only when what was published is still right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.archive.building import (
    GROUP,
    OLD_GROUP,
    OTHER,
    batch,
    daily,
    group,
    message,
    monthly,
    note,
    person,
)
from tobs_tui.archive import Archive, NoteRow
from tobs_tui.model import Action, ChatType, Entity, NoteKey, Reply


def publish(archive: Archive, *days: int, chat_id: int = GROUP, people: tuple[int, ...] = ()) -> None:
    """What the vault does with the notes of these days, without files; without days: with all dirty ones."""
    dirty = archive.dirty_notes(chat_id)
    keys = [note(day) for day in days] if days else dirty
    rows = [
        NoteRow(
            chat_id=chat_id,
            topic_id=key.topic_id,
            period=key.period,
            path=f"Trip/{key.topic_id} {key.period}.md",
            planned_hash="new",
            people=people,
        )
        for key in keys
    ]
    archive.plan_notes(rows)
    archive.notes_written(rows, keys)


def test_a_commit_makes_its_messages_notes_dirty(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2, day=2), message(3, day=2, topic_id=7)]), daily)

    assert archive.dirty_notes(GROUP) == [note(1), note(2), note(2, topic_id=7)]
    assert archive.dirty_chats() == [GROUP]


def test_published_notes_are_clean(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2, day=2)]), daily)
    publish(archive, 1)

    assert archive.dirty_notes(GROUP) == [note(2)]
    publish(archive)
    assert archive.dirty_chats() == []


def test_an_edit_reaches_the_notes_of_answers_and_pins(archive: Archive) -> None:
    archive.commit(
        batch(
            [
                message(1),
                message(2, day=2, reply=Reply(message_id=1)),
                message(3, day=3, action=Action(kind="pin_message", message_id=1)),
                message(4, day=4, reply=Reply(message_id=2)),
            ]
        ),
        daily,
    )
    publish(archive)

    archive.commit(batch([message(1, text="other")]), daily)

    assert archive.dirty_notes(GROUP) == [note(1), note(2), note(3)]


def test_a_message_that_arrives_late_reaches_answers_that_were_published(archive: Archive) -> None:
    archive.commit(batch([message(5, day=5, reply=Reply(message_id=1))]), daily)
    publish(archive)

    archive.commit(batch([message(1)]), daily)

    assert archive.dirty_notes(GROUP) == [note(1), note(5)]


def test_scattered_changes_find_their_answers(archive: Archive) -> None:
    archive.commit(
        batch([message(1), message(90_000, day=2), message(90_001, day=9, reply=Reply(message_id=90_000))]),
        daily,
    )
    publish(archive)

    archive.commit(batch([message(1, text="x"), message(90_000, day=2, text="y")], covers=()), daily)

    assert archive.dirty_notes(GROUP) == [note(1), note(2), note(9)]


def test_an_album_and_its_answers_change_together(archive: Archive) -> None:
    archive.commit(
        batch([message(11, day=2, album=8), message(12, day=3, reply=Reply(message_id=11)), message(13)]),
        daily,
    )
    publish(archive)

    archive.commit(batch([message(10, day=1, album=8)]), daily)

    assert archive.dirty_notes(GROUP) == [note(1), note(2), note(3)]


@pytest.mark.parametrize(
    "link",
    [
        {"text": "see https://t.me/c/5/1"},
        {"text": "see t.me/Lisboa/1"},
        {"text": "see https://t.me/c/5/77/1?single"},
        {"text": "see", "entities": (Entity("text_link", 0, 3, url="https://telegram.me/lisboa/1"),)},
    ],
)
def test_a_link_makes_its_note_dirty_when_the_target_comes(archive: Archive, link: dict[str, Any]) -> None:
    archive.save_chats([group(username="lisboa")])
    archive.commit(batch([message(9, day=9, **link)]), daily)
    publish(archive)

    archive.commit(batch([message(1)]), daily)

    assert archive.dirty_notes(GROUP) == [note(1), note(9)]


def test_an_edited_link_no_longer_ties_notes_together(archive: Archive) -> None:
    archive.commit(batch([message(9, day=9, text="t.me/c/5/1")]), daily)
    archive.commit(batch([message(9, day=9, text="nothing")]), daily)
    publish(archive)

    archive.commit(batch([message(1)]), daily)

    assert archive.dirty_notes(GROUP) == [note(1)]


def test_an_answer_from_another_chat_is_reached_too(archive: Archive) -> None:
    archive.save_chats([group(OTHER)])
    answer = message(9, day=9, chat_id=OTHER, reply=Reply(message_id=1, chat_id=GROUP))
    archive.commit(batch([answer], chat_id=OTHER), daily)
    publish(archive, chat_id=OTHER)

    archive.commit(batch([message(1)]), daily)

    assert archive.dirty_notes(OTHER) == [note(9)]


def test_a_new_name_reaches_the_notes_that_show_the_old_one(archive: Archive) -> None:
    archive.commit(
        batch([message(1, sender_id=7), message(2, day=2)], people=(person(7, "Anna"),)),
        daily,
    )
    publish(archive, 1, people=(7, 8))
    publish(archive)

    archive.commit(batch(people=(person(7, "Anna"),)))
    assert archive.dirty_notes(GROUP) == []
    archive.commit(batch(people=(person(7, "Anna", username="anna"),)))
    assert archive.dirty_notes(GROUP) == []
    archive.commit(batch(people=(person(7, "Anna Petrova"),)))
    assert archive.dirty_notes(GROUP) == [note(1)]
    publish(archive, people=(7, 8))
    archive.commit(batch(people=(person(8, "Boris"),)))
    assert archive.dirty_notes(GROUP) == [note(1)]


def test_a_note_no_longer_follows_who_left_it(archive: Archive) -> None:
    archive.commit(batch([message(1)], people=(person(7, "Anna"),)), daily)
    publish(archive, 1, people=(7,))
    publish(archive, 1, people=())

    archive.commit(batch(people=(person(7, "Anna Petrova"),)))

    assert archive.dirty_notes(GROUP) == []


def test_what_changes_while_a_note_is_rendered_keeps_it_dirty(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2, day=2)]), daily)
    keys = archive.dirty_notes(GROUP)
    archive.commit(batch([message(1, text="meanwhile")]), daily)

    archive.notes_written([], keys, chat_id=GROUP)

    assert archive.dirty_notes(GROUP) == [note(1)]
    archive.notes_written([], keys, chat_id=GROUP)
    assert archive.dirty_notes(GROUP) == []


def test_a_name_that_changes_while_its_first_note_is_rendered_keeps_it_dirty(archive: Archive) -> None:
    archive.commit(batch([message(1, sender_id=7)], people=(person(7, "Anna"),)), daily)
    keys = archive.dirty_notes(GROUP)
    archive.commit(batch(people=(person(7, "Anna Petrova"),), chat_id=OTHER))

    archive.notes_written(
        [NoteRow(chat_id=GROUP, period=keys[0].period, path="a.md", region_hash="h", people=(7,))], keys
    )

    assert archive.dirty_notes(GROUP) == keys


def test_the_intended_hash_stands_beside_the_written_one(archive: Archive) -> None:
    row = NoteRow(chat_id=GROUP, period="2025-01-01", path="a.md", planned_hash="first", people=(3, 1))
    archive.plan_notes([row])
    assert archive.notes(GROUP)[0].region_hash is None
    archive.notes_written([row], [])
    (stored,) = archive.notes(GROUP)
    assert (stored.region_hash, stored.planned_hash, stored.people) == ("first", None, (1, 3))

    archive.plan_notes([NoteRow(chat_id=GROUP, period="2025-01-01", path="b.md", planned_hash="second")])

    (stored,) = archive.notes(GROUP)
    assert (stored.path, stored.region_hash, stored.planned_hash) == ("b.md", "first", "second")
    assert archive.notes(GROUP, note(1)) == [stored]
    assert archive.notes(GROUP, note(2)) == []


def test_a_part_that_is_no_more_is_forgotten(archive: Archive) -> None:
    rows = [
        NoteRow(
            chat_id=GROUP, period="2025-01-01", part=part, path=f"{part}.md", region_hash="h", people=(7,)
        )
        for part in (1, 2)
    ]
    archive.notes_written(rows, [])
    archive.forget_notes(rows[1:])

    assert [row.part for row in archive.notes(GROUP)] == [1]
    archive.commit(batch(people=(person(7, "Anna"),)))
    assert archive.dirty_notes(GROUP) == [note(1)]


def test_everything_published_can_be_made_dirty(archive: Archive) -> None:
    archive.save_chats([group(OTHER)])
    archive.commit(batch([message(1), message(2, day=2)]), daily)
    archive.commit(batch([message(1, chat_id=OTHER)], chat_id=OTHER), daily)
    publish(archive)
    publish(archive, chat_id=OTHER)

    archive.mark_all_dirty(GROUP)
    assert (archive.dirty_notes(GROUP), archive.dirty_notes(OTHER)) == ([note(1), note(2)], [])
    archive.mark_all_dirty()
    assert archive.dirty_chats() == [OTHER, GROUP]


def test_another_layout_makes_its_own_notes_dirty_and_no_others(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2, day=2)]), daily)
    publish(archive, 1)

    archive.mark_all_dirty(note_of=monthly)

    assert archive.dirty_notes(GROUP) == [NoteKey(0, "2025-01")]


def test_one_note_can_be_made_dirty(archive: Archive) -> None:
    archive.mark_dirty(GROUP, [note(3)])

    assert archive.dirty_notes(GROUP) == [note(3)]


def test_an_old_groups_notes_are_its_supergroups(archive: Archive) -> None:
    archive.save_chats([group(migrated_from=OLD_GROUP, migrated_top_id=50)])
    archive.commit(batch([message(1, chat_id=OLD_GROUP)], chat_id=OLD_GROUP), daily)

    assert archive.dirty_notes(GROUP) == [note(1)]
    assert archive.dirty_chats() == [GROUP]
    assert archive.top(OLD_GROUP) == 50
    assert archive.parts_of(GROUP) == [OLD_GROUP]
    old = archive.chat(OLD_GROUP)
    assert old is not None and (old.part_of, old.chat.type) == (GROUP, ChatType.GROUP)
    publish(archive)
    archive.mark_dirty(OLD_GROUP, [note(3)])
    assert archive.dirty_notes(GROUP) == [note(3)]
    archive.mark_all_dirty(GROUP, daily)
    assert archive.dirty_notes(GROUP) == [note(1)]


def test_a_group_that_becomes_a_supergroup_takes_its_notes_along(archive: Archive) -> None:
    archive.save_chats([group(OLD_GROUP, type=ChatType.GROUP, title="Flat")])
    archive.commit(batch([message(n, day=n, chat_id=OLD_GROUP) for n in (1, 2)], chat_id=OLD_GROUP), daily)
    publish(archive, 1, chat_id=OLD_GROUP)

    archive.save_chats([group(title="Flat", migrated_from=OLD_GROUP, migrated_top_id=2)])

    assert archive.dirty_notes(GROUP) == [note(1), note(2)]
    assert archive.dirty_notes(OLD_GROUP) == []
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)
    archive.save_chats([group(title="Flat", migrated_from=OLD_GROUP, migrated_top_id=2)])
    assert archive.dirty_notes(GROUP) == []
