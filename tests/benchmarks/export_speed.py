"""How fast a whole chat is exported: ours, Telethon's own loops, and two other exporters; one table, one run.

    python -m tests.benchmarks.export_speed                    # all of it, three rounds: about 40 minutes
    python -m tests.benchmarks.export_speed --quick            # a smaller chat, one round: about two minutes
    python -m tests.benchmarks.export_speed --latencies 50 --rows bare,ours --in-flight 8,16 --rounds 1
    python -m tests.benchmarks.export_speed --profile          # where ours spends its CPU, by room

Every contender reads the same chat of the same demo server, which is another process; each is a process of
its own. Where one request at a time meets latency, Telethon's loops and the other exporters read the newest
(or first) `--cap` messages only, and `iter_messages` with its default wait never more than `--wait-cap`: it
sleeps a second each hundred. Ours always reads the whole chat.

- archive: messages a second until the last is committed (for the others: until they are done with theirs).
- overall: the same until the last note is written.
- of bare: archive, of the bare loop's rate in the same round. of ideal: overall, of
  `in flight x 100 / (latency + service)`, where the service time is what the bare loop's requests took
  beyond the latency. x peer: overall, of the better of the two other exporters.
- CPU: seconds of the whole process, start and imports included; busy: its share of the time that it took.

Medians over the rounds; ratios are taken within each round first.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders import Measured, demo_server, environment, run_export, run_loop, tobs
from tests.benchmarks.peers import PEERS, PeerFailed, cache_folder, install, run_peer
from tests.benchmarks.profiling import profile_export
from tobs_tui.model import CHANNEL_MARK

ROWS = ("bare", "iter", "iter-wait", "peers", "ours")
SERVER = "tests.benchmarks.history_server"
NAMES = {
    "bare": "bare GetHistory loop",
    "iter": "iter_messages, no wait",
    "iter-wait": "iter_messages, its wait",
}


@dataclass(frozen=True)
class Plan:
    """What a run of the benchmark compares."""

    messages: int = 100_000
    cap: int = 5_000
    wait_cap: int = 3_000
    rows: tuple[str, ...] = ROWS
    in_flight: tuple[int, ...] = (1, 2, 4, 8, 16, 0)
    """0: the governor's own choice."""
    peers: Path = Path()
    """Where the peers' environments are."""


@dataclass(frozen=True)
class Round:
    """One round at one latency."""

    rtt_ms: float
    runs: tuple[Measured, ...]

    def of(self, name: str) -> Measured | None:
        return next((run for run in self.runs if run.name == name), None)

    @property
    def bare_rate(self) -> float | None:
        bare = self.of(NAMES["bare"])
        return bare.rate if bare else None

    @property
    def service_s(self) -> float | None:
        """What a request took beyond the latency."""
        bare = self.of(NAMES["bare"])
        return bare.page_s - self.rtt_ms / 1000 if bare and bare.page_s else None

    @property
    def best_peer(self) -> float | None:
        return max((run.rate for run in self.runs if run.name in {p.name for p in PEERS}), default=None)

    def of_bare(self, run: Measured) -> float | None:
        return run.rate / self.bare_rate if self.bare_rate else None

    def of_ideal(self, run: Measured) -> float | None:
        if not self.rtt_ms or not run.in_flight or self.service_s is None:
            return None
        return run.overall_rate * (self.rtt_ms / 1000 + self.service_s) / (100 * run.in_flight)

    def of_peer(self, run: Measured) -> float | None:
        return run.overall_rate / self.best_peer if self.best_peer else None


def largest_chat(env: dict[str, str]) -> dict[str, Any]:
    """The largest chat with ids of its own that can be read, as `tobs-tui chats --json` tells it."""
    chats = json.loads(tobs(env, "chats", "--json"))
    own_ids = [chat for chat in chats if chat["id"] < -CHANNEL_MARK and not chat["no_access"]]
    found: dict[str, Any] = max(own_ids, key=lambda chat: chat["top_message"])
    return found


def one_round(
    messages: int, rtt_ms: float, workers: tuple[int, ...], plan: Plan | None = None
) -> list[Measured]:
    """The bare loop and ours with so many workers, or what a plan says."""
    plan = plan or Plan(messages=messages, cap=0, rows=("bare", "ours"), in_flight=workers)
    return list(play(plan, rtt_ms).runs)


def play(plan: Plan, rtt_ms: float) -> Round:
    """Every contender once, one after the other, on a server of their own."""
    cap = plan.cap if rtt_ms else 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        options = (str(home / "server"), "--messages", str(plan.messages), "--rtt-ms", str(rtt_ms))
        with demo_server(home, *options, module=SERVER, words=()) as (ready, pid):
            env = environment(ready, home, home / "vault")
            tobs(env, "login", "--phone", ready["phone"], "--code", ready["code"])
            chat = largest_chat(env)
            runs = [
                *_loops(plan, env, ready, pid, chat["id"], cap, home),
                *_peers(plan, ready, pid, chat["username"], cap, home),
                *_ours(plan, ready, pid, chat["id"], home),
            ]
    return Round(rtt_ms, tuple(runs))


