"""Which ids are new? The filter against a Python set, against intervals, and against asking SQLite each time.

    python -m tests.benchmarks.bloom [--ids 1000000] [--probes 200000]

One table each for looking up, memory and wrong answers; one process, one archive with that many rows.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tobs_tui.archive import Archive, Batch
from tobs_tui.archive.bloom import BloomFilter
from tobs_tui.archive.coverage import answered
from tobs_tui.model import Chat, ChatType, Interval, Message, NoteKey, Owner

CHAT = -1000000000005
PAGE = 100

Ask = Callable[[Sequence[int]], object]


@dataclass(frozen=True)
class Contender:
    """One way to tell which ids of a page are known."""

    name: str
    build_us: float
    """Microseconds for each id, to have it ready."""
    size: int
    """Bytes in memory."""
    ask: Ask


def timed(work: Callable[[], object]) -> float:
    # Of the processor, for a busy machine must not decide.
    started = time.process_time()
    work()
    return time.process_time() - started


def pages(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]


def us_per_id(ask: Ask, asked: Sequence[Sequence[int]]) -> float:
    best = min(timed(lambda: [ask(page) for page in asked]) for _ in range(2))
    return best / sum(map(len, asked)) * 1e6


def filled_archive(folder: Path, ids: Sequence[int]) -> Archive:
    archive = Archive.open(folder, Owner(1, "telegram", "Benchmark"))
    archive.save_chats([Chat(id=CHAT, type=ChatType.SUPERGROUP, title="A chat", top_id=max(ids))])
    for start in range(0, len(ids), 5_000):
        some = ids[start : start + 5_000]
        messages = tuple(
            Message(chat_id=CHAT, id=number, date=1_700_000_000, text="x" * 40) for number in some
        )
        covers = (Interval(min(some), max(some)),) if start else (Interval(1, max(ids)),)
        archive.commit(
            Batch(chat_id=CHAT, messages=messages, covers=covers), lambda *_: NoteKey(0, "2023-11-14")
        )
    return archive


def intervals_of(ids: Iterable[int], gap: int) -> tuple[list[int], list[int]]:
    """Where runs of ids begin and end; holes of up to `gap` ids are taken for covered, as the ledger does."""
    lows: list[int] = []
    highs: list[int] = []
    for number in ids:
        if highs and number <= highs[-1] + gap:
            highs[-1] = number
        else:
            lows.append(number)
            highs.append(number)
    return lows, highs


def by_intervals(name: str, ids: Sequence[int], gap: int) -> Contender:
    took = timed(lambda: intervals_of(ids, gap))
    lows, highs = intervals_of(ids, gap)

    def ask(page: Sequence[int]) -> list[int]:
        found = []
        for number in page:
            place = bisect_right(lows, number) - 1
            if place >= 0 and number <= highs[place]:
                found.append(number)
        return found

    size = sum(sys.getsizeof(each) + sum(map(sys.getsizeof, each)) for each in (lows, highs))
    return Contender(f"{name} ({len(lows):,} spans)", took / len(ids) * 1e6, size, ask)


def contenders(ids: Sequence[int], archive: Archive) -> list[Contender]:
    def fill() -> None:
        for page in pages(ids):
            filter_.add_many(page)

    def fill_one_by_one() -> None:
        for number in ids[:10_000]:
            one_by_one.add(number)

    known: set[int] = set()
    set_took = timed(lambda: known.update(ids))
    filter_ = BloomFilter(capacity=len(ids))
    filter_took = timed(fill)
    one_by_one = BloomFilter(capacity=10_000)
    single_took = timed(fill_one_by_one)
    db = archive._db
    one = "SELECT 1 FROM messages WHERE chat=? AND id=?"
    some = f"SELECT id FROM messages WHERE chat=? AND id IN ({','.join('?' * PAGE)})"
    return [
        Contender(
            "Python set", set_took / len(ids) * 1e6, sys.getsizeof(known) + 28 * len(ids), known.intersection
        ),
        Contender("filter, a page at once", filter_took / len(ids) * 1e6, filter_.size, filter_.maybe_held),
        Contender(
            "filter, one by one",
            single_took / 10_000 * 1e6,
            filter_.size,
            lambda page: [filter_.surely_new(n) for n in page],
        ),
        by_intervals("intervals of pages", ids, gap=50),
        by_intervals("intervals, fragments", ids, gap=1),
        Contender("ledger in SQLite", 0.0, 0, lambda page: answered(db, CHAT, page)),
        Contender("SQLite, 100 at once", 0.0, 0, lambda page: db.execute(some, (CHAT, *page)).fetchall()),
        Contender(
            "SQLite, one by one", 0.0, 0, lambda page: [db.execute(one, (CHAT, n)).fetchone() for n in page]
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=1_000_000)
    parser.add_argument("--probes", type=int, default=200_000)
    options = parser.parse_args()
    chance = random.Random(1)
    # A tenth of the ids have no message, as where some were deleted.
    ids = [number for number in range(1, options.ids * 10 // 9) if number % 10]
    top = ids[-1]
    empty = list(range(10, top, 10))
    probes = min(options.probes, len(ids)) // PAGE * PAGE
    with tempfile.TemporaryDirectory() as folder, filled_archive(Path(folder), ids) as archive:
        asked = {
            "newer page": pages(range(top + 1, top + probes + 1)),
            "held page": pages(ids[-probes:]),
            "held, any order": pages(chance.sample(ids, probes)),
            "new, any order": pages(chance.choices(empty, k=probes)),
        }
        print(f"{options.ids:,} ids held; microseconds an id, asked by pages of {PAGE}")
        print(f"{'':34}{'build':>8}{'memory':>12}" + "".join(f"{name:>17}" for name in asked))
        for contender in contenders(ids, archive):
            row = "".join(f"{us_per_id(contender.ask, each):17.2f}" for each in asked.values())
            size = f"{contender.size / 1e6:.2f} MB" if contender.size else "on disk"
            print(f"{contender.name:34}{contender.build_us:8.2f}{size:>12}{row}")
    print_wrong(options.ids)


def print_wrong(count: int) -> None:
    """How often an id that was never added is taken for a known one."""
    print(f"\n{count:,} ids added, as many others asked: taken for known ones, and bytes an id")
    drawn = random.Random(2).sample(range(1, 2**31), 2 * count)
    for rate in (0.1, 0.01, 0.001):
        for name, ids, others in (
            ("sequential", range(1, count + 1), range(count + 1, 2 * count + 1)),
            ("random", drawn[:count], drawn[count:]),
        ):
            for grows in (False, True):
                made = BloomFilter(rate, 4_096 if grows else count)
                for page in pages(ids):
                    made.add_many(page)
                wrong = sum(len(made.maybe_held(page)) for page in pages(others)) / count
                way = f"grown from 4,096 in {made.layers} layers" if grows else "of the right size"
                print(f"  asked {rate:7.2%}  {name:11} {way:34} {wrong:8.3%}  {made.size / count:6.2f}")


if __name__ == "__main__":
    main()
