"""LogBatcher: equal events are one line with their count, warnings go at once and in order, none lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tobs_tui.logs import Line, LogBatcher
from tobs_tui.logs.batcher import TEMPLATES_EACH

DEBUG, INFO, WARNING, ERROR = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A batcher on a clock of ours, and what it told."""

    def __init__(self, interval: float = 1000.0, level: int = DEBUG) -> None:
        self.clock = Clock()
        self.batcher = LogBatcher(interval, level=level, clock=self.clock, wall=lambda: self.clock.now + 1e9)
        self.lines: list[Line] = []
        self.batcher.subscribe(self.lines.append)

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.batcher.close()


def test_equal_events_come_out_as_one_line_with_their_count(bench: Bench) -> None:
    for _ in range(12):
        bench.batcher.emit(INFO, "page fetched")
        bench.batcher.emit(INFO, "batch written")
    assert bench.lines == []
    assert bench.batcher.open_batch() == (("page fetched", 12), ("batch written", 12))
    bench.batcher.flush()
    at = bench.clock.now + 1e9
    assert bench.lines == [Line(at, INFO, "page fetched ×12", 12), Line(at, INFO, "batch written ×12", 12)]
    assert bench.batcher.open_batch() == ()


def test_one_event_has_no_count(bench: Bench) -> None:
    bench.batcher.emit(INFO, "filter of %s rebuilt", "Family")
    bench.batcher.flush()
    assert bench.texts == ["filter of Family rebuilt"]


def test_large_counts_are_readable(bench: Bench) -> None:
    for _ in range(1240):
        bench.batcher.emit(INFO, "page fetched")
    bench.batcher.flush()
    assert bench.texts == ["page fetched ×1,240"]


def test_a_batch_is_due_after_the_interval_though_nobody_flushes(bench: Bench) -> None:
    bench.batcher.emit(INFO, "page fetched")
    bench.clock.now += 999
    bench.batcher.emit(INFO, "page fetched")
    assert bench.lines == []
    bench.clock.now += 1
    bench.batcher.emit(INFO, "page fetched")
    # The batcher's own thread may have looked at the clock just before the third.
    assert bench.texts in (["page fetched ×3"], ["page fetched ×2"])


def test_a_batch_that_nobody_adds_to_comes_out_by_itself() -> None:
    told = threading.Event()
    batcher = LogBatcher(0.02)
    batcher.subscribe(lambda _line: told.set())
    for _ in range(2):
        batcher.emit(INFO, "page fetched")
        assert told.wait(5)
        told.clear()
    batcher.close()


def test_warnings_go_at_once_after_what_was_counted_before_them(bench: Bench) -> None:
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.emit(WARNING, "flood wait %d s asked by Telegram (%s), kept", 4, "GetHistory")
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.emit(ERROR, "no space left")
    assert bench.texts == [
        "page fetched ×2",
        "flood wait 4 s asked by Telegram (GetHistory), kept",
        "page fetched",
        "no space left",
    ]
    assert [line.level for line in bench.lines] == [INFO, WARNING, INFO, ERROR]


def test_what_happens_once_goes_at_once(bench: Bench) -> None:
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.emit_now(INFO, "%s: complete, %d new", "Family", 3)
    assert bench.texts == ["page fetched", "Family: complete, 3 new"]


def test_equal_warnings_are_each_told(bench: Bench) -> None:
    for _ in range(3):
        bench.batcher.emit(WARNING, "try again")
    assert bench.texts == ["try again"] * 3


def test_what_differs_among_counted_events_is_not_claimed(bench: Bench) -> None:
    for number in (7, 8, 9):
        bench.batcher.emit(INFO, "page %d of %s fetched (100 %%)", number, "Family")
    bench.batcher.emit(INFO, "wait %.1f s", 1.25)
    bench.batcher.emit(INFO, "wait %.1f s", 1.25)
    bench.batcher.flush()
    assert bench.texts == ["page … of Family fetched (100 %) ×3", "wait 1.2 s ×2"]


@pytest.mark.parametrize(
    ("template", "events", "text"),
    [
        ("%*d wide", [(5, 1), (5, 2)], "%*d wide (5, …) ×2"),
        ("no place", [(1,), (2,)], "no place (…) ×2"),
        ("%s and %s", [(1,), (1, 2)], "%s and %s (…, …) ×2".replace("%s and %s (…, …)", "… and …")),
        ("%d", [("x",)], "%d (x)"),
        ("50 %", [(), ()], "50 % ×2"),
        ("%s", [(OSError(),)], "OSError"),
    ],
)
def test_templates_that_fit_badly_are_shown_not_raised(
    bench: Bench, template: str, events: list[tuple[object, ...]], text: str
) -> None:
    for args in events:
        bench.batcher.emit(INFO, template, *args)
    bench.batcher.flush()
    assert bench.texts == [text]


def test_an_argument_that_cannot_be_printed_does_no_harm(bench: Bench) -> None:
    class Broken:
        def __str__(self) -> str:
            raise ZeroDivisionError

    bench.batcher.emit(WARNING, "got %s", Broken())
    assert bench.texts == ["got <Broken>"]


def test_a_list_is_logged_as_it_was(bench: Bench) -> None:
    ids = [1, 2]
    bench.batcher.emit(INFO, "ids %s", ids)
    ids.clear()
    bench.batcher.flush()
    assert bench.texts == ["ids [1, 2]"]


