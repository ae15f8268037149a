"""Streams of messages, chats as they are listed, scopes, meta, and readers beside the writer."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.archive.building import DAY, GROUP, OLD_GROUP, OTHER, OWNER, START, batch, daily, group, message
from tests.archive.conftest import Clock
from tobs_tui.archive import Archive, ArchiveReader, Scope, reader
from tobs_tui.model import ChatType, Interval, MediaKind, Topic


def ids(archive: ArchiveReader, *chats: int, **bounds: int) -> list[int]:
    return [stored.message.id for stored in archive.messages(chats or (GROUP,), **bounds)]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PIECE", 3)


moments = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([None, 7, 8])), min_size=0, max_size=20)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moments, st.integers(-1, 7), st.integers(-1, 7), st.sampled_from([None, 0, 7]))
def test_messages_come_by_date_and_id_within_the_bounds(
    tmp_path_factory: pytest.TempPathFactory,
    small_pieces: None,
    found: list[tuple[int, int | None]],
    since: int,
    until: int,
    topic: int | None,
) -> None:
    messages = [
        message(n, date=START + moment, topic_id=topic_id) for n, (moment, topic_id) in enumerate(found, 1)
    ]
    with Archive.open(tmp_path_factory.mktemp("archive"), OWNER) as archive:
        archive.commit(batch(reversed(messages)), daily)
        streamed = archive.messages([GROUP], topic_id=topic, since=START + since, until=START + until)

        wanted = [
            one
            for one in sorted(messages, key=lambda one: (one.date, one.id))
            if since <= one.date - START < until and (topic is None or (one.topic_id or 0) == topic)
        ]
        assert [stored.message for stored in streamed] == wanted


def test_a_supergroup_and_its_old_group_are_one_stream(archive: Archive, small_pieces: None) -> None:
    archive.save_chats([group(migrated_from=OLD_GROUP)])
    old = [message(n, date=START + n, chat_id=OLD_GROUP) for n in range(1, 9)]
    archive.commit(batch(old, chat_id=OLD_GROUP), daily)
    archive.commit(batch([message(n, date=START + 7 + n) for n in range(1, 9)]), daily)

    stream = [(stored.message.chat_id, stored.message.id) for stored in archive.messages([OLD_GROUP, GROUP])]

    assert stream == [(OLD_GROUP, n) for n in range(1, 9)] + [(GROUP, n) for n in range(1, 9)]


def test_a_stream_goes_by_an_index(archive: Archive) -> None:
    for topic in ("", " AND topic IS NULL", " AND topic=7"):
        plan = archive._db.execute(
            "EXPLAIN QUERY PLAN SELECT seq FROM messages WHERE chat=1"
            f"{topic} AND (date, id) > (1, 1) AND date < 9 ORDER BY date, id LIMIT 9"
        ).fetchall()
        assert len(plan) == 1 and "SEARCH" in plan[0][3], plan
        assert ("messages_topic" if "7" in topic else "messages_date") in plan[0][3]


def test_a_long_stream_takes_little_memory(archive: Archive) -> None:
    for low in range(1, 20_000, 2000):
        archive.commit(batch([message(n, text="x" * 200) for n in range(low, low + 2000)]), daily)

    tracemalloc.start()
    try:
        assert sum(1 for _ in archive.messages([GROUP])) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 3_000_000


def test_what_is_written_while_a_stream_is_read_breaks_nothing(
    archive: Archive, folder: Path, small_pieces: None
) -> None:
    archive.commit(batch([message(n) for n in range(1, 21)]), daily)
    with ArchiveReader.open(folder) as other:
        stream = other.messages([GROUP])
        first = [next(stream).message.id for _ in range(5)]
        archive.commit(batch([message(n) for n in range(21, 31)]), daily)
        archive.commit(batch([message(7, text="edited")]), daily)
        rest = list(stream)

    assert first + [stored.message.id for stored in rest] == list(range(1, 31))
    assert rest[1].message.text == "edited"


def test_readers_work_while_the_writer_commits(archive: Archive, folder: Path) -> None:
    done = threading.Event()
    torn: list[str] = []

    def read_on() -> None:
        with ArchiveReader.open(folder) as other:
            while not done.is_set():
                ledger = other.ledger(GROUP)
                if ledger.fetched != ledger.top or ledger.unasked:
                    torn.append(f"{ledger}")

    readers = [threading.Thread(target=read_on) for _ in range(2)]
    for one in readers:
        one.start()
    for low in range(1, 1500, 50):
        archive.commit(batch([message(n) for n in range(low, low + 50)]), daily)
    done.set()
    for one in readers:
        one.join()

    assert torn == []
    assert archive.count(GROUP) == 1500


def test_the_writer_serves_several_threads(archive: Archive) -> None:
    def write(chat_id: int) -> None:
        for low in range(1, 200, 20):
            archive.commit(
                batch([message(n, chat_id=chat_id) for n in range(low, low + 20)], chat_id=chat_id), daily
            )
            assert len(ids(archive, chat_id)) == low + 19

    writers = [threading.Thread(target=write, args=(chat_id,)) for chat_id in (GROUP, OTHER, 7)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()

    assert archive.counts() == {GROUP: 200, OTHER: 200, 7: 200}
    assert archive.check() == []


def test_a_renamed_chat_keeps_name_and_folder_and_gains_an_alias(archive: Archive) -> None:
    archive.give_folder(GROUP, "Trip to Lisbon")
    archive.save_chats([group(title="Lisboa!!")])
    archive.save_chats([group(title="Trip to Lisbon")])
    archive.save_chats([group(title="Porto")])

    stored = archive.chat(GROUP)
    assert stored is not None
    assert (stored.name, stored.folder, stored.chat.title) == ("Trip to Lisbon", "Trip to Lisbon", "Porto")
    assert stored.aliases == ("Trip to Lisbon", "Lisboa!!", "Porto")


def test_a_listing_takes_nothing_away_that_an_earlier_one_told(archive: Archive) -> None:
    topics = (Topic(1, "General"), Topic(7, "Jobs"))
    archive.save_chats([group(type=ChatType.FORUM, messages=12, topics=topics, access_hash=9)])
    archive.save_chats([group(type=ChatType.FORUM, unread=3)])

    stored = archive.chat(GROUP)
    assert stored is not None
    assert (stored.chat.messages, stored.chat.topics, stored.chat.access_hash) == (12, topics, 9)
    assert stored.chat.unread == 3


def test_all_chats_are_listed(archive: Archive) -> None:
    archive.save_chats([group(OTHER, title="")])

    assert [stored.chat.id for stored in archive.chats()] == [OTHER, GROUP]
    assert archive.chat(1) is None


def test_a_name_is_given_when_the_first_title_comes(archive: Archive) -> None:
    archive.commit(batch([message(1, chat_id=OTHER)], chat_id=OTHER), daily)
    archive.save_chats([group(OTHER, title="Late")])

    stored = archive.chat(OTHER)
    assert stored is not None and (stored.name, stored.aliases, stored.top) == ("Late", ("Late",), 1)


def test_scopes_are_kept_once(archive: Archive, clock: Clock) -> None:
    scope = Scope(since=START, low=5, high=9, media=frozenset({MediaKind.PHOTO, MediaKind.VOICE}))
    archive.record_scope(GROUP, scope)
    clock.now += DAY
    archive.record_scope(GROUP, Scope(low=1, high=9))
    clock.now += DAY
    archive.record_scope(GROUP, scope)

    first, second = archive.scopes(GROUP)
    assert (first.since, first.media, first.at) == (None, frozenset(), START + DAY)
    assert (second.since, second.media, second.at) == (START, scope.media, START + 2 * DAY)


def test_facts_outlive_the_process(folder: Path) -> None:
    with Archive.open(folder, OWNER) as archive:
        archive.set_meta("timezone", "Europe/Lisbon")
        archive.set_meta("timezone", "Asia/Tokyo")
        archive.save_flood_wait("history", 12.5)
        generation = archive.meta("generation")
    with ArchiveReader.open(folder) as other:
        assert other.meta("timezone") == "Asia/Tokyo"
        assert other.meta("layout") is None
        assert other.meta("generation") == generation and generation
        assert other.flood_waits() == {"history": 12.5}
        assert other.owner() == OWNER


def test_missing_is_of_the_asked_interval(archive: Archive) -> None:
    archive.save_chats([group(top_id=100)])
    archive.commit(batch(covers=(Interval(20, 30), Interval(60, 70))))

    assert archive.missing(GROUP, Interval(25, 80)) == [Interval(31, 59), Interval(71, 80)]
    assert archive.missing(GROUP, Interval(20, 30)) == []


def test_closing_twice_is_fine(archive: Archive) -> None:
    archive.close()
    archive.close()
