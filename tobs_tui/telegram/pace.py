"""How fast requests may follow each other: unknown until Telegram's first flood wait, a rate from then on.

The rate is taken from what was accepted before the wait, held for about a minute, and then raised, slowly at
first, until the next wait tells where the limit is now. A wait while it is held tells that the limit fell.

Limits differ in how soon they tell that a rate is too high: a sliding window does within a second, a bucket
of tokens once it is empty. How much a limit lets through before it tells is guessed as little, and as more
each time that the rate which follows from the guess is refused.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from statistics import fmean

TICK_S = 0.1
REMEMBER_S = 120.0
LATE_S = 0.02
"""So late a request may be and still have the next one follow in time: timers come late."""
BURSTS_S = (0.02, 0.25, 1.0, 4.0)
"""Guesses of how many seconds' worth of requests a limit lets through beyond its rate before it tells."""
CAREFUL = 2
"""The guess to go by while nothing else is known."""
CAUTION = 0.98
"""The share of the limit, as far as it is known, that is used."""
HOLD_S, HOLD_WAITS = 60.5, 10.0
"""From one wait on, so many seconds or so many waits of its length pass before the limit is looked for again.

A wait that came unlooked for counts too: the next search pays for it.
"""
SETTLED_AFTER = 10
"""After so many rounds with the same outcome the limit is looked for half as often."""
DEAR_WAIT_S = 6.0
"""Waits longer than that are too dear to search with."""
SEARCH_GROWTH, SEARCH_STEP_S = (1.05, 1.05, 1.12, 1.25), 8.0
"""Growth a second after the first wait, when hardly anything was learned before it."""
PROBE_GROWTH, PROBE_STEP_S = (1.02, 1.06, 1.15, 1.3, 1.6), 1.5
"""Growth a second while the limit is looked for: each for so many seconds, the last from then on."""
RISEN_S, RISEN_GROWTH = 1.5, 2.0
"""Once so many seconds' worth of requests beyond the held rate passed, no burst explains it any more: the
limit has risen, and the rate grows so much a second."""
SLOW, QUICK, ALIKE, SLOW_S = 1.5, 3.0, 2.0, 2.5
"""Waits at up to so many times a rate, and at more than so many times: where about as many requests (within a
factor) come before the ones as before the others, and the slow ones last so long, slowness keeps none off."""
STALL_S, STALL_REQUESTS = 5.0, 3.0
"""After so many seconds, and so many requests' time, in which none was sent, it is as after a wait: nothing
that came before tells how much may come now."""
UNLOOKED = 16
"""So many waits are compared: the latest, and the quickest of those before them."""
FIRST_LEAST, LOWEST = 1.0, 0.05
"""Requests a second: the least to go on with after the first wait, and the least of all."""


class _Doing(Enum):
    SEARCH = "search"
    """Raising the rate after the first wait."""
    TRY = "try"
    """Holding a rate that follows from a guess which was not yet held."""
    HOLD = "hold"
    PROBE = "probe"
    """Raising the rate after it was held."""


