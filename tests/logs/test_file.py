"""The log file: private, bounded, shared by processes, honest about what it could not write."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from tobs_tui.logs import Line, LogFile


def line(text: str, level: int = logging.INFO) -> Line:
    return Line(1_736_070_031.0, level, text)


def test_lines_are_written_with_time_and_level_at_once(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "logs" / "tobs.log")
    file(line("page fetched ×12"))
    file(line("Família: закончено", logging.WARNING))
    first, second = file.path.read_text(encoding="utf-8").splitlines()
    assert first.endswith("  info     page fetched ×12")
    assert second.endswith("  warning  Família: закончено")
    assert first[:4] == "2025"
    file.close()


def test_only_this_user_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "tobs.log"
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    file = LogFile(path, max_bytes=100, keep=1)
    for number in range(5):
        file(line(f"line {number}"))
    file.close()
    assert [stat.S_IMODE(one.stat().st_mode) for one in sorted(path.parent.iterdir())] == [0o600, 0o600]


def test_a_folder_of_its_own_is_private(tmp_path: Path) -> None:
    LogFile(tmp_path / "new" / "tobs.log").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_it_never_grows_past_its_bounds_and_keeps_the_newest(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "tobs.log", max_bytes=1000, keep=2)
    for number in range(200):
        file(line(f"line {number}"))
    file.close()
    files = sorted(tmp_path.iterdir())
    assert [one.name for one in files] == ["tobs.log", "tobs.log.1", "tobs.log.2"]
    assert all(one.stat().st_size <= 1000 for one in files)
    kept = [row for one in reversed(files) for row in one.read_text().splitlines()]
    assert [row.split()[-1] for row in kept] == [str(number) for number in range(200 - len(kept), 200)]


def test_it_may_keep_no_older_files(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "tobs.log", max_bytes=100, keep=0)
    for number in range(9):
        file(line(f"line {number}"))
    file.close()
    assert [one.name for one in tmp_path.iterdir()] == ["tobs.log"]


def test_an_old_log_is_continued(tmp_path: Path) -> None:
    for text in ("one", "two"):
        file = LogFile(tmp_path / "tobs.log")
        file(line(text))
        file.close()
    assert [row.split()[-1] for row in (tmp_path / "tobs.log").read_text().splitlines()] == ["one", "two"]


@pytest.mark.parametrize("how", ["removed", "rotated"])
def test_a_file_taken_away_begins_anew(tmp_path: Path, how: str) -> None:
    file = LogFile(tmp_path / "tobs.log")
    file(line("one"))
    if how == "removed":
        file.path.unlink()
    else:
        file.path.rename(tmp_path / "tobs.log.1")
        other = LogFile(tmp_path / "tobs.log")
        other.close()
    file(line("two"))
    file.close()
    assert [row.split()[-1] for row in file.path.read_text().splitlines()] == ["two"]


def test_lines_that_could_not_be_written_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    file = LogFile(folder / "tobs.log")
    file.path.unlink()
    folder.rmdir()
    for _ in range(2):
        with pytest.raises(OSError, match=r"tobs\.log"):
            file(line("lost"))
    folder.mkdir()
    file(line("again"))
    file.close()
    lost, again = file.path.read_text().splitlines()
    assert lost.endswith("warning  2 lines of the log could not be written here")
    assert again.endswith("again")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no O_NOFOLLOW here")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "tobs.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"tobs\.log"):
        LogFile(tmp_path / "tobs.log")


def test_a_lone_surrogate_does_no_harm(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "tobs.log")
    file(line("a\ud800b"))
    file.close()
    assert file.path.read_text(encoding="utf-8").endswith("a?b\n")
