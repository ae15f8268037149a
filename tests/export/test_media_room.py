"""Files that would not fit are told before they come, in numbers that explain themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tobs_tui.errors import DiskFull
from tobs_tui.export.media_room import SPARED, MediaRoom


@pytest.mark.parametrize(
    ("files", "words"), [(1, "1 file of 3.0 GB doesn't fit"), (2, "2 files of 3.0 GB don't")]
)
async def test_what_does_not_fit_is_told_with_what_is_kept_free(
    tmp_path: Path, files: int, words: str
) -> None:
    room = MediaRoom(tmp_path, lambda path: 2 << 30)
    with pytest.raises(DiskFull, match=words) as told:
        await room.check(files, 3 << 30)
    assert "2.0 GB are free" in told.value.what
    assert "16 MB of them kept for notes" in told.value.what
    await room.check(files, (2 << 30) - SPARED)
