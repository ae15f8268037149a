"""The account's one gate, on a clock that leaps: floods stop their class alone, stops end every wait."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from tobs_tui.telegram.governor import AFTER_STOP, CLOSING, Governor, Stopped, WaitTooLong
from tobs_tui.telegram.pacing import Pacer, Ticket

T = TypeVar("T")


class Flood(Exception):
    """Telegram asks for a wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Leaping(selectors.DefaultSelector):
    """Instead of waiting, lets the time be over."""

    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        self.loop.now += max(0.0, timeout)
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next timer."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _Leaping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run(test: Callable[[Governor], Coroutine[Any, Any, T]], **options: Any) -> T:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        governor = Governor(
            flood_seconds=lambda error: error.seconds if isinstance(error, Flood) else None, **options
        )
        return runner.run(test(governor))


def now() -> float:
    return asyncio.get_running_loop().time()


def after(seconds: float, answer: Any = None) -> Callable[[Ticket], Awaitable[Any]]:
    async def send(ticket: Ticket) -> Any:
        await asyncio.sleep(seconds)
        return answer

    return send


def flooded_once(seconds: float, sent: list[float]) -> Callable[[Ticket], Awaitable[str]]:
    async def send(ticket: Ticket) -> str:
        sent.append(now())
        await asyncio.sleep(0.1)
        if len(sent) == 1:
            raise Flood(seconds)
        return "answer"

    return send


def test_a_flood_wait_is_kept_to_and_the_request_sent_again() -> None:
    async def test(governor: Governor) -> None:
        sent: list[float] = []
        assert await governor.call("history", flooded_once(7, sent)) == "answer"
        told = sent[0] + 0.1
        assert told + 7 <= sent[1] <= told + 7.5
        assert governor.requests == 2
        assert governor.flood_wait_s == pytest.approx(7)

    run(test)


def test_a_flood_wait_stops_its_class_alone() -> None:
    async def test(governor: Governor) -> None:
        sent: list[float] = []
        waiting = asyncio.create_task(governor.call("history", flooded_once(100, sent)))
        await asyncio.sleep(1)
        began = now()
        assert await governor.call("dialogs", after(0.1, "list")) == "list"
        assert now() - began < 0.2
        budget = governor.snapshot().of("history")
        assert budget is not None
        assert budget.wait_s == pytest.approx(99.0)
        assert (budget.waiting, budget.floods, budget.why) == (1, 1, "flood wait asked by Telegram")
        assert await waiting == "answer"

    run(test)


def test_all_that_were_refused_together_wait_once() -> None:
    async def test(governor: Governor) -> None:
        count = 0

        async def send(ticket: Ticket) -> None:
            nonlocal count
            count += 1
            await asyncio.sleep(0.1)
            if now() < 1005.0:
                raise Flood(5)

        await asyncio.gather(*(governor.call("history", send) for _ in range(4)))
        assert count == 8
        assert governor.flood_wait_s == pytest.approx(5)

    run(test)


def test_waits_are_handed_out_and_taken_up_again() -> None:
    told: dict[str, float] = {}

    async def first(governor: Governor) -> None:
        governor.on_wait = told.__setitem__
        task = asyncio.create_task(governor.call("history", flooded_once(60, [])))
        await asyncio.sleep(1)
        task.cancel()

    async def second(governor: Governor) -> None:
        governor.restore(told | {"dialogs": 1.0})
        began = now()
        await governor.call("dialogs", after(0))
        assert now() == began, "a wait that is over holds nobody up"
        await governor.call("history", after(0))
        assert now() - began == pytest.approx(60 - 20)

    run(first, wall=lambda: 50_000.0)
    assert told == {"history": 50_060.0}
    run(second, wall=lambda: 50_020.0)


def test_impatient_callers_are_told_the_wait() -> None:
    async def test(governor: Governor) -> None:
        with pytest.raises(WaitTooLong) as caught:
            await governor.call("auth", flooded_once(300, []), patience=0)
        assert caught.value.seconds == pytest.approx(300)
        await asyncio.sleep(100)
        sent: list[float] = []
        with pytest.raises(WaitTooLong) as caught:
            await governor.call("auth", flooded_once(1, sent), patience=0)
        assert caught.value.seconds == pytest.approx(200)
        assert sent == []

    run(test)


