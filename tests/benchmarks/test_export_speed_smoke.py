"""The benchmark of exports runs, and every contender gets every message. It says nothing about speed."""

from __future__ import annotations

from tests.benchmarks.export_speed import COLUMNS, Plan, play, table

MESSAGES = 1_000


def test_the_table_comes_out_with_all_messages_of_all_contenders() -> None:
    plan = Plan(
        messages=MESSAGES, cap=300, wait_cap=200, rows=("bare", "iter", "iter-wait", "ours"), in_flight=(4, 0)
    )
    played = play(plan, rtt_ms=5)
    got = {run.name: run.messages for run in played.runs}
    assert got == {
        "bare GetHistory loop": 300,
        "iter_messages, no wait": 300,
        "iter_messages, its wait": 200,
        "ours, 4 in flight": MESSAGES,
        "ours, governed": MESSAGES,
    }
    title, columns, *rows = table([played]).splitlines()
    assert "service time" in title
    assert columns == COLUMNS
    assert [row[:24].strip() for row in rows] == list(got)
    assert played.best_peer is None
    assert all(run.peak_mb > 10 and run.cpu_s > 0.1 and run.seconds > 0 for run in played.runs)
