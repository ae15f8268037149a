"""Filters beside an archive: believed where they are of this very archive, and never wrong about it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive.building import GROUP, OTHER, OWNER, batch, daily, group, message
from tobs_tui.archive import Archive, ArchiveReader, filters
from tobs_tui.archive.bloom import BloomFilter
from tobs_tui.model import Interval

TOP = 6_000


def opened(folder: Path, *, rate: float = 0.01) -> Archive:
    return Archive.open(folder, OWNER, bloom_rate=rate)


def put(archive: Archive, ids: Iterable[int], *, chat_id: int = GROUP) -> int:
    """Commit messages in ids that were answered already; returns how many were new."""
    messages = [message(number, chat_id=chat_id) for number in ids]
    return archive.commit(batch(messages, chat_id=chat_id, covers=()), daily).new


def begun(folder: Path, *, rate: float = 0.01) -> Archive:
    """An archive in which every id was answered, and each third has a message."""
    archive = opened(folder, rate=rate)
    archive.save_chats([group(top_id=TOP), group(OTHER, top_id=TOP)])
    for chat_id in (GROUP, OTHER):
        messages = [message(number, chat_id=chat_id) for number in range(3, 1_500, 3)]
        archive.commit(batch(messages, chat_id=chat_id, covers=(Interval(1, TOP),)), daily)
    return archive


def held(archive: ArchiveReader, chat_id: int = GROUP) -> list[int]:
    return archive.live_ids(chat_id, Interval(1, 2**31 - 1))


def at_hand(archive: Archive, chat_id: int = GROUP) -> BloomFilter | None:
    """The filter that the next commit would use."""
    return archive._filters.ready(archive._db, chat_id)


def assert_honest(archive: Archive) -> None:
    """No filter calls a held message new, neither as it is nor once it is made anew."""
    for chat_id in (GROUP, OTHER):
        ids = held(archive, chat_id)
        if (made := at_hand(archive, chat_id)) is not None:
            assert made.maybe_held(ids) == ids
    archive.save_progress(builds=True)
    made = at_hand(archive)
    assert made is not None
    assert made.maybe_held(held(archive)) == held(archive)


def bloom_file(folder: Path, chat_id: int = GROUP) -> Path:
    return folder / f"chat{chat_id}.bloom"


def test_saved_filters_serve_the_next_run(folder: Path) -> None:
    with begun(folder) as archive:
        archive.save_progress()
        assert {path.name for path in folder.glob("*.bloom")} == {
            bloom_file(folder, chat_id).name for chat_id in (GROUP, OTHER)
        }
        assert bloom_file(folder).stat().st_mode & 0o077 == 0
    with opened(folder) as archive:
        made = at_hand(archive)
        assert made is not None
        assert made.maybe_held(held(archive)) == held(archive)
        assert len(made.maybe_held(range(2_000, 3_000))) < 30
        asked: list[str] = []
        archive._db.set_trace_callback(asked.append)
        assert put(archive, [4_000, 10, 3_001, 1]) == 4
        assert not any("SELECT chat, id, date" in statement for statement in asked), "surely new: not asked"
        asked.clear()
        assert put(archive, [4_000, 12, 5_002, 20]) == 2
        assert any("SELECT chat, id, date" in statement for statement in asked), "held: asked"
        assert_honest(archive)
        assert archive.check() == []


def test_intervals_spare_even_the_filter(folder: Path) -> None:
    with opened(folder) as archive:
        archive.save_chats([group(top_id=TOP)])
        put(archive, range(5_000, 5_100))
        asked: list[str] = []
        archive._db.set_trace_callback(asked.append)
        put(archive, range(1, 4_000, 40))
        put(archive, range(4_000, 4_100))
        assert not any("id IN" in statement for statement in asked if "FROM messages" in statement)


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _one_bit_other(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]


def _newer_version(data: bytes) -> bytes:
    return data[:8] + b"\2" + data[9:]


@pytest.mark.parametrize(
    "spoil",
    [None, _truncated, _one_bit_other, _newer_version, lambda data: b"", lambda data: b"SQLite format 3\0"],
    ids=["missing", "truncated", "bit", "version", "empty", "foreign"],
)
def test_a_spoilt_file_is_made_anew(folder: Path, spoil: Callable[[bytes], bytes] | None) -> None:
    with begun(folder) as archive:
        archive.save_progress()
    path = bloom_file(folder)
    if spoil is None:
        path.unlink()
    else:
        path.write_bytes(spoil(path.read_bytes()))
    with opened(folder) as archive:
        assert at_hand(archive) is None, "not trusted"
        assert put(archive, [3, 600, 4_000, 5_000]) == 2
        assert_honest(archive)
    with opened(folder) as archive:
        assert at_hand(archive) is not None, "made anew, and kept"
        assert_honest(archive)


def test_a_file_of_another_chat_or_archive_or_rate_is_not_taken(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with begun(folder) as archive, begun(other) as elsewhere:
        put(archive, range(2_000, 3_000, 7))
        archive.save_progress()
        elsewhere.save_progress()
    for foreign in (bloom_file(folder, OTHER), bloom_file(other)):
        shutil.copy(foreign, bloom_file(folder))
        with opened(folder) as archive:
            assert at_hand(archive) is None
            assert_honest(archive)
    with opened(folder, rate=0.2) as archive:
        assert at_hand(archive) is None
        assert_honest(archive)
        made = at_hand(archive)
        assert made is not None
        assert made.rate == 0.2


def test_a_file_from_before_a_kill_learns_what_came_after_it(folder: Path, tmp_path: Path) -> None:
    after = tmp_path / "after the kill"
    with begun(folder) as archive:
        archive.save_progress()
        put(archive, range(2_000, 2_500, 3))
        # What is on disk at this instant is what a kill leaves: a log with commits, and an older filter.
        shutil.copytree(folder, after)
    with opened(after) as archive:
        made = at_hand(archive)
        assert made is not None
        assert len(held(archive)) == 499 + 167
        assert_honest(archive)
        assert put(archive, range(2_000, 2_500, 3)) == 0


def test_an_older_file_of_the_same_archive_serves_too(folder: Path, tmp_path: Path) -> None:
    with begun(folder) as archive:
        archive.save_progress()
        shutil.copy(bloom_file(folder), tmp_path / "older")
        put(archive, range(2_000, 4_000, 3))
        archive.save_progress()
    shutil.copy(tmp_path / "older", bloom_file(folder))
    with opened(folder) as archive:
        assert at_hand(archive) is not None
        assert_honest(archive)


def test_a_newer_file_beside_an_archive_from_a_backup_is_not_taken(folder: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with begun(folder) as archive:
        archive._db.execute("VACUUM INTO ?", (str(backup),))
        put(archive, range(2_000, 2_600, 3))
        archive.save_progress()
    for reopenings in (0, 3):
        shutil.copy(backup, folder / "archive.db")
        shutil.copy(bloom_file(folder), tmp_path / "newer")
        for _ in range(reopenings):
            opened(folder).close()
        with opened(folder) as archive:
            # The same numbers of rows go to other ids now.
            put(archive, range(3_000, 3_600, 3))
            assert archive._filters._load(archive._db, GROUP) is None
            assert_honest(archive)
        shutil.copy(tmp_path / "newer", bloom_file(folder))


def test_copies_that_went_on_by_themselves_do_not_share_files(folder: Path, tmp_path: Path) -> None:
    begun(folder).close()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with opened(folder) as one, opened(copy) as other:
        put(one, range(2_000, 2_600, 3))
        put(other, range(3_000, 3_900, 3))
        one.save_progress(builds=True)
    shutil.copy(bloom_file(folder), bloom_file(copy))
    with opened(copy) as other:
        assert at_hand(other) is None
        assert_honest(other)


def test_what_was_rolled_back_is_nowhere_claimed(folder: Path) -> None:
    def refuses(date: int, topic_id: int | None) -> None:
        raise LookupError("no note")

    with begun(folder) as archive:
        for _ in range(3):
            with pytest.raises(LookupError):
                archive.commit(batch([message(n) for n in range(2_000, 2_900, 9)], covers=()), refuses)  # type: ignore[arg-type]
        archive.save_progress()
        put(archive, range(3_000, 3_900, 9))
        assert_honest(archive)
        assert put(archive, range(2_000, 2_900, 9)) == 100
    with opened(folder) as archive:
        assert_honest(archive)


def test_a_filter_that_lies_costs_a_second_try_and_no_message(folder: Path) -> None:
    with begun(folder) as archive:
        archive.save_progress()
        liar = at_hand(archive)
        assert liar is not None
        for layer in liar._layers:
            layer.bits.setall(0)
        before = held(archive)
        assert put(archive, [3, 600, 900, 4_000]) == 1
        assert held(archive) == [*before, 4_000]
        assert not bloom_file(folder).exists()
        assert archive.check() == []
        assert_honest(archive)


def test_few_filters_are_in_memory_however_many_chats(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "IN_MEMORY", 2)
    chats = [GROUP - number for number in range(5)]
    with opened(folder) as archive:
        archive.save_chats([group(chat_id, top_id=TOP) for chat_id in chats])
        for turn in range(3):
            for chat_id in chats:
                put(archive, range(1 + turn, 900, 10), chat_id=chat_id)
                assert len(archive._filters._in_memory) <= 2
        archive.save_progress(builds=True)
        assert len(list(folder.glob("*.bloom"))) == 5
    with opened(folder) as archive:
        for chat_id in chats:
            made = at_hand(archive, chat_id)
            assert made is not None
            assert made.maybe_held(held(archive, chat_id)) == held(archive, chat_id)


def test_a_long_tail_is_read_beside_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(folder) as archive:
        archive.save_progress()
        old = bloom_file(folder).read_bytes()
        put(archive, range(2_000, 4_000, 3))
        put(archive, range(1, 900, 3), chat_id=OTHER)
    bloom_file(folder).write_bytes(old)
    monkeypatch.setattr(filters, "AT_ONCE", 100)
    with opened(folder) as archive:
        assert at_hand(archive) is None, "too much to read inside of a commit"
        archive.save_progress(builds=True, stop=lambda: True)
        assert at_hand(archive) is None, "no time"
        assert_honest(archive)


def test_a_filter_that_had_to_grow_gets_its_right_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "FIRST_CAPACITY", 10)
    with opened(folder) as archive:
        archive.save_chats([group()])
        put(archive, range(1, 3_000, 2))
        grown = at_hand(archive)
        assert grown is not None
        assert grown.layers > filters.MOST_LAYERS
        assert_honest(archive)
        fitting = at_hand(archive)
        assert fitting is not None
        assert fitting.layers == 1
        assert fitting.size < grown.size


def test_a_folder_that_takes_no_files_costs_only_the_filters(folder: Path) -> None:
    with begun(folder) as archive:
        bloom_file(folder).mkdir()
        (bloom_file(folder) / "in the way").touch()
        archive.save_progress(builds=True)
        assert put(archive, [4_000, 5]) == 2
        assert_honest(archive)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(0, 99)),
        st.tuples(
            st.sampled_from(["save", "close", "kill", "restore archive", "restore filter", "keep"]),
            st.integers(0, 5),
        ),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_no_mix_of_kills_backups_and_copies_makes_a_filter_lie(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    home = tmp_path_factory.mktemp("mix")
    folder, kept = home / "live", home / "kept"
    shutil.copytree(_template(tmp_path_factory), folder)
    kept.mkdir()
    archive = opened(folder)
    files: list[Path] = []
    backups: list[Path] = []
    try:
        for number, (step, value) in enumerate(steps):
            match step:
                case "commit":
                    put(archive, random.Random(value).sample(range(1, TOP), 30))
                case "save":
                    archive.save_progress(builds=True)
                case "keep":
                    backups.append(kept / f"{number}.db")
                    archive._db.execute("VACUUM INTO ?", (str(backups[-1]),))
                    if bloom_file(folder).exists():
                        files.append(Path(shutil.copy(bloom_file(folder), kept / f"{number}.bloom")))
                case "kill":
                    after = home / f"after {number}"
                    shutil.copytree(folder, after, ignore=shutil.ignore_patterns("*.lock", "*.pid"))
                    archive.close()
                    folder = after
                    archive = opened(folder)
                case _:
                    archive.close()
                    if step == "restore archive" and backups:
                        shutil.copy(backups[value % len(backups)], folder / "archive.db")
                    if step == "restore filter" and files:
                        shutil.copy(files[value % len(files)], bloom_file(folder))
                    archive = opened(folder)
            made = at_hand(archive)
            assert made is None or made.maybe_held(held(archive)) == held(archive), steps[: number + 1]
        assert_honest(archive)
        assert archive.check() == []
    finally:
        archive.close()
        shutil.rmtree(home)


_templates: list[Path] = []


def _template(factory: pytest.TempPathFactory) -> Path:
    """A small archive to start from, made once: whole rounds would spend their time on it."""
    if not _templates:
        folder = factory.mktemp("template") / "archive"
        with opened(folder) as archive:
            archive.save_chats([group(top_id=TOP)])
            archive.commit(batch([message(n) for n in range(1, 300, 5)], covers=(Interval(1, TOP),)), daily)
        _templates.append(folder)
    return _templates[0]


# Commits without end, saving its filter now and then, and tells each commit.
WRITER = """
import sys
from pathlib import Path
from tests.archive.test_bloom_files import *
with begun(Path(sys.argv[1])) as archive:
    for number in range(10_000):
        put(archive, range(2 + number, TOP, 997))
        print(number, flush=True)
        if number % 7 == 3:
            archive.save_progress(builds=True)
"""


def test_a_killed_writer_leaves_a_filter_that_does_not_lie(tmp_path: Path) -> None:
    for commits in (2, 5, 12):
        folder = tmp_path / str(commits)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout
            while int(writer.stdout.readline()) < commits:
                pass
            writer.kill()
        with opened(folder) as archive:
            made = at_hand(archive)
            if commits > 3:
                assert made is not None, "the file from before the kill is still good"
            assert made is None or made.maybe_held(held(archive)) == held(archive)
            again = sum(put(archive, range(2 + number, TOP, 997)) for number in range(commits))
            assert again == 0
            assert_honest(archive)


def test_an_archive_of_version_2_gains_counts_and_filters(folder: Path) -> None:
    begun(folder).close()
    db = sqlite3.connect(folder / "archive.db")
    for table in ("progress", "epochs"):
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version=2")
    db.commit()
    db.close()
    with opened(folder) as archive:
        assert archive.count(GROUP) == len(held(archive)) == 499
        assert archive.check() == []
        assert put(archive, [3, 4_000]) == 1
        assert_honest(archive)
