"""Searching: every script, any query, and an index that may be lost, behind, foreign or killed."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.archive.building import (
    DAY,
    GROUP,
    OLD_GROUP,
    OTHER,
    OWNER,
    START,
    batch,
    daily,
    group,
    message,
    person,
    photo,
)
from tobs_tui.archive import Archive, Indexer
from tobs_tui.archive.words import Terms, fold, words_of
from tobs_tui.model import Interval, Poll, PollAnswer


@pytest.fixture
def indexer(archive: Archive, folder: Path) -> Iterator[Indexer]:
    with Indexer.open(folder) as indexer:
        yield indexer


def post(archive: Archive, *texts: str) -> None:
    archive.commit(batch([message(n, text=text) for n, text in enumerate(texts, 1)]), daily)


def found(archive: Archive, query: str, **bounds: Any) -> list[int]:
    return [hit.message_id for hit in archive.search(query, **bounds)]


TEXTS = {
    1: "Morning! Are the tickets booked?",
    2: "明天去东京吗？我们买票",
    3: "東京タワーへ行きました",
    4: "พรุ่งนี้ไปกรุงเทพกันไหม",
    5: "내일 서울에서 만나요",
    6: "Café CRÈME à Łódź, naïve Straße",
    7: "Ёлка стоит в углу, МОЙ друг",
    8: "Ὀδυσσεύς Άνθρωπος",
    9: "שָׁלוֹם עולם",
    10: "مُحَمَّد صلى",
    11: "हिन्दी में लिखो",
    12: "party 🎉🎉 at eight 👍🏽",
    13: "don't e-mail foo_bar v2.0 C++",
    14: "ＦＵＬＬ　ｗｉｄｔｈ ｶﾀｶﾅ",
    15: "İstanbul ISPARTA ılık",
    16: 'NEAR("a" OR b) AND NOT body : tags*',
}

FINDS = [
    ("tickets", [1]),
    ("TICKETS mor", [1]),
    ("tick", [1]),
    ("ticke booked", []),
    ('"are the tickets"', [1]),
    ('"the are"', []),
    ('"are the tick', [1]),
    ("“the tickets”", [1]),
    ("tickets nothing", []),
    ("东京", [2]),
    ("东", [2]),
    ("買", []),
    ("买票", [2]),
    ("票买", []),
    ("京", [2, 3]),
    ("東京", [3]),
    ("タワ", [3]),
    ("行き", [3]),
    ("กรุง", [4]),
    ("กร", [4]),
    ("เทพ", [4]),
    ("ไป", [4]),
    ("서울", [5]),
    ("서", [5]),
    ("만나", [5]),
    ("cafe creme", [6]),
    ("lodz", [6]),
    ("strasse", [6]),
    ("NAÏVE", [6]),
    ("елка", [7]),
    ("ёлк", [7]),
    ("мой", [7]),
    ("мои", []),
    ("οδυσσευς", [8]),
    ("ΑΝΘΡΩΠΟΣ", [8]),
    ("שלום", [9]),
    ("محمد", [10]),
    ("हिन्दी", [11]),
    ("लिखो", [11]),
    ("🎉", [12]),
    ("👍", [12]),
    ("don't", [13]),
    ("e-mail", [13]),
    ("mail", [13]),
    ("foo_bar", [13]),
    ("bar", [13]),
    ("full width", [14]),
    ("カタカナ", [14]),
    ("istanbul", [15]),
    ("ısparta", [15]),
    ('NEAR("a" OR b)', [16]),
    ("tags*", [16]),
    ("", []),
    ("   ", []),
    ("!!! ??", []),
    ('"', []),
    ('"""', []),
]


@pytest.mark.parametrize("is_indexed", [True, False])
def test_words_of_every_script_are_found(archive: Archive, indexer: Indexer, is_indexed: bool) -> None:
    post(archive, *TEXTS.values())
    if is_indexed:
        assert indexer.index_all() == len(TEXTS)

    assert {query: sorted(found(archive, query)) for query, _ in FINDS} == dict(FINDS)


@pytest.mark.parametrize(
    "query",
    [
        '"unclosed',
        "a AND",
        "OR",
        "NOT",
        "* *",
        "^a",
        "body:x",
        "{a b}:c",
        "a NEAR/3 b",
        "\x00",
        "';--",
        "(",
        "-a",
    ],
)
def test_no_query_is_an_error(archive: Archive, indexer: Indexer, query: str) -> None:
    post(archive, "a b c")
    indexer.index_all()

    assert isinstance(archive.search(query), list)


