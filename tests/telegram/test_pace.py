"""What one class's rate is learned from."""

from __future__ import annotations

from tobs_tui.telegram.pace import Pace


def test_a_wait_after_a_standstill_is_not_laid_to_how_little_came_before_it() -> None:
    pace, now = Pace(), 0.0

    def send(count: int) -> None:
        nonlocal now
        for _ in range(count):
            now = max(now + 0.02, pace.ready_at(now))
            pace.started(now)
            pace.accepted(now)

    send(60)
    pace.flooded(now, now, 1.0)
    now += 1
    send(6)
    now += 60  # all that was in flight was lost, and nothing more was sent
    send(5)
    pace.flooded(now, now, 1.0)
    assert pace.rate is not None
    assert pace.rate > 2
