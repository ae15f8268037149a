"""What the screen costs the engine: one export without it and one with it, on a server without latency.

    python tests/benchmarks/screen_cost.py [--messages N] [--chats N] [--rounds N]

Prints the headless and the watched throughput, their ratio (at least 85 %), the event loop's lag at the 99th
percentile (under 50 ms) and how long a key waits for its answer (at most 100 ms). Exit code 1 when one fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from tobs_tui.cli.demo import DemoOptions, demo_settings, running_server
from tobs_tui.cli.screen.host import ScreenHost
from tobs_tui.export.job import Target
from tobs_tui.ui.app import TobsApp
from tobs_tui.ui.ports import ExportOptions, Order, Reach

LAG_S, KEY_S, KEPT = 0.050, 0.100, 0.85
SIZE = (160, 50)


class Watched(Struct):
    """One export, measured."""

    rate: float
    lag_s: float = 0.0
    key_s: float = 0.0


async def export(ready: dict[str, Any], folder: Path, *, screen: bool) -> Watched:
    """Export every chat into a new vault, with or without the screen."""
    host = ScreenHost(
        lambda more: demo_settings(ready, folder, more), sign_in=lambda account: _sign_in(account, ready),
        keeps_options=False,
    )  # fmt: skip
    if not screen:
        await host.start()
        measured = await _measure(host, folder, None)
        await host.close()
        return measured
    app = TobsApp(host)
    async with app.run_test(size=SIZE) as pilot:
        while host.link().reach is not Reach.CONNECTED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        measured = await _measure(host, folder, app)
        await pilot.pause()
    await host.close()
    return measured


async def _sign_in(account: Any, ready: dict[str, Any]) -> None:
    await account.send_code(ready["phone"])
    await account.sign_in(ready["code"])


async def _measure(host: ScreenHost, folder: Path, app: TobsApp | None) -> Watched:
    chats = [chat for chat in await host.chats(lambda _count: None) if not chat.no_access]
    options = ExportOptions(media=frozenset(), folder=str(folder))
    lags: list[float] = []
    keys: list[float] = []
    if app is not None:
        app.switch_mode("run")
        await asyncio.sleep(0.5)
    started = time.perf_counter()
    host.begin(Order(tuple(Target(chat) for chat in chats), options))
    watching = [asyncio.create_task(_lag(lags))]
    if app is not None:
        watching.append(asyncio.create_task(_press(app, keys)))
    while host.running():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    elapsed = time.perf_counter() - started
    for task in watching:
        task.cancel()
    report = host.report()
    assert report is not None
    assert report.exit_code == 0, report.errors
    fetched = report.phases.get("fetch", elapsed)
    return Watched(report.messages_new / fetched, _quantile(lags, 0.99), max(keys, default=0.0))


async def _lag(lags: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.01)
        lags.append(time.perf_counter() - before - 0.01)


async def _press(app: TobsApp, keys: list[float]) -> None:
    """Freeze and unfreeze: each key changes the picture, and is timed until it has."""
    from textual import events

    while True:
        await asyncio.sleep(0.5)
        screen = app.screen
        before, frozen = time.perf_counter(), getattr(screen, "_frozen", None)
        app.post_message(events.Key("f", "f"))
        while getattr(screen, "_frozen", None) is frozen and app.is_running:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        keys.append(time.perf_counter() - before)


def _quantile(values: list[float], share: float) -> float:
    ascending = sorted(values)
    return ascending[int(len(ascending) * share)] if ascending else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--chats", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3, help="taken in turn; the best of each counts")
    parser.add_argument("--only", choices=("headless", "screen"), help=argparse.SUPPRESS)
    parser.add_argument("--ready", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        with tempfile.TemporaryDirectory() as folder:
            measured = asyncio.run(
                export(json.loads(given.ready), Path(folder), screen=given.only == "screen")
            )
        print(json.dumps([measured.rate, measured.lag_s, measured.key_s]))
        return 0
    with running_server(DemoOptions(messages=given.messages, chats=given.chats)) as ready:
        pairs = [[_in_process(only, ready) for only in ("headless", "screen")] for _ in range(given.rounds)]
    # The least disturbed of each: what else the machine does costs both, and only ever adds.
    without, with_screen = (max(runs, key=lambda one: one.rate) for runs in zip(*pairs, strict=True))
    kept = with_screen.rate / without.rate
    for name, one in (("headless", without), ("with screen", with_screen)):
        print(f"{name:<12}  {one.rate:10,.0f} messages/s   loop lag p99 {one.lag_s * 1000:5.1f} ms")
    print(f"kept          {kept:10.0%} (at least {KEPT:.0%})")
    print(f"slowest key   {with_screen.key_s * 1000:10.1f} ms (at most {KEY_S * 1000:.0f})")
    return int(kept < KEPT or with_screen.lag_s > LAG_S or with_screen.key_s > KEY_S)


def _in_process(only: str, ready: dict[str, Any]) -> Watched:
    """Each in a process of its own: neither warms the other's caches."""
    command = [sys.executable, __file__, "--only", only, "--ready", json.dumps(ready)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(answer.stdout + answer.stderr)
    return Watched(*json.loads(answer.stdout.splitlines()[-1]))


if __name__ == "__main__":
    raise SystemExit(main())
