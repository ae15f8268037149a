"""What the benchmarks compare, each in a process of its own, and what a process cost."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """One contender's run over one chat."""

    name: str
    messages: int
    seconds: float
    """Until the last message was where the contender puts it."""
    cpu_s: float
    server_cpu_s: float
    peak_mb: float
    note: str = ""

    @property
    def rate(self) -> float:
        return self.messages / self.seconds if self.seconds else 0.0


@contextmanager
def demo_server(home: Path, *options: str) -> Iterator[tuple[dict[str, Any], int]]:
    """A demo server in its own process: what it printed, and its pid."""
    command = [sys.executable, "-m", "tobs_tui", "demo", "serve", "--with-parent", *options]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"XDG_DATA_HOME": str(home)},
    ) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline()), server.pid
        finally:
            server.terminate()


def cpu_seconds(pid: int) -> float:
    """User and system seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def peak_megabytes() -> float:
    """This process's own high-water mark. `ru_maxrss` would keep a fat parent's through a fork."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def environment(ready: dict[str, Any], home: Path, vault: Path) -> dict[str, str]:
    """The settings that point the product at the demo's server."""
    return os.environ | {
        "API_ID": "1",
        "API_HASH": "benchmark",
        "TELEGRAM_SERVER": f"{ready['host']}:{ready['port']}",
        "TELEGRAM_DC_ID": str(ready["dc_id"]),
        "TELEGRAM_PUBLIC_KEY": str(ready["public_key"]),
        "SESSION_DIR": str(home / "sessions"),
        "EXPORT_PATH": str(vault),
    }


def tobs(env: dict[str, str], *words: str) -> str:
    """Run the product's command line; returns its stdout."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, "tobs", *words],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=tempfile.gettempdir(),
    )
    return done.stdout


def run_contender(name: str, env: dict[str, str], server_pid: int, *words: str) -> Measured:
    """Run one contender in its own process beside the server, and read what it printed last."""
    before = cpu_seconds(server_pid)
    output = tobs(env, *words) if name.startswith("tobs") else _child(env, *words)
    told = json.loads(output.splitlines()[-1])
    return Measured(
        name=name,
        messages=told["messages"],
        seconds=told["seconds"],
        cpu_s=told["cpu_s"],
        server_cpu_s=cpu_seconds(server_pid) - before,
        peak_mb=told["peak_mb"],
        note=told.get("note", ""),
    )


def _child(env: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", __name__, *words]
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


async def bare_loop(phone: str, code: str, chat_id: int, public_key: str) -> None:
    """The loop that everything else is held against: GetHistoryRequest, 100 at a time, counted only."""
    from telethon import TelegramClient
    from telethon.crypto import rsa
    from telethon.sessions import MemorySession
    from telethon.tl.functions.messages import GetHistoryRequest

    rsa.add_key(public_key, old=True)
    host, _, port = os.environ["TELEGRAM_SERVER"].rpartition(":")
    session = MemorySession()
    session.set_dc(int(os.environ["TELEGRAM_DC_ID"]), host, int(port))
    client = TelegramClient(session, 1, "benchmark", receive_updates=False)
    await client.connect()
    await client.send_code_request(phone)
    await client.sign_in(phone, code)
    async for dialog in client.iter_dialogs():
        if dialog.id == chat_id:
            peer = dialog.input_entity
            break
    started, cpu = time.perf_counter(), time.process_time()
    offset = messages = 0
    while True:
        page = await client(
            GetHistoryRequest(
                peer, offset_id=offset, offset_date=None, add_offset=0, limit=100, max_id=0, min_id=0, hash=0
            )
        )
        if not page.messages:
            break
        messages += len(page.messages)
        offset = page.messages[-1].id
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"messages": messages, "seconds": seconds, "cpu_s": cpu, "peak_mb": peak_megabytes()}))
    await client.disconnect()


def product(words: list[str]) -> None:
    """The product's command line, which afterwards tells what an export cost."""
    import contextlib
    import io

    from tobs_tui.cli import main

    if words[:1] != ["export"]:
        sys.argv = ["tobs-tui", *words]
        main()
        return
    sys.argv = ["tobs-tui", *words, "--json"]
    captured = io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(captured):
        try:
            main()
        except SystemExit as left:
            code = left.code
    if code:
        raise SystemExit(code)
    report = json.loads(captured.getvalue())
    phases = report["phases"]
    print(
        json.dumps(
            {
                "messages": report["messages_new"],
                "seconds": phases["fetch"],
                "cpu_s": time.process_time(),
                "peak_mb": peak_megabytes(),
                "note": f"publish {phases['publish'] - phases['fetch']:.1f} s, "
                f"index {phases['index'] - phases['publish']:.1f} s more",
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "tobs":
        product(sys.argv[2:])
    else:
        key = Path(os.environ["TELEGRAM_PUBLIC_KEY"]).read_text()
        asyncio.run(bare_loop(sys.argv[1], sys.argv[2], int(sys.argv[3]), key))
