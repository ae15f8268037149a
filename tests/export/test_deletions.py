"""The guard: a mass deletion empties no notes unasked, however it was noticed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from tests.export.changing import assert_is_true, chat_of, forget_events
from tobs_tui.export.deletions import DeletionGuard
from tobs_tui.export.report import RunStatus

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]


@pytest.mark.parametrize(
    ("found", "stored", "marked"),
    [(50, 60, 50), (51, 509, 0), (51, 510, 51), (1000, 9_999, 0), (1000, 10_000, 1000)],
)
def test_more_than_fifty_and_more_than_a_tenth_are_too_many(found: int, stored: int, marked: int) -> None:
    guard = DeletionGuard(lambda: stored, accept=False)
    for number in range(found):
        guard.find([number])
    assert len(guard.decide()) == marked
    assert guard.kept == found - marked
    assert not guard.kept or str(guard.kept) in guard.error(-5).what


def test_a_run_does_not_come_round_the_guard_in_small_steps() -> None:
    guard = DeletionGuard(lambda: 500, accept=False)
    guard.find(range(40))
    assert len(guard.decide()) == 40
    guard.find(range(40, 60))
    assert guard.decide() == ()
    guard.find([70])
    assert guard.decide() == ()


def test_what_was_accepted_is_marked_however_much_it_is() -> None:
    guard = DeletionGuard(lambda: 100, accept=True)
    guard.find(range(100))
    assert guard.decide() == tuple(range(100))


@pytest.mark.parametrize("kind", ["supergroup", "private"])
async def test_a_cleared_chat_keeps_its_notes_until_the_deletions_are_accepted(
    lab: MakeLab, kind: str
) -> None:
    one = await lab(messages=500)
    await one.run()
    chat = chat_of(one, kind)
    before = one.notes()
    one.world.delete(chat.id, list(chat.history)[:-1])
    assert len(before) and one.saved()[chat.id] != one.truth()[chat.id]
    report = await one.run()
    assert report.status is RunStatus.INCOMPLETE
    assert report.exit_code == 3
    (error,) = report.errors
    assert error.chat == chat.title
    assert "--recheck --accept-deletions" in error.fix
    assert one.notes() == before
    later = await one.run()
    assert later.status is RunStatus.COMPLETE
    assert any("--accept-deletions" in notice for notice in later.notices)
    accepted = await one.run(recheck=True, accept_deletions=True)
    assert accepted.status is RunStatus.COMPLETE
    assert_is_true(one)
    assert not (await one.run()).notices


async def test_a_mass_deletion_outside_of_the_run_is_kept_and_told_too(lab: MakeLab) -> None:
    one = await lab(messages=500)
    await one.run()
    private, group = chat_of(one, "private"), chat_of(one, "group")
    before = one.saved()[private.id]
    one.world.delete(private.id, list(private.history))
    report = await one.run(only=group.id)
    assert report.status is RunStatus.INCOMPLETE
    assert [error.chat for error in report.errors] == [private.title]
    assert one.saved()[private.id] == before


@pytest.mark.parametrize("recheck", [True, False])
async def test_reading_again_is_guarded_too_and_believes_what_comes_back(lab: MakeLab, recheck: bool) -> None:
    one = await lab(messages=500)
    await one.run()
    chat = chat_of(one, "supergroup")
    whole = (chat.history.ids[:], chat.history.dates[:], chat.history.bodies[:])
    for column in (chat.history.ids, chat.history.dates, chat.history.bodies):
        del column[:100]  # the server answers wrongly: nobody deleted these
    if not recheck:
        forget_events(one, chat)
    report = await one.run(only=chat.id, recheck=recheck)
    assert report.status is RunStatus.INCOMPLETE
    assert report.chats[0].deleted == 0
    chat.history.ids, chat.history.dates, chat.history.bodies = whole
    assert (await one.run(only=chat.id, recheck=True)).status is RunStatus.COMPLETE
    assert_is_true(one, only=chat.id)
    assert not (await one.run(only=chat.id)).notices


async def test_few_deletions_found_by_recheck_are_marked_and_come_back(lab: MakeLab) -> None:
    one = await lab(messages=500)
    await one.run()
    chat = chat_of(one, "channel")
    whole = (chat.history.ids[:], chat.history.dates[:], chat.history.bodies[:])
    for column in (chat.history.ids, chat.history.dates, chat.history.bodies):
        del column[2:12]
    assert (await one.run(only=chat.id, recheck=True)).chats[0].deleted == 10
    chat.history.ids, chat.history.dates, chat.history.bodies = whole
    assert (await one.run(only=chat.id, recheck=True)).chats[0].updated == 10
    assert_is_true(one, only=chat.id)
