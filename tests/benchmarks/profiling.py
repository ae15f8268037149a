"""Where an export of ours spends its time, by room: py-spy looks at the stacks of its running threads.

py-spy looks from outside, so nothing is charged by call or by who gives the interpreter lock away. A sample
counts for the innermost frame that is ours or Telethon's: what runs below it (zlib, SQLite, asyncio) is that
room's doing. Threads that wait count nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

PY_SPY = "py-spy==0.4.3"
RATE = 400
"""Samples a second."""
WAITING = ("select (selectors", "wait (threading", "_worker (concurrent", "get (queue")
"""What a waiting thread's innermost frame names: in a container py-spy takes it for a running one."""
SHOWN = {"room": 12, "function": 30}


def py_spy(folder: Path) -> Path:
    """The profiler, installed at its first use into an environment of its own."""
    place = folder / "py-spy"
    program = place / "bin" / "py-spy"
    if not program.exists():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([place / "bin" / "pip", "install", "--quiet", PY_SPY], check=True)
    return program


def profile_export(env: dict[str, str], chat_id: int, workers: int, folder: Path, out: Path) -> str:
    """Export a chat under the profiler; returns the tables. `out` is where its samples are kept."""
    words = ["export", str(chat_id), "--workers", str(workers), "--media", "none"]
    record = ["record", "--rate", str(RATE), "--format", "raw", "--output", str(out)]
    subprocess.run(
        [str(py_spy(folder)), *record, "--", sys.executable, "-m", "tobs_tui", *words],
        env=env,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return tables(out.read_text().splitlines())


def tables(stacks: Iterable[str]) -> str:
    """The samples by room and by function. A line is a stack, outermost first, and its count."""
    rooms: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if any(waits in frames[-1] for waits in WAITING):
            continue
        room, function = _where(frames)
        rooms[room] += int(count)
        functions[function] += int(count)
    samples = rooms.total()
    lines = [f"{samples / RATE:.1f} s of running threads"]
    for title, counted in (("room", rooms), ("function", functions)):
        lines += ["", f"by {title}"]
        lines += [f"{n / samples:7.1%}  {name}" for name, n in counted.most_common(SHOWN[title])]
    return "\n".join(lines)


def _where(stack: list[str]) -> tuple[str, str]:
    """The room that a stack works for, and the function."""
    for frame in reversed(stack):
        function, _, place = frame.partition(" (")
        name = place.rstrip(")").partition(":")[0]
        for package in ("tobs_tui", "telethon"):
            _, found, rest = name.rpartition(f"{package}{os.sep}")
            if found:
                room = f"tobs_tui/{rest.partition(os.sep)[0]}" if package == "tobs_tui" else package
                if any("_find_and_load" in each for each in stack):
                    room = "imports"
                return room, f"{package}/{rest}:{function}"
    return "python", stack[-1]
