"""The flood policy of the demo: how many history requests an account may send, and what follows.

Our own rule, as Telegram's isn't published: a bucket that holds one second's worth of requests (at
least one) and refills at the rate. The request that finds it empty starts a wait; all requests of the
account are refused until the wait is over, each told the seconds left, and none makes it longer. Then
the bucket is full again. Inside a takeout the rate is four times as high.
"""

from __future__ import annotations

from math import ceil

TAKEOUT_FACTOR = 4
"""Without takeout about 100 messages a second were measured at Telegram, with it 294 and 555."""


class FloodGate:
    """One account's bucket."""

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._at = 0.0
        self._wait_until = 0.0

    def ask(self, now: float, rate: float, wait: int, *, takeout: bool = False) -> int:
        """Ask for one request at `now`: 0 when it may pass, else X of FLOOD_WAIT_X."""
        if now < self._wait_until:
            return max(1, ceil(self._wait_until - now))
        rate *= TAKEOUT_FACTOR if takeout else 1
        capacity = max(1.0, rate)
        tokens = capacity if self._tokens is None else self._tokens + (now - self._at) * rate
        self._tokens = min(capacity, tokens)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        self._wait_until = now + wait
        self._tokens = None
        return wait
