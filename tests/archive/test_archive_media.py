"""Files in the archive: which are asked for, which are left out, and which notes say so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.archive.building import (
    DAY,
    GROUP,
    OLD_GROUP,
    OTHER,
    OWNER,
    START,
    batch,
    daily,
    group,
    message,
    note,
    photo,
)
from tobs_tui.archive import Archive, ArchiveReader, FileState, MediaWant, Scope, media_wanted, schema
from tobs_tui.archive.values import NOTHING_ASKED
from tobs_tui.model import Interval, MediaKind, NoteKey, PaidMedia

ALL = MediaWant(frozenset(MediaKind))
PHOTOS = MediaWant(frozenset({MediaKind.PHOTO}))
NONE = MediaWant(frozenset())


def video(file_id: int, **facts: object) -> object:
    return photo(file_id, kind=MediaKind.VIDEO, **facts)


def fill(archive: Archive, count: int) -> None:
    """Messages 1 to `count`, each with a file of its number: odd ones videos, even ones photos."""
    shown = (
        message(number, day=1 + number % 3, media=video(number) if number % 2 else photo(number))
        for number in range(1, count + 1)
    )
    archive.commit(batch(shown), daily)


def clean(archive: Archive) -> None:
    for chat_id in archive.dirty_chats():
        archive.notes_written((), archive.dirty_notes(chat_id), chat_id=chat_id)


def wanted(archive: ArchiveReader, want: MediaWant, chat_id: int = GROUP, limit: int = 3) -> list[int]:
    """The ids of all wanted files, asked for in small helpings."""
    found: list[int] = []
    after = (0, 0)
    while some := archive.files_wanted(chat_id, want, after=after, limit=limit):
        assert len(some) <= limit
        found += [one.file.id for one in some]
        after = some[-1].place
    return found


@pytest.mark.parametrize("window", [1, 2, 4, 1000])
def test_wanted_files_come_by_message_whatever_the_window(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(media_wanted, "WINDOW", window)
    fill(archive, 12)
    archive.save_file_state(3, FileState.DONE, daily, path="media/3.mp4", digest="d")
    archive.save_file_state(4, FileState.GONE, daily)
    archive.save_file_state(5, FileState.FAILED, daily, reason="no answer")
    archive.commit(batch(covers=(), deleted=(6,)), daily)

    assert wanted(archive, ALL) == [1, 2, 5, 7, 8, 9, 10, 11, 12]
    assert wanted(archive, PHOTOS) == [2, 8, 10, 12]
    assert wanted(archive, NONE) == []
    assert archive.media_totals([GROUP, OTHER], ALL) == (9, 9000)
    assert archive.media_totals([OTHER], ALL) == (0, 0)


def test_wanted_files_are_those_of_the_dates_topic_and_size_asked_for(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.commit(
        batch(
            [
                message(1, day=1, media=photo(1, size=10)),
                message(2, day=2, media=photo(2, size=11)),
                message(3, day=3, media=photo(3, size=10), topic_id=7),
                message(4, day=4, media=PaidMedia(stars=1, files=(photo(4, size=10), photo(5, size=10)))),
            ]
        ),
        daily,
    )
    kinds = frozenset({MediaKind.PHOTO})
    assert wanted(archive, MediaWant(kinds, max_size=10)) == [1, 3, 4, 5]
    assert wanted(archive, MediaWant(kinds, since=START + DAY)) == [2, 3, 4, 5]
    assert wanted(archive, MediaWant(kinds, until=START + 2 * DAY)) == [1, 2]
    assert wanted(archive, MediaWant(kinds, topic_id=7)) == [3]
    assert archive.media_totals([GROUP], MediaWant(kinds, max_size=10, since=START + DAY)) == (3, 30)
    for window in (1, 1000):
        monkeypatch.setattr(media_wanted, "WINDOW", window)
        upto = archive.files_wanted(GROUP, ALL, after=(2, 0), upto=3)
        assert [one.file.id for one in upto] == [2, 3]


def test_a_file_in_many_places_is_counted_once_and_offered_at_each(archive: Archive) -> None:
    archive.save_chats([group(OTHER)])
    archive.commit(batch([message(1, media=photo(5)), message(2, media=photo(5))]), daily)
    archive.commit(batch([message(9, chat_id=OTHER, media=photo(5))], chat_id=OTHER), daily)
    offered = archive.files_wanted(GROUP, ALL)
    assert [(one.message_id, one.file.id, one.chat_id) for one in offered] == [(1, 5, GROUP), (2, 5, GROUP)]
    assert archive.file_places(5) == [(OTHER, 9), (GROUP, 1), (GROUP, 2)]
    assert archive.media_totals([GROUP, OTHER], ALL) == (1, 1000)


@pytest.mark.parametrize("window", [1, 1000])
def test_leaving_out_tells_why_and_touches_only_notes_whose_words_change(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(media_wanted, "WINDOW", window)
    archive.commit(
        batch(
            [
                message(1, day=1, media=photo(1)),
                message(2, day=2, media=video(2)),
                message(3, day=3, media=photo(3, size=2000)),
                message(4, day=4, media=video(4)),
                message(5, day=5, text="no file"),
            ]
        ),
        daily,
    )
    archive.save_file_state(4, FileState.DONE, daily, path="media/4.mp4")
    clean(archive)

    want = MediaWant(frozenset({MediaKind.PHOTO}), max_size=1000)
    assert archive.leave_files_out(GROUP, want, daily) == 2
    assert archive.dirty_notes(GROUP) == [note(2), note(3)]
    assert archive.file_counts(GROUP) == {
        FileState.UNASKED: 1,
        FileState.OTHER_KIND: 1,
        FileState.TOO_LARGE: 1,
        FileState.DONE: 1,
    }
    assert archive.files_missing(GROUP) == {
        (FileState.UNASKED, None): 1,
        (FileState.OTHER_KIND, None): 1,
        (FileState.TOO_LARGE, "1000"): 1,
    }

    clean(archive)
    assert archive.leave_files_out(GROUP, want, daily) == 0
    assert archive.dirty_notes(GROUP) == []

    assert archive.leave_files_out(GROUP, MediaWant(want.kinds, max_size=500), daily) == 2
    assert archive.dirty_notes(GROUP) == [note(1), note(3)]  # the limit that is told is another now
    clean(archive)
    assert archive.leave_files_out(GROUP, ALL, daily) == 0
    assert archive.dirty_notes(GROUP) == [note(1), note(2), note(3)]
    assert archive.file_counts(GROUP) == {FileState.UNASKED: 3, FileState.DONE: 1}


def test_nothing_asked_for_is_told_from_another_kind(archive: Archive) -> None:
    fill(archive, 2)
    archive.leave_files_out(GROUP, PHOTOS, daily)
    assert (archive.file(1).state, archive.file(1).reason) == (FileState.OTHER_KIND, None)  # type: ignore[union-attr]
    archive.leave_files_out(GROUP, NONE, daily)
    assert {(archive.file(n).state, archive.file(n).reason) for n in (1, 2)} == {  # type: ignore[union-attr]
        (FileState.OTHER_KIND, NOTHING_ASKED)
    }


def test_a_failed_file_stays_failed_until_it_is_left_out(archive: Archive) -> None:
    fill(archive, 2)
    archive.save_file_state(2, FileState.FAILED, daily, reason="cut off")
    archive.leave_files_out(GROUP, PHOTOS, daily)
    assert archive.file(2).reason == "cut off"  # type: ignore[union-attr]
    archive.leave_files_out(GROUP, NONE, daily)
    assert archive.file(2).state is FileState.OTHER_KIND  # type: ignore[union-attr]


@pytest.mark.parametrize("photos_first", [True, False])
def test_what_another_chat_asked_for_is_not_left_out(archive: Archive, *, photos_first: bool) -> None:
    archive.save_chats([group(OTHER)])
    archive.record_scope(OTHER, Scope(low=1, high=9, media=frozenset({MediaKind.PHOTO})))
    archive.commit(batch([message(1, media=photo(5))]), daily)
    archive.commit(batch([message(9, chat_id=OTHER, media=photo(5))], chat_id=OTHER), daily)
    for chat_id, want in [(OTHER, PHOTOS), (GROUP, NONE)][:: 1 if photos_first else -1]:
        archive.leave_files_out(chat_id, want, daily)
    assert archive.file(5).state is FileState.UNASKED  # type: ignore[union-attr]


def test_a_files_state_dirties_every_note_that_shows_it_and_no_other(archive: Archive) -> None:
    archive.save_chats([group(OTHER), group(migrated_from=OLD_GROUP, migrated_top_id=9)])
    archive.commit(
        batch([message(1, day=1, media=photo(5)), message(2, day=2, media=photo(5), topic_id=3)]), daily
    )
    archive.commit(batch([message(3, day=3), message(4, day=4, media=photo(6))]), daily)
    archive.commit(batch([message(7, day=5, chat_id=OTHER, media=photo(5))], chat_id=OTHER), daily)
    archive.commit(batch([message(8, day=6, chat_id=OLD_GROUP, media=photo(5))], chat_id=OLD_GROUP), daily)
    clean(archive)

    archive.save_file_state(5, FileState.DONE, daily, path="media/a.jpg", digest="one")
    assert archive.dirty_notes(GROUP) == [note(1), note(6), NoteKey(3, "2025-01-02")]
    assert archive.dirty_notes(OTHER) == [note(5)]
    assert archive.dirty_notes(OLD_GROUP) == []

    clean(archive)
    archive.save_file_state(5, FileState.DONE, daily, path="media/a.jpg", digest="two")
    assert archive.dirty_chats() == []  # a note shows no digest
    assert archive.file(5).digest == "two"  # type: ignore[union-attr]


def test_a_file_is_open_where_it_was_asked_for_and_can_still_come(archive: Archive) -> None:
    archive.commit(
        batch(
            [message(1, media=photo(1)), message(2, media=photo(2), topic_id=7), message(3, media=photo(3))]
        ),
        daily,
    )
    kinds = [MediaKind.PHOTO]
    assert archive.is_file_open(GROUP, kinds, Interval(1, 1))
    assert not archive.is_file_open(GROUP, [], Interval(1, 3))
    assert not archive.is_file_open(GROUP, [MediaKind.VIDEO], Interval(1, 3))
    archive.save_file_state(1, FileState.TOO_LARGE, daily, reason="10")
    archive.save_file_state(3, FileState.GONE, daily)
    assert not archive.is_file_open(GROUP, kinds, Interval(1, 1))
    assert archive.is_file_open(GROUP, kinds, Interval(1, 3), topic_id=7)
    assert not archive.is_file_open(GROUP, kinds, Interval(1, 3), topic_id=8)
    archive.save_file_state(2, FileState.OTHER_KIND, daily)
    assert archive.is_file_open(GROUP, kinds, Interval(1, 3))
    assert [(one, file.id) for one, file in archive.files_in(GROUP, [FileState.GONE], 9)] == [(3, 3)]


def test_an_outline_places_the_same_messages(archive: Archive) -> None:
    archive.save_chats([group(OTHER)])
    archive.commit(
        batch([message(n, day=1 + n % 3, album=n % 4 or None, topic_id=3) for n in (5, 6, 7)]), daily
    )
    archive.commit(batch([message(6, chat_id=OTHER)], chat_id=OTHER), daily)
    whole = [one.message for one in archive.messages([OTHER, GROUP])]
    outline = [one.message for one in archive.outline([OTHER, GROUP])]
    assert [(one.chat_id, one.id, one.date, one.album, one.topic_id) for one in whole] == [
        (one.chat_id, one.id, one.date, one.album, one.topic_id) for one in outline
    ]


def test_a_refreshed_file_is_asked_for_by_its_new_reference(archive: Archive) -> None:
    fill(archive, 1)
    archive.save_file_state(1, FileState.FAILED, daily, reason="why")
    archive.refresh_file(video(1, reference=b"new", access_hash=8, dc=4))  # type: ignore[arg-type]
    [one] = archive.files_wanted(GROUP, ALL)
    assert (one.file.reference, one.file.access_hash, one.file.dc) == (b"new", 8, 4)
    assert one.file.reason == "why"


def test_counts_are_of_live_messages_and_of_each_file_once(archive: Archive) -> None:
    archive.save_chats([group(OTHER)])
    archive.commit(batch([message(1, media=photo(5)), message(2, media=photo(6))]), daily)
    archive.commit(batch([message(3, chat_id=OTHER, media=photo(5))], chat_id=OTHER), daily)
    assert archive.file_counts(GROUP, OTHER) == {FileState.UNASKED: 2}
    archive.commit(batch(covers=(), deleted=(2,)), daily)
    assert archive.file_counts(GROUP, OTHER) == {FileState.UNASKED: 1}
    assert archive.files_missing(GROUP, OTHER) == {(FileState.UNASKED, None): 1}
    assert archive.files_missing(GROUP) == {(FileState.UNASKED, None): 1}
    archive.save_file_state(5, FileState.GONE, daily, reason="why")
    assert archive.files_missing(GROUP, OTHER) == {(FileState.GONE, None): 1}


def test_an_archive_of_version_1_gains_digests_and_keeps_its_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.executescript((Path(__file__).parent / "data" / "version1.sql").read_text())
    with Archive.open(folder, OWNER) as archive:
        done = archive.file(1)
        assert done is not None
        assert (done.path, done.digest) == ("media/1.mp4", None)
        assert wanted(archive, ALL) == [2]
        archive.save_file_state(2, FileState.DONE, daily, path="media/2.jpg", digest="d")
        assert [one.digest for one in archive.done_files()] == [None, "d"]
        assert archive.check() == []
    fresh = folder.parent / "fresh"
    Archive.open(fresh, OWNER).close()
    assert _schema(folder) == _schema(fresh)


def _schema(folder: Path) -> set[tuple[str, str]]:
    """The tables, indexes and columns by name, for SQLite words an added column otherwise."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        assert schema.version_of(db) == schema.VERSION
        named = {(table, name) for table, name in db.execute("SELECT type, name FROM sqlite_master")}
        tables = [name for sort, name in named if sort == "table"]
        return named | {(name, row[1]) for name in tables for row in db.execute(f"PRAGMA table_info({name})")}
