"""Opening: one writer, one owner, damaged and foreign files untouched, permissions, versions, odd folders."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archive.building import GROUP, OWNER, batch, daily, group, message
from tobs_tui.archive import Archive, ArchiveReader, connection, has_archive, opening, schema
from tobs_tui.errors import (
    ArchiveBusy,
    ArchiveDamaged,
    ArchiveError,
    ArchiveNotWritable,
    ArchiveOfOther,
    ArchiveTooNew,
    DiskFull,
)
from tobs_tui.model import Owner

WRITER = """
import sys
from pathlib import Path
from tests.archive.building import *
from tobs_tui.archive import Archive
archive = Archive.open(Path(sys.argv[1]), OWNER)
archive.commit(batch([message(1)]), daily)
print("open", flush=True)
sys.stdin.readline()
"""


def fill(folder: Path, count: int = 50) -> None:
    with Archive.open(folder, OWNER) as archive:
        archive.save_chats([group()])
        archive.commit(batch([message(n, text="x" * 300) for n in range(1, count + 1)]), daily)


def test_the_folder_is_for_its_owner_alone(folder: Path) -> None:
    fill(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_log_beside_an_open_archive_is_for_its_owner_alone(archive: Archive, folder: Path) -> None:
    assert archive.notices == ()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes["archive.db-wal"] == 0o600 and set(modes.values()) == {0o600}


def test_a_folder_that_a_person_made_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "theirs.txt").write_text("x")
    tmp_path.chmod(0o755)
    fill(tmp_path)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_closed_archive_is_one_file(folder: Path) -> None:
    fill(folder)

    assert {path.name for path in folder.iterdir()} <= {"archive.db", "archive.lock"}


def test_a_path_with_odd_signs_can_be_opened(tmp_path: Path) -> None:
    folder = tmp_path / "50 % of #1? ünï 'q' \"d\""
    fill(folder)

    with ArchiveReader.open(folder) as archive:
        assert archive.count(GROUP) == 50


def test_a_second_writer_is_told_who_writes_and_changes_nothing(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin and other.stdout
        assert other.stdout.readline() == "open\n"
        with pytest.raises(ArchiveBusy, match=str(other.pid)):
            Archive.open(folder, OWNER)
        with ArchiveReader.open(folder) as archive:
            assert archive.count(GROUP) == 1
        other.kill()
    fill(folder)


def test_a_second_writer_in_one_process_is_refused(archive: Archive, folder: Path) -> None:
    with pytest.raises(ArchiveBusy):
        Archive.open(folder, OWNER)
    archive.close()
    fill(folder)


def test_another_account_is_refused_and_both_are_named(folder: Path) -> None:
    fill(folder)
    before = (folder / "archive.db").read_bytes()

    for other in (Owner(43, "telegram", "Boris"), Owner(42, "key:00", "Anna")):
        with pytest.raises(
            ArchiveOfOther, match=r"Anna \(42\) on Telegram.*on (Telegram|server key:00)"
        ) as caught:
            Archive.open(folder, other)
        assert caught.value.fix
    assert (folder / "archive.db").read_bytes() == before
    fill(folder)


def test_an_owner_who_was_renamed_is_still_the_owner(folder: Path) -> None:
    fill(folder)
    with Archive.open(folder, Owner(42, "telegram", "Anna P.")) as archive:
        assert archive.owner() == Owner(42, "telegram", "Anna P.")


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(50_000))


def text(path: Path) -> None:
    path.write_text("my precious notes")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def torn(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()


@pytest.mark.parametrize("spoil", [garbage, text, truncated, torn, foreign])
def test_a_damaged_file_is_named_and_left_alone(folder: Path, spoil: Callable[[Path], None]) -> None:
    fill(folder)
    path = folder / "archive.db"
    spoil(path)
    before = path.read_bytes()

    with pytest.raises(ArchiveDamaged, match=r"archive\.db") as caught:
        Archive.open(folder, OWNER)
    assert caught.value.fix
    with pytest.raises(ArchiveDamaged):
        ArchiveReader.open(folder)
    assert path.read_bytes() == before


def test_damage_inside_is_found_by_the_check_and_named_when_met(folder: Path) -> None:
    fill(folder, 500)
    path = folder / "archive.db"
    content = bytearray(path.read_bytes())
    content[-60_000:-20_000] = b"\xa5" * 40_000
    path.write_bytes(content)

    with ArchiveReader.open(folder) as archive:
        assert archive.check()
        with pytest.raises(ArchiveDamaged):
            list(archive.dump())


def test_a_folder_without_an_archive_says_so(folder: Path) -> None:
    assert not has_archive(folder)
    with pytest.raises(ArchiveError, match="no archive"):
        ArchiveReader.open(folder)
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", "blank"])
def test_an_archive_whose_creator_was_killed_is_created_anew(folder: Path, content: bytes | str) -> None:
    folder.mkdir(parents=True)
    path = folder / "archive.db"
    if content == "blank":
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode=WAL")
        db.close()
    else:
        path.touch()
    with pytest.raises(ArchiveError, match=r"no archive|empty"):
        ArchiveReader.open(folder)

    fill(folder)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ArchiveNotWritable):
        Archive.open(tmp_path / "file" / ".tobs", OWNER)


def test_a_newer_archive_is_refused_and_left_alone(folder: Path) -> None:
    fill(folder)
    path = folder / "archive.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    db.close()
    before = path.read_bytes()

    with pytest.raises(ArchiveTooNew) as caught:
        Archive.open(folder, OWNER)
    assert caught.value.fix
    with pytest.raises(ArchiveTooNew):
        ArchiveReader.open(folder)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="the VFS is of Unix")
def test_without_shared_memory_another_journal_serves_and_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This VFS locks by files and has no shared memory, so that a write-ahead log is impossible.
    monkeypatch.setattr(connection, "VFS", "unix-dotfile")
    with Archive.open(folder, OWNER) as archive:
        assert len(archive.notices) == 1 and "truncate" in archive.notices[0]
        archive.commit(batch([message(n) for n in range(1, 2001)]), daily)
        with ArchiveReader.open(folder) as other:
            stream = other.messages([GROUP])
            next(stream)
            archive.commit(batch([message(3000)]), daily)
            assert sum(1 for _ in stream) == 2000
        assert archive.check() == []


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_where_files_cannot_be_locked_a_marker_serves_and_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with Archive.open(folder, OWNER) as archive:
        assert len(archive.notices) == 1 and "locked" in archive.notices[0]
        with pytest.raises(ArchiveBusy):
            Archive.open(folder, OWNER)
    fill(folder)


@pytest.mark.skipif(os.name == "nt", reason="the VFS is of Unix")
def test_an_archive_that_had_no_log_gets_one_on_a_local_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(connection, "VFS", "unix-dotfile")
        fill(folder)
    with Archive.open(folder, OWNER) as archive:
        assert archive.notices == ()
        assert archive.count(GROUP) == 50


def test_a_full_disk_at_creation_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = schema.create

    def on_a_small_disk(db: sqlite3.Connection, rows: list[tuple[str, str]]) -> None:
        db.execute("PRAGMA max_page_count=5")
        whole(db, rows)

    with monkeypatch.context() as there:
        there.setattr(schema, "create", on_a_small_disk)
        with pytest.raises(DiskFull):
            Archive.open(folder, OWNER)
    fill(folder)


def test_an_older_archive_is_brought_up_to_date(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(folder)
    steps: list[str] = []

    def first(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE messages ADD COLUMN example TEXT NOT NULL DEFAULT 'old'")
        steps.append("first")

    def second(db: sqlite3.Connection) -> None:
        db.execute("UPDATE messages SET example='new'")
        steps.append("second")
        if len(steps) == 2:
            raise sqlite3.OperationalError("killed")

    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 2)
    monkeypatch.setattr(schema, "MIGRATIONS", {schema.VERSION - 2: first, schema.VERSION - 1: second})
    with pytest.raises(ArchiveError, match="older"):
        ArchiveReader.open(folder)
    with pytest.raises(sqlite3.OperationalError):
        Archive.open(folder, OWNER)
    with Archive.open(folder, OWNER) as archive:
        assert archive._db.execute("SELECT DISTINCT example FROM messages").fetchall() == [("new",)]
        assert archive._db.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert steps == ["first", "second", "second"]


def test_every_older_version_has_its_migration() -> None:
    assert set(schema.MIGRATIONS) == set(range(1, schema.VERSION))


READING = """
import sys
from pathlib import Path
from tests.archive.building import *
from tobs_tui.archive import Archive, ArchiveReader, Indexer
from tobs_tui.errors import ArchiveError
folder = Path(sys.argv[1])
try:
    Archive.open(folder, OWNER)
