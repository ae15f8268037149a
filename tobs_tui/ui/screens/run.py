"""Run: how far, how fast, what it waits for, stage by stage and chat by chat; then what came of it.

Each picture is frozen. Bars follow it four times a second, numbers once; what has not changed is not drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tobs_tui.errors import TobsError
from tobs_tui.export.chat_run import ChatState
from tobs_tui.export.report import RunReport, RunStatus
from tobs_tui.ui import words
from tobs_tui.ui.actions import RUN, bindings
from tobs_tui.ui.drawing import BOLD, MOVING, WAITING, bar, spread
from tobs_tui.ui.pace import Figures
from tobs_tui.ui.ports import Reach, RunView
from tobs_tui.ui.screens.base import MainScreen
from tobs_tui.ui.state_line import state_line
from tobs_tui.ui.widgets.line import Line, Rule
from tobs_tui.ui.widgets.log_pane import LogPane
from tobs_tui.ui.widgets.progress_list import ProgressList, progress_rows
from tobs_tui.ui.widgets.stages import StagesPane, stage_rows
from tobs_tui.ui.widgets.summary import SummaryView

MOST_WORKERS = 32


class RunScreen(MainScreen):
    """The second screen."""

    CSS_PATH = "run.tcss"
    AUTO_FOCUS = "#progress"
    MODE = "run"
    BINDINGS: ClassVar[list[Any]] = bindings(RUN)
    ABOUT = (
        "Messages pass three stages: Fetch asks Telegram, Process makes them ours, Write puts them into the "
        "archive and the notes. A full bar under “Waiting to go in” names the one that holds up the others; "
        "Media fetches files beside them, and nothing waits for it."
    )

    def __init__(self) -> None:
        super().__init__()
        self._frozen: tuple[RunView, float] | None = None
        self._unfolded: set[int] | None = None
        self._told: RunReport | None = None
        self._moved = False
        self._first_note: Path | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="overall")
        yield Line(id="overall-bar")
        yield Line(id="state")
        with Horizontal(id="panes"):
            with Vertical(id="numbers"):
                yield Rule("Stages", id="stages-rule")
                yield StagesPane(id="stages")
                yield Rule("Chats and workers", id="progress-rule")
                yield ProgressList(id="progress")
            with Vertical(id="log-column"):
                yield Rule("Log · info and up · following", id="log-rule")
                yield LogPane(id="log")
                yield Input(placeholder="only lines with …", id="log-search", classes="field", compact=True)
        yield SummaryView(id="summary")
        yield Line(
            Content(" Nothing is exported yet. Mark chats on the first screen (1), then press ⏎."),
            id="nothing",
        )

    def on_mount(self) -> None:
        self.query_one("#log-search").display = False
        self.tick(self.tobs.clock())

    def tick(self, now: float) -> None:
        view, report = self.host.run(), self.host.report()
        done = report if report is not None and not self.host.running() else None
        self._show_parts(view, done)
        log = self.query_one(LogPane)
        if self._frozen is None:
            log.take(self.tobs.log_lines, self.tobs.wall(), self.host.timezone)
        if done is not None:
            self._tell(done)
            return
        if view is None:
            return
        self._told = None
        self._show_state(view, now)
        if self._frozen is None:
            self._show_numbers(view, self.tobs.pace.view or view, self.tobs.pace.figures)

    def _show_parts(self, view: RunView | None, done: RunReport | None) -> None:
        """Which of the three faces is seen: nothing yet, the run, the summary."""
        face = "-done" if done is not None else "-nothing" if view is None else "-running"
        if not self.has_class(face):
            for other in ("-nothing", "-done", "-running"):
                self.set_class(other == face, other)
            self.refresh_bindings()
            if face == "-done":
                self._frozen = None
                self.remove_class("-log")
                self.query_one(SummaryView).focus()
            elif face == "-running":
                self._moved, self._unfolded = False, None
                self.query_one(ProgressList).focus()

    # The picture

    def _show_state(self, view: RunView, now: float) -> None:
        signed_out = self.host.link().reach is Reach.SIGNED_OUT
        frozen = Content()
        if self._frozen is not None:
            ago = f"frozen {words.duration(now - self._frozen[1])} ago · f live   "
            frozen = Content.styled(ago, WAITING)

        def line(width: int) -> Content:
            room = width - 2 - frozen.cell_length
            return Content.assemble(" ", frozen, state_line(view, room, signed_out=signed_out))

        state = self.query_one("#state", Line)
        stopping = view.phase == "stopping"
        state.set_class(stopping, "-banner")
        if stopping != self.has_class("-stopping"):
            self.set_class(stopping, "-stopping")
            self.refresh_bindings()
        state.show(line)

    def _show_numbers(self, view: RunView, second: RunView, figures: Figures) -> None:
        wide = self.has_class("-wide") or self.has_class("-vast")
        self.query_one("#overall", Line).show(lambda width: _overall(second, figures, width))
        self.query_one("#overall-bar", Line).show(lambda width: _overall_bar(view, width))
        self.query_one(StagesPane).set_stages(stage_rows(view.stages, second.stages, figures))
        # Where the line on top has no room for them.
        files = "" if wide else _files(second)
        self.query_one("#stages-rule", Rule).retitle("Stages", files)
        progress = self.query_one(ProgressList)
        unfolded = self._unfolded if self._unfolded is not None or wide else set()
        rows = progress_rows(view, second, figures, unfolded)
        progress.set_rows(rows)
        if not self._moved:
            self._follow(progress)
        tail = f"{words.plural(view.errors, 'error')} · e shows them" if view.errors else ""
        self.query_one("#progress-rule", Rule).retitle("Chats and workers", tail)

    def _follow(self, progress: ProgressList) -> None:
        """Keep the chat that is being read in sight, until somebody moves."""
        index = next((index for index, row in enumerate(progress.rows) if row.running), None)
        if index is not None and index != progress.cursor:
            with self.prevent(ProgressList.Moved):
                progress.move_to(index)

    def on_row_list_moved(self, _event: ProgressList.Moved) -> None:
        self._moved = True
        self.refresh_bindings()

    # The summary

    def _tell(self, report: RunReport) -> None:
        if self._told is report:
            return
        self._told = report
        self.query_one("#overall", Line).show(Content())
        self.query_one(SummaryView).show(report, left=_left(report, self.tobs.speed))
        self.beside("note", self._find_note, report)

    async def _find_note(self, report: RunReport) -> None:
        newest = next((chat for chat in report.chats if chat.new), None) or next(iter(report.chats), None)
        self._first_note = None
        if newest is not None and newest.total:
            try:
                self._first_note = await self.host.note_of(newest.id)
            except TobsError:
                # Without a note there is nothing to offer; the summary stands without it.
                return
        if self._first_note is not None and self._told is report:
            self.query_one(SummaryView).show(
                report, note=self._first_note.stem, left=_left(report, self.tobs.speed)
            )

    def on_summary_view_wanted(self, event: SummaryView.Wanted) -> None:
        report = self._told
        if report is None:
            return
        if event.what == "copy_path":
            self.app.copy_to_clipboard(report.vault)
            self.notify("The vault's path is copied", markup=False, timeout=3)
        elif event.what == "go_on":
            self.tobs.go_on()
        elif self._first_note is not None:
            self.tobs.open_note(self._first_note, obsidian=event.what == "obsidian")

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("stop", "pause", "workers"):
            return self.has_class("-running") and not self.has_class("-stopping")
        if action in ("stop_and_leave", "freeze"):
            return self.has_class("-running")
        if action == "sign_in":
            return self.ready and self.host.link().reach is Reach.SIGNED_OUT
        if action in ("unfold", "errors"):
            return self.has_class("-running")
        return True

    def action_stop_and_leave(self) -> None:
        self.tobs.action_leave("q")

    def action_stop(self) -> None:
        self.host.stop_run()
        self.tobs.refresh_now()

    def action_pause(self) -> None:
        view = self.host.run()
        if view is not None:
            self.host.set_paused(view.phase != "paused")
            self.tobs.refresh_now()

    def action_freeze(self) -> None:
        view = self.host.run()
        if self._frozen is not None or view is None:
            self._frozen = None
        else:
            self._frozen = (view, self.tobs.clock())
        self.tobs.refresh_now()

    def action_workers(self, by: int) -> None:
        view = self.host.run()
        if view is not None:
            self.host.set_workers(max(1, min(MOST_WORKERS, view.worker_count + by)))
            self.tobs.refresh_now()

    def action_unfold(self, unfold: bool) -> None:
        row = self.query_one(ProgressList).current
        if row is None:
            return
        if self._unfolded is None:
            wide = self.has_class("-wide") or self.has_class("-vast")
            rows = self.query_one(ProgressList).rows
            self._unfolded = {one.key[0] for one in rows if one.running} if wide else set()
        (self._unfolded.add if unfold else self._unfolded.discard)(row.key[0])
        self.tobs.refresh_now()
        self._show_workers_of(row.key[0])

    def _show_workers_of(self, chat_id: int) -> None:
        """Scroll so that the last of a chat's workers is seen, as long as the chat itself is."""
        progress = self.query_one(ProgressList)
        last = max((index for index, row in enumerate(progress.rows) if row.key[0] == chat_id), default=0)
        room = progress.size.height
        if last >= progress.scroll_offset.y + room:
            progress.scroll_to(y=min(progress.cursor, last - room + 1), animate=False)

    def action_log(self) -> None:
        self.toggle_class("-log")
        self.query_one(LogPane).focus()

    def action_errors(self) -> None:
        self.query_one(LogPane).set_level(self.tobs.log_lines, self.tobs.wall(), logging.ERROR)
        self.add_class("-log")
        self.query_one(LogPane).focus()

    def action_sign_in(self) -> None:
        self.tobs.reconnect()

    def go_back(self) -> bool:
        search = self.query_one("#log-search", Input)
        if search.display:
            search.value = ""
            search.display = False
            self.query_one(LogPane).focus()
            return True
        if self.has_class("-log"):
            self.remove_class("-log")
            self.query_one(LogPane).set_level(self.tobs.log_lines, self.tobs.wall(), logging.INFO)
            (self.query_one(SummaryView) if self.has_class("-done") else self.query_one(ProgressList)).focus()
            return True
        return False

    # The log

    def on_log_pane_titled(self, event: LogPane.Titled) -> None:
        self.query_one("#log-rule", Rule).retitle(event.title)

    def on_log_pane_level_asked(self, _event: LogPane.LevelAsked) -> None:
        log = self.query_one(LogPane)
        log.set_level(self.tobs.log_lines, self.tobs.wall(), log.next_level)

    def on_log_pane_search_asked(self, _event: LogPane.SearchAsked) -> None:
        search = self.query_one("#log-search", Input)
        search.display = True
        self.call_after_refresh(search.focus)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(LogPane).filter(self.tobs.log_lines, self.tobs.wall(), event.value)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        self.query_one(LogPane).focus()


