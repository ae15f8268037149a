"""The program as a person runs it: real processes, against a demo server in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0


class Program:
    """`tobs-tui` with settings of its own: one home, one vault, one server."""

    def __init__(self, home: Path, server: dict[str, Any] | None) -> None:
        self.home = home
        self.vault = home / "vault"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "PYTHONUTF8": "1",
            "TIMEZONE": "UTC",
            "EXPORT_PATH": str(self.vault),
            "SESSION_DIR": str(home / "sessions"),
            # Files take their time; tests that are about them ask for them.
            "MEDIA_KINDS": "none",
        }
        if "COVERAGE_PROCESS_START" in os.environ:
            self.env["COVERAGE_PROCESS_START"] = os.environ["COVERAGE_PROCESS_START"]
        self.server = server
        if server is not None:
            self.env |= {
                "API_ID": "1",
                "API_HASH": "not-a-real-hash",
                "TELEGRAM_SERVER": f"{server['host']}:{server['port']}",
                "TELEGRAM_DC_ID": str(server["dc_id"]),
                "TELEGRAM_PUBLIC_KEY": server["public_key"],
            }

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Begin a command; the caller ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "tobs_tui", *words],
            env=self.env | env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, expect: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; it must leave with the expected code."""
        process = self.start(*words, **env)
        return finish(process, expect=expect)

    def login(self) -> None:
        assert self.server is not None
        self.run("login", "--phone", self.server["phone"], "--code", self.server["code"])

    def export(self, *words: str, expect: int | None = 0, **env: str) -> dict[str, Any]:
        """Export; returns the run's report."""
        done = self.run("export", *words, "--json", expect=expect, **env)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def begin_export(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start an export and come back once it has committed something."""
        archive = self.vault / ".tobs" / "archive.db-wal"
        process = self.start("export", *words, "--json", **env)
        wait_until(lambda: process.poll() is not None or archive.exists(), "the first commit")
        return process

    def end_export(self, process: subprocess.Popen[str], within: float) -> tuple[int, dict[str, Any]]:
        """Wait for an export that was asked to stop; it must leave in time, with a report."""
        started = time.monotonic()
        done = finish(process, expect=None)
        took = time.monotonic() - started
        assert took < within, f"took {took:.1f} s to leave\n{done.stderr}"
        return done.returncode, json.loads(done.stdout)

    def notes(self) -> dict[str, bytes]:
        """Every file of the vault for people, by its path."""
        return {
            str(path.relative_to(self.vault)): path.read_bytes()
            for path in sorted(self.vault.rglob("*"))
            if path.is_file() and ".tobs" not in path.parts
        }


def finish(process: subprocess.Popen[str], *, expect: int | None) -> subprocess.CompletedProcess[str]:
    """Wait for a started command, with its output in the failure when it left otherwise than expected."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        pytest.fail(f"{process.args!r} did not end\n{out}\n{err}")
    if expect is not None:
        assert process.returncode == expect, f"{process.args!r} left with {process.returncode}\n{out}\n{err}"
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_until(condition: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
    """Poll for something another process does."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {within:.0f} s"
        time.sleep(0.01)


@contextmanager
def served(home: Path, *options: str) -> Iterator[dict[str, Any]]:
    """A demo server; what it printed when it was ready, and its `pid`."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "PYTHONUTF8": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tobs_tui", "demo", "serve", "--with-parent", *options],
        env=env,
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "the demo server did not start"
            yield json.loads(line) | {"pid": process.pid}
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A quick server with a small world, shared by all tests that don't disturb it."""
    with served(tmp_path_factory.mktemp("small"), "--messages", "1500", "--chats", "16") as ready:
        yield ready


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Start servers of a test's own."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(*options: str) -> dict[str, Any]:
            home = tmp_path / f"server{len(list(tmp_path.iterdir()))}"
            home.mkdir()
            return stack.enter_context(served(home, *options))

        yield start


@pytest.fixture
def program(tmp_path: Path, small_world: dict[str, Any]) -> Program:
    """The program, logged in on the small world."""
    program = Program(tmp_path, small_world)
    program.login()
    return program


@pytest.fixture
def program_on(tmp_path: Path) -> Callable[..., Program]:
    """Make programs of a test's own, each with its own home; logged in unless told otherwise."""

    def make(server: dict[str, Any] | None, *, login: bool = True) -> Program:
        home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        made = Program(home, server)
        if login and server is not None:
            made.login()
        return made

    return make
