"""Where an export of ours spends its time, by room: samples of the stacks of all its threads.

A sampler in the exporting process looks at every thread a thousand times a second, so its share of the time
is small and the same everywhere; a tracing profiler would charge each call and show small functions too
large. A sample counts for the innermost frame that is ours or Telethon's; what runs below it (zlib, SQLite,
asyncio) is that room's doing. Threads that wait in select, a lock or a queue don't count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from tests.benchmarks.contenders import demo_server, environment, tobs

INTERVAL_S = 0.001
WAITING = {("selectors.py", "select"), ("threading.py", "wait"), ("thread.py", "_worker")}
SHOWN = 14


class Sampler:
    """Counts where the process's other threads are, until `stop`."""

    def __init__(self) -> None:
        self.rooms: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        own = threading.get_ident()
        while not self._stop.wait(INTERVAL_S):
            for number, frame in sys._current_frames().items():
                if number != own and not _waits(frame):
                    room, place = _where(frame)
                    self.rooms[room] += 1
                    self.places[place] += 1


def _waits(frame: FrameType) -> bool:
    return (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in WAITING


def _where(frame: FrameType) -> tuple[str, str]:
    """The room that a stack works for, and the function."""
    at: FrameType | None = frame
    while at is not None:
        name = at.f_code.co_filename
        for package in ("tobs_tui", "telethon"):
            _, found, rest = name.rpartition(f"/{package}/")
            if found:
                parts = Path(rest).parts
                room = f"{package}/{parts[0]}" if package == "tobs_tui" else package
                return room, f"{package}/{rest}:{at.f_code.co_name}"
        at = at.f_back
    code = frame.f_code
    return "python", f"{Path(code.co_filename).name}:{code.co_name}"


def profile_export(messages: int, rtt_ms: float, workers: int) -> str:
    """Export a chat under the sampler; returns the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        options = (str(home / "server"), "--messages", str(messages), "--rtt-ms", str(rtt_ms))
        module = "tests.benchmarks.history_server"
        with demo_server(home, *options, module=module, words=()) as (ready, _):
            env = environment(ready, home, home / "vault")
            tobs(env, "login", "--phone", ready["phone"], "--code", ready["code"])
            chats = json.loads(tobs(env, "chats", "--json"))
            chat = max((c for c in chats if not c["no_access"]), key=lambda c: c["top_message"])["id"]
            command = [sys.executable, "-m", __name__, str(chat), str(workers)]
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _export(chat_id: str, workers: str) -> None:
    """In the exporting process: run the command line, and tell where it was."""
    import contextlib

    from tobs_tui.cli import main

    sampler = Sampler()
    sys.argv = ["tobs-tui", "export", chat_id, "--workers", workers, "--media", "none", "--json"]
    began = time.perf_counter()
    sampler.start()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            main()
        except SystemExit as left:
            if left.code:
                raise
    sampler.stop()
    samples = sampler.rooms.total()
    seconds, cpu = time.perf_counter() - began, time.process_time()
    print(f"{seconds:.1f} s, {cpu:.1f} s of CPU, {samples} samples of running threads")
    for title, counted in (("room", sampler.rooms), ("function", sampler.places)):
        print(f"\nby {title}")
        for name, count in counted.most_common(SHOWN if title == "room" else 2 * SHOWN):
            print(f"{count / samples:7.1%}  {name}")


if __name__ == "__main__":
    _export(*sys.argv[1:3])