def test_stopping_ends_every_wait_and_lets_answers_come_for_a_moment() -> None:
    async def test(governor: Governor) -> None:
        soon = asyncio.create_task(governor.call("history", after(AFTER_STOP / 2, "page")))
        never = asyncio.create_task(governor.call("history", after(1e6)))
        waiting = asyncio.create_task(governor.call("dialogs", flooded_once(1e6, [])))
        pausing = asyncio.create_task(governor.pause(1e6))
        await asyncio.sleep(0.5)
        governor.stop()
        began = now()
        for ended in (waiting, pausing):
            with pytest.raises(Stopped):
                await ended
        assert now() == began
        assert await soon == "page"
        with pytest.raises(Stopped):
            await never
        assert now() - began == pytest.approx(AFTER_STOP)
        with pytest.raises(Stopped):
            await governor.call("history", after(0))
        assert await governor.call(CLOSING, after(0, "bye")) == "bye"
        governor.resume()
        assert await governor.call("history", after(0, "page")) == "page"

    run(test)


def test_an_error_that_ends_all_is_raised_by_all_at_once() -> None:
    async def test(governor: Governor) -> None:
        asking = [asyncio.create_task(governor.call("history", after(1e6))) for _ in range(9)]
        await asyncio.sleep(0)
        began = now()
        governor.stop(ZeroDivisionError())
        done = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(error) for error in done} == {ZeroDivisionError}
        assert now() == began

    run(test)


def test_no_more_are_in_flight_than_may_be() -> None:
    async def test(governor: Governor) -> None:
        flying = most = 0

        async def send(ticket: Ticket) -> None:
            nonlocal flying, most
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0.1)
            flying -= 1

        await asyncio.gather(*(governor.call("history", send) for _ in range(50)))
        assert most == 3
        budget = governor.snapshot().of("history")
        assert budget is not None
        assert (budget.in_flight, budget.waiting, budget.requests) == (0, 0, 50)

    run(test, new_pacer=lambda kind: Pacer(first=3, most=3))


def test_a_cancelled_caller_gives_its_place_back_wherever_it_was() -> None:
    async def test(governor: Governor) -> None:
        asking = [asyncio.create_task(governor.call("auth", after(10))) for _ in range(3)]
        await asyncio.sleep(1)
        asking[0].cancel()
        asking[1].cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        began = now()
        await asking[2]
        assert now() - began == pytest.approx(10)
        assert await governor.call("auth", after(0, "free")) == "free"

    run(test)


def test_a_failing_request_gives_its_place_back() -> None:
    async def test(governor: Governor) -> None:
        async def fail(ticket: Ticket) -> None:
            raise OSError

        for _ in range(20):
            with pytest.raises(OSError):
                await governor.call("auth", fail)
        assert await governor.call("auth", after(0, "free")) == "free"

    run(test)


def test_refused_requests_go_before_those_that_came_later() -> None:
    async def test(governor: Governor) -> None:
        order: list[str] = []

        def named(name: str) -> Callable[[Ticket], Awaitable[None]]:
            async def send(ticket: Ticket) -> None:
                order.append(name)
                await asyncio.sleep(0.1)
                if len(order) == 1:
                    raise Flood(3)

            return send

        await asyncio.gather(*(governor.call("auth", named(name)) for name in "abc"))
        assert order == ["a", "a", "b", "c"]

    run(test)


def test_a_class_that_met_a_limit_is_paced_below_it() -> None:
    """A bucket of twenty a second, four times the requests: after the first minute hardly a wait."""

    async def test(governor: Governor) -> tuple[int, int]:
        tokens, at, held, answers, waits = 20.0, now(), 0.0, 0, 0

        async def send(ticket: Ticket) -> None:
            nonlocal tokens, at, held, answers, waits
            await asyncio.sleep(0.05)
            if now() < held:
                raise Flood(3)
            tokens, at = min(20.0, tokens + (now() - at) * 20), now()
            if tokens < 1:
                held, tokens = now() + 3, 20.0
                waits += now() > 1060
                raise Flood(3)
            tokens -= 1
            await asyncio.sleep(0.05)
            answers += now() > 1060

        async def worker() -> None:
            while now() < 1260:
                await governor.call("history", send)

        await asyncio.gather(*(worker() for _ in range(8)))
        return answers, waits

    answers, waits = run(test)
    assert answers > 0.85 * 20 * 200
    assert waits <= 4
