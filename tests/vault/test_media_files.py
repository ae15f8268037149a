"""Media files take their names whole, once, and nobody else's."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.vault.shelf import GROUP, START, Shelf, message
from tobs_tui.archive import FileFate, FileState, StoredFile
from tobs_tui.errors import DiskFull
from tobs_tui.model import File, MediaKind
from tobs_tui.vault.media_files import MediaShelf, digest_of, place

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def without_links(part: Path, final: Path, **_: object) -> None:
    raise OSError(errno.EPERM, "no hard links here")


@pytest.fixture(params=["links", "no links"])
def part(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "no links":
        monkeypatch.setattr(os, "link", without_links)
    path = tmp_path / "vault" / "media" / ".partial" / "7"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"hello")
    return path


def test_a_finished_file_takes_its_name(part: Path, tmp_path: Path) -> None:
    final = tmp_path / "vault" / "media" / "sub" / "a.jpg"
    place(part, final)
    assert final.read_bytes() == b"hello"
    assert not part.exists()
    assert digest_of(final) == HELLO


def test_another_file_of_the_name_stays(part: Path, tmp_path: Path) -> None:
    final = tmp_path / "vault" / "media" / "a.jpg"
    final.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        place(part, final)
    assert (final.read_bytes(), part.read_bytes()) == (b"other", b"hello")


def test_a_link_of_the_name_is_not_followed(part: Path, tmp_path: Path) -> None:
    final = tmp_path / "vault" / "media" / "a.jpg"
    final.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        place(part, final)
    assert not (tmp_path / "elsewhere").exists()


def test_what_a_killed_run_placed_is_taken_over(part: Path, tmp_path: Path) -> None:
    final = tmp_path / "vault" / "media" / "a.jpg"
    final.write_bytes(b"hello")
    place(part, final)
    assert final.read_bytes() == b"hello"
    assert not part.exists()


def test_a_full_disk_is_told_and_the_part_stays(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(DiskFull, match=r"a\.jpg"):
        place(part, tmp_path / "vault" / "media" / "a.jpg")
    assert part.read_bytes() == b"hello"


def test_a_file_takes_a_free_name_and_is_never_there_twice(shelf: Shelf) -> None:
    shown = File(
        id=7, kind=MediaKind.DOCUMENT, size=5, dc=1, access_hash=1, reference=b"", date=START, name="a.pdf"
    )
    shelf.chat()
    shelf.add([message(1, media=shown)])
    shelf.publish()
    media = MediaShelf(shelf.archive, shelf.vault)
    file = _file(shelf)
    foreign = shelf.vault / media.names.path_of(file)
    foreign.parent.mkdir()
    foreign.write_bytes(b"olleh")  # of the same size

    part = shelf.vault / "media" / ".partial"
    part.write_bytes(b"hello")
    fate = media.put(file, part)
    path = "media/2025-01-05 a 7 (2).pdf"
    assert fate == FileFate(7, FileState.DONE, path=path, digest=HELLO)
    assert ((shelf.vault / path).read_bytes(), foreign.read_bytes()) == (b"hello", b"olleh")

    part.write_bytes(b"hello")  # killed before the archive was told, it came once more
    assert media.put(file, part) == fate
    assert len(list((shelf.vault / "media").iterdir())) == 2

    shelf.archive.save_fates([fate], shelf.calendar.note_of)
    assert shelf.archive.dirty_chats() == [GROUP]


def _file(shelf: Shelf) -> StoredFile:
    file = shelf.archive.file(7)
    assert file is not None
    return file
