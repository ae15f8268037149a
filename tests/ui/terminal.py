"""A pseudo-terminal with the program in it, as a user starts it: keys in, pictures and an exit code out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ALTERNATE_ON, ALTERNATE_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_ON = b"\x1b[?25h"
_CODES = re.compile(
    rb"\x1b\[[0-9;:?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78]"
)


class Terminal:
    """One run of `python -m tobs_tui …`. Leaves no process behind."""

    def __init__(self, *words: str, home: Path, size: tuple[int, int] = (100, 30)) -> None:
        self.home = home
        self.output = b""
        self._mark = 0
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tobs_tui", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=home,
            env=_environment(home),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for handle in (self.master, self.slave):
            if handle >= 0:
                os.close(handle)

    @property
    def drawn(self) -> str:
        """What was written since the last `forget`, without its codes."""
        return _CODES.sub(b"", self.output[self._mark :]).decode("utf-8", "replace")

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self._mark = len(self.output)

    def wait_for(self, text: str, timeout: float = 40.0) -> None:
        """Read until these words are drawn."""
        end = time.monotonic() + timeout
        while text not in self.drawn:
            if not self._read(end):
                raise AssertionError(f"{text!r} was not drawn; the end of it:\n{self.drawn[-3000:]}")

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Take the terminal away, as a closed window does."""
        os.close(self.slave)
        self.slave = -1
        os.close(self.master)
        self.master = -1

    def exit_code(self, timeout: float = 30.0) -> int:
        """Wait for the end, reading on, so that nothing is stuck."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            if self.master < 0:
                return self.process.wait(timeout)
            if not self._read(end):
                raise AssertionError(f"it did not end; the end of what was drawn:\n{self.drawn[-3000:]}")
        end = time.monotonic() + 0.3
        while self._read(end):
            pass
        return self.process.returncode

    def assert_restored(self) -> None:
        """The terminal is as it was: its own screen, a cursor, echo."""
        assert self.output.count(ALTERNATE_ON) == self.output.count(ALTERNATE_OFF) == 1
        assert self.output.rfind(CURSOR_ON) > self.output.rfind(b"\x1b[?25l")
        assert termios.tcgetattr(self.slave)[3] == self.before[3]

    def _read(self, end: float) -> bool:
        """Read once; False when the time is up."""
        left = end - time.monotonic()
        if left <= 0:
            return False
        if select.select([self.master], [], [], min(left, 0.2))[0]:
            try:
                self.output += os.read(self.master, 65_536)
            except OSError:
                return False
        return True


def _environment(home: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "VIRTUAL_ENV")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "TERM": "xterm-256color",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LANG": kept.get("LANG", "C.UTF-8"),
        "TZ": "UTC",
    }


def _take_terminal() -> None:
    """Make the pseudo-terminal the new session's own, so that a hangup reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
