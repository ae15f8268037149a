"""What the benchmarks compare, each in a process of its own, and what a process cost."""

from __future__ import annotations

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
    """Until the last message was where the contender puts it; for ours, in the archive."""
    cpu_s: float
    server_cpu_s: float
    peak_mb: float
    note: str = ""
    overall_s: float | None = None
    """For ours: until the last note was written, too."""
    in_flight: int | None = None
    """Requests at once; None where the program decides."""
    page_s: float | None = None
    """For the bare loop: seconds from a request to its parsed page."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds if self.seconds else 0.0

    @property
    def overall_rate(self) -> float:
        """The same with notes, where there are any."""
        return self.messages / self.overall_s if self.overall_s else self.rate


@contextmanager
def demo_server(
    home: Path, *options: str, module: str = "tobs_tui", words: tuple[str, ...] = ("demo", "serve")
) -> Iterator[tuple[dict[str, Any], int]]:
    """A server in its own process: what it printed, and its pid. It ends with whoever started it."""
    command = [sys.executable, "-m", module, *words, *options]
    if module == "tobs_tui":
        command.append("--with-parent")
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
        [sys.executable, "-m", __name__, *words],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=tempfile.gettempdir(),
    )
    return done.stdout


def run_export(name: str, env: dict[str, str], server_pid: int, *words: str) -> Measured:
    """Run one export of ours beside the server; what isn't history is the caller's to leave out."""
    before = cpu_seconds(server_pid)
    told = json.loads(tobs(env, *words).splitlines()[-1])
    return Measured(name=name, server_cpu_s=cpu_seconds(server_pid) - before, **told)


def run_loop(name: str, env: dict[str, str], server_pid: int, *words: str) -> Measured:
    """Run one loop of `telethon_loops` in its own process."""
    before = cpu_seconds(server_pid)
    command = [sys.executable, "-m", "tests.benchmarks.telethon_loops", *words]
    output = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    told = json.loads(output.splitlines()[-1])
    return Measured(name=name, server_cpu_s=cpu_seconds(server_pid) - before, **told)


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
                "overall_s": phases["publish"],
                "cpu_s": time.process_time(),
                "peak_mb": peak_megabytes(),
                "note": f"index {phases['index'] - phases['publish']:.1f} s more",
            }
        )
    )


if __name__ == "__main__":
    product(sys.argv[1:])
