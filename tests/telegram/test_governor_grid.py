"""With no tuning, what is learned comes near the best fixed number in flight, on every network tried.

Simulated by events on a virtual clock: a line with latency, a server that serves one request after the other,
and a flood limit. Measured over ten minutes after the first one.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from tobs_tui.telegram.pacing import Pacer, Ticket, new_pacer

SERVICE_S = 0.005
WARM_S, TOTAL_S = 60.0, 660.0
FIXED = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)

Limit = Callable[[float], "float | None"]
"""Requests a second by time; None: no limit."""


class Policy(Protocol):
    def ask(self, now: float) -> float:
        """0 when a request may pass, else the seconds to wait."""


@dataclass
class Bucket:
    """Tokens for one second, refilled at the rate, full again after a wait."""

    limit: Limit
    wait: float
    tokens: float | None = None
    at: float = 0.0
    until: float = 0.0

    def ask(self, now: float) -> float:
        if now < self.until:
            return max(1.0, -(-(self.until - now) // 1))
        rate = self.limit(now)
        if rate is None:
            return 0.0
        most = max(1.0, rate)
        self.tokens = most if self.tokens is None else min(most, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        self.until, self.tokens = now + self.wait, None
        return self.wait


@dataclass
class Window:
    """So many requests in any one second."""

    limit: Limit
    wait: float
    passed: deque[float] = field(default_factory=deque)
    until: float = 0.0

    def ask(self, now: float) -> float:
        if now < self.until:
            return max(1.0, -(-(self.until - now) // 1))
        rate = self.limit(now)
        if rate is None:
            return 0.0
        while self.passed and self.passed[0] <= now - 1.0:
            self.passed.popleft()
        if len(self.passed) < rate:
            self.passed.append(now)
            return 0.0
        self.until = now + self.wait
        return self.wait


@dataclass
class EveryTenth:
    """Refuses each tenth request, however slowly they come."""

    wait: float
    count: int = 0
    until: float = 0.0

    def ask(self, now: float) -> float:
        if now < self.until:
            return max(1.0, -(-(self.until - now) // 1))
        self.count += 1
        if self.count % 10:
            return 0.0
        self.until = now + self.wait
        return self.wait


class FixedPacer(Pacer):
    """Always so many in flight."""

    def __init__(self, in_flight: int) -> None:
        super().__init__(first=in_flight, most=in_flight)
        self._fixed = in_flight

    @property
    def limit(self) -> int:
        return self._fixed

    def ready_at(self, now: float) -> float:
        return now

    def started(self, now: float, in_flight: int) -> Ticket:
        return Ticket(now, False)

    def answered(self, now: float, ticket: Ticket) -> None: ...

    def flooded(self, now: float, ticket: Ticket, seconds: float) -> None: ...


@dataclass(frozen=True)
class Outcome:
    per_second: float
    waits: int
    """How often Telegram made us wait; one wait told to several requests counts once."""


class Network:
    """Lets a pacer loose on a line with so much latency and a policy; there is always more to ask."""

    def __init__(self, pacer: Pacer, latency: float, policy: Policy, *, jitter: float = 0.0) -> None:
        self._pacer = pacer
        self._latency = latency
        self._policy = policy
        self._jitter = jitter
        self._random = random.Random(7)
        self._events: list[tuple[float, int, str, Ticket | None, float]] = []
        self._number = itertools.count()
        self._in_flight = 0
        self._held_until = 0.0
        self._timer = 0.0
        self._busy_until = 0.0

    def run(self) -> Outcome:
        now, answers, waits = 0.0, 0, 0
        while now < TOTAL_S:
            self._start_all(now)
            now, _, what, ticket, wait = heapq.heappop(self._events)
            if ticket is None:
                continue
            if what == "arrives":
                self._serve(now, ticket)
            elif what == "answer":
                self._in_flight -= 1
                answers += now > WARM_S
                self._pacer.answered(now, ticket)
            else:
                self._in_flight -= 1
                waits += now > WARM_S and now >= self._held_until
                self._pacer.flooded(now, ticket, wait)
                self._held_until = max(self._held_until, now + wait)
        return Outcome(answers / (TOTAL_S - WARM_S), waits)

    def _start_all(self, now: float) -> None:
        while self._in_flight < self._pacer.limit:
            until = max(self._held_until, self._pacer.ready_at(now))
            if until > now + 1e-9:
                if not now < self._timer <= until:
                    self._timer = until
                    self._push(until, "timer", None)
                return
            self._in_flight += 1
            ticket = self._pacer.started(now, self._in_flight)
            self._push(now + self._half_way(), "arrives", ticket)

    def _serve(self, now: float, ticket: Ticket) -> None:
        wait = self._policy.ask(now)
        if wait:
            self._push(now + self._half_way(), "wait", ticket, wait)
            return
        self._busy_until = max(self._busy_until, now) + SERVICE_S
        self._push(self._busy_until + self._half_way(), "answer", ticket)

    def _half_way(self) -> float:
        return self._latency / 2 * (1 + self._jitter * self._random.uniform(-1, 1))

    def _push(self, at: float, what: str, ticket: Ticket | None, wait: float = 0.0) -> None:
        heapq.heappush(self._events, (at, next(self._number), what, ticket, wait))


def steady(rate: float | None) -> Limit:
    return lambda now: rate


def changing(before: float, then: float) -> Limit:
    return lambda now: before if now < (WARM_S + TOTAL_S) / 2 else then


def best_fixed(latency: float, new_policy: Callable[[], Policy]) -> float:
    best = 0.0
    for in_flight in FIXED:
        rate = Network(FixedPacer(in_flight), latency, new_policy()).run().per_second
        if rate < best * 0.3:
            break
        best = max(best, rate)
    return best


def check(latency: float, new_policy: Callable[[], Policy]) -> None:
    ours = Network(new_pacer("history"), latency, new_policy()).run()
    assert ours.per_second >= 0.85 * best_fixed(latency, new_policy)
    assert ours.waits <= (TOTAL_S - WARM_S) / 60


LATENCIES = (0.0, 0.05, 0.15, 0.4)


def grid() -> Iterator[tuple[float, Limit, float, str]]:
    for latency in LATENCIES:
        yield latency, steady(None), 1, f"{latency * 1000:.0f}ms-free"
        for wait in (1, 3, 5):
            for rate in (5.0, 20.0, 50.0):
                yield latency, steady(rate), wait, f"{latency * 1000:.0f}ms-{rate:.0f}-wait{wait}"
            for before, then in ((20.0, 5.0), (5.0, 20.0), (20.0, 50.0), (50.0, 20.0), (50.0, 5.0)):
                name = f"{latency * 1000:.0f}ms-{before:.0f}to{then:.0f}-wait{wait}"
                yield latency, changing(before, then), wait, name


def cells(*names: str) -> list[tuple[float, Limit, float]]:
    return [cell[:3] for cell in grid() if cell[3] in names]


@pytest.mark.parametrize("policy", [Bucket, Window])
@pytest.mark.parametrize(
    ("latency", "limit", "wait"),
    cells("150ms-5-wait5", "400ms-20-wait3", "50ms-20to5-wait3", "150ms-5to20-wait3"),
)
def test_some_networks_with_limits(
    policy: Callable[[Limit, float], Policy], latency: float, limit: Limit, wait: float
) -> None:
    check(latency, lambda: policy(limit, wait))


@pytest.mark.parametrize(("latency", "jitter"), [(0.15, 0.0), (0.4, 0.3)])
def test_without_a_limit_the_line_is_filled(latency: float, jitter: float) -> None:
    free = Network(new_pacer("history"), latency, Bucket(steady(None), 1), jitter=jitter).run()
    assert free.per_second >= 0.95 / SERVICE_S
    assert free.waits == 0


@pytest.mark.parametrize("wait", [1, 3])
def test_waits_that_slowness_does_not_keep_off_do_not_bring_it_to_a_crawl(wait: float) -> None:
    ours = Network(new_pacer("history"), 0.05, EveryTenth(wait)).run()
    assert ours.per_second >= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("policy", [Bucket, Window])
@pytest.mark.parametrize(
    ("latency", "limit", "wait"), [pytest.param(*cell[:3], id=cell[3]) for cell in grid()]
)
def test_the_whole_grid(
    policy: Callable[[Limit, float], Policy], latency: float, limit: Limit, wait: float
) -> None:
    check(latency, lambda: policy(limit, wait))


def test_a_line_that_is_full_is_not_filled_further() -> None:
    """A server that serves 200 a second at 50 ms needs 11 in flight; more would only wait in its queue."""
    pacer = new_pacer("history")
    Network(pacer, 0.05, Bucket(steady(None), 1)).run()
    assert 8 <= pacer.limit <= 24


def test_too_little_work_teaches_nothing() -> None:
    pacer = Pacer(first=4, most=128)
    now = 0.0
    for _ in range(2000):
        ticket = pacer.started(now, 1)
        now += 0.1
        pacer.answered(now, ticket)
    assert pacer.limit <= 8
    assert pacer.rate is None
    assert pacer.latency == pytest.approx(0.1)
