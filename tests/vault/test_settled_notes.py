"""Notes that come out while their chat is fetched: only what stays so, and in the end the same notes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vault.shelf import ANNA, DAY, GROUP, PEOPLE, START, Shelf, message
from tobs_tui.archive import Batch
from tobs_tui.model import Interval, Message, Reply


def settle(shelf: Shelf, messages: Sequence[Message], low: int, high: int) -> None:
    """What a page brings: the messages of an interval, and that there are no others in it."""
    here = tuple(one for one in messages if low <= one.id <= high)
    batch = Batch(chat_id=GROUP, messages=here, people=PEOPLE, covers=(Interval(low, high),))
    shelf.archive.commit(batch, shelf.calendar.note_of)


def early(shelf: Shelf) -> int:
    return shelf.publisher.publish_settled(GROUP)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each file was put in place."""
    counted: Counter[str] = Counter()
    replace = os.replace

    def counting(source: Path, target: Path) -> None:
        counted[Path(target).name] += 1
        replace(source, target)

    monkeypatch.setattr(os, "replace", counting)
    yield counted


def test_days_between_others_of_a_covered_stretch_come_out_once(shelf: Shelf, writes: Counter[str]) -> None:
    messages = [message(n, day=n // 3) for n in range(1, 31)]
    shelf.chat(top_id=30)
    settle(shelf, messages, 16, 30)
    # Of days 5 to 10: the ends may go on where nothing was asked yet.
    assert early(shelf) == 4
    assert not shelf.note("2025-01-10").exists() and shelf.note("2025-01-11").exists()
    assert early(shelf) == 0
    settle(shelf, messages, 1, 12)
    assert early(shelf) == 3
    settle(shelf, messages, 13, 15)
    assert early(shelf) == 2
    assert shelf.publish().written == 2
    assert len(shelf.files()) == 11 + 2
    assert set(writes.values()) == {1}
    assert shelf.archive.dirty_chats() == []


def test_a_note_waits_for_what_it_answers(shelf: Shelf) -> None:
    messages = [message(n, day=n) for n in range(1, 11)]
    messages[7] = message(8, "yes", day=8, reply=Reply(message_id=2))
    shelf.chat(top_id=10)
    settle(shelf, messages, 5, 10)
    assert early(shelf) == 3
    assert not shelf.note("2025-01-13").exists()
    settle(shelf, messages, 1, 4)
    assert early(shelf) == 5
    assert "|Anna: message 2]]" in shelf.note("2025-01-13").read_text()


def test_a_published_chat_gets_nothing_before_it_is_whole(shelf: Shelf) -> None:
    assert shelf.publisher.is_new(GROUP)
    shelf.chat()
    shelf.add([message(1)])
    shelf.publish()
    assert not shelf.publisher.is_new(GROUP)


def test_a_stop_leaves_the_rest_for_later(shelf: Shelf) -> None:
    messages = [message(n, day=n) for n in range(1, 21)]
    shelf.chat(top_id=20)
    settle(shelf, messages, 1, 20)
    asked = iter(range(100))
    assert shelf.publisher.publish_settled(GROUP, stop=lambda: next(asked) >= 4) == 4
    assert shelf.publish().written == 16


def test_a_chat_whose_dates_are_in_no_order_is_put_right_when_it_is_whole(shelf: Shelf) -> None:
    days = (0, 2, 4, 6, 8, 3, 9)
    messages = [message(number, day=day) for number, day in enumerate(days, 1)]
    shelf.chat(top_id=7)
    settle(shelf, messages, 1, 5)
    assert early(shelf) == 3
    settle(shelf, messages, 6, 7)
    assert early(shelf) == 2
    assert "|9 Jan →]]" in shelf.note("2025-01-07").read_text()
    shelf.publish()
    assert "|8 Jan →]]" in shelf.note("2025-01-07").read_text()
    assert "|← 8 Jan]]" in shelf.note("2025-01-09").read_text()


@given(
    days=st.lists(st.integers(0, 9), min_size=8, max_size=30),
    cuts=st.lists(st.integers(1, 30), max_size=5),
    order=st.randoms(use_true_random=False),
    replies=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), max_size=6),
    sort=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_the_notes_are_the_same_whatever_came_early(
    tmp_path_factory: pytest.TempPathFactory,
    days: list[int],
    cuts: list[int],
    order: Random,
    replies: list[tuple[int, int]],
    sort: bool,
) -> None:
    answers = dict(replies)
    messages = [
        Message(
            chat_id=GROUP,
            id=number,
            date=START + day * DAY + number,
            text=f"message {number}",
            sender_id=ANNA,
            reply=Reply(message_id=answers[number]) if number in answers else None,
        )
        for number, day in enumerate(sorted(days) if sort else days, 1)
    ]
    edges = sorted({0, len(days), *(cut for cut in cuts if cut < len(days))})
    pages = [(low + 1, high) for low, high in pairwise(edges)]
    order.shuffle(pages)
    vaults = []
    for is_early in (True, False):
        shelf = Shelf(tmp_path_factory.mktemp("vault"))
        shelf.chat(top_id=len(days))
        for low, high in pages:
            settle(shelf, messages, low, high)
            if is_early:
                early(shelf)
        shelf.publish()
        vaults.append((shelf.files(), list(shelf.archive.dump())))
        shelf.close()
    assert vaults[0] == vaults[1]
