"""Real signals, sent to a process of its own: what a terminal, a service manager and nohup do."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tobs_tui.shutdown import ShutdownManager, ShutdownState

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

ROOT = Path(__file__).parents[1]

PROGRAM = """
import asyncio, signal, sys
from tobs_tui.shutdown import ShutdownManager

async def main():
    manager = ShutdownManager(30.0)
    loop = asyncio.get_running_loop()
    if "fallback" in sys.argv:
        def cannot(*_): raise NotImplementedError
        loop.add_signal_handler = loop.remove_signal_handler = cannot
    manager.subscribe(lambda state: print(state.name, manager.source, flush=True))
    before = signal.getsignal(signal.SIGINT)
    with manager.signals(loop, then_ignored="ignored" in sys.argv):
        print("ready", flush=True)
        await manager.wait_abort()
    print(signal.getsignal(signal.SIGINT) == before, flush=True)

asyncio.run(main())
if "ignored" in sys.argv:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.raise_signal(each)
    print("still here", flush=True)
"""


@contextmanager
def program(*arguments: str, ignoring: signal.Signals | None = None) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    if ignoring is not None:
        command = ["sh", "-c", f"trap '' {ignoring.name.removeprefix('SIG')}; exec \"$@\"", "sh", *command]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        guard = threading.Timer(30, process.kill)
        guard.start()
        try:
            assert line(process) == "ready"
            yield process
        finally:
            guard.cancel()
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("how", ["loop", "fallback"])
def test_two_signals_drain_and_abort(how: str) -> None:
    with program(how) as process:
        process.send_signal(signal.SIGTERM)
        assert line(process) == "DRAINING SIGTERM"
        process.send_signal(signal.SIGINT)
        assert line(process) == "ABORTED SIGINT"
        assert line(process) == "True"
        assert process.wait() == 0


def test_hangups_only_drain() -> None:
    with program() as process:
        process.send_signal(signal.SIGHUP)
        assert line(process) == "DRAINING SIGHUP"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        assert line(process) == "DRAINING SIGINT"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        assert line(process) == "ABORTED SIGINT"


def test_a_hangup_stays_ignored_under_nohup() -> None:
    with program(ignoring=signal.SIGHUP) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert line(process) == "DRAINING SIGTERM"


@pytest.mark.parametrize("how", ["loop", "fallback"])
def test_late_signals_change_nothing_where_they_are_then_ignored(how: str) -> None:
    """Torture with seeds 113 and 118: a run that had ended, and told so, left by the signal."""
    with program(how, "ignored") as process:
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            line(process)
        assert line(process) == "False"
        assert line(process) == "still here"
        assert process.wait(10) == 0


async def test_former_handlers_come_back() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    manager = ShutdownManager()
    with manager.signals(asyncio.get_running_loop()):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(manager.wait_drain(), 5)
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert manager.state is ShutdownState.DRAINING
    assert [signal.getsignal(number) for number in numbers] == before
