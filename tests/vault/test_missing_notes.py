"""What somebody took out of the vault is noticed by its path alone, and comes back."""

from __future__ import annotations

from tests.vault.shelf import GROUP, Shelf, message


def filled(shelf: Shelf) -> dict[str, str]:
    shelf.chat()
    shelf.add([message(n, day=n) for n in range(1, 8)])
    shelf.publish()
    return shelf.files()


def test_nothing_is_missing_of_what_was_just_published(shelf: Shelf) -> None:
    assert not shelf.publisher.find_missing(GROUP)
    filled(shelf)
    assert not shelf.publisher.find_missing(GROUP)
    assert shelf.archive.dirty_chats() == []


def test_a_note_that_is_gone_comes_back_alone(shelf: Shelf) -> None:
    before = filled(shelf)
    shelf.note("2025-01-08").unlink()
    assert shelf.publisher.find_missing(GROUP)
    report = shelf.publish()
    assert (report.written, report.unchanged) == (1, 0)
    assert shelf.files() == before
    assert not shelf.publisher.find_missing(GROUP)


def test_an_index_that_is_gone_comes_back(shelf: Shelf) -> None:
    before = filled(shelf)
    (shelf.vault / "Trip" / "Trip (Telegram).md").unlink()
    assert shelf.publisher.find_missing(GROUP)
    assert shelf.publish().written == 0
    assert shelf.files() == before


def test_a_note_that_was_moved_stays_where_it_is_now(shelf: Shelf) -> None:
    filled(shelf)
    moved = shelf.vault / "Journal" / shelf.note("2025-01-08").name
    moved.parent.mkdir()
    shelf.note("2025-01-08").rename(moved)
    assert shelf.publisher.find_missing(GROUP)
    assert shelf.publish().written == 0
    assert moved.exists() and not shelf.note("2025-01-08").exists()
    assert not shelf.publisher.find_missing(GROUP)


def test_indexes_of_which_nothing_changed_are_not_written(shelf: Shelf) -> None:
    filled(shelf)
    before = {path: path.stat().st_mtime_ns for path in shelf.vault.rglob("*.md")}
    shelf.settings()
    shelf.publish()
    shelf.publisher.finish()
    shelf.archive.mark_all_dirty(GROUP)
    shelf.publish()
    shelf.publisher.finish()
    assert {path: path.stat().st_mtime_ns for path in shelf.vault.rglob("*.md")} == before
