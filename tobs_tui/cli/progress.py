"""A run's progress on stderr: a bar on a terminal, a line now and then elsewhere.

Both only read snapshots, a few times a second; neither can slow or stop the engine.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn

from tobs_tui import text
from tobs_tui.cli.output import duration, number, plural, size
from tobs_tui.export.chat_run import ChatProgress, ChatState
from tobs_tui.export.exporter import RunSnapshot

POLL_S = 0.25
PLAIN_EVERY_S = 10.0
RATE_OVER_S = 5.0
STEADY_AFTER_S = 10.0


class Pace:
    """Messages a second over the last seconds, and the time left once the rate is steady."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def take(self, snapshot: RunSnapshot) -> None:
        self._samples.append((snapshot.elapsed_s, snapshot.messages_new))
        while snapshot.elapsed_s - self._samples[0][0] > RATE_OVER_S:
            self._samples.popleft()

    @property
    def rate(self) -> float:
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at else 0.0

    def left(self, snapshot: RunSnapshot) -> float | None:
        """Seconds left; None until it can be told."""
        total = expected(snapshot)
        if total is None or snapshot.elapsed_s < STEADY_AFTER_S or self.rate <= 0:
            return None
        return max(0.0, total - saved(snapshot)) / self.rate


def saved(snapshot: RunSnapshot) -> int:
    return sum(chat.done for chat in snapshot.chats)


def expected(snapshot: RunSnapshot) -> int | None:
    """About how many messages the chats have; None while one of them is unknown."""
    totals = [chat.done if chat.state is ChatState.DONE else chat.total for chat in snapshot.chats]
    return None if None in totals else sum(total for total in totals if total is not None)


async def show_progress(snapshot: Callable[[], RunSnapshot]) -> None:
    """Show the run until cancelled."""
    if sys.stderr.isatty():
        await _show_bar(snapshot)
    else:
        await _show_lines(snapshot)


async def _show_bar(snapshot: Callable[[], RunSnapshot]) -> None:
    pace = Pace()
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.fields[chat]}", markup=False),
        BarColumn(),
        _Share(),
        TextColumn("{task.fields[tail]}", markup=False),
    )
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        bar = progress.add_task("", total=None, chat="", tail="")
        while True:
            now = snapshot()
            pace.take(now)
            share = _share(now)
            progress.update(
                bar,
                total=None if share is None else 1.0,
                completed=share or 0.0,
                chat=text.for_terminal(_current(now), 28),
                tail=_tail(now, pace),
            )
            progress.refresh()
            await asyncio.sleep(POLL_S)


async def _show_lines(snapshot: Callable[[], RunSnapshot]) -> None:
    pace = Pace()
    told: set[int] = set()
    next_line = PLAIN_EVERY_S
    while True:
        now = snapshot()
        pace.take(now)
        for chat in now.chats:
            if chat.state in (ChatState.DONE, ChatState.FAILED) and chat.id not in told:
                told.add(chat.id)
                if chat.new or chat.files or chat.problem:
                    _say(f"{text.for_terminal(chat.title, 60)}: {_outcome(chat)}")
        if now.elapsed_s >= next_line:
            next_line += PLAIN_EVERY_S
            _say(f"{len(told):,} of {len(now.chats):,} chats done, {_tail(now, pace)}")
        await asyncio.sleep(POLL_S)


def _outcome(chat: ChatProgress) -> str:
    if chat.state is ChatState.FAILED:
        return text.for_terminal(chat.problem)
    files = f", {plural(chat.files, 'file')}" if chat.files else ""
    return f"complete, {number(chat.new)} new{files}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _current(snapshot: RunSnapshot) -> str:
    running = [chat.title for chat in snapshot.chats if chat.state in (ChatState.RUNNING, ChatState.FILES)]
    if running:
        return running[0] if len(running) == 1 else f"{running[0]} and {len(running) - 1} more"
    return snapshot.phase


def _share(snapshot: RunSnapshot) -> float | None:
    if snapshot.phase == "files" and snapshot.media is not None and snapshot.media.bytes_total:
        return snapshot.media.bytes_done / snapshot.media.bytes_total
    total = expected(snapshot)
    return None if not total else min(1.0, saved(snapshot) / total)


def _tail(snapshot: RunSnapshot, pace: Pace) -> str:
    total = expected(snapshot)
    of = f" of about {number(total)}" if total is not None else ""
    parts = [f"{number(saved(snapshot))}{of} messages", f"{number(round(pace.rate))}/s"]
    if (left := pace.left(snapshot)) is not None:
        parts.append(f"about {duration(left)} left")
    if snapshot.media is not None and snapshot.media.files_total:
        media = snapshot.media
        parts.append(
            f"files {number(media.files_done)} of {number(media.files_total)}, {size(media.bytes_done)}"
        )
    history = snapshot.governor.of("history")
    if history is not None and history.wait_s > 0:
        parts.append(f"flood wait {history.wait_s:.0f} s")
    if snapshot.phase == "stopping":
        parts.append("stopping safely, once more stops now")
    return " · ".join(parts)


class _Share(TextColumn):
    """The percentage, rounded down; nothing while it is unknown."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> str:  # type: ignore[override]
        return "" if task.total is None else f"{int(task.percentage):3d} %"
