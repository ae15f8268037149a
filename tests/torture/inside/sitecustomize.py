"""In a tortured program: on SIGUSR1 it tells on stderr where its threads and tasks stand.

Python imports this by its name, from PYTHONPATH. A program that does not leave in time is asked once.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import signal
import sys
from typing import Any


def tell(*_: object) -> None:
    """Write every thread's stack, the chain of awaits of every task, and what the governor allows."""
    faulthandler.dump_traceback(all_threads=True)
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:  # no loop runs
        tasks = set()
    for task in tasks:
        print(task.get_name(), " > ".join(_awaits(task.get_coro())), file=sys.stderr)
    for each in gc.get_objects():
        if type(each).__name__ == "Governor":
            print(*each.snapshot().budgets, sep="\n", file=sys.stderr)
    sys.stderr.flush()


def _awaits(coroutine: Any) -> list[str]:
    chain: list[str] = []
    while coroutine is not None and len(chain) < 40:
        frame = getattr(coroutine, "cr_frame", None)
        chain.append(f"{getattr(coroutine, '__qualname__', coroutine)}:{frame.f_lineno if frame else '?'}")
        coroutine = getattr(coroutine, "cr_await", None)
    return chain


signal.signal(signal.SIGUSR1, tell)
