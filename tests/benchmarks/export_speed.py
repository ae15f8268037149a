"""How fast a whole chat comes into the archive, against a bare loop of GetHistoryRequest; one table, one run.

    python -m tests.benchmarks.export_speed [--messages 100000] [--rounds 3] [--rtt-ms 0]

Every contender reads the same chat from the same demo server, each in a process of its own; the server is
another. Rates end with the last commit: publishing notes and indexing are told apart. The server's share is
its CPU of what server and contender used together.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from tests.benchmarks.contenders import Measured, demo_server, environment, run_contender, tobs


def largest_chat(env: dict[str, str]) -> int:
    chats = json.loads(tobs(env, "chats", "--json"))
    return int(max((c for c in chats if not c["no_access"]), key=lambda chat: chat["top_message"])["id"])


def one_round(messages: int, rtt_ms: float, workers: tuple[int, ...]) -> list[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        options = ("--messages", str(messages), "--chats", "12", "--rtt-ms", str(rtt_ms))
        with demo_server(home, *options) as (ready, pid):
            env = environment(ready, home, home / "vault")
            tobs(env, "login", "--phone", ready["phone"], "--code", ready["code"])
            chat = largest_chat(env)
            results = [run_contender("bare loop", env, pid, ready["phone"], ready["code"], str(chat))]
            for count in workers:
                own = environment(ready, home, home / f"vault{count}")
                words = ("export", str(chat), "--workers", str(count))
                results.append(run_contender(f"tobs, {count} in flight", own, pid, *words))
            return results


def table(rounds: list[list[Measured]]) -> None:
    """Medians over the rounds; the ratio is taken within each round first."""
    print(
        f"{'':20} {'messages':>9} {'msg/s':>8} {'of bare':>8} {'CPU s':>7} {'server CPU':>10} {'peak MB':>8}"
    )
    for position, first in enumerate(rounds[0]):
        runs = [row[position] for row in rounds]
        ratio = statistics.median(row[position].rate / row[0].rate for row in rounds)
        share = statistics.median(run.server_cpu_s / (run.server_cpu_s + run.cpu_s) for run in runs)
        print(
            f"{first.name:20} {first.messages:9,} {statistics.median(r.rate for r in runs):8,.0f} "
            f"{ratio:8.2f} {statistics.median(r.cpu_s for r in runs):7.2f} {share:9.0%} "
            f"{max(r.peak_mb for r in runs):9.0f}  {runs[0].note}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rtt-ms", type=float, default=0)
    parser.add_argument("--workers", default="1,4")
    options = parser.parse_args()
    workers = tuple(int(count) for count in options.workers.split(","))
    table([one_round(options.messages, options.rtt_ms, workers) for _ in range(options.rounds)])


if __name__ == "__main__":
    main()
