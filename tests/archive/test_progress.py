"""How far a chat is, known cheaply: always what the ledger says, and never asked of it twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive.building import GROUP, OLD_GROUP, OTHER, OWNER, batch, daily, group, message
from tobs_tui.archive import Archive, EntityCacheData
from tobs_tui.archive.progress import MOST_GAPS
from tobs_tui.model import Interval

TOP = 60
SPANS = st.tuples(st.integers(1, TOP), st.integers(0, 15)).map(
    lambda pair: Interval(pair[0], min(TOP, pair[0] + pair[1]))
)
COMMITS = st.lists(
    st.tuples(st.sets(st.integers(1, TOP), max_size=8), st.lists(SPANS, max_size=2), st.booleans()),
    max_size=6,
)


def opened(folder: Path) -> Archive:
    return Archive.open(folder, OWNER)


def assert_as_the_ledger_says(archive: Archive, known: EntityCacheData) -> None:
    ledger = archive.ledger(GROUP)
    assert (known.top, known.fetched, known.empty) == (ledger.top, ledger.fetched, ledger.empty)
    assert known.failed == ledger.failed_ids
    assert list(known.missing) == archive.missing(GROUP, Interval(1, max(known.top, 1)))[: len(known.missing)]
    assert known.complete == (not ledger.unasked and not ledger.failed)
    assert archive.count(GROUP) == len(list(archive.messages([GROUP])))


@settings(max_examples=40, deadline=None)
@given(COMMITS, SPANS)
def test_it_says_what_the_ledger_says(
    tmp_path_factory: pytest.TempPathFactory,
    commits: list[tuple[set[int], list[Interval], bool]],
    asked: Interval,
) -> None:
    folder = tmp_path_factory.mktemp("progress")
    with opened(folder) as archive:
        archive.save_chats([group(top_id=TOP // 2)])
        for ids, spans, saves in commits:
            archive.commit(
                batch(
                    [message(number) for number in ids],
                    covers=tuple(spans[:1]),
                    failed=tuple((each, "gone") for each in spans[1:]),
                ),
                daily,
            )
            if saves:
                archive.save_progress()
            known = archive.progress(GROUP)
            assert_as_the_ledger_says(archive, known)
            assert known.missing_within(asked) == archive.missing(GROUP, asked)
        archive.save_progress()
    with opened(folder) as archive:
        archive.save_chats([group(top_id=TOP)])
        known = archive.progress(GROUP)
        assert_as_the_ledger_says(archive, known)
        assert known.missing_within(Interval(1, TOP + 9)) == archive.missing(GROUP, Interval(1, TOP + 9))
        assert archive.check() == []


def test_a_saved_one_spares_the_ledger(folder: Path) -> None:
    with opened(folder) as archive:
        archive.save_chats([group(top_id=90)])
        archive.commit(batch([message(n) for n in range(1, 80, 2)]), daily)
        archive.save_progress()
    with opened(folder) as archive:
        asked: list[str] = []
        archive._db.set_trace_callback(asked.append)
        known = archive.progress(GROUP)
        assert (known.fetched, known.empty, known.missing) == (40, 39, (Interval(80, 90),))
        assert not any("coverage" in statement or "failures" in statement for statement in asked)
        archive.commit(batch([message(85)]), daily)
        assert archive.progress(GROUP).missing == (Interval(80, 84), Interval(86, 90)), "stale: made anew"


def test_counting_looks_at_no_message(archive: Archive) -> None:
    archive.commit(batch([message(n) for n in range(1, 50)]), daily)
    asked: list[str] = []
    archive._db.set_trace_callback(asked.append)
    assert archive.count(GROUP) == 49
    assert archive.counts() == {GROUP: 49}
    assert archive.progress(GROUP).fetched == 49
    assert not any("messages " in statement.partition("FROM ")[2] for statement in asked)


@pytest.mark.parametrize("saved", [b"", b"\x93\x01", b"not msgpack at all", b"\x96\x01\x02\x03\x04\x05\xc0"])
def test_what_cannot_be_read_is_made_anew(archive: Archive, saved: bytes) -> None:
    archive.commit(batch([message(n) for n in range(1, 9)]), daily)
    archive._db.execute("UPDATE progress SET saved=?", (saved,))
    assert archive.progress(GROUP).fetched == 8
    archive.save_progress()
    assert archive._db.execute("SELECT saved FROM progress").fetchone() != (saved,)
    assert_as_the_ledger_says(archive, archive.progress(GROUP))


def test_that_notes_are_whole_holds_until_something_changes(folder: Path) -> None:
    with opened(folder) as archive:
        archive.save_chats([group(top_id=90), group(OTHER)])
        archive.commit(batch([message(n) for n in range(1, 50)]), daily)
        changes = archive.progress(GROUP).changes
        archive.notes_are_whole(GROUP, changes, b"style")
        archive.notes_are_whole(OTHER, 7, b"never true")
        archive.save_progress()
    with opened(folder) as archive:
        archive.save_chats([group(top_id=95)])
        assert archive.progress(GROUP).published == b"style"
        assert archive.progress(OTHER).published == b""
        archive.commit(batch([message(60)]), daily)
        assert archive.progress(GROUP).published == b""
        archive.notes_are_whole(GROUP, changes, b"too late")
        archive.save_progress()
        assert archive.progress(GROUP).published == b""


def test_a_chat_with_many_gaps_is_asked_of_its_ledger(archive: Archive) -> None:
    covers = tuple(Interval(n, n) for n in range(1, 2 * MOST_GAPS + 10, 2))
    archive.commit(batch([message(2 * MOST_GAPS + 9)], covers=covers), daily)
    archive.save_progress()
    assert archive._db.execute("SELECT saved FROM progress").fetchone() == (None,)
    assert len(archive.progress(GROUP).missing) > MOST_GAPS


def test_a_chat_that_nothing_is_known_of(archive: Archive) -> None:
    assert archive.progress(OLD_GROUP) == EntityCacheData(
        changes=0, top=0, fetched=0, empty=0, failed=0, missing=()
    )
    archive.save_progress()


def test_a_count_that_is_wrong_is_told(archive: Archive) -> None:
    archive.commit(batch([message(1)]), daily)
    archive._db.execute("UPDATE progress SET messages=5")
    assert archive.check() == [f"chat {GROUP}: it has 1 messages, and 5 are counted"]
