"""A page settles what was asked and answered, and no message spoils it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.model import Interval, PersonKind
from tobs_tui.telegram.convert import RawPage, convert_page, page_covers

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
OWN = 42
CHANNEL = -1000000000007


def plain(message_id: int, **fields: Any) -> Any:
    return types.Message(
        id=message_id, peer_id=types.PeerChannel(7), date=WHEN, message=f"text {message_id}", **fields
    )


def answered(messages: Sequence[Any], users: Sequence[Any] = (), chats: Sequence[Any] = ()) -> Any:
    return types.messages.ChannelMessages(
        pts=1, count=1234, messages=list(messages), topics=[], chats=list(chats), users=list(users)
    )


def raw(messages: Sequence[Any], below: int, **fields: Any) -> RawPage:
    return RawPage(CHANNEL, OWN, below, 100, answered(messages), **fields)


def test_a_page_settles_from_what_was_asked_down_to_its_lowest_message() -> None:
    page = convert_page(raw([plain(90), plain(70), plain(60)], below=100))
    assert page.covers == Interval(60, 99)
    assert [message.id for message in page.messages] == [90, 70, 60]
    assert page.count == 1234


def test_an_empty_page_settles_all_that_is_below() -> None:
    assert convert_page(raw([], below=100)).covers == Interval(1, 99)


def test_an_empty_page_below_the_first_id_settles_nothing() -> None:
    assert convert_page(raw([], below=1)).covers is None


def test_from_the_top_nothing_above_the_newest_is_settled() -> None:
    assert convert_page(raw([plain(90), plain(70)], below=0)).covers == Interval(70, 90)
    assert convert_page(raw([], below=0)).covers is None


@pytest.mark.parametrize("offset", [-50, 20])
def test_with_an_offset_only_what_lies_between_the_messages_is_settled(offset: int) -> None:
    ids = [95, 90] if offset > 0 else [120, 90]
    page = convert_page(raw([plain(i) for i in ids], below=100, add_offset=offset))
    assert page.covers == Interval(90, max(ids))
    assert len(page.messages) == 2
    assert convert_page(raw([], below=100, add_offset=offset)).covers is None


def test_messages_from_outside_of_what_was_asked_are_dropped_and_nothing_is_settled() -> None:
    page = convert_page(raw([plain(150), plain(90)], below=100))
    assert page.covers is None
    assert [message.id for message in page.messages] == [90]
    assert convert_page(raw([plain(150)], below=100)).covers is None


def test_not_modified_settles_nothing() -> None:
    page = convert_page(RawPage(CHANNEL, OWN, 100, 100, types.messages.MessagesNotModified(count=7)))
    assert (page.covers, page.messages, page.count) == (None, (), 7)


def test_a_whole_answer_from_the_top_tells_the_count() -> None:
    whole = types.messages.Messages(messages=[plain(3), plain(1)], topics=[], chats=[], users=[])
    assert convert_page(RawPage(CHANNEL, OWN, 0, 100, whole)).count == 2
    assert convert_page(RawPage(CHANNEL, OWN, 9, 100, whole)).count is None


def test_an_empty_message_yields_none_but_settles_its_id() -> None:
    page = convert_page(raw([plain(90), types.MessageEmpty(id=80, peer_id=None)], below=100))
    assert [message.id for message in page.messages] == [90]
    assert page.covers == Interval(80, 99)
    assert page.failed == ()


def test_a_message_that_cannot_be_converted_is_named_and_spoils_no_other() -> None:
    bad = plain(80, fwd_from=types.MessageActionEmpty())
    page = convert_page(raw([plain(90), bad, plain(70)], below=100))
    assert [message.id for message in page.messages] == [90, 70]
    assert page.covers == Interval(70, 99)
    ((failed_id, reason),) = page.failed
    assert failed_id == 80
    assert "MessageActionEmpty" in reason


def test_ids_that_no_answer_could_be_read_for_are_failed() -> None:
    page = convert_page(raw([plain(90)], below=100, failed=((60, "unreadable"),)))
    assert page.failed == ((60, "unreadable"),)
    assert page.covers == Interval(60, 99)


def test_people_come_once_and_a_full_form_wins_over_a_reduced_one() -> None:
    reduced = types.User(id=5, min=True, first_name="A")
    full = types.User(id=5, first_name="Anna", last_name="Petrova", username="anna")
    deleted = types.User(id=6, deleted=True)
    bot = types.User(id=7, bot=True, first_name="Helper")
    nameless = types.User(id=8, first_name=" ", last_name="\u3000")
    group = types.Chat(
        id=9, title="Flat", photo=types.ChatPhotoEmpty(), participants_count=2, date=WHEN, version=1
    )
    channel = types.Channel(
        id=7,
        title="News",
        photo=types.ChatPhotoEmpty(),
        date=WHEN,
        usernames=[types.Username("old", active=False), types.Username("news", active=True)],
    )
    forbidden = types.ChannelForbidden(id=11, access_hash=1, title="Gone")
    answer = answered(
        [], [reduced, full, reduced, deleted, bot, nameless, types.UserEmpty(12)], [group, channel, forbidden]
    )
    page = convert_page(RawPage(CHANNEL, OWN, 10, 100, answer))
    people = {person.id: person for person in page.people}
    assert len(people) == len(page.people) == 8
    assert (people[5].name, people[5].username, people[5].min) == ("Anna Petrova", "anna", False)
    assert (people[6].kind, people[6].name) == (PersonKind.DELETED, "Deleted account")
    assert people[7].kind is PersonKind.BOT
    assert people[8].name == "User 8"
    assert (people[-9].kind, people[-9].name) == (PersonKind.CHAT, "Flat")
    assert people[CHANNEL].username == "news"
    assert people[-1000000000011].min
    assert people[12].min


def test_a_person_that_cannot_be_converted_spoils_nothing() -> None:
    broken = types.User(id=5, first_name="A")
    broken.usernames = 3
    page = convert_page(RawPage(CHANNEL, OWN, 10, 100, answered([plain(3)], [broken, types.User(id=6)])))
    assert [message.id for message in page.messages] == [3]
    assert [person.id for person in page.people] == [6]


@given(
    held=st.sets(st.integers(1, 60), max_size=40),
    below=st.integers(1, 61),
    limit=st.integers(1, 20),
    shortened=st.integers(0, 5),
)
def test_walking_down_settles_every_id_once_and_loses_none(
    held: set[int], below: int, limit: int, shortened: int
) -> None:
    """A server may answer fewer than asked, but not none while there are some."""
    settled: list[int] = []
    found: list[int] = []
    while below > 1:
        ids = sorted((i for i in held if i < below), reverse=True)[: max(1, limit - shortened)]
        page = convert_page(raw([plain(i) for i in ids], below=below))
        assert page.covers == page_covers(raw([plain(i) for i in ids], below=below))
        assert page.covers is not None
        settled += range(page.covers.low, page.covers.high + 1)
        found += [message.id for message in page.messages]
        below = page.covers.low
    assert len(settled) == len(set(settled))
    assert set(found) == {i for i in held if i in set(settled)}
    assert sorted(found) == sorted(set(found))


@given(
    ids=st.lists(st.integers(-5, 130), max_size=30),
    below=st.integers(0, 120),
    add_offset=st.integers(-30, 30),
)
def test_whatever_a_server_answers_no_id_is_settled_that_was_not_asked(
    ids: list[int], below: int, add_offset: int
) -> None:
    page = convert_page(raw([plain(i) for i in ids], below=below, add_offset=add_offset))
    told = [message.id for message in page.messages]
    assert told == sorted(set(told), reverse=True)
    if page.covers is None:
        return
    assert page.covers.low >= 1
    assert all(message_id in page.covers for message_id in told)
    if below and add_offset >= 0:
        assert page.covers.high < below
    if below == 0 or add_offset:
        assert {page.covers.low, page.covers.high} <= set(ids)


def test_what_the_wire_gives_is_what_is_converted() -> None:
    answer = BinaryReader(bytes(answered([plain(3)], [types.User(id=5, first_name="A")]))).tgread_object()
    page = convert_page(RawPage(CHANNEL, OWN, 10, 100, answer))
    assert page.messages[0].date == int(WHEN.timestamp())
    assert page.people[0].name == "A"