except ArchiveError as error:
    print(type(error).__name__)
try:
    with ArchiveReader.open(folder) as archive:
        hits = archive.search("xx", limit=2)
        print(archive.count(GROUP), archive.check(), [hit.message_id for hit in hits])
    with Indexer.open(folder) as indexer:
        indexer.index_some()
except ArchiveError as error:
    print(type(error).__name__)
"""


def read_without_rights(folder: Path, copy: Path) -> list[str]:
    """What one meets who may only read `folder`; root may do anything, so its rights are dropped for that."""
    shutil.copytree(folder, copy)
    for path in (*copy.iterdir(), copy):
        path.chmod(path.stat().st_mode & ~0o222)
    command = [sys.executable, "-c", READING, str(copy)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root's rights can't be dropped here")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    try:
        return subprocess.check_output(command, text=True).splitlines()
    finally:
        copy.chmod(0o700)


def test_a_read_only_folder_is_read_and_not_written(folder: Path, tmp_path: Path) -> None:
    fill(folder)

    assert read_without_rights(folder, tmp_path / "copy") == [
        "ArchiveNotWritable",
        "50 [] [50, 49]",
        "ArchiveNotWritable",
    ]


@pytest.mark.parametrize(
    ("memory", "met"),
    [
        ("kept", ["ArchiveNotWritable", "1 [] []", "ArchiveNotWritable"]),
        ("lost", ["ArchiveNotWritable", "ArchiveNotWritable"]),
    ],
)
def test_commits_that_wait_in_a_log_are_not_passed_over(
    archive: Archive, folder: Path, tmp_path: Path, memory: str, met: list[str]
) -> None:
    archive.commit(batch([message(1)]), daily)
    killed = tmp_path / "killed"
    shutil.copytree(folder, killed)
    if memory == "lost":
        (killed / "archive.db-shm").unlink()

    assert read_without_rights(killed, tmp_path / "copy") == met


KILLED_WITHOUT_A_LOG = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=DELETE")
db.execute("PRAGMA cache_size=1")
db.execute("BEGIN")
db.execute("UPDATE messages SET text='torn'")
db.execute("DELETE FROM coverage")
os._exit(9)
"""


def test_a_journal_that_a_killed_writer_left_is_rolled_back(folder: Path, tmp_path: Path) -> None:
    fill(folder, 500)
    subprocess.run([sys.executable, "-c", KILLED_WITHOUT_A_LOG, str(folder / "archive.db")])
    assert (folder / "archive.db-journal").stat().st_size

    assert read_without_rights(folder, tmp_path / "copy") == ["ArchiveNotWritable", "ArchiveNotWritable"]
    with ArchiveReader.open(folder) as archive:
        assert archive.check() == []
        assert all(stored.message.text != "torn" for stored in archive.messages([GROUP]))
    with Archive.open(folder, OWNER) as writer:
        assert writer.notices == ()


def test_a_lock_that_cannot_be_taken_releases_nothing_of_others(folder: Path) -> None:
    lock = opening.acquire(folder)
    try:
        with pytest.raises(ArchiveBusy):
            Archive.open(folder, OWNER)
    finally:
        lock.release()
        lock.release()
    fill(folder)
