"""How many requests may be in flight: more while that brings answers quicker, fewer when it no longer does.

Answers are counted in rounds. A step up stays when the rate of answers grew with it, a step down when it did
not fall; rising latency without more answers leads down at once. Nothing is learned while something else than
this limit (a flood wait, a pace, too little work) held requests back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import ceil

ROUND_ANSWERS = 24
"""The fewest answers that make a round: fewer say little about their rate."""
ROUND_TURNS = 2.0
"""How often all that is in flight is answered in a round."""
STEP = 1.3
WORTH = 0.1
"""The share of a step in the limit that must show in the rate for the step to be worth it."""
RISEN = 2.0
"""So many times the usual latency means that a queue grows somewhere."""
REST_S, REST_MOST_S = 8.0, 60.0
"""Seconds between two steps once it has settled; more after each step that brought nothing."""
SOON_S = 2.0
"""Seconds until the next step after the first doublings: the beginning itself often held one of them back."""


class _Trying(Enum):
    DOUBLE = "double"
    UP = "up"
    DOWN = "down"
    NOTHING = "nothing"


@dataclass(slots=True)
class _Round:
    began: float
    answers: int = 0
    full: int = 0
    latency_sum: float = 0.0


class Flight:
    """Learns the limit of one class."""

    def __init__(self, *, first: int, most: int) -> None:
        self.limit = min(first, most)
        self.most = most
        self.latency: float | None = None
        """What an answer takes, smoothed; None before the first."""
        self._trying = _Trying.DOUBLE if most > first else _Trying.NOTHING
        self._base_limit = self.limit
        self._base_rate: float | None = None
        self._usual: float | None = None
        self._round: _Round | None = None
        self._settling = False
        self._doubted = False
        self._rest = REST_S
        self._next_step = 0.0
        self._last_up = False

    def begin_with(self, limit: int) -> None:
        """Begin with at least this limit, as long as no other was learned."""
        if self._base_rate is None:
            self.limit = self._base_limit = min(self.most, max(self.limit, limit))

    def answered(self, now: float, took: float, *, full: bool) -> None:
        """An answer came after `took` seconds; `full`: its request took the last place there was."""
        self.latency = took if self.latency is None else self.latency + (took - self.latency) * 0.1
        if self._round is None:
            self._round = _Round(now)
            return
        this = self._round
        this.answers += 1
        this.full += full
        this.latency_sum += took
        if self._settling:
            # The first turn after a step was still sent under the old limit.
            if this.answers >= self.limit:
                self._settling = False
                self._round = _Round(now)
            return
        elapsed = now - this.began
        if this.answers < max(ROUND_ANSWERS, ceil(self.limit * ROUND_TURNS)) or elapsed <= 0:
            return
        self._round = _Round(now)
        if this.full < 0.6 * this.answers:
            return
        self._judge(now, this.answers / elapsed, this.latency_sum / this.answers)

    def begin_anew(self, now: float) -> None:
        """Something held requests back: what was measured meanwhile says nothing."""
        self._round = None
        if self._trying is not _Trying.NOTHING:
            self._go_to(self._base_limit, _Trying.NOTHING)
            self._next_step = now + self._rest

    def _judge(self, now: float, rate: float, latency: float) -> None:
        """One round at the present limit gave this rate of answers, after so long on average."""
        base = self._base_rate
        usual = self._usual or latency
        self._usual = min(latency, usual + (latency - usual) * 0.05)
        if self._trying is _Trying.NOTHING or base is None:
            # Slower downwards: steps down that cost a little each would else add up.
            self._base_rate = rate if base is None else base + (rate - base) * (0.5 if rate > base else 0.1)
            self._base_limit = self.limit
            if self._trying is _Trying.DOUBLE:
                self._go_to(self.limit * 2, _Trying.DOUBLE)
            elif now >= self._next_step:
                self._step()
            elif latency > RISEN * usual and base is not None and rate < base * 1.05:
                self._step_down()
            return
        gained = rate / base - 1
        stepped = self.limit / self._base_limit - 1
        if self._trying is _Trying.DOUBLE:
            worth = gained >= 0.3
        elif self._trying is _Trying.UP:
            worth = gained >= WORTH * stepped
        else:
            worth = gained >= WORTH * stepped * 0.6
        if not worth and self._trying is _Trying.DOUBLE:
            if not self._doubted:  # its workers may have come in the middle of the round
                self._doubted = True
                return
            self._go_to(self._base_limit, _Trying.NOTHING)
            self._next_step = now + SOON_S
            return
        self._doubted = False
        if not worth:
            self._rest = min(REST_MOST_S, self._rest * 1.5)
            self._go_to(self._base_limit, _Trying.NOTHING)
            self._next_step = now + self._rest
            return
        self._base_limit = self.limit
        self._base_rate = max(rate, base) if self._trying is _Trying.DOWN else rate
        self._rest = REST_S
        if self._trying is _Trying.DOUBLE and self.limit < self.most:
            self._go_to(self.limit * 2, _Trying.DOUBLE)
        elif self._trying is _Trying.UP and self.limit < self.most:
            self._go_to(ceil(self.limit * STEP), _Trying.UP)
        else:
            self._go_to(self.limit, _Trying.NOTHING)
            self._next_step = now + self._rest

    def _step(self) -> None:
        """Try the other direction than last time."""
        self._last_up = not self._last_up
        if self._last_up and self.limit < self.most:
            self._go_to(ceil(self.limit * STEP), _Trying.UP)
        else:
            self._step_down()

    def _step_down(self) -> None:
        if self.limit > 1:
            self._go_to(int(self.limit / STEP), _Trying.DOWN)

    def _go_to(self, limit: int, trying: _Trying) -> None:
        limit = max(1, min(self.most, limit))
        self._settling = limit != self.limit
        self.limit = limit
        self._trying = trying
        self._round = None
