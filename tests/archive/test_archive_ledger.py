"""Promise 1: every id from 1 to the top is in exactly one state, held against brute force."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.archive.building import DAY, GROUP, OWNER, START, batch, daily, group, message
from tests.archive.conftest import Clock
from tobs_tui.archive import Archive, Batch, Covered, Failed, IdState
from tobs_tui.archive.ledger import Span, assign, erase, gaps, subtract, union
from tobs_tui.model import Interval

TOP = 40

intervals = st.tuples(st.integers(1, TOP), st.integers(1, TOP)).map(lambda ends: Interval(*sorted(ends)))
operations = st.lists(st.tuples(intervals, st.sampled_from(["a", "b", None])), max_size=12)


def ids_of(found: list[Interval]) -> list[int]:
    return [number for interval in found for number in range(interval.low, interval.high + 1)]


@given(operations)
def test_spans_hold_what_was_assigned_last(steps: list[tuple[Interval, str | None]]) -> None:
    spans: list[Span[str]] = []
    truth: dict[int, str] = {}
    for interval, value in steps:
        for number in ids_of([interval]):
            truth.pop(number, None)
            if value is not None:
                truth[number] = value
        if value is None:
            spans = erase(spans, interval.low, interval.high)
        else:
            spans = assign(spans, interval.low, interval.high, value)

    assert {n: value for low, high, value in spans for n in range(low, high + 1)} == truth
    assert sum(high - low + 1 for low, high, _ in spans) == len(truth)
    assert ids_of(gaps(spans, 5, 30)) == [n for n in range(5, 31) if n not in truth]


@given(st.lists(intervals, max_size=8), st.lists(intervals, max_size=8))
def test_subtracting_is_that_of_sets(wanted: list[Interval], taken: list[Interval]) -> None:
    assert ids_of(subtract(wanted, taken)) == sorted(set(ids_of(wanted)) - set(ids_of(taken)))
    joined = union(wanted)
    assert ids_of(joined) == sorted(set(ids_of(wanted)))
    assert all(after.low > before.high + 1 for before, after in pairwise(joined))


batches = st.builds(
    Batch,
    chat_id=st.just(GROUP),
    messages=st.sets(st.integers(1, TOP), max_size=6).map(
        lambda ids: tuple(message(n) for n in sorted(ids, reverse=True))
    ),
    covers=st.lists(intervals, max_size=2).map(tuple),
    failed=st.lists(st.tuples(intervals, st.sampled_from(["private", "timeout"])), max_size=2).map(tuple),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(batches, st.integers(0, 2)), max_size=8), st.integers(0, TOP))
def test_every_id_is_in_one_state_whatever_was_committed(
    steps: list[tuple[Batch, int]], listed_top: int
) -> None:
    rows: set[int] = set()
    covered: dict[int, int] = {}
    failed: dict[int, tuple[str, int]] = {}
    top = listed_top
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder), OWNER, now=clock) as archive:
        archive.save_chats([group(top_id=listed_top)])
        for step, days in steps:
            clock.now += days * DAY
            day = int(clock.now) // DAY * DAY
            held = {one.id for one in step.messages}
            refused = {n: why for interval, why in step.failed for n in ids_of([interval]) if n not in held}
            top = max([top, *held, *(interval.high for interval, _ in step.failed)])
            asked = {n for n in ids_of(list(step.covers)) if n <= top and n not in refused} | held
            rows |= held
            covered |= dict.fromkeys(asked, day)
            for number in asked:
                failed.pop(number, None)
            failed |= {n: (why, day) for n, why in refused.items() if n not in covered}
            archive.commit(step, daily)

        ledger = archive.ledger(GROUP)
        assert ledger.top == archive.top(GROUP) == top
        states = {n: ledger.state_of(n, has_row=n in rows) for n in range(1, top + 1)}
        assert states == {
            n: IdState.FETCHED
            if n in rows
            else IdState.EMPTY
            if n in covered
            else IdState.FAILED
            if n in failed
            else IdState.UNASKED
            for n in range(1, top + 1)
        }
        assert ledger.fetched + ledger.empty + ledger.failed_ids + ledger.unasked_ids == top
        assert ledger.fetched == len(rows)
        assert {n: span.asked_at for span in ledger.covered for n in ids_of([span.interval])} == covered
        assert {
            n: (span.reason, span.asked_at) for span in ledger.failed for n in ids_of([span.interval])
        } == failed
        assert archive.failed_count(GROUP) == len(failed)
        if top:
            missing = ids_of(archive.missing(GROUP, Interval(1, top)))
            assert missing == [n for n in range(1, top + 1) if n not in covered]
        assert archive.check() == []


def test_pages_that_meet_are_one_interval(archive: Archive) -> None:
    archive.save_chats([group(top_id=300)])
    for low, high in [(201, 300), (1, 100), (101, 200)]:
        archive.commit(batch(covers=(Interval(low, high),)))

    assert archive.ledger(GROUP).covered == (Covered(Interval(1, 300), START),)


def test_asking_again_renews_the_date_of_what_was_asked(archive: Archive, clock: Clock) -> None:
    archive.save_chats([group(top_id=300)])
    archive.commit(batch(covers=(Interval(1, 300),)))
    clock.now += DAY + 5
    archive.commit(batch(covers=(Interval(101, 200),)))

    assert archive.ledger(GROUP).covered == (
        Covered(Interval(1, 100), START),
        Covered(Interval(101, 200), START + DAY),
        Covered(Interval(201, 300), START),
    )


def test_a_failed_range_is_asked_again_and_then_settled(archive: Archive) -> None:
    archive.save_chats([group(top_id=100)])
    archive.commit(batch(failed=((Interval(1, 50), "CHANNEL_PRIVATE"),)))

    assert archive.ledger(GROUP).failed == (Failed(Interval(1, 50), "CHANNEL_PRIVATE", START),)
    assert archive.missing(GROUP, Interval(20, 80)) == [Interval(20, 80)]

    archive.commit(batch(covers=(Interval(11, 50),)))
    ledger = archive.ledger(GROUP)
    assert ledger.failed == (Failed(Interval(1, 10), "CHANNEL_PRIVATE", START),)
    assert ledger.unasked == (Interval(51, 100),)


def test_what_was_answered_is_not_unsettled_by_a_failure(archive: Archive) -> None:
    archive.commit(batch([message(n) for n in range(1, 11)]), daily)
    archive.commit(batch(failed=((Interval(5, 20), "timeout"),)))

    ledger = archive.ledger(GROUP)
    assert ledger.covered[0].interval == Interval(1, 10)
    assert [failure.interval for failure in ledger.failed] == [Interval(11, 20)]


def test_a_message_that_failed_to_convert_is_failed_though_its_page_covers_it(archive: Archive) -> None:
    archive.commit(
        batch([message(1), message(3)], covers=(Interval(1, 3),), failed=((Interval(2, 2), "odd"),)), daily
    )

    ledger = archive.ledger(GROUP)
    assert (ledger.fetched, ledger.empty, ledger.failed_ids) == (2, 0, 1)


def test_ids_above_the_top_are_not_settled_by_an_empty_answer(archive: Archive) -> None:
    archive.save_chats([group(top_id=10)])
    archive.commit(batch(covers=(Interval(1, 2**31 - 2),)))

    assert archive.ledger(GROUP).covered == (Covered(Interval(1, 10), START),)
    archive.commit(batch([message(11)]), daily)
    assert archive.top(GROUP) == 11


def test_the_top_never_falls(archive: Archive) -> None:
    archive.save_chats([group(top_id=10)])
    archive.save_chats([group(top_id=4)])

    assert archive.top(GROUP) == 10


def test_a_chat_of_unknown_top_that_fails_is_not_complete(archive: Archive) -> None:
    archive.commit(batch(failed=((Interval(1, 2**31 - 1), "CHANNEL_PRIVATE"),)))

    assert archive.ledger(GROUP).failed_ids == 1
    assert archive.top(GROUP) == 1


def test_an_empty_chat_has_an_empty_ledger(archive: Archive) -> None:
    ledger = archive.ledger(GROUP)

    assert (ledger.top, ledger.fetched, ledger.empty, ledger.unasked) == (0, 0, 0, ())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("INSERT INTO coverage SELECT chat, 900, 901, 1 FROM coverage", "outside of 1 to 10"),
        ("INSERT INTO coverage SELECT chat, 5, 6, 1 FROM coverage", "covered twice"),
        ("INSERT INTO failures SELECT chat, 3, 4, 1, 'x' FROM coverage", "both covered and failed"),
        ("UPDATE coverage SET high=5", "5 messages in 6 to 10 are not covered"),
        ("UPDATE chats SET top=9", "outside of 1 to 9"),
        ("DELETE FROM chats", "10 messages stand in no chat"),
        ("UPDATE messages SET body=x'ff' WHERE id=3", "message 3"),
        ("UPDATE counters SET seq=1", "beyond the counter"),
        ("INSERT INTO media VALUES (1, 2, 3)", "have no file"),
        ("INSERT INTO versions VALUES (1, 2, 3, '')", "have no message"),
    ],
)
def test_check_names_what_does_not_agree(archive: Archive, statement: str, words: str) -> None:
    archive.commit(batch([message(n) for n in range(1, 11)]), daily)
    assert archive.check() == []

    archive._db.execute(statement)

    assert any(words in problem for problem in archive.check())