def _loops(
    plan: Plan, env: dict[str, str], ready: dict[str, Any], pid: int, chat_id: int, cap: int, home: Path
) -> Iterable[Measured]:
    for row, name in NAMES.items():
        if row not in plan.rows:
            continue
        limit = min(plan.wait_cap, plan.messages) if row == "iter-wait" else cap
        words = (row, ready["phone"], ready["code"], str(chat_id), str(limit), str(home / f"{row}.jsonl"))
        yield _checked(run_loop(name, env, pid, *words), limit or plan.messages)


def _peers(
    plan: Plan, ready: dict[str, Any], pid: int, username: str, cap: int, home: Path
) -> Iterable[Measured]:
    if "peers" not in plan.rows:
        return
    for peer in PEERS:
        own = home / peer.name
        own.mkdir()
        try:
            python = install(peer, plan.peers)
            run = run_peer(peer, python, ready, pid, own, username, cap)
        except PeerFailed as error:
            print(f"{peer.name} failed: {error}", file=sys.stderr)
            continue
        yield _checked(run, cap or plan.messages)


def _ours(plan: Plan, ready: dict[str, Any], pid: int, chat_id: int, home: Path) -> Iterable[Measured]:
    if "ours" not in plan.rows:
        return
    for count in plan.in_flight:
        env = environment(ready, home, home / f"vault{count}")
        name = f"ours, {count} in flight" if count else "ours, governed"
        words = ("export", str(chat_id), "--media", "none", "--workers", str(count))
        run = replace(run_export(name, env, pid, *words), in_flight=count or None)
        yield _checked(run, plan.messages)


def _checked(run: Measured, expected: int) -> Measured:
    """The run, if it got all that it was to get."""
    if not expected <= run.messages < expected + 100:
        raise AssertionError(f"{run.name} got {run.messages} messages, not {expected}")
    return run


def profile(plan: Plan, rtt_ms: float) -> str:
    """One export of ours under a sampler, as a table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        options = (str(home / "server"), "--messages", str(plan.messages), "--rtt-ms", str(rtt_ms))
        with demo_server(home, *options, module=SERVER, words=()) as (ready, _):
            env = environment(ready, home, home / "vault")
            tobs(env, "login", "--phone", ready["phone"], "--code", ready["code"])
            chat_id, workers = largest_chat(env)["id"], plan.in_flight[-1] or 4
            return profile_export(env, chat_id, workers, plan.peers, home / "samples")


COLUMNS = (
    f"{'':24}{'messages':>9}{'archive/s':>10}{'overall/s':>10}{'of bare':>8}{'of ideal':>9}{'x peer':>7}"
    f"{'CPU s':>8}{'busy':>6}{'peak MB':>9}"
)


def table(rounds: Sequence[Round]) -> str:
    """One latency's rounds as lines of text."""
    first = rounds[0]
    services = [each.service_s for each in rounds if each.service_s is not None]
    service = f", service time {1000 * statistics.median(services):.1f} ms" if services else ""
    lines = [f"{first.rtt_ms:g} ms latency{service}, {len(rounds)} round(s)", COLUMNS]
    for run in first.runs:
        pairs = [(each, found) for each in rounds if (found := each.of(run.name))]
        runs = [found for _, found in pairs]
        busy = statistics.median(each.cpu_s / (each.overall_s or each.seconds) for each in runs)
        lines.append(
            f"{run.name:24}{run.messages:9,}{_median(each.rate for each in runs):10,.0f}"
            f"{_median(each.overall_rate for each in runs):10,.0f}"
            f"{_cell((each.of_bare(found) for each, found in pairs), 8, '.2f')}"
            f"{_cell((each.of_ideal(found) for each, found in pairs), 9, '.0%')}"
            f"{_cell((each.of_peer(found) for each, found in pairs), 7, '.1f')}"
            f"{_median(each.cpu_s for each in runs):8.2f}{min(busy, 9.99):6.0%}"
            f"{max(each.peak_mb for each in runs):9.0f}"
        )
    return "\n".join(lines)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _cell(values: Iterable[float | None], width: int, form: str) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):{width}{form}}" if known else f"{'-':>{width}}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000, help="in the chat that all read")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latencies", "--rtt-ms", default="0,50,150", help="milliseconds, a comma list")
    parser.add_argument("--in-flight", "--workers", default="1,2,4,8,16,0", help="0: governed")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--cap", type=int, default=5_000)
    parser.add_argument("--wait-cap", type=int, default=3_000)
    parser.add_argument("--peers", type=Path, default=cache_folder(), help="where they are installed")
    parser.add_argument("--quick", action="store_true", help="20,000 messages, one round, smaller caps")
    parser.add_argument("--profile", action="store_true", help="profile one export of ours instead")
    options = parser.parse_args()
    rows = tuple(options.rows.split(","))
    if unknown := set(rows) - set(ROWS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    plan = Plan(
        options.messages,
        options.cap,
        options.wait_cap,
        rows,
        _numbers(options.in_flight),
        options.peers,
    )
    rounds = options.rounds
    if options.quick:
        plan, rounds = replace(plan, messages=20_000, cap=2_000, wait_cap=500), 1
    latencies = [float(word) for word in options.latencies.split(",")]
    if options.profile:
        for rtt_ms in latencies[:1]:
            print(profile(plan, rtt_ms))
        return
    for rtt_ms in latencies:
        print(table([play(plan, rtt_ms) for _ in range(rounds)]), "\n", flush=True)


if __name__ == "__main__":
    main()
