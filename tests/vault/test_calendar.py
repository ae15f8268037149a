"""Days of a time zone: each second in exactly one, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tobs_tui.model import NoteKey, NoteLayout
from tobs_tui.vault.calendar import Calendar, period_in_words, short_period

# Clocks that change at, or a minute after, midnight; a day that was left out; offsets of odd minutes.
ZONES = [
    "UTC",
    "Europe/Lisbon",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/Havana",
    "Africa/Cairo",
]
MOMENTS = st.integers(0, 2_200_000_000)


@pytest.mark.parametrize("layout", list(NoteLayout))
@given(zone=st.sampled_from(ZONES), moment=MOMENTS)
def test_a_moment_lies_in_the_bounds_of_its_note(layout: NoteLayout, zone: str, moment: int) -> None:
    calendar = Calendar(zone, layout)
    key = calendar.note_of(moment, None)
    since, until = calendar.bounds(key)
    assert since is None or since <= moment
    assert until is None or moment < until


@given(zone=st.sampled_from(ZONES), moment=MOMENTS)
def test_notes_follow_each_other_without_a_gap(zone: str, moment: int) -> None:
    calendar = Calendar(zone, NoteLayout.DAILY)
    _, until = calendar.bounds(calendar.note_of(moment, None))
    assert until is not None
    assert calendar.bounds(calendar.note_of(until, None))[0] == until
    assert calendar.note_of(until - 1, None) == calendar.note_of(moment, None)


@given(zone=st.sampled_from(ZONES), moments=st.lists(MOMENTS, min_size=2, max_size=5))
def test_what_was_asked_before_changes_nothing(zone: str, moments: list[int]) -> None:
    calendar = Calendar(zone, NoteLayout.MONTHLY)
    for moment in moments:
        fresh = Calendar(zone, NoteLayout.MONTHLY)
        assert calendar.note_of(moment, 3) == fresh.note_of(moment, 3)
        assert calendar.clock(moment) == fresh.clock(moment)
        local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone))
        assert calendar.clock(moment) == f"{local:%H:%M}"


def test_keys_and_words() -> None:
    moment = int(datetime(2025, 1, 5, 23, 30, tzinfo=UTC).timestamp())
    assert Calendar("UTC", NoteLayout.DAILY).note_of(moment, None) == NoteKey(0, "2025-01-05")
    assert Calendar("Europe/Berlin", NoteLayout.DAILY).note_of(moment, 4) == NoteKey(4, "2025-01-06")
    assert Calendar("UTC", NoteLayout.MONTHLY).note_of(moment, None) == NoteKey(0, "2025-01")
    assert Calendar("UTC", NoteLayout.SINGLE).note_of(moment, None) == NoteKey(0, "")
    assert period_in_words("2025-01-05") == "Sunday 5 January 2025"
    assert period_in_words("2025-01") == "January 2025"
    assert short_period("2024-12-31", "2025-01-05") == "31 Dec 2024"


@pytest.mark.parametrize("moment", [-(2**40), -1, 0, 2**31, 2**40, 2**62])
def test_no_date_of_a_server_is_too_odd(moment: int) -> None:
    calendar = Calendar("America/New_York", NoteLayout.DAILY)
    key = calendar.note_of(moment, None)
    assert calendar.bounds(key)[0] is not None
    assert calendar.clock(moment)
    assert calendar.moment(moment)