def _overall(view: RunView, figures: Figures, width: int) -> Content:
    chats = words.plural(len(view.chats), "chat")
    begin = f" Exporting {chats}" if width >= 100 else f" {chats}"
    of = f" of about {words.number(view.expected)}" if view.expected is not None else ""
    parts = [f"{words.number(view.messages)}{of} messages"]
    if view.phase == "files":
        parts.append(f"{words.size(round(figures.bytes_rate))}/s" if figures.bytes_rate else words.UNKNOWN)
    else:
        parts.append(words.rate(figures.rate))
    if view.expected is None and len(view.chats) > 1:
        done = sum(chat.state in (ChatState.DONE, ChatState.FAILED) for chat in view.chats)
        parts.insert(0, f"{done:,} of {words.plural(len(view.chats), 'chat')} done")
    if width >= 100 and (files := _files(view)):
        parts.append(files)
    if figures.left_s is not None:
        parts.append(f"about {words.duration(figures.left_s)} left")
    return spread(Content.styled(begin, BOLD), Content("   ".join(parts) + " "), width)


def _files(view: RunView) -> str:
    """`files 96 of 1,240, 1 failed`; empty where no files are asked for."""
    if view.files is None or not view.files.total:
        return ""
    failed = f", {view.files.failed:,} failed" if view.files.failed else ""
    # Each page that is still to come may bring more of them.
    still_read = any(chat.state in (ChatState.QUEUED, ChatState.RUNNING) for chat in view.chats)
    so_far = " so far" if still_read else ""
    return f"files {view.files.done:,} of {view.files.total:,}{so_far}{failed}"


def _overall_bar(view: RunView, width: int) -> Content:
    from tobs_tui.ui.app import run_share

    share = run_share(view)
    percent = words.share(share) if share is not None else words.UNKNOWN
    room = width - 8
    return Content.assemble(" ", bar(share, room, MOVING), (percent.rjust(6), ""), " ")


def _left(report: RunReport, speed: float | None) -> str:
    from tobs_tui.ui.estimate import cost

    if report.status is RunStatus.COMPLETE:
        return ""
    missing = sum(max(0, chat.expected - chat.total) for chat in report.chats if chat.expected is not None)
    return words.duration(cost(missing, per_second=speed).seconds) if missing else ""
