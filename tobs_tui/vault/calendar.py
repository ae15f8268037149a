"""Which note a moment belongs to, and how dates and times are written: in one zone, in English.

A day is the stretch from one local midnight to the next, also where clocks change at midnight, so that
days never overlap and each second is in exactly one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tobs_tui.model import NoteKey, NoteLayout

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_CLOCK = tuple(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(24 * 60))
_DAY = timedelta(days=1)
_DAY_SECONDS = 86400
_MOST_DAYS = 1000
"""How many days are remembered: answers lead back to earlier ones again and again."""
_FIRST, _LAST = -62135510400, 253402214400
"""Seconds beyond which local time would leave the years 1 to 9999."""


class Calendar:
    """Dates of one time zone, notes of one layout. Cheap for moments that come in order; thread-safe."""

    def __init__(self, timezone: str, layout: NoteLayout) -> None:
        self.timezone = timezone
        self.layout = layout
        self._zone = ZoneInfo(timezone)
        # By the day in UTC, a local day in it as (since, until, date): replaced whole: threads share it.
        self._known: dict[int, tuple[int, int, date]] = {}
        self._noted: tuple[int, int, str] = (0, 0, "")

    def note_of(self, moment: int, topic_id: int | None) -> NoteKey:
        """The note of a message of that date, in that topic."""
        if self.layout is NoteLayout.SINGLE:
            return NoteKey(topic_id or 0, "")
        since, until, period = self._noted
        if not since <= moment < until:
            day = self.day(moment)
            since, until, _ = self._known_day(moment)
            period = day.isoformat() if self.layout is NoteLayout.DAILY else f"{day.year:04}-{day.month:02}"
            self._noted = (since, until, period)
        return NoteKey(topic_id or 0, period)

    def bounds(self, key: NoteKey) -> tuple[int | None, int | None]:
        """The first second of a note and the first after it; (None, None) for the note of all time."""
        if not key.period:
            return None, None
        first = first_day(key.period)
        if len(key.period) > 7:
            return self._midnight(first), self._midnight(_next_day(first))
        return self._midnight(first), self._midnight(_next_month(first))

    def day(self, moment: int) -> date:
        """The local date of a moment."""
        return self._known_day(moment)[2]

    def clock(self, moment: int) -> str:
        """`09:41`."""
        since, until, _ = self._known_day(moment)
        if until - since == _DAY_SECONDS:
            minutes = (moment - since) // 60 % (24 * 60)
        else:
            local = self._local(moment)
            minutes = 60 * local.hour + local.minute
        return _CLOCK[minutes]

    def short(self, moment: int) -> str:
        """`7 Jan 2025`."""
        return short_date(self.day(moment))

    def moment(self, moment: int) -> str:
        """`7 Jan 2025 18:20`."""
        return f"{self.short(moment)} {self.clock(moment)}"

    def clock_beside(self, moment: int, other: int) -> str:
        """The time of `moment`, with its date where that isn't the date of `other`."""
        return self.clock(moment) if self.day(moment) == self.day(other) else self.moment(moment)

    def _known_day(self, moment: int) -> tuple[int, int, date]:
        known = self._known.get(moment // _DAY_SECONDS)
        if known is not None and known[0] <= moment < known[1]:
            return known
        utc_day = moment // _DAY_SECONDS
        moment = min(max(moment, _FIRST), _LAST)
        day = self._local(moment).date()
        since, until = self._midnight(day), self._midnight(_next_day(day))
        if moment < since:
            day, since, until = day - _DAY, self._midnight(day - _DAY), since
        elif moment >= until:
            day = _next_day(day)
            since, until = until, self._midnight(_next_day(day))
        if len(self._known) >= _MOST_DAYS:
            self._known.clear()
        known = self._known[utc_day] = (since, until, day)
        return known

    def _local(self, moment: int) -> datetime:
        return datetime.fromtimestamp(min(max(moment, _FIRST), _LAST), UTC).astimezone(self._zone)

    def _midnight(self, day: date) -> int:
        if not 2 <= day.year <= 9998:
            return int((datetime(day.year, day.month, day.day) - datetime(1970, 1, 1)).total_seconds())
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp())


def first_day(period: str) -> date:
    """The first day of `2025-01-05` or `2025-01`."""
    return date.fromisoformat(period if len(period) > 7 else f"{period}-01")


def day_in_words(day: date) -> str:
    """`Sunday 5 January 2025`."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def period_in_words(period: str) -> str:
    """A note's heading: `Sunday 5 January 2025`, or `January 2025`."""
    day = first_day(period)
    return day_in_words(day) if len(period) > 7 else f"{MONTHS[day.month - 1]} {day.year}"


def short_date(day: date) -> str:
    """`7 Jan 2025`."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def short_period(period: str, beside: str) -> str:
    """A neighbouring note in a link: `7 Jan` or `Jan`, with the year where that isn't `beside`'s."""
    day = first_day(period)
    words = MONTHS[day.month - 1][:3]
    if len(period) > 7:
        words = f"{day.day} {words}"
    return words if period[:4] == beside[:4] else f"{words} {day.year}"


def _next_day(day: date) -> date:
    return day if day == date.max else day + _DAY


def _next_month(day: date) -> date:
    if day.month < 12:
        return day.replace(month=day.month + 1)
    return day if day.year == date.max.year else day.replace(year=day.year + 1, month=1)
