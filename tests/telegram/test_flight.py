"""What may be in flight is learned from the rate of answers, also where the beginning tells little of it."""

from __future__ import annotations

from tobs_tui.telegram.flight import Flight

LATENCY = 0.05


class Line:
    """A network where each place in flight brings an answer each 50 ms, for as many workers as there are."""

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self.now = 0.0

    def answers(self, seconds: float, *, workers: int | None = None, full: bool = True) -> None:
        end = self.now + seconds
        while self.now < end:
            busy = min(workers or self.flight.most, self.flight.limit)
            self.now += LATENCY / busy
            self.flight.answered(self.now, LATENCY, full=full)


def test_it_doubles_as_long_as_answers_come_quicker_for_it() -> None:
    flight = Flight(first=4, most=64)
    Line(flight).answers(5)
    assert flight.limit == 64


def test_a_doubling_whose_workers_came_late_is_looked_at_twice() -> None:
    flight = Flight(first=4, most=16)
    line = Line(flight)
    while flight.limit < 8:
        line.answers(LATENCY)
    line.answers(0.45, workers=4)  # one round with the workers of before: they are still connecting
    line.answers(2)
    assert flight.limit == 16


def test_a_doubling_that_brought_nothing_is_taken_back_and_the_next_step_comes_soon() -> None:
    flight = Flight(first=4, most=16)
    line = Line(flight)
    line.answers(1.9, workers=4)
    assert flight.limit == 4
    line.answers(4)
    assert flight.limit > 4
