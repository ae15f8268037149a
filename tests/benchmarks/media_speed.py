"""How fast files come, against Telethon's own `client.download_media`; one table, one run.

    python -m tests.benchmarks.media_speed [--big 200M] [--files 2000] [--rtt-ms 0,50,150]

One large file and many of 5 to 500 KB on three DCs, one of them the account's own, from one demo server in
another process; each contender in a process of its own, each routing strategy with and without prewarming.
Telethon fetches the first `--telethon-files` of the small ones (it needs several round trips for each);
rates are compared, not times. `first byte` is a small file's, from a DC whose login is kept from an earlier
run, and what prewarming is about. The server's share is its CPU of what server and contender used together.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders import cpu_seconds

STRATEGIES = ("smart", "sticky", "round_robin")


@dataclass(frozen=True)
class Row:
    """One contender's run."""

    name: str
    files: int
    bytes: int
    seconds: float
    cpu_s: float
    peak_mb: float
    server_cpu_s: float

    @property
    def megabytes(self) -> float:
        return self.bytes / self.seconds / 1e6

    @property
    def per_second(self) -> float:
        return self.files / self.seconds


@contextmanager
def media_server(home: Path, big: int, files: int, rtt_ms: float) -> Iterator[tuple[dict[str, Any], int]]:
    """The server in its own process: what it printed, and its pid."""
    options = ["--big", str(big), "--files", str(files), "--rtt-ms", str(rtt_ms)]
    command = [sys.executable, "-m", "tests.benchmarks.media_server", str(home / "state"), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline()), server.pid
        finally:
            server.terminate()


class Bench:
    """Contenders on one running server."""

    def __init__(self, ready: dict[str, Any], pid: int, home: Path, files: int) -> None:
        self._ready, self._pid, self._home, self._files = ready, pid, home, files

    def telethon(self, what: str, files: int) -> Row:
        return self._run("Telethon download_media", "telethon", what, files)

    def ours(self, what: str, strategy: str, *, prewarm: bool) -> Row:
        name = f"{strategy}{', prewarmed' if prewarm else ''}"
        more = ["--strategy", strategy, *(["--prewarm"] if prewarm else [])]
        return self._run(name, "ours", what, self._files, *more)

    def _run(self, name: str, who: str, what: str, files: int, *more: str) -> Row:
        before = cpu_seconds(self._pid)
        with tempfile.TemporaryDirectory(dir=self._home) as folder:
            sessions = self._home / "sessions"
            sessions.mkdir(mode=0o700, exist_ok=True)
            (Path(folder) / "sessions").symlink_to(sessions)
            words = [who, json.dumps(self._ready), folder, "--what", what, "--files", str(files), *more]
            command = [sys.executable, "-m", "tests.benchmarks.media_contenders", *words]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        told = json.loads(output.splitlines()[-1])
        return Row(name=name, **told, server_cpu_s=cpu_seconds(self._pid) - before)


def table(title: str, rows: list[Row], *, by_files: bool) -> None:
    print(f"\n{title}")
    head = (
        f"{'':26} {'s':>8} {'MB/s':>8} {'files/s':>8} {'ratio':>7} {'CPU s':>7} {'server':>7} {'peak MB':>8}"
    )
    print(head)
    base = rows[0]
    for row in rows:
        ratio = row.per_second / base.per_second if by_files else row.megabytes / base.megabytes
        share = row.server_cpu_s / (row.server_cpu_s + row.cpu_s)
        print(
            f"{row.name:26} {row.seconds:8.2f} {row.megabytes:8.1f} {row.per_second:8.1f} {ratio:6.1f}x "
            f"{row.cpu_s:7.2f} {share:6.0%} {row.peak_mb:8.0f}",
            flush=True,
        )


def one_rtt(rtt_ms: float, options: argparse.Namespace) -> None:
    ways = [(strategy, prewarm) for strategy in options.strategies for prewarm in (False, True)]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        home = Path(folder)
        with media_server(home, options.big, options.files, rtt_ms) as (ready, pid):
            bench = Bench(ready, pid, home, options.files)
            bench.ours("first", "smart", prewarm=False)  # brings the logins to the DCs, for all that follow
            big = [bench.telethon("big", 0)]
            big += [bench.ours("big", strategy, prewarm=prewarm) for strategy, prewarm in ways]
            table(f"{options.big / 1e6:.0f} MB at {rtt_ms:g} ms", big, by_files=False)
            few = min(options.files, options.telethon_files)
            small = [bench.telethon("small", few)]
            small += [bench.ours("small", strategy, prewarm=prewarm) for strategy, prewarm in ways]
            table(f"{options.files} files of 5 to 500 KB at {rtt_ms:g} ms", small, by_files=True)
            cold, warm = (bench.ours("first", "smart", prewarm=prewarm) for prewarm in (False, True))
            print(f"first byte: {cold.seconds * 1000:.0f} ms cold, {warm.seconds * 1000:.0f} ms prewarmed")


def size_of(words: str) -> int:
    return int(float(words[:-1]) * 1_000_000) if words.endswith("M") else int(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--big", type=size_of, default=200_000_000)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--telethon-files", type=int, default=200)
    parser.add_argument("--rtt-ms", default="0,50,150")
    parser.add_argument("--strategies", type=lambda words: words.split(","), default=list(STRATEGIES))
    parser.add_argument("--folder", type=Path, help="Where the files go for a while; the system's own else.")
    options = parser.parse_args()
    for rtt_ms in options.rtt_ms.split(","):
        one_rtt(float(rtt_ms), options)


if __name__ == "__main__":
    main()