text = st.text(
    st.one_of(st.sampled_from('ab "*東京กำé\u0301ё()^:-🎉'), st.characters(codec="utf-8")), max_size=12
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(text, min_size=1, max_size=6), st.lists(text, min_size=1, max_size=6))
def test_the_index_finds_what_reading_finds(texts: list[str], queries: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, Archive.open(Path(name), OWNER) as archive:
        post(archive, *texts)
        by_reading = [found(archive, query) for query in queries]
        with Indexer.open(Path(name)) as indexer:
            assert indexer.index_all() == len(texts)

        assert [found(archive, query) for query in queries] == by_reading


@given(st.text(max_size=40))
def test_a_text_finds_itself(text: str) -> None:
    terms = Terms.parse(f'"{text.replace(chr(34), " ")}"')

    assert not terms.terms or terms.found_in(text)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once_for_words(text: str) -> None:
    assert words_of(" ".join(words_of(text))) == words_of(text)
    assert all(" " not in word and '"' not in word and "\x00" not in word for word in words_of(text))


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("The tickets, the Tick", "tick", ["tickets", "Tick"]),
        ("the old oak, the oak", '"the oak"', ["the oak"]),
        ("我去东京东京", "东京", ["东京", "东京"]),
        ("cafe\u0301 CAFÉ", "cafe", ["cafe\u0301", "CAFÉ"]),
        ("Straße", "strasse", ["Straße"]),
        ("a b", "a b", ["a", "b"]),
        ("กรุงเทพ", "รุง", ["รุง"]),
    ],
)
def test_marks_stand_where_the_words_do(text: str, query: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in Terms.parse(query).marks(text)] == marked


def test_folding_drops_accents_and_keeps_letters() -> None:
    assert fold("ÀÉÎ Ё Й й ІЇ ﬁ ½ ß") == "aei е й й іі fi 1⁄2 ss"


def test_a_hit_tells_what_is_needed_to_show_it(archive: Archive) -> None:
    archive.commit(
        batch([message(1, text="the tickets", sender_id=7, topic_id=3)], people=(person(7, "Anna"),)), daily
    )

    (hit,) = archive.search("tick", note_of=daily)
    assert (hit.chat_id, hit.chat, hit.message_id) == (GROUP, "Trip to Lisbon", 1)
    assert (hit.date, hit.topic_id, hit.sender_id, hit.sender) == (START + 1, 3, 7, "Anna")
    assert (hit.text, hit.marks, hit.deleted_at, hit.note) == ("the tickets", ((4, 11),), None, None)


def test_what_media_say_is_found_too(archive: Archive, indexer: Indexer) -> None:
    poll = Poll(question="Which day?", answers=(PollAnswer("Monday"),))
    archive.commit(
        batch(
            [message(1, text="", media=poll), message(2, text="here", media=photo(5, name="Lisbon map.pdf"))]
        ),
        daily,
    )
    indexer.index_all()

    assert (found(archive, "monday"), found(archive, "map")) == ([1], [2])
    assert "Monday" in archive.search("monday")[0].text


@pytest.mark.parametrize("is_indexed", [True, False])
def test_bounds_narrow_the_hits(archive: Archive, indexer: Indexer, is_indexed: bool) -> None:
    archive.save_chats([group(OTHER), group(migrated_from=OLD_GROUP)])
    for chat_id, day in ((GROUP, 1), (OTHER, 2), (OLD_GROUP, 3)):
        archive.commit(
            batch(
                [message(n, day=day, chat_id=chat_id, text="word", sender_id=n) for n in (1, 2)],
                chat_id=chat_id,
            ),
            daily,
        )
    if is_indexed:
        indexer.index_all()

    def hits(**bounds: Any) -> list[tuple[int, int]]:
        return [(hit.chat_id, hit.message_id) for hit in archive.search("wo", **bounds)]

    everything = [(chat, n) for chat in (OLD_GROUP, OTHER, GROUP) for n in (2, 1)]
    assert hits() == everything
    assert hits(limit=3) == everything[:3]
    assert hits(chat_id=OTHER) == [(OTHER, 2), (OTHER, 1)]
    assert hits(chat_id=GROUP) == [(OLD_GROUP, 2), (OLD_GROUP, 1), (GROUP, 2), (GROUP, 1)]
    assert hits(sender=2) == [(OLD_GROUP, 2), (OTHER, 2), (GROUP, 2)]
    assert hits(since=START + DAY, until=START + 2 * DAY) == [(OTHER, 2), (OTHER, 1)]
    assert hits(since=START + DAY + 2, until=START + DAY + 2) == []


