"""Promise 2: kill -9 at any instant loses nothing committed, tears nothing; the next run makes it whole."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive.building import GROUP, OWNER, batch, daily, group, message, person, photo
from tobs_tui.archive import Archive, ArchiveReader, Batch, Indexer, has_archive
from tobs_tui.model import Interval, Message, Reaction, Reply

TOP = 3000
PAGE = 60

# Commits until the end of its pages, telling each commit on stdout behind it, and indexes in a thread.
WRITER = """
import sys, threading
from pathlib import Path
from tests.archive.test_archive_kill import *
folder = Path(sys.argv[1])
with Archive.open(folder, OWNER) as archive:
    archive.save_chats([group(top_id=TOP)])
    def index():
        with Indexer.open(folder) as indexer:
            while True:
                indexer.index_some(100)
    threading.Thread(target=index, daemon=True).start()
    for one in pages(archive):
        archive.commit(one, daily)
        print(one.covers[0].low, flush=True)
    print("done", flush=True)
    sys.stdin.readline()
"""


def written(message_id: int) -> Message:
    chance = random.Random(message_id)
    return message(
        message_id,
        day=1 + message_id // 200,
        text=" ".join(chance.choices(["tickets", "keys", "東京", "ёлка"], k=30)),
        sender_id=chance.randrange(1, 9),
        reply=Reply(message_id=chance.randrange(1, TOP)) if chance.random() < 0.3 else None,
        media=photo(chance.randrange(1, 500)) if chance.random() < 0.3 else None,
        reactions=(Reaction("👍", 1),) if chance.random() < 0.2 else (),
    )


def pages(archive: Archive) -> list[Batch]:
    """What a run still has to fetch, newest first; a fifth of the ids are empty, a few fail at first."""
    found = []
    for interval in archive.missing(GROUP, Interval(1, TOP)):
        for high in range(interval.high, interval.low - 1, -PAGE):
            low = max(interval.low, high - PAGE + 1)
            messages = [written(n) for n in range(high, low - 1, -1) if n % 5]
            people = tuple(
                person(n, f"Person {n}") for n in {one.sender_id for one in messages if one.sender_id}
            )
            found.append(batch(messages, people=people, covers=(Interval(low, high),)))
    random.Random(7).shuffle(found)
    return found


def killed_run(folder: Path, commits: int) -> list[int]:
    """Runs a writer, kills it once it told that many commits, and returns the pages that it told of."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        told: list[str] = []
        while len(told) < commits and told[-1:] != ["done"]:
            told.append(writer.stdout.readline().strip())
        writer.kill()
        told += writer.stdout.read().split()
    return [int(line) for line in told if line.isdecimal()]


def undisturbed(folder: Path) -> list[str]:
    with Archive.open(folder, OWNER) as archive:
        archive.save_chats([group(top_id=TOP)])
        for one in pages(archive):
            archive.commit(one, daily)
        return list(archive.dump())


def torture(tmp_path: Path, kills: list[int]) -> None:
    folder = tmp_path / "killed"
    for commits in kills:
        told = killed_run(folder, commits)
        if not has_archive(folder):
            continue
        with ArchiveReader.open(folder) as archive:
            assert archive.check() == []
            covered = archive.missing(GROUP, Interval(1, TOP))
            assert not any(low in gap for low in told for gap in covered)
            assert archive.ledger(GROUP).fetched == archive.count(GROUP)
    assert undisturbed(folder) == undisturbed(tmp_path / "calm")

    with Indexer.open(folder) as indexer:
        indexer.index_all()
    with ArchiveReader.open(folder) as archive:
        hits = archive.search("東京 елка", limit=TOP)
        truth = [n for n in range(TOP, 0, -1) if n % 5 and {"東京", "ёлка"} <= {*written(n).text.split()}]
        assert sorted(hit.message_id for hit in hits) == sorted(truth)


def test_a_killed_writer_loses_nothing_that_it_committed(tmp_path: Path) -> None:
    torture(tmp_path, [1, 6, 15])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_kills_end_in_the_same_archive(tmp_path: Path) -> None:
    chance = random.Random(3)
    torture(tmp_path, [chance.randrange(1, 4) for _ in range(20)])


def test_archives_that_hold_the_same_dump_the_same(tmp_path: Path) -> None:
    dumps = []
    for name, step in (("forwards", 1), ("backwards", -1)):
        with Archive.open(tmp_path / name, OWNER) as archive:
            archive.save_chats([group(top_id=30)])
            for low in (1, 11, 21)[::step]:
                some = [written(n) for n in range(low, low + 10)][::step]
                archive.commit(batch(some, people=(person(low, "P"),)), daily)
            dumps.append(list(archive.dump()))

    assert dumps[0] == dumps[1]
    assert any("tickets" in line for line in dumps[0])
    with Archive.open(tmp_path / "backwards", OWNER) as archive:
        archive.commit(batch([message(3, text="other")]), daily)
        assert list(archive.dump()) != dumps[0]
