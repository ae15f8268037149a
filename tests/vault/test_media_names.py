"""Names of media files from whatever their senders called them."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from tests.vault.shelf import START, Shelf
from tobs_tui.archive import FileState, StoredFile
from tobs_tui.model import MediaKind
from tobs_tui.vault.media_names import MediaNames, id_in
from tobs_tui.vault.names import same_name

KINDS = st.sampled_from(list(MediaKind))
NAMES = st.one_of(
    st.none(),
    st.text(max_size=120),
    st.text(alphabet='#|^:[]%\\/*?"<> .\n\u202e\u200b\U0001f468\u200d\U0001f469aA9.', max_size=60),
    st.sampled_from(
        ["CON", "nul.txt", "..", "../../x", "." * 5000, "a" * 300, "é" * 300 + ".pdf", "\ud83d.exe", ".mp4"]
    ),
)
MIMES = st.one_of(st.text(max_size=20), st.sampled_from(["image/jpeg", "video/mp4", "text/markdown; x=1"]))
IDS = st.integers(-(2**63), 2**63 - 1)


class Nothing:
    """An archive that was never asked for a time zone."""

    def meta(self, key: str) -> None:
        return None


def stored(file_id: int = 5310423899123456742, **facts: Any) -> StoredFile:
    fixed: dict[str, Any] = {
        "kind": MediaKind.DOCUMENT,
        "size": 3,
        "dc": 2,
        "mime": "",
        "name": None,
        "access_hash": 1,
        "reference": b"",
        "date": START,
        "thumb": None,
    }
    return StoredFile(id=file_id, **{**fixed, **facts})


def name_of(**facts: Any) -> str:
    """The name without its folder, for a file of the id 42 from the 5th of January."""
    path = MediaNames(Nothing(), Path("nowhere")).path_of(stored(42, **facts))  # type: ignore[arg-type]
    assert path.startswith("media/")
    return path.removeprefix("media/")


@given(NAMES, KINDS, MIMES, st.integers(-(2**40), 2**40), IDS)
@example("x" * 12 + "." + "a" * 12, MediaKind.DOCUMENT, "", 0, -1)
def test_any_file_gets_a_name_for_every_system(
    name: str | None, kind: MediaKind, mime: str, date: int, file_id: int
) -> None:
    one = stored(file_id, name=name, kind=kind, mime=mime, date=date)
    path = MediaNames(Nothing(), Path("nowhere")).path_of(one)  # type: ignore[arg-type]
    folder, _, given_name = path.partition("/")
    assert folder == "media"
    assert len(given_name.encode()) <= 143  # what an encrypted folder takes
    assert given_name == unicodedata.normalize("NFC", given_name)
    assert not set(given_name) & set('#|^:[]%\\/*?"<>\n\0\u202e')
    assert is_valid_filename(given_name, platform="universal")
    assert not given_name.endswith((".md", ".canvas", ".base", ".", " "))
    assert Path(given_name).suffix
    assert id_in(given_name) == file_id


@given(NAMES, NAMES, KINDS, IDS, IDS)
def test_two_files_never_share_a_name(
    one: str | None, other: str | None, kind: MediaKind, one_id: int, other_id: int
) -> None:
    names = MediaNames(Nothing(), Path("nowhere"))  # type: ignore[arg-type]
    first = names.path_of(stored(one_id, name=one, kind=kind))
    second = names.path_of(stored(other_id, name=other, kind=kind))
    assert (same_name(first) == same_name(second)) <= (one_id == other_id)


CASES: list[tuple[dict[str, Any], str]] = [
    ({"name": "holiday.jpg", "kind": MediaKind.PHOTO}, "holiday 42.jpg"),
    ({"kind": MediaKind.PHOTO, "mime": "image/png"}, "photo 42.jpg"),
    ({"kind": MediaKind.VIDEO, "mime": "video/quicktime"}, "video 42.mov"),
    ({"kind": MediaKind.VIDEO_NOTE, "mime": "video/mp4"}, "video note 42.mp4"),
    ({"kind": MediaKind.VOICE, "mime": "audio/ogg"}, "voice 42.ogg"),
    ({"kind": MediaKind.VOICE, "name": "msg.oga"}, "msg 42.ogg"),
    (
        {"kind": MediaKind.AUDIO, "mime": "audio/x-flac", "name": "AC/DC - T.N.T.FLAC"},
        "AC DC - T.N.T 42.flac",
    ),
    ({"kind": MediaKind.AUDIO, "mime": "audio/mpeg", "name": "song.exe"}, "song 42.mp3"),
    ({"kind": MediaKind.AUDIO, "name": "song.M4A"}, "song 42.m4a"),
    ({"kind": MediaKind.STICKER, "mime": "application/x-tgsticker"}, "sticker 42.tgs"),
    ({"kind": MediaKind.STICKER, "mime": "video/webm", "name": "sticker.webm"}, "sticker 42.webm"),
    ({"kind": MediaKind.STICKER}, "sticker 42.webp"),
    ({"kind": MediaKind.ANIMATION, "mime": "video/mp4", "name": "giphy.mp4"}, "giphy 42.mp4"),
    ({"name": "../../x"}, "x 42.bin"),
    ({"name": "../../x", "mime": "application/pdf"}, "x 42.pdf"),
    ({"name": "CON"}, "CON_ 42.bin"),
    ({"name": "a" * 300 + ".pdf"}, "a" * 80 + " 42.pdf"),
    ({"name": None}, "document 42.bin"),
    ({"name": "scan", "mime": "image/PNG; q=1"}, "scan 42.png"),
    ({"name": "photo\u202egpj.exe"}, "photogpj 42.exe"),
    ({"name": "photo.jpg.exe", "mime": "image/jpeg"}, "photo.jpg 42.exe"),
    ({"name": "photo.jpg.exe. .", "mime": "image/jpeg"}, "photo.jpg 42.exe"),
    ({"name": "note.oga", "mime": "audio/ogg"}, "note 42.ogg"),
    ({"name": "backup.TAR.gz", "mime": "application/gzip"}, "backup 42.tar.gz"),
    ({"name": "backup.7z.001", "mime": "application/octet-stream"}, "backup.7z 42.001"),
    ({"name": "report.v2", "mime": "application/pdf"}, "report.v2 42.pdf"),
    ({"name": "main.rs", "mime": "text/plain"}, "main 42.rs"),
    ({"name": "Mr. Smith", "mime": "application/pdf"}, "Mr. Smith 42.pdf"),
    ({"name": ".htaccess"}, "htaccess 42.bin"),
    ({"name": "\u202e\u200b.pdf", "mime": "application/pdf"}, "pdf 42.pdf"),
    ({"name": "résumé ?.docx"}, "résumé 42.docx"),
    # What Obsidian would open as a note of its own, with whatever a stranger wrote in it.
    ({"name": "todo.md", "mime": "text/markdown"}, "todo 42.md.txt"),
    ({"name": "x.canvas"}, "x 42.canvas.txt"),
]


@pytest.mark.parametrize(("facts", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_a_name_is_what_the_file_is(facts: dict[str, Any], expected: str) -> None:
    assert name_of(**facts) == f"2025-01-05 {expected}"


def test_the_date_is_that_of_the_vaults_time_zone(shelf: Shelf) -> None:
    late = START - START % 86_400 + 86_399
    shelf.archive.set_meta("timezone", "Asia/Tokyo")
    assert (
        MediaNames(shelf.archive, shelf.vault).path_of(stored(7, date=late)).startswith("media/2025-01-06 ")
    )


def test_a_file_that_is_here_keeps_its_name(shelf: Shelf) -> None:
    names = MediaNames(shelf.archive, shelf.vault)
    done = stored(7, state=FileState.DONE, path="media/old name.jpg")
    assert names.path_of(done) == "media/old name.jpg"


def test_nobody_elses_file_is_taken_for_ours(shelf: Shelf) -> None:
    names = MediaNames(shelf.archive, shelf.vault)
    one = stored(7, name="a.pdf")
    first = names.path_of(one)
    (shelf.vault / "media").mkdir(parents=True)
    (shelf.vault / first).write_bytes(b"somebody else's")
    assert names.path_of(one) == "media/2025-01-05 a 7 (2).pdf"
    (shelf.vault / "media/2025-01-05 a 7 (2).pdf").mkdir()
    (shelf.vault / "media/2025-01-05 a 7 (3).pdf").symlink_to("nowhere")
    assert names.path_of(one) == "media/2025-01-05 a 7 (4).pdf"


@pytest.mark.parametrize(
    "name",
    ["holiday.jpg", "2025-01-05 holiday.jpg", "2025-01-05 holiday 12 (my edits).jpg", "x 2025-01-05 a 1.jpg"],
)
def test_other_peoples_names_are_not_of_our_form(name: str) -> None:
    assert id_in(name) is None
