"""`tobs-tui` as a real child process, and the ways in which it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.torture.plan import Ending, Moment
from tobs_tui.config import Settings
from tobs_tui.demo.server import DemoServer
from tobs_tui.telegram.account import Account

PATIENCE = 300.0
"""Seconds that no run may take."""
DRAINED_WITHIN = 12.0
"""Seconds in which whoever was asked to stop is gone: ten are promised beside a server that is silent."""
LOOK = 0.01
INSIDE = str(Path(__file__).with_name("inside"))
"""What the program imports at its start, to be asked where it stands."""


class Hung(AssertionError):
    """The program did not leave in time."""


@dataclass(frozen=True, slots=True)
class Left:
    """How a process left, and what it said."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class Program:
    """One home, one login, any number of vaults."""

    def __init__(self, home: Path, server: DemoServer, env: dict[str, str]) -> None:
        home.mkdir(parents=True)
        self.home = home
        self.vault = home / "vault"
        self._server = server
        info = server.info
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([INSIDE, *filter(None, [os.environ.get("PYTHONPATH")])]),
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONUTF8": "1",
            "EXPORT_PATH": str(self.vault),
            "SESSION_DIR": str(home / "sessions"),
            "API_ID": "1",
            "API_HASH": "not-a-real-hash",
            "TELEGRAM_SERVER": f"{info.host}:{info.port}",
            "TELEGRAM_DC_ID": str(info.dc_id),
            "TELEGRAM_PUBLIC_KEY": str(info.public_key),
            **env,
        }
        self._runs = 0

    async def login(self) -> None:
        """Log in here, in this process: what is tortured is the export."""
        info = self._server.info
        own = {"API_ID", "API_HASH", "SESSION_DIR"}
        names = [name for name in self.env if name in own or name.startswith("TELEGRAM_")]
        settings = Settings.model_validate({name.lower(): self.env[name] for name in names})
        async with await Account.connect(settings) as account:
            await account.send_code(info.phone)
            await account.sign_in(info.code)

    async def run(self, *words: str, env: dict[str, str] | None = None) -> Left:
        """Run a command to its own end."""
        running = await self.start(*words, env=env)
        return await running.end(Ending.ITSELF)

    async def start(self, *words: str, env: dict[str, str] | None = None) -> Running:
        """Begin a command."""
        self._runs += 1
        out, err = self.home / f"out{self._runs}", self.home / f"err{self._runs}"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tobs_tui",
                *words,
                env=self.env | (env or {}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        return Running(process, out, err, self._server, self.measures())

    def measures(self) -> dict[Moment, Callable[[], float]]:
        """How far a run is, for each moment that can be waited for."""
        asked = self._server.requests["messages.getHistory"]
        notes, files, index = self._notes(), self._files(), self._index()
        return {
            Moment.PAGES: lambda: self._server.requests["messages.getHistory"] - asked,
            Moment.NOTES: lambda: self._notes() - notes,
            Moment.FILES: lambda: self._files() - files,
            Moment.INDEX: lambda: abs(self._index() - index),
        }

    def _notes(self) -> int:
        return sum(1 for _ in self.vault.glob("*/*.md"))

    def _files(self) -> int:
        return sum(1 for _ in self.vault.glob("media/**/*"))

    def _index(self) -> int:
        size = 0
        for path in self.vault.glob(".tobs/search.db*"):
            with contextlib.suppress(FileNotFoundError):  # closed this instant
                size += path.stat().st_size
        return size


class Running:
    """A child process."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        out: Path,
        err: Path,
        server: DemoServer,
        measures: dict[Moment, Callable[[], float]],
    ) -> None:
        self._process = process
        self._out, self._err = out, err
        self._server = server
        self._asked = server.requests.total()
        self._measures = measures

    async def until(self, moment: Moment, amount: float, *, connected: bool) -> None:
        """Wait for a moment, or for the process to end before it; with `connected`, for its first request."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        measure = self._measures.get(moment, lambda: loop.time() - begun)
        while self._process.returncode is None and (
            measure() < amount or (connected and self._server.requests.total() == self._asked)
        ):
            if loop.time() - begun > PATIENCE:
                await self._give_up("did not end")
            await asyncio.sleep(LOOK)

    async def end(self, ending: Ending, dice: Random | None = None) -> Left:
        """End it so, and tell how it left. :raises Hung: it did not leave in time."""
        dice = dice or Random(0)
        match ending:
            case Ending.ITSELF:
                return await self._left(PATIENCE)
            case Ending.KILL:
                self._send(signal.SIGKILL)
            case Ending.DRAIN:
                self._send(dice.choice([signal.SIGTERM, signal.SIGINT]))
            case Ending.HANGUP:
                self._send(signal.SIGHUP)
                self._send(signal.SIGHUP)
            case Ending.ABORT:
                self._send(signal.SIGINT)
                await asyncio.sleep(dice.uniform(0.0, 0.4))
                self._send(dice.choice([signal.SIGTERM, signal.SIGINT]))
            case Ending.KILL_DRAINING:
                self._send(signal.SIGTERM)
                await asyncio.sleep(dice.uniform(0.0, 1.0))
                self._send(signal.SIGKILL)
        return await self._left(DRAINED_WITHIN)

    def _send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def _left(self, within: float) -> Left:
        try:
            code = await asyncio.wait_for(self._process.wait(), within)
        except TimeoutError:
            await self._give_up(f"did not leave within {within:g} s")
        return Left(code, self._out.read_text(), self._err.read_text())

    async def _give_up(self, what: str) -> NoReturn:
        self._send(signal.SIGUSR1)
        await asyncio.sleep(1)
        self._send(signal.SIGKILL)
        await self._process.wait()
        raise Hung(f"{what}\n{self._out.read_text()[-2000:]}\n{self._err.read_text()[-20_000:]}")
