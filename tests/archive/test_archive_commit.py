"""What a commit keeps: new messages, changed ones with their versions, people, files, and all or nothing."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from msgspec.structs import replace

from tests.archive.building import GROUP, START, batch, daily, message, note, person, photo
from tests.archive.conftest import Clock
from tobs_tui.archive import Archive, CommitResult, FileState, StoredMessage
from tobs_tui.archive.rows import Rest
from tobs_tui.errors import DiskFull
from tobs_tui.model import (
    Action,
    Entity,
    Forward,
    Interval,
    Message,
    PaidMedia,
    PersonKind,
    Poll,
    PollAnswer,
    Reaction,
    Reply,
    WebPage,
)

FULL = Message(
    chat_id=GROUP,
    id=9,
    date=START,
    text="всё \N{PILE OF POO} text",
    sender_id=-1001,
    out=True,
    entities=(Entity("bold", 0, 3), Entity("text_link", 4, 2, url="https://a.b")),
    edit_date=START + 5,
    reply=Reply(message_id=3, quote="q"),
    forward=Forward(date=START - 9, from_name="Somebody"),
    media=photo(2**62, name="a.jpg", reference=b"\x00\xff"),
    action=None,
    album=-(2**60),
    topic_id=77,
    via_bot_id=5,
    post_author="Editor",
    reactions=(Reaction("👍", 2), Reaction("⭐", 1)),
    pinned=True,
    buttons=(("a", "b"), ("c",)),
    views=3,
    forwards=4,
    comments=5,
    ttl=60,
    raw=b"\x00raw",
)


def test_every_field_of_a_message_comes_back(archive: Archive) -> None:
    service = message(10, text="", action=Action(kind="chat_edit_photo", file=photo(5)))
    archive.commit(batch([FULL, service]), daily)

    assert archive.message(GROUP, 9) == StoredMessage(FULL)
    assert archive.get_many(GROUP, [9, 10, 11]) == {9: FULL, 10: service}


def test_no_field_of_the_model_is_forgotten() -> None:
    columns = {"chat_id", "id", "date", "text", "sender_id", "edit_date", "album", "topic_id"}

    assert columns | set(Rest.__struct_fields__) == set(Message.__struct_fields__)
    assert all(getattr(FULL, name) for name in Message.__struct_fields__ if name != "action")


def test_the_same_messages_again_change_nothing(archive: Archive) -> None:
    messages = [message(n) for n in range(1, 4)]

    assert archive.commit(batch(messages), daily) == CommitResult(new=3)
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)

    assert archive.commit(batch(messages), daily) == CommitResult(unchanged=3)
    assert archive.dirty_notes(GROUP) == []
    assert archive.count(GROUP) == 3


def test_a_message_that_comes_twice_in_a_batch_is_one(archive: Archive) -> None:
    result = archive.commit(batch([message(1), message(1)]), daily)

    assert result == CommitResult(new=1)


def test_an_edit_keeps_the_older_version(archive: Archive, clock: Clock) -> None:
    first, second = message(1), message(1, text="better", edit_date=START + 60)
    archive.commit(batch([first]), daily)
    clock.now += 500

    assert archive.commit(batch([second]), daily) == CommitResult(updated=1)

    stored = archive.message(GROUP, 1)
    assert stored is not None and stored.message == second
    assert [(version.message, version.noticed_at) for version in archive.versions(GROUP, 1)] == [
        (first, START + 500)
    ]


LIVE = [
    {"reactions": (Reaction("👍", 2),)},
    {"media": WebPage(url="https://a.b")},
]
SILENT: list[dict[str, Any]] = [{"views": 3}, {"forwards": 1}, {"comments": 9}, {"pinned": True}]


@pytest.mark.parametrize("facts", LIVE)
def test_what_a_note_shows_makes_it_dirty_without_a_version(archive: Archive, facts: dict[str, Any]) -> None:
    archive.commit(batch([message(1)]), daily)
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)

    assert archive.commit(batch([message(1, **facts)]), daily) == CommitResult(updated=1)
    assert archive.dirty_notes(GROUP) == [note(1)]
    assert archive.versions(GROUP, 1) == []
    assert archive.get_many(GROUP, [1]) == {1: message(1, **facts)}


@pytest.mark.parametrize("facts", SILENT)
def test_counters_are_refreshed_in_silence(archive: Archive, facts: dict[str, Any]) -> None:
    archive.commit(batch([message(1)]), daily)
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)

    assert archive.commit(batch([message(1, **facts)]), daily) == CommitResult(unchanged=1)
    assert archive.dirty_notes(GROUP) == []
    assert archive.versions(GROUP, 1) == []
    assert archive.get_many(GROUP, [1]) == {1: message(1, **facts)}


def test_a_poll_that_closes_is_no_edit(archive: Archive) -> None:
    poll = Poll(question="Which day?", answers=(PollAnswer("Monday", voters=1),))
    archive.commit(batch([message(1, media=poll)]), daily)

    archive.commit(batch([message(1, media=replace(poll, closed=True, voters=7))]), daily)
    assert archive.versions(GROUP, 1) == []

    archive.commit(batch([message(1, media=replace(poll, question="What day?"))]), daily)
    assert len(archive.versions(GROUP, 1)) == 1


def test_a_file_reference_is_refreshed_in_silence(archive: Archive) -> None:
    archive.commit(batch([message(1, media=photo(5))]), daily)
    archive.save_file_state(5, FileState.DONE, daily, path="media/a.jpg")
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)

    result = archive.commit(batch([message(1, media=photo(5, reference=b"new", access_hash=8))]), daily)

    assert result == CommitResult(unchanged=1)
    assert archive.dirty_notes(GROUP) == []
    file = archive.file(5)
    assert file is not None
    assert (file.reference, file.access_hash, file.state, file.path) == (
        b"new",
        8,
        FileState.DONE,
        "media/a.jpg",
    )


def test_a_file_is_one_row_whatever_shows_it(archive: Archive) -> None:
    paid = PaidMedia(stars=5, files=(photo(6), photo(7)))
    archive.commit(
        batch([message(1, media=photo(5)), message(2, media=photo(5)), message(3, media=paid)]), daily
    )

    assert [(number, file.id) for number, file in archive.files(GROUP)] == [(1, 5), (2, 5), (3, 6), (3, 7)]
    assert archive.file_counts(GROUP) == {FileState.UNASKED: 3}


def test_a_file_that_arrives_dirties_every_note_that_shows_it(archive: Archive) -> None:
    archive.commit(
        batch([message(1, media=photo(5)), message(2, day=2), message(3, day=3, media=photo(5))]), daily
    )
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)

    archive.save_file_state(5, FileState.GONE, daily, reason="removed")

    assert archive.dirty_notes(GROUP) == [note(1), note(3)]


def test_an_exchanged_medium_leaves_no_link_to_the_old_file(archive: Archive) -> None:
    archive.commit(batch([message(1, media=photo(5))]), daily)
    archive.commit(batch([message(1, media=photo(6), edit_date=START)]), daily)

    assert [file.id for _, file in archive.files(GROUP)] == [6]


def test_messages_missing_from_a_second_look_are_deleted(archive: Archive, clock: Clock) -> None:
    archive.commit(batch([message(1), message(2, day=2), message(3, day=3)]), daily)
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)
    clock.now += 7

    again = batch([message(1), message(3, day=3)], notices_deleted=True)
    assert archive.commit(again, daily) == CommitResult(unchanged=2, deleted=1)

    stored = archive.message(GROUP, 2)
    assert stored is not None and stored.deleted_at == START + 7
    assert archive.dirty_notes(GROUP) == [note(2)]
    clock.now += 100
    assert archive.commit(again, daily) == CommitResult(unchanged=2)
    stored = archive.message(GROUP, 2)
    assert stored is not None and stored.deleted_at == START + 7


def test_a_deleted_message_that_comes_back_is_no_longer_deleted(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2)]), daily)
    archive.commit(batch([message(1)], covers=(Interval(1, 2),), notices_deleted=True), daily)

    assert archive.commit(batch([message(2)]), daily) == CommitResult(updated=1)
    stored = archive.message(GROUP, 2)
    assert stored is not None and stored.deleted_at is None


def test_a_message_that_failed_to_convert_is_not_taken_for_deleted(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2)]), daily)

    result = archive.commit(
        batch(
            [message(1)],
            covers=(Interval(1, 2),),
            failed=((Interval(2, 2), "odd"),),
            notices_deleted=True,
        ),
        daily,
    )

    assert result == CommitResult(unchanged=1)
    assert archive.ledger(GROUP).fetched == 2


def test_without_a_second_look_nothing_is_deleted(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2)]), daily)

    assert archive.commit(batch([message(1)], covers=(Interval(1, 2),)), daily).deleted == 0


def test_a_reduced_person_never_replaces_a_full_one(archive: Archive) -> None:
    archive.commit(batch(people=(person(1, "Anna", min=True),)))
    archive.commit(batch(people=(person(1, "Anna Petrova", username="anna"),)))
    archive.commit(batch(people=(person(1, "A.", min=True),)))

    assert archive.people([1, 2]) == {1: person(1, "Anna Petrova", username="anna")}


def test_within_a_batch_the_full_form_of_a_person_wins(archive: Archive) -> None:
    full, reduced = person(1, "Anna Petrova"), person(1, "Anna", min=True)
    archive.commit(batch(people=(reduced, full, reduced)))

    assert archive.people([1]) == {1: full}


def test_a_person_who_left_telegram_is_named_as_such(archive: Archive) -> None:
    archive.commit(batch(people=(person(1, "Anna"),)))
    archive.commit(batch(people=(person(1, "", kind=PersonKind.DELETED),)))

    assert archive.people([1])[1].kind is PersonKind.DELETED


def test_many_people_and_scattered_ids_fit_a_commit(archive: Archive) -> None:
    people = tuple(person(n, f"P{n}") for n in range(1, 2001))
    ids = range(1, 200_000, 150)
    archive.commit(batch([message(n) for n in ids], people=people, covers=()), daily)
    result = archive.commit(batch([message(n) for n in ids], people=people, covers=()), daily)

    assert result == CommitResult(unchanged=len(ids))
    assert len(archive.people(range(1, 2001))) == 2000
    assert len(archive.get_many(GROUP, ids)) == len(ids)


def test_a_full_disk_leaves_the_archive_as_it_was(archive: Archive) -> None:
    archive.commit(batch([message(1)]), daily)
    before = list(archive.dump())
    pages = archive._db.execute("PRAGMA page_count").fetchone()[0]
    archive._db.execute(f"PRAGMA max_page_count={pages + 2}")

    with pytest.raises(DiskFull) as caught:
        archive.commit(batch([message(n, text="x" * 5000) for n in range(2, 100)]), daily)

    assert caught.value.fix
    assert list(archive.dump()) == before
    archive._db.execute("PRAGMA max_page_count=1000000")
    assert archive.commit(batch([message(2)]), daily) == CommitResult(new=1)
    assert archive.check() == []


def test_an_error_in_the_middle_leaves_nothing_of_a_batch(archive: Archive) -> None:
    before = list(archive.dump())

    def broken(date: int, topic_id: int | None) -> Any:
        raise RuntimeError("no calendar")

    with pytest.raises(RuntimeError):
        archive.commit(batch([message(1)], people=(person(1, "Anna"),)), broken)

    assert list(archive.dump()) == before
    assert archive.commit(batch([message(1)]), daily).new == 1


def test_messages_are_not_committed_without_a_calendar(archive: Archive) -> None:
    with pytest.raises(ValueError, match="note_of"):
        archive.commit(batch([message(1)]))


def test_a_chat_that_nobody_listed_can_be_committed_to(archive: Archive) -> None:
    archive.commit(batch([message(1, chat_id=777)], chat_id=777), daily)

    assert archive.count(777) == 1
    assert archive.check() == []


def test_the_file_is_plain_sqlite(archive: Archive) -> None:
    archive.commit(batch([message(1, text="hello")]), daily)

    with sqlite3.connect(archive.path) as db:
        assert db.execute("SELECT id, text, kind FROM messages").fetchall() == [(1, "hello", "text")]
    db.close()
