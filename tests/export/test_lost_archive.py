"""The archive is lost and everything is exported again: the vault comes out as it was, without copies."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tobs_tui.archive import ArchiveReader
from tobs_tui.export.report import RunStatus
from tobs_tui.model import MediaKind
from tobs_tui.vault.verify import verify

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

SMALL = frozenset({MediaKind.PHOTO, MediaKind.VOICE, MediaKind.STICKER})


def content(vault: Path) -> dict[str, bytes]:
    return {
        path.relative_to(vault).as_posix(): path.read_bytes()
        for path in vault.rglob("*")
        if path.is_file() and ".tobs" not in path.parts
    }


async def test_a_second_export_adopts_notes_and_files_and_makes_no_copies(lab: MakeLab) -> None:
    one = await lab(messages=300)
    first = await one.run(media=SMALL)
    assert first.status is RunStatus.COMPLETE, first.errors
    vault = one.settings.export_path
    before = content(vault)
    shutil.rmtree(one.settings.archive_dir)

    second = await one.run(media=SMALL)
    assert second.status is RunStatus.COMPLETE, second.errors
    assert second.media_files == first.media_files
    assert content(vault) == before
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        assert [check.problems for check in verify(archive, vault) if check.problems or not check.done] == []
