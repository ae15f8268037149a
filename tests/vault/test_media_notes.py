"""What becomes of a file stands in every note that shows it, and in no other: on disk, after publishing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.vault.shelf import START, Shelf, message
from tobs_tui.archive import FileFate, FileState, MediaWant
from tobs_tui.model import (
    Action,
    ChatType,
    ExportFormat,
    File,
    MediaKind,
    PaidMedia,
    Topic,
)
from tobs_tui.vault.media_files import MediaShelf

OLD, OTHER = -55, -1000000000888
TOPICS = (Topic(id=1, title="General"), Topic(id=5, title="Jobs"))


def file(file_id: int, kind: MediaKind = MediaKind.PHOTO, **more: Any) -> File:
    facts: dict[str, Any] = {"size": 5, "dc": 1, "access_hash": 1, "reference": b"", "date": START} | more
    return File(id=file_id, kind=kind, **facts)


def bring(shelf: Shelf, *file_ids: int) -> None:
    """Have files come, as a run does, and publish what that changes."""
    for file_id in file_ids:
        stored = shelf.archive.file(file_id)
        assert stored is not None
        part = shelf.vault / "part"
        part.write_bytes(b"x" * stored.size)
        fate = MediaShelf(shelf.archive, shelf.vault).put(stored, part)
        shelf.archive.save_fates([fate], shelf.calendar.note_of)
    publish(shelf)


def publish(shelf: Shelf) -> None:
    for chat_id in shelf.archive.dirty_chats():
        report = shelf.publish(chat_id)
        assert (report.problems, report.kept_edits) == ((), ())


def notes(shelf: Shelf) -> dict[str, str]:
    return {
        path.relative_to(shelf.vault).as_posix(): path.read_text()
        for path in sorted(shelf.vault.rglob("*.md"))
    }


@pytest.fixture
def forum(shelf: Shelf) -> Iterator[Shelf]:
    """A forum with topics and old history, and another chat: one photo in all of them."""
    shelf.settings(formats=[ExportFormat.MARKDOWN, ExportFormat.JSON])
    shelf.chat(type=ChatType.FORUM, topics=TOPICS, migrated_from=OLD, migrated_top_id=1)
    shelf.chat(OTHER, "Other")
    shelf.add([message(1, chat_id=OLD, media=file(7)), message(2, chat_id=OLD, day=1)])
    shelf.add([message(3, topic_id=5, media=file(7), day=2), message(4, topic_id=1, day=2)])
    shelf.add([message(5, topic_id=5, day=3)])
    shelf.add([message(1, chat_id=OTHER, media=file(7)), message(2, chat_id=OTHER, day=4)])
    publish(shelf)
    yield shelf


def test_a_file_that_came_is_shown_in_each_of_its_notes(forum: Shelf) -> None:
    before = notes(forum)
    assert sum("not downloaded yet" in text for text in before.values()) == 5  # 3 notes, 2 indexes
    bring(forum, 7)
    after = notes(forum)
    embed = "![[2025-01-05 photo 7.jpg]]"
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {
        "Trip/Trip 2025-01-05.md",
        "Trip/Jobs/Trip, Jobs 2025-01-07.md",
        "Trip/Trip (Telegram).md",
        "Other/Other 2025-01-05.md",
        "Other/Other (Telegram).md",
    }
    assert {name for name in after if embed in after[name]} == {
        name for name in changed if "(Telegram)" not in name
    }
    assert not any("not downloaded" in text for text in after.values())
    for chat in ("Trip", "Other"):
        result = json.loads((forum.vault / chat / "result.json").read_text())
        photos = [entry["photo"] for entry in result["messages"] if "photo" in entry]
        assert set(photos) == {"../media/2025-01-05 photo 7.jpg"}
        assert (forum.vault / chat / photos[0]).resolve().read_bytes() == b"xxxxx"


STATES = [
    (
        FileState.FAILED,
        "no answer",
        "photo, 5 bytes, not downloaded: no answer",
        "1 file could not be downloaded",
    ),
    (FileState.GONE, None, "photo, 5 bytes, gone from Telegram", "1 file gone from Telegram"),
]


@pytest.mark.parametrize(("state", "reason", "words", "index"), STATES)
def test_what_could_not_be_had_is_said(
    forum: Shelf, state: FileState, reason: str | None, words: str, index: str
) -> None:
    forum.archive.save_fates([FileFate(7, state, reason)], forum.calendar.note_of)
    publish(forum)
    found = notes(forum)
    assert sum(f"*{words}*" in text for text in found.values()) == 3
    assert sum(index in text for text in found.values()) == 2


WANTS = [
    (MediaWant(frozenset(MediaKind)), "not downloaded yet", "1 file not downloaded yet"),
    (MediaWant(frozenset()), "not downloaded", "1 file not downloaded*"),
    (
        MediaWant(frozenset({MediaKind.VIDEO})),
        "not downloaded: not among the kinds asked for",
        "1 file of other kinds left out",
    ),
    (
        MediaWant(frozenset(MediaKind), max_size=4),
        "not downloaded: over the limit of 4 bytes",
        "1 file left out by the limit of 4 bytes",
    ),
]


@pytest.mark.parametrize(("want", "words", "index"), WANTS)
def test_what_was_left_out_is_said(forum: Shelf, want: MediaWant, words: str, index: str) -> None:
    forum.archive.leave_files_out(OTHER, want, forum.calendar.note_of)
    publish(forum)
    found = notes(forum)
    assert f"*photo, 5 bytes, {words}*" in found["Other/Other 2025-01-05.md"]
    assert index in found["Other/Other (Telegram).md"]
    result = json.loads((forum.vault / "Other" / "result.json").read_text())
    assert result["messages"][0]["photo"].startswith("(File ")


def test_albums_paid_media_and_a_chats_picture_come_with_their_files(shelf: Shelf) -> None:
    shelf.chat()
    wide = file(1, width=1000)
    shelf.add(
        [
            message(1, "two", album=9, media=wide),
            message(
                2, " ", album=9, media=file(2, MediaKind.VIDEO, width=2000, mime="video/mp4", duration=3)
            ),
            message(3, "paid", media=PaidMedia(stars=2, files=(file(3), file(4, MediaKind.VIDEO)))),
            message(4, action=Action(kind="chat_edit_photo", file=file(5, width=640))),
            message(
                5, "a sticker", media=file(6, MediaKind.STICKER, emoji="😀", mime="application/x-tgsticker")
            ),
            message(6, "moving", media=file(7, MediaKind.STICKER, emoji="😀", mime="video/webm")),
            message(7, "paper", media=file(8, MediaKind.DOCUMENT, name="CON", mime="application/pdf")),
        ]
    )
    publish(shelf)
    note = shelf.note().read_text()
    assert "[[2025" not in note.replace("[[2025-01-05|", "")
    assert "· photo, 5 bytes, not downloaded yet* ^m4" in note
    bring(shelf, *range(1, 9))
    note = shelf.note().read_text()
    assert "*album of 2*  \n![[2025-01-05 photo 1.jpg|240]] ![[2025-01-05 video 2.mp4]]  \ntwo ^m1" in note
    assert (
        "*paid media, 2 ⭐ · album of 2*  \n![[2025-01-05 photo 3.jpg]] ![[2025-01-05 video 4.mp4]]" in note
    )
    assert "*  \n![[2025-01-05 photo 5.jpg|240]] ^m4" in note
    assert "00:05  \n😀  \na sticker ^m5" in note
    assert "![[2025-01-05 sticker 7.webm]]  \nmoving ^m6" in note
    assert "*document, 5 bytes*  \n[[2025-01-05 CON_ 8.pdf]]  \npaper ^m7" in note
    assert "not downloaded" not in note
    here = {path.name for path in (shelf.vault / "media").iterdir()}
    assert len(here) == 8


def test_a_file_that_is_bad_again_is_no_link_any_more(shelf: Shelf) -> None:
    shelf.chat()
    shelf.add([message(1, media=file(1))])
    publish(shelf)
    bring(shelf, 1)
    assert "![[2025-01-05 photo 1.jpg]]" in shelf.note().read_text()
    shelf.archive.save_fates([FileFate(1, FileState.UNASKED)], shelf.calendar.note_of)
    publish(shelf)
    assert "[[2025-01-05 photo" not in shelf.note().read_text()
