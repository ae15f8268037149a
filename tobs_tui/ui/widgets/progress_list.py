"""A line for each chat of a run, and under an unfolded one a line for each of its workers."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct
from textual.content import Content

from tobs_tui.export.chat_run import ChatProgress, ChatState
from tobs_tui.text import for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.drawing import DONE, FAILED, MOVING, MUTED, WAITING, bar, left, right, whole_clauses
from tobs_tui.ui.pace import Figures
from tobs_tui.ui.ports import LargeFileView, RunView, WorkerView
from tobs_tui.ui.widgets.row_list import RowList

_SIGNS = {
    ChatState.QUEUED: ("○", MUTED),
    ChatState.RUNNING: ("●", MOVING),
    ChatState.PUBLISHING: ("●", MOVING),
    ChatState.FILES: ("●", MOVING),
    ChatState.DONE: ("✓", DONE),
    ChatState.STOPPED: ("◐", WAITING),
    ChatState.FAILED: ("✗", FAILED),
}

_OF_A_PHASE = {("stopping", "gone"): "stopped", ("paused", "idle"): "paused"}
"""What a worker's state is called in a phase that explains it."""


class ProgressRow(Struct, frozen=True):
    """What one line tells."""

    key: tuple[int, int | None]
    sign: str
    style: str
    title: str
    share: float | None
    counts: str
    rate: str
    said: str
    said_style: str = ""
    running: bool = False


class _Places(Struct, frozen=True):
    title: int
    bar: int
    counts: int
    rate: int


def progress_rows(
    view: RunView, second: RunView, figures: Figures, unfolded: set[int] | None
) -> list[ProgressRow]:
    """All rows of a run; `unfolded` None unfolds every running chat."""
    of_second = {chat.id: chat for chat in second.chats}
    # What comes within a second would only make the lines below it jump.
    lasting = {(file.chat_id, file.name) for file in second.files.large} if second.files else set()
    rows: list[ProgressRow] = []
    for chat in view.chats:
        rows.append(_chat_row(chat, of_second.get(chat.id, chat), view, figures))
        open_now = chat.state is ChatState.RUNNING if unfolded is None else chat.id in unfolded
        if open_now:
            rows += [
                _worker_row(chat.id, worker, figures, view.phase)
                for worker in view.workers
                if worker.chat_id == chat.id
            ]
        rows += [
            _file_row(file, number)
            for number, file in enumerate(view.files.large if view.files else ())
            if file.chat_id == chat.id and (file.chat_id, file.name) in lasting
        ]
    return rows


class ProgressList(RowList[ProgressRow]):
    """The rows."""

    def key_of(self, row: ProgressRow) -> Hashable:
        return row.key

    def draw(self, row: ProgressRow, width: int) -> Content:
        places = _places(width)
        worker = row.key[1] is not None
        title = f"  {row.title}" if worker else row.title
        percent = words.share(row.share) if row.share is not None else words.UNKNOWN
        style = DONE if row.style == DONE else MOVING
        parts: list[Content | tuple[str, str]] = [
            (f" {row.sign} ", row.style),
            (left(title, places.title), MUTED if worker else ""),
            (" ", ""),
            bar(row.share, places.bar, style),
            (right(percent, 7), ""),
            (f"  {left(row.counts, places.counts)}", "" if not worker else MUTED),
        ]
        if places.rate:
            parts.append((right(row.rate, places.rate), ""))
        used = 3 + places.title + 1 + places.bar + 7 + 2 + places.counts + places.rate
        parts.append((f"  {whole_clauses(row.said, width - used - 2)}", row.said_style))
        return Content.assemble(*parts)