def test_events_below_the_level_are_dropped() -> None:
    bench = Bench(level=INFO)
    bench.batcher.emit(DEBUG, "detail")
    bench.batcher.emit_now(DEBUG, "detail")
    bench.batcher.close()
    assert bench.lines == []


def test_levels_are_counted_apart(bench: Bench) -> None:
    bench.batcher.emit(DEBUG, "page fetched")
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.flush()
    assert [(line.level, line.count) for line in bench.lines] == [(DEBUG, 1), (INFO, 1)]


def test_a_batch_of_too_many_templates_is_flushed_early_and_whole(bench: Bench) -> None:
    for number in range(3 * TEMPLATES_EACH + 1):
        bench.batcher.emit(INFO, f"template {number}")
        assert len(bench.batcher.open_batch()) < TEMPLATES_EACH
    bench.batcher.flush()
    assert bench.texts == [f"template {number}" for number in range(3 * TEMPLATES_EACH + 1)]


def test_no_line_can_be_forged_nor_grow_without_end(bench: Bench) -> None:
    bench.batcher.emit(WARNING, "chat %s\nleft", "a\r\nerror forged\x1b[2J\u2028\u202e\ud800" + "x" * 100_000)
    (text,) = bench.texts
    assert text.startswith("chat a⏎error forged␛[2J⏎�xxx")
    assert text.isprintable()
    assert len(text) <= 4000


def test_close_tells_what_is_open_and_later_events_one_by_one(bench: Bench) -> None:
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.close()
    bench.batcher.close()
    bench.batcher.emit(INFO, "page fetched")
    bench.batcher.emit(ERROR, "late")
    assert bench.texts == ["page fetched ×2", "page fetched", "late"]


def test_a_failing_subscriber_is_told_once_and_harms_nobody(bench: Bench) -> None:
    def fail(_line: Line) -> None:
        raise OSError("disk full")

    unsubscribe = bench.batcher.subscribe(fail)
    later: list[Line] = []
    bench.batcher.subscribe(later.append)
    bench.batcher.emit(WARNING, "one")
    bench.batcher.emit(WARNING, "two")
    assert bench.texts == ["one", "a listener of the log failed: OSError: disk full", "two"]
    assert later == bench.lines
    unsubscribe()
    unsubscribe()


def test_a_subscriber_that_logs_cannot_call_itself_for_ever(bench: Bench) -> None:
    def echo(line: Line) -> None:
        bench.batcher.emit(ERROR, "heard a line")
        bench.batcher.emit(INFO, "and another")
        bench.batcher.flush()

    unsubscribe = bench.batcher.subscribe(echo)
    bench.batcher.emit(ERROR, "one")
    bench.batcher.emit(ERROR, "two")
    bench.batcher.close()
    unsubscribe()
    assert bench.texts[:1] == ["one"]
    assert "two" in bench.texts
    assert len(bench.lines) < 20


def test_unsubscribed_hears_nothing_more(bench: Bench) -> None:
    heard: list[Line] = []
    unsubscribe = bench.batcher.subscribe(heard.append)
    unsubscribe()
    bench.batcher.emit(ERROR, "one")
    assert heard == []
    assert bench.texts == ["one"]


def test_nothing_is_lost_among_threads() -> None:
    batcher = LogBatcher(0.001)
    lines: list[Line] = []
    batcher.subscribe(lines.append)

    def work(name: str) -> None:
        for number in range(500):
            batcher.emit(INFO, "page fetched")
            batcher.emit(INFO, "from %s", name)
            if number % 50 == 0:
                batcher.emit(WARNING, "%s at %d", name, number)

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batcher.close()
    assert sum(line.count for line in lines if line.text.startswith("page fetched")) == 2000
    assert sum(line.count for line in lines if line.text.startswith("from")) == 2000
    for name in ("t0", "t1", "t2", "t3"):
        told = [line.text for line in lines if line.level == WARNING and line.text.startswith(name)]
        assert told == [f"{name} at {number}" for number in range(0, 500, 50)]
    assert [line.at for line in lines] == sorted(line.at for line in lines)


def test_a_slow_subscriber_does_not_hold_up_other_threads() -> None:
    batcher = LogBatcher(60)
    hold, held = threading.Event(), threading.Event()
    lines: list[str] = []

    def slow(line: Line) -> None:
        held.set()
        hold.wait(10)
        lines.append(line.text)

    batcher.subscribe(slow)
    first = threading.Thread(target=batcher.emit, args=(WARNING, "first"))
    first.start()
    assert held.wait(5)
    began = time.monotonic()
    batcher.emit(WARNING, "second")
    batcher.emit(INFO, "third")
    assert time.monotonic() - began < 5
    hold.set()
    batcher.close()
    first.join()
    assert lines == ["first", "second", "third"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([DEBUG, INFO, WARNING]), st.sampled_from(["a", "b %s", "c %d"]), st.integers(0, 3)
        )
    )
)
def test_counts_add_up_whatever_comes(events: list[tuple[int, str, int]]) -> None:
    bench = Bench()
    for level, template, number in events:
        bench.batcher.emit(level, template, *([number] if "%" in template else []))
    bench.batcher.close()
    for level in (DEBUG, INFO, WARNING):
        assert sum(line.count for line in bench.lines if line.level == level) == sum(
            e[0] == level for e in events
        )
    warnings = [line.text for line in bench.lines if line.level == WARNING]
    assert warnings == [t % n if "%" in t else t for level, t, n in events if level == WARNING]
