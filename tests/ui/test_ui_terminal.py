"""The program in a real terminal, on the embedded server, as a user starts it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.terminal import Terminal, _environment

SLOW_NET = ("--messages", "20000", "--chats", "8", "--rtt-ms", "250")
QUICK = ("--messages", "1200", "--chats", "6")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def slow(home: Path) -> Iterator[Terminal]:
    """A long export under way, on a far network."""
    with Terminal("demo", *SLOW_NET, home=home) as terminal:
        start_export(terminal)
        terminal.wait_for("Fetching")
        terminal.wait_for("page fetched")
        yield terminal


def start_export(terminal: Terminal) -> None:
    terminal.wait_for("never")
    terminal.send("a")
    terminal.wait_for("marked")
    terminal.send("\r")
    terminal.wait_for("Takeout")
    terminal.send("\r")


def verdict(home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**_environment(home), "EXPORT_PATH": str(home / "demo-vault")}
    return subprocess.run(
        [sys.executable, "-m", "tobs_tui", "verify"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_two_chats_are_picked_exported_and_told(home: Path) -> None:
    with Terminal("demo", *QUICK, home=home) as terminal:
        terminal.wait_for("never")
        terminal.send("  ")
        terminal.wait_for("2 marked")
        terminal.send("\r")
        terminal.wait_for("Export 2 chats")
        terminal.send("\r")
        terminal.wait_for("Complete after")
        terminal.forget()
        terminal.send("q")
        assert terminal.exit_code() == 0
        terminal.assert_restored()
        assert "Complete after" in terminal.drawn
        assert str(home / "demo-vault") in terminal.drawn
    assert list((home / "demo-vault").glob("*/*.md"))
    verified = verdict(home)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_q_once_stops_safely(slow: Terminal) -> None:
    slow.send("q")
    slow.wait_for("Stopping safely")
    slow.forget()
    assert slow.exit_code() == 4
    slow.assert_restored()
    assert "Stopped safely after" in slow.drawn
    assert verdict(slow.home).returncode == 3


def test_q_twice_stops_at_once(slow: Terminal) -> None:
    slow.send("q")
    slow.wait_for("Stopping safely")
    slow.send("q")
    assert slow.exit_code(5) == 130
    slow.assert_restored()
    assert "Stopped at once." in slow.drawn
    with sqlite3.connect(slow.home / "demo-vault" / ".tobs" / "archive.db") as archive:
        assert archive.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_safely(slow: Terminal, number: signal.Signals) -> None:
    slow.signal(number)
    assert slow.exit_code() == 4
    slow.assert_restored()
    assert "Stopped safely after" in slow.drawn


def test_a_lost_terminal_drains_and_ends(slow: Terminal) -> None:
    slow.hang_up()
    assert slow.exit_code() == 4
    assert verdict(slow.home).returncode == 3


def test_a_window_resized_while_it_runs_is_filled_anew(slow: Terminal) -> None:
    for size in ((80, 24), (160, 50), (40, 12), (120, 40)):
        slow.forget()
        slow.resize(*size)
        slow.signal(signal.SIGWINCH)
        slow.wait_for("Log")
    slow.send("q")
    assert slow.exit_code() == 4
    slow.assert_restored()


def test_without_a_terminal_it_says_what_to_do_instead(home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tobs_tui"],
        cwd=home,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "The screen needs a terminal" in ended.stderr


def test_a_first_run_asks_for_what_is_missing(home: Path) -> None:
    with Terminal(home=home) as terminal:
        terminal.wait_for("my.telegram.org")
        terminal.send("\x11")
        assert terminal.exit_code() == 0
        terminal.assert_restored()


def test_headless_commands_load_no_textual(home: Path) -> None:
    code = "import sys, tobs_tui.cli.export, tobs_tui.cli.app; sys.exit('textual' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], env=_environment(home), timeout=60, check=False)
    assert ended.returncode == 0
