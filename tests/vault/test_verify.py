"""Verifying finds what does not agree, and says what is only not done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vault.shelf import GROUP, START, Shelf, message
from tobs_tui.archive import Batch, FileState, Scope
from tobs_tui.model import (
    ChatType,
    Entity,
    ExportFormat,
    File,
    Interval,
    MediaKind,
    NoteLayout,
    Topic,
)
from tobs_tui.vault import note_check
from tobs_tui.vault.verify import ChatCheck, verify
from tobs_tui.vault.writer import read


def check(shelf: Shelf) -> ChatCheck:
    [only] = verify(shelf.archive, shelf.vault)
    return only


def published(shelf: Shelf) -> None:
    code = "look ^m77\n ^m78"
    shelf.chat()
    shelf.add(
        [
            message(1),
            message(2, "a ^m9\n%% tobs:end %%"),
            message(3, code, entities=(Entity("pre", 0, len(code)),)),
            message(4, album=5, date=START),
            message(5, album=5, date=START),
            message(6, day=1),
        ]
    )
    shelf.publish()


@pytest.mark.parametrize("layout", list(NoteLayout))
def test_a_fresh_vault_agrees(shelf: Shelf, layout: NoteLayout) -> None:
    shelf.settings(layout=layout)
    published(shelf)
    found = check(shelf)
    assert (found.problems, found.done) == ((), True)
    assert (found.fetched, found.failed, found.unasked) == (6, 0, 0)
    assert found.notes == {NoteLayout.DAILY: 2}.get(layout, 1)


def test_forums_and_old_histories_agree(shelf: Shelf) -> None:
    topics = (Topic(id=1, title="General"), Topic(id=5, title="Jobs"))
    shelf.chat(type=ChatType.FORUM, topics=topics, migrated_from=-55, migrated_top_id=2)
    shelf.add([message(1, chat_id=-55), message(2, chat_id=-55, day=1)])
    shelf.add([message(1, topic_id=1), message(2, topic_id=5), message(3, topic_id=1, day=1)])
    shelf.publish()
    found = check(shelf)
    assert (found.problems, found.done, found.fetched, found.notes) == ((), True, 5, 5)


DAMAGE: dict[str, tuple[Callable[[Shelf], object], str]] = {
    "missing note": (lambda s: s.note().unlink(), "Trip/Trip 2025-01-05.md is missing"),
    "changed region": (
        lambda s: s.note().write_text(s.note().read_text().replace("message 1", "x")),
        "was changed between the tobs lines",
    ),
    "lost marker": (
        lambda s: s.note().write_text(s.note().read_text().replace("%% tobs:begin %%", "")),
        "a tobs marker is missing",
    ),
    "orphan": (
        lambda s: s.note("2025-01-09").write_text(s.note().read_text().replace("2025-01-05", "2025-01-09")),
        "that the archive doesn't know",
    ),
    "no index": (lambda s: (s.vault / "Trip/Trip (Telegram).md").unlink(), "index note is missing"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named(shelf: Shelf, kind: str) -> None:
    published(shelf)
    damage, words = DAMAGE[kind]
    damage(shelf)
    [problem] = check(shelf).problems
    assert words in problem


def test_a_message_in_no_note_is_named(shelf: Shelf) -> None:
    published(shelf)
    shelf.add([message(9), message(10, day=9)])
    shelf.archive.notes_written((), shelf.archive.dirty_notes(GROUP), chat_id=GROUP)
    assert check(shelf).problems == (
        "2025-01-05: m9 is not in its note",
        "2025-01-14: m10 is not in its note",
    )


def test_a_moved_note_is_followed(shelf: Shelf) -> None:
    published(shelf)
    shelf.note().rename(shelf.vault / "elsewhere.md")
    assert check(shelf).problems == ()


def test_what_waits_to_be_published_is_not_done(shelf: Shelf) -> None:
    published(shelf)
    shelf.add([message(9)])
    found = check(shelf)
    assert (found.problems, found.done) == ((), False)


def test_what_was_asked_for_and_not_fetched_is_not_done(shelf: Shelf) -> None:
    published(shelf)
    shelf.archive.record_scope(GROUP, Scope(low=1, high=6))
    assert check(shelf).done
    shelf.archive.record_scope(GROUP, Scope(low=1, high=9))
    assert not check(shelf).done
    shelf.archive.commit(Batch(chat_id=GROUP, covers=(Interval(7, 8),), failed=((Interval(9, 9), "no"),)))
    assert not check(shelf).done
    shelf.archive.commit(Batch(chat_id=GROUP, covers=(Interval(9, 9),)))
    assert check(shelf).done


def test_files_are_looked_for(shelf: Shelf) -> None:
    photo = File(id=1, kind=MediaKind.PHOTO, size=2, dc=2, access_hash=1, reference=b"", date=START)
    shelf.chat()
    shelf.add([message(1, media=photo)])
    shelf.archive.record_scope(GROUP, Scope(low=1, high=1, media=frozenset([MediaKind.PHOTO])))
    shelf.publish()
    assert (check(shelf).done, check(shelf).files) == (False, 0)
    shelf.archive.save_file_state(1, FileState.DONE, shelf.calendar.note_of, path="media/a.jpg")
    shelf.publish()
    assert "![[a.jpg]]" in shelf.note().read_text()
    assert check(shelf).problems == ("media/a.jpg is missing",)
    (shelf.vault / "media").mkdir()
    (shelf.vault / "media/a.jpg").write_bytes(b"xx")
    assert (check(shelf).problems, check(shelf).done, check(shelf).files) == ((), True, 1)


def test_without_notes_there_is_nothing_to_miss(shelf: Shelf) -> None:
    shelf.settings(formats=[ExportFormat.JSON])
    published(shelf)
    assert (check(shelf).problems, check(shelf).done, check(shelf).notes) == ((), True, 0)


def test_chats_are_chosen(shelf: Shelf) -> None:
    shelf.chat(11, "Never exported", type=ChatType.PERSON)
    published(shelf)
    assert [found.id for found in verify(shelf.archive, shelf.vault)] == [GROUP]
    assert [found.id for found in verify(shelf.archive, shelf.vault, [11])] == [11]


def test_a_note_that_is_written_meanwhile_is_no_damage(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    published(shelf)
    shelf.add([message(7)])
    waiting = [shelf.publish]

    def read_late(path: Path) -> bytes | None:
        if waiting:
            waiting.pop()()
        return read(path)

    monkeypatch.setattr(note_check, "read", read_late)
    assert not check(shelf).problems
    assert not waiting
