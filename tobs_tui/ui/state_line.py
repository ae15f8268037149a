"""What a run is doing now, in one line of words. Each state has its sign, its word and its colour."""

from __future__ import annotations

from textual.content import Content

from tobs_tui.export.gauges import StageSnapshot
from tobs_tui.text import for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.drawing import BOLD, DONE, FAILED, MOVING, WAITING, whole_clauses
from tobs_tui.ui.ports import FilesView, RunView

FLOOD_FROM_S = 0.5
WAIT_FROM_S = 1.0
STALLED_FROM_S = 15.0
OFFLINE_FROM = 3
"""Tries in a row, of all workers."""
CROWDED = 0.5
"""A queue filled by this share names the stage behind it as the slowest."""

UNITS = {"fetch": "request", "process": "page", "write": "batch", "media": "file"}


def state_line(view: RunView, width: int, *, signed_out: bool = False) -> Content:
    """The line under the bar in `width` cells; of a stop, the key that ends it at once always has room."""
    if view.phase == "stopping" and not signed_out:
        tail = Content.styled(f" · {_window(view)}", BOLD)
        room = width - tail.cell_length
        said = _said("!", f"Stopping safely: {_left(view)}", WAITING)
        if said.cell_length > room:
            said = _said("!", f"Stopping: {_left(view)}", WAITING)
        return Content.assemble(_fitting(said, room), tail)
    return _fitting(_state(view, signed_out=signed_out), width)


def _fitting(said: Content, room: int) -> Content:
    clauses = whole_clauses(said.plain, room)
    if said.plain.startswith(clauses):
        return said[: len(clauses)]
    return said.truncate(room, ellipsis=True)


def _state(view: RunView, *, signed_out: bool) -> Content:
    if signed_out:
        return _said("!", "signed out by Telegram · ⏎ sign in, the run goes on", FAILED)
    if view.phase == "done":
        return _said("✓", f"done after {words.duration(view.elapsed_s)}", DONE)
    if view.problem:
        return _said("!", for_terminal(view.problem), FAILED)
    if view.phase == "paused":
        return _said("■", "paused · p goes on", WAITING)
    if offline(view):
        return _said("!", f"offline, try {view.reconnecting}: no way to Telegram · goes on by itself", FAILED)
    if view.silent_s >= STALLED_FROM_S and view.flood_s < FLOOD_FROM_S:
        where = f"DC {view.silent_dc}" if view.silent_dc else "the server"
        tries = f", reconnecting, try {view.reconnecting}" if view.reconnecting else ""
        return _said("!", f"stalled {view.silent_s:.0f} s: {where} does not answer{tries}", FAILED)
    if view.flood_s >= FLOOD_FROM_S:
        wait = f"flood wait {words.duration(max(1.0, view.flood_s))}"
        return _said("…", f"{wait}: Telegram asked for a pause, it goes on by itself", WAITING)
    if view.pace_s > WAIT_FROM_S:
        return _said("…", f"waiting for Telegram {view.pace_s:.0f} s", WAITING)
    if view.phase == "files" and view.files is not None:
        return _said("●", _files_words(view, view.files), MOVING)
    if view.phase == "opening":
        return _said("●", f"Opening the archive · {words.duration(view.elapsed_s)}", MOVING)
    if view.phase == "publishing":
        return _said("●", f"Writing notes · {words.duration(view.elapsed_s)}", MOVING)
    parts = [
        "Fetching",
        words.plural(view.worker_count, "worker"),
        words.duration(view.elapsed_s),
    ]
    if slowest := slowest_stage(view.stages):
        parts.append(slowest)
    elif view.limit:
        parts.append(for_terminal(view.limit))
    return _said("●", " · ".join(parts), MOVING)


def _files_words(view: RunView, files: FilesView) -> str:
    """`Fetching files · 214 MB of 1.9 GB · DC 2: 14, DC 4: 3 · 3 min`."""
    parts = ["Fetching files", f"{words.size(files.bytes_done)} of {words.size(files.bytes_total)}"]
    if files.by_dc:
        parts.append(", ".join(f"DC {dc}: {count}" for dc, count in files.by_dc))
    parts.append(words.duration(view.elapsed_s))
    return " · ".join(parts)


def offline(view: RunView) -> bool:
    """Whether no worker has a connection after some tries: a flaky line is back at the first or second."""
    there = [worker for worker in view.workers if worker.state != "gone"]
    return (
        bool(there)
        and view.reconnecting >= OFFLINE_FROM
        and all(one.state == "reconnecting" for one in there)
    )


def slowest_stage(stages: tuple[StageSnapshot, ...]) -> str:
    """`slowest: Write, 212 of 256 batches waiting`; empty where no queue is crowded."""
    crowded = [
        stage
        for stage in stages
        # Files wait in a queue that is filled on purpose; nothing waits for them.
        if stage.name not in ("fetch", "media")
        and stage.capacity
        and stage.queued / stage.capacity >= CROWDED
    ]
    if not crowded:
        return ""
    # The last crowded one holds back those before it.
    stage = crowded[-1]
    return f"slowest: {stage.name.capitalize()}, {queue_words(stage)} waiting"


def queue_words(stage: StageSnapshot) -> str:
    """`3 of 4 requests`."""
    unit = UNITS.get(stage.name, "unit")
    many = "batches" if unit == "batch" else f"{unit}s"
    if not stage.capacity:
        return words.UNKNOWN
    return f"{stage.queued:,} of {stage.capacity:,} {unit if stage.capacity == 1 else many}"


def _left(view: RunView) -> str:
    """What a stop still finishes: what is in the pipe, and the files under way, to the end of their parts."""
    parts = []
    if view.in_pipe_pages:
        parts.append(words.plural(view.in_pipe_pages, "page"))
    if view.in_pipe_messages:
        parts.append(words.plural(view.in_pipe_messages, "message"))
    if view.files and (files := sum(count for _, count in view.files.by_dc)):
        parts.append(words.plural(files, "file"))
    return ", ".join(parts) + " left" if parts else "saving and publishing"


def _window(view: RunView) -> str:
    if view.window_s > 0:
        return f"q within {max(1, round(view.window_s))} s: stop now"
    return "q twice: stop now"


def _said(sign: str, said: str, style: str) -> Content:
    return Content.assemble((f"{sign} ", style), (said, BOLD if style in (FAILED, WAITING) else ""))