class Pace:
    """Learns the rate of one class."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Requests a second; None while no limit was met."""
        self._accepted = _Accepted()
        self._starts: deque[float] = deque(maxlen=64)
        self._next_at = 0.0
        self._active_from: float | None = None
        self._told_at: float | None = None
        self._resume_at = 0.0
        self._doing = _Doing.HOLD
        self._grown_at = 0.0
        self._grows_from = 0.0
        self._guess = 0
        self._guesses: list[float] = []
        self._held = 0.0
        self._beyond = 0.0
        self._search_from = 0.0
        self._fell = 0
        self._confirmed = 0
        self._unlooked: list[tuple[float, int]] = []
        """Of the waits since the limit was last looked for: at which rate, after how many requests."""

    def ready_at(self, now: float) -> float:
        """The earliest time at which the next request may start."""
        if self.rate is None:
            return now
        self._grow(self.rate, now)
        return self._next_at

    def started(self, now: float) -> None:
        if self._starts and now - self._starts[-1] > max(STALL_S, STALL_REQUESTS / (self.rate or 1.0)):
            self._active_from = None
        if self._active_from is None:
            self._active_from = self._next_at = now
        self._starts.append(now)
        if self.rate is not None:
            self._next_at = max(self._next_at, now - LATE_S) + 1 / self.rate

    def accepted(self, began: float) -> None:
        """The request that began then was answered."""
        self._accepted.add(began)

    def flooded(self, now: float, began: float, seconds: float) -> None:
        """The request that began then was refused, with a wait of so many seconds."""
        if self._told_at is not None and began <= self._told_at:
            # Sent before the first refusal was known: one wait, told several times.
            self._resume_at = max(self._resume_at, now + seconds)
            return
        since = began if self._active_from is None else self._active_from
        guesses = [CAUTION * self._accepted.rate(since, began, burst) for burst in BURSTS_S]
        is_planned = self._doing is not _Doing.HOLD
        least = self._least(began - since, self._accepted.count(since), seconds)
        lowered = self._lowered(self.rate, began - since, guesses, dear=seconds > DEAR_WAIT_S)
        self.rate = max(LOWEST, lowered, least)
        self._held = self.rate
        self._beyond = 0.0
        self._told_at = now
        self._active_from = None
        self._resume_at = self._grown_at = now + seconds
        hold = max(HOLD_S, seconds * HOLD_WAITS) * (2 if self._confirmed >= SETTLED_AFTER else 1)
        begin = now if is_planned else min(max(now, self._search_from), now + hold)
        self._search_from = begin + hold
        self._grows_from = self._resume_at if self._doing is _Doing.SEARCH else self._search_from

    def _least(self, active: float, count: int, seconds: float) -> float:
        """The rate that it makes no sense to go below; 0 while slowness helps, for all that is known.

        Where waits come after the same number of requests, however slow they are, a wait is worth as many
        seconds of work as it takes.
        """
        if self.rate is None:
            return 0.0
        if self._doing is _Doing.PROBE:
            self._unlooked.clear()
        rate = count / max(active, TICK_S) if count > 3 else self.rate
        self._unlooked.append((rate, count))
        if len(self._unlooked) > UNLOOKED:
            self._unlooked.remove(min(self._unlooked[: UNLOOKED // 2]))
        quick = [before for other, before in self._unlooked if other >= rate * QUICK]
        if not quick:
            return 0.0
        usual = fmean(before for other, before in self._unlooked if other <= rate * SLOW)
        of_quick = fmean(quick)
        if usual < rate * SLOW_S or not of_quick / ALIKE <= usual <= of_quick * ALIKE:
            return 0.0
        return usual / max(1.0, seconds)

    def _lowered(self, before: float | None, active: float, guesses: list[float], dear: bool) -> float:
        """The rate to go on with, and what to do with it. `guesses` is what the limit is, guess by guess."""
        doing, self._doing = self._doing, _Doing.HOLD
        careful = guesses[CAREFUL]
        if before is None:
            self._doing = _Doing.HOLD if dear else _Doing.SEARCH
            return max(careful, FIRST_LEAST)
        if active < 1.0 and careful * (active + 1.0) < 2.5:
            # Refused before much could be accepted: that says little about how far the limit is away.
            self._doing = doing if doing is _Doing.SEARCH else _Doing.HOLD
            return before * 0.5
        match doing:
            case _Doing.SEARCH if active < 2.0:
                self._doing = _Doing.SEARCH
                return min(careful, before * 0.7)
            case _Doing.SEARCH:
                self._doing = _Doing.TRY
                self._guesses = guesses
                return guesses[self._guess]
            case _Doing.TRY:
                return self._next_guess(before, guesses if active > 3.0 else self._guesses)
            case _Doing.HOLD:
                return self._fallen(before, active, guesses)
            case _Doing.PROBE:
                self._confirmed = self._confirmed + 1 if before < self._held * 2 else 0
                self._fell = max(0, self._fell - 1)
                return max(self._held, guesses[self._guess])

    def _next_guess(self, before: float, guesses: list[float]) -> float:
        """The guess was refused: go by the next more careful one."""
        if self._guess < len(BURSTS_S) - 1:
            self._guess += 1
            self._doing = _Doing.TRY
        return min(before * 0.97, guesses[self._guess])

    def _fallen(self, before: float, active: float, guesses: list[float]) -> float:
        """A rate that had held is refused: the limit has fallen, or the rate was too near to it."""
        self._confirmed = 0
        self._fell += 1
        if self._fell == 1:
            return before * 0.94
        if active > 1.0 and self._guess < len(BURSTS_S) - 1:
            # Not a fall, which would have been told sooner: the guess makes rates that are too high.
            self._guess += 1
            return min(guesses[self._guess], before * 0.94)
        return min(guesses[CAREFUL], before * 0.94)

    def _grow(self, rate: float, now: float) -> None:
        """Raise the rate as far as it is due, if it is what holds requests back."""
        elapsed = now - self._grown_at
        if elapsed < TICK_S:
            return
        self._grown_at = now
        if now < self._grows_from:
            return
        if self._doing is not _Doing.SEARCH:
            self._doing = _Doing.PROBE
        if self._binding(rate, now):
            step = min(elapsed, 1.0)
            self._beyond += (rate / self._held - 1.0) * step
            self.rate = rate * self._growth(now - self._grows_from) ** step

    def _growth(self, since: float) -> float:
        if self._doing is _Doing.SEARCH:
            return SEARCH_GROWTH[min(int(since / SEARCH_STEP_S), len(SEARCH_GROWTH) - 1)]
        if self._beyond > RISEN_S:
            return RISEN_GROWTH
        return PROBE_GROWTH[min(int(since / PROBE_STEP_S), len(PROBE_GROWTH) - 1)]

    def _binding(self, rate: float, now: float) -> bool:
        """Whether requests were sent about as fast as the rate allows."""
        window = min(2.0, now - self._resume_at)
        recent = sum(start > now - window for start in self._starts)
        return recent + 1 >= min(rate * window * 0.7, len(self._starts) - 1)


class _Accepted:
    """When requests began that were answered, counted by tenths of a second."""

    def __init__(self) -> None:
        self._counts: deque[list[int]] = deque()

    def add(self, began: float) -> None:
        place = int(began / TICK_S)
        for count in reversed(self._counts):
            if count[0] == place:
                count[1] += 1
                return
            if count[0] < place:
                break
        # Answers come in nearly the order of their requests; one out of order stands a little too late.
        if self._counts and self._counts[-1][0] > place:
            self._counts[-1][1] += 1
            return
        self._counts.append([place, 1])
        while self._counts[0][0] < place - REMEMBER_S / TICK_S:
            self._counts.popleft()

    def count(self, since: float) -> int:
        """How many were let through since then, as far as is remembered."""
        return sum(accepted for place, accepted in self._counts if place * TICK_S >= since - TICK_S)

    def rate(self, since: float, until: float, burst_s: float) -> float:
        """The best rate that was let through in any stretch up to `until`, the burst taken off.

        Stretches of less than a second tell little, and count only where there is no longer one.
        """
        best, count, whole = 0.0, 0, 0.0
        for place, accepted in reversed(self._counts):
            began = place * TICK_S
            if began < since - TICK_S:
                break
            count += accepted
            stretch = max(TICK_S, until - began)
            whole = count / (stretch + burst_s)
            if stretch >= 1.0:
                best = max(best, whole)
        return best or whole