def _places(width: int) -> _Places:
    if width < 100:
        return _Places(title=20, bar=9, counts=19, rate=0)
    extra = max(0, width - 124)
    return _Places(title=30 + min(30, extra // 4), bar=14 + min(60, extra // 4), counts=20, rate=8)


def _chat_row(chat: ChatProgress, then: ChatProgress, view: RunView, figures: Figures) -> ProgressRow:
    if then.state is not chat.state:
        # Numbers of another state would belie the words beside them.
        then = chat
    sign, style = _SIGNS[chat.state]
    said, said_style = _said(chat, then, view, figures)
    share = _share(chat)
    return ProgressRow(
        key=(chat.id, None),
        sign=sign,
        style=style,
        title=for_terminal(chat.title, 60) or "(no name)",
        # Finer than any bar's cells, coarse enough that equal pictures are equal rows.
        share=None if share is None else int(share * 200) / 200,
        counts=_counts(then),
        rate=words.rate(figures.chats.get(chat.id)) if chat.state is ChatState.RUNNING else "",
        said=said,
        said_style=said_style,
        running=chat.state in (ChatState.RUNNING, ChatState.PUBLISHING, ChatState.FILES),
    )


def _saved_before(chat: ChatProgress) -> float:
    """How much of a chat was there when the run began."""
    return min(1.0, max(0, chat.done - chat.new) / chat.total) if chat.total else 0.0


def _share(chat: ChatProgress) -> float | None:
    """How much of a chat is there. Of what a run asks for, its share is known; the rest was there before."""
    if chat.share is None or chat.state is ChatState.QUEUED:
        return None
    before = _saved_before(chat)
    return before + (1 - before) * chat.share


def _counts(chat: ChatProgress) -> str:
    if chat.total is None:
        return words.number(chat.done)
    if chat.state is ChatState.DONE:
        if not chat.done and not chat.total:
            return "no messages"
        return f"{words.number(chat.done)} of {words.number(max(chat.done, chat.total))}"
    about = "about " if chat.state is ChatState.QUEUED else ""
    return f"{words.number(chat.done)} of {about}{words.number(max(chat.done, chat.total))}"


def _said(chat: ChatProgress, then: ChatProgress, view: RunView, figures: Figures) -> tuple[str, str]:
    match chat.state:
        case ChatState.QUEUED:
            return "queued", MUTED
        case ChatState.DONE:
            trouble = f" · {for_terminal(chat.problem, 80)}" if chat.problem else ""
            files = f", {words.plural(chat.files, 'file')}" if chat.files else ""
            new = f"{words.number(chat.new)} new" if chat.new or files else "nothing new"
            return f"done · {new}{files}{trouble}", FAILED if trouble else MUTED
        case ChatState.PUBLISHING:
            return "writing notes", ""
        case ChatState.FILES if view.phase != "stopping":
            return f"files {then.files:,} of {then.files + then.files_left:,}", ""
        case ChatState.STOPPED:
            return "stopped", WAITING
        case ChatState.FAILED:
            return for_terminal(chat.problem, 100), FAILED
        case _ if view.phase == "stopping":
            return "stopping", WAITING
    if chat.problem:
        return for_terminal(chat.problem, 80), FAILED
    parts = []
    if figures.left_s is not None and (its_left := figures.chats_left_s.get(chat.id)) is not None:
        parts.append(f"about {words.duration(its_left)}")
    if before := _saved_before(chat):
        parts.append(f"resumed at {words.share(before)}")
    return " · ".join(parts), MUTED


def _worker_row(chat_id: int, worker: WorkerView, figures: Figures, phase: str) -> ProgressRow:
    ids = worker.high - worker.low + 1 if worker.high else 0
    said, style = _worker_said(worker)
    if (phase, worker.state) in _OF_A_PHASE:
        said, style = _OF_A_PHASE[phase, worker.state], ""
    span = f"  m{worker.low:,}–{worker.high:,}" if worker.high else ""
    return ProgressRow(
        key=(chat_id, worker.number),
        sign=" ",
        style="",
        title=f"worker {worker.number}{span}",
        share=int(worker.done / ids * 200) / 200 if ids else None,
        counts=f"{worker.done:,} of {ids:,} ids" if ids else "",
        rate=words.rate(figures.workers.get(worker.number)) if worker.state == "fetching" else words.UNKNOWN,
        said=f"DC {worker.dc} · {said}" if worker.dc else said,
        said_style=style or MUTED,
        running=False,
    )


def _file_row(file: LargeFileView, number: int) -> ProgressRow:
    return ProgressRow(
        key=(file.chat_id, -1 - number),
        sign=" ",
        style="",
        title=for_terminal(file.name, 60) or "a file",
        share=int(file.done / file.size * 200) / 200 if file.size else None,
        counts=f"{words.size(file.done)} of {words.size(file.size)}",
        rate="",
        said="file" if file.done < file.size else "file · checked and named",
        said_style=MUTED,
    )


def _worker_said(worker: WorkerView) -> tuple[str, str]:
    match worker.state:
        case "waiting":
            wait = f" {worker.wait_s:.0f} s" if worker.wait_s >= 1 else ""
            return f"waiting for Telegram{wait}", WAITING
        case "connecting":
            return "connecting", WAITING
        case "reconnecting":
            return f"reconnecting, try {max(1, worker.tries)}", FAILED
        case "gone":
            return "gone", FAILED
        case _:
            return worker.state, ""
