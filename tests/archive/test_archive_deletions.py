"""Deletions that Telegram names by id, and what of the held messages is asked for to judge them."""

from __future__ import annotations

from tests.archive.building import GROUP, OLD_GROUP, batch, daily, message, note
from tests.archive.conftest import Clock
from tobs_tui.archive import Archive, Batch, IdState
from tobs_tui.model import Interval

PERSON = 77


def test_named_messages_are_deleted_and_their_notes_dirty(archive: Archive, clock: Clock) -> None:
    archive.commit(batch([message(1), message(2), message(3, day=2), message(4)]), daily)
    archive.notes_written([], archive.dirty_notes(GROUP), chat_id=GROUP)
    result = archive.commit(Batch(chat_id=GROUP, deleted=(1, 3, 99)), daily)
    assert (result.new, result.updated, result.deleted) == (0, 0, 2)
    assert [stored.message.id for stored in archive.messages([GROUP]) if stored.deleted_at] == [1, 3]
    assert archive.dirty_notes(GROUP) == [note(1), note(2)]
    assert archive.commit(Batch(chat_id=GROUP, deleted=(1, 3)), daily).deleted == 0
    assert archive.ledger(GROUP).state_of(1, has_row=True) is IdState.FETCHED


def test_a_message_that_comes_is_not_deleted_by_the_same_batch(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2)]), daily)
    assert archive.commit(batch([message(1, text="here")], deleted=(1,)), daily).deleted == 0


def test_live_messages_are_told_by_range_topic_and_id(archive: Archive) -> None:
    archive.commit(batch([message(1), message(2, topic_id=7), message(3), message(5)]), daily)
    archive.commit(Batch(chat_id=GROUP, deleted=(3,)), daily)
    assert archive.live_ids(GROUP, Interval(1, 4)) == [1, 2]
    assert archive.live_ids(GROUP, Interval(1, 9), topic_id=7) == [2]
    assert archive.live_of(GROUP, [1, 3, 4, 5]) == [1, 5]
    assert archive.newest_ids(GROUP, 2) == Interval(3, 5)
    assert archive.newest_ids(GROUP, 9) == Interval(1, 5)
    assert archive.newest_ids(PERSON, 1) is None


def test_only_chats_without_ids_of_their_own_hold_shared_ones(archive: Archive) -> None:
    for chat_id, ids in ((GROUP, (1, 2)), (OLD_GROUP, (1, 8)), (PERSON, (2, 8))):
        archive.commit(batch([message(each, chat_id=chat_id) for each in ids], chat_id=chat_id), daily)
    archive.commit(Batch(chat_id=PERSON, deleted=(2,)), daily)
    assert archive.holders([1, 2, 8, 9]) == {OLD_GROUP: [1, 8], PERSON: [8]}