def test_the_index_follows_edits_and_deletions(archive: Archive, indexer: Indexer) -> None:
    post(archive, "alpha", "beta", "gamma")
    indexer.index_all()
    archive.commit(batch([message(2, text="delta")]), daily)
    assert (found(archive, "beta"), found(archive, "delta")) == ([], [2])
    assert indexer.index_all() == 1
    assert (found(archive, "beta"), found(archive, "delta")) == ([], [2])

    archive.commit(batch(covers=(Interval(3, 3),), notices_deleted=True), daily)
    assert archive.search("gamma")[0].deleted_at is not None
    assert indexer.index_all() == 0


def test_reactions_are_not_indexed_again(archive: Archive, indexer: Indexer) -> None:
    post(archive, "alpha")
    indexer.index_all()
    archive.commit(batch([message(1, text="alpha", views=9)]), daily)

    assert indexer.index_all() == 0
    assert found(archive, "alpha") == [1]


def test_indexing_goes_on_where_it_stopped(archive: Archive, folder: Path) -> None:
    post(archive, *("word" for _ in range(25)))
    with Indexer.open(folder) as indexer:
        assert indexer.index_some(10) == 10
    with Indexer.open(folder) as indexer:
        assert [indexer.index_some(10), indexer.index_some(10), indexer.index_some(10)] == [10, 5, 0]

    assert found(archive, "word") == list(range(25, 0, -1))


def lost(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\x00garbage" * 3000)


def torn(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def foreign(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE theirs (x)")
    db.commit()
    db.close()


def of_another_archive(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE state SET generation='other'")
    db.commit()
    db.close()


def of_a_later_archive(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE state SET seq=1000000")
    db.commit()
    db.close()


def of_another_format(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lost,
        emptied,
        garbage,
        torn,
        truncated,
        foreign,
        of_another_archive,
        of_a_later_archive,
        of_another_format,
    ],
)
def test_an_index_that_cannot_be_used_is_built_anew(archive: Archive, folder: Path, spoil: object) -> None:
    post(archive, "alpha", "beta")
    with Indexer.open(folder) as indexer:
        indexer.index_all()
    assert callable(spoil)
    spoil(folder / "search.db")

    assert found(archive, "alpha") == [1]
    with Indexer.open(folder) as indexer:
        assert indexer.index_all() == 2
    assert found(archive, "alpha") == [1]


def test_an_index_lost_under_an_open_indexer_is_built_anew(archive: Archive, folder: Path) -> None:
    post(archive, "alpha")
    with Indexer.open(folder) as indexer:
        indexer.index_all()
        for path in folder.glob("search.db*"):
            path.unlink()
        post(archive, "alpha", "beta")
        indexer.index_all()

    with Indexer.open(folder) as indexer:
        indexer.index_all()
    assert (found(archive, "alpha"), found(archive, "beta")) == ([1], [2])


def test_two_indexers_share_the_work(archive: Archive, folder: Path) -> None:
    post(archive, *("word" for _ in range(20)))
    with Indexer.open(folder) as first, Indexer.open(folder) as second:
        assert [first.index_some(5), second.index_some(5), first.index_some(50)] == [5, 5, 10]

    assert len(found(archive, "word")) == 20


def test_a_restored_older_archive_gets_a_new_index(archive: Archive, folder: Path) -> None:
    post(archive, "alpha")
    archive.close()
    backup = (folder / "archive.db").read_bytes()
    with Archive.open(folder, OWNER) as later:
        later.commit(batch([message(2, text="beta")]), daily)
        with Indexer.open(folder) as indexer:
            indexer.index_all()
    (folder / "archive.db").write_bytes(backup)

    with Archive.open(folder, OWNER) as restored:
        restored.save_chats([group()])
        with Indexer.open(folder) as indexer:
            indexer.index_all()
        assert (found(restored, "alpha"), found(restored, "beta")) == ([1], [])
        restored.commit(batch([message(2, text="gamma")]), daily)
        assert (found(restored, "gamma"), found(restored, "beta")) == ([2], [])
