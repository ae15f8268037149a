"""After a run: what was saved, what failed and what to do, where to go on. The same words as on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tobs_tui.export.report import ChatReport, ReportedError, RunReport, RunStatus
from tobs_tui.text import for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.actions import SUMMARY, bindings
from tobs_tui.ui.drawing import BOLD, DONE, FAILED, MUTED, WAITING, clauses, left

SHOWN_CHATS, SHOWN_ERRORS = 12, 4
COLUMN = 74
BESIDE = COLUMN - 38
"""Cells of the column, and of what stands beside a chat's sign, title and state."""
_SIGNS = {"complete": ("✓", DONE), "incomplete": ("◐", WAITING), "not yet": ("○", MUTED)}


class SummaryView(VerticalScroll):
    """One report in a column of 76."""

    BINDINGS: ClassVar[list[Any]] = bindings(SUMMARY)

    class Wanted(Message):
        """One of the next steps: `open_note`, `obsidian`, `copy_path`, `go_on` or `chats`."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.report: RunReport | None = None
        self._all = False
        self._note = ""
        self._left = ""

    def compose(self) -> ComposeResult:
        yield Static(id="summary-text")

    def show(self, report: RunReport, *, note: str = "", left: str = "") -> None:
        """Show a report; `note` is what ⏎ opens, `left` how long going on would take."""
        self.report, self._note, self._left = report, note, left
        self._draw()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.report is None:
            return False
        if action == "go_on":
            return self.report.status is not RunStatus.COMPLETE
        if action in ("open_note", "obsidian"):
            return bool(self._note)
        if action == "errors":
            return len(self.report.errors) > SHOWN_ERRORS
        return True

    def action_open_note(self) -> None:
        self.post_message(self.Wanted("open_note"))

    def action_obsidian(self) -> None:
        self.post_message(self.Wanted("obsidian"))

    def action_copy_path(self) -> None:
        self.post_message(self.Wanted("copy_path"))

    def action_go_on(self) -> None:
        self.post_message(self.Wanted("go_on"))

    def action_errors(self) -> None:
        self._all = not self._all
        self._draw()

    def _draw(self) -> None:
        if self.report is not None:
            text = summary(self.report, note=self._note, left=self._left, everything=self._all)
            self.query_one("#summary-text", Static).update(text)


def headline(report: RunReport) -> str:
    """How it ended, in a sentence."""
    took = words.duration(report.elapsed_s)
    match report.status:
        case RunStatus.COMPLETE if report.found_nothing:
            return f"Everything is up to date, after {took}."
        case RunStatus.COMPLETE:
            return f"Complete after {took}."
        case RunStatus.INCOMPLETE:
            return f"Not complete after {took}. All that was fetched is saved."
        case RunStatus.DRAINED:
            return f"Stopped safely after {took}. All that was fetched is saved."
        case RunStatus.ABORTED:
            return "Stopped at once. What was saved is safe; the next run fetches the rest."
        case RunStatus.FAILED:
            return f"Failed after {took}. What was saved is safe."


def summary(report: RunReport, *, note: str = "", left: str = "", everything: bool = False) -> Content:
    """The whole text."""
    lines: list[Content] = [Content.styled(headline(report), BOLD), Content()]
    chats = report.chats if everything else report.chats[:SHOWN_CHATS]
    lines += [_chat(chat) for chat in chats]
    if len(chats) < len(report.chats):
        lines.append(
            Content.styled(f"    … and {words.plural(len(report.chats) - len(chats), 'more chat')}", MUTED)
        )
    lines += [Content(), *(Content(f"  {line}") for line in _totals(report))]
    if report.errors:
        lines += [Content(), Content.styled("What failed", BOLD)]
        errors = report.errors if everything else report.errors[:SHOWN_ERRORS]
        lines += [line for error in errors for line in _error(error)]
        if len(errors) < len(report.errors):
            rest = len(report.errors) - len(errors)
            lines.append(Content.styled(f"  … and {words.number(rest)} more · e shows them", MUTED))
    for notice in report.notices[:20]:
        lines += [Content(), Content.styled(f"  {for_terminal(notice, 300)}", MUTED)]
    lines += [Content(), Content.styled("Next", BOLD)]
    if report.status is not RunStatus.COMPLETE:
        about = f", about {left}" if left else ""
        lines.append(_next("g", f"go on where it stopped{about}"))
    if note:
        lines.append(_next("⏎", f"read {for_terminal(note, 60)}"))
        lines.append(_next("o", 'open in Obsidian; the first time choose "Open folder as vault" there'))
    vault = for_terminal(words.at_home(Path(report.vault)), 200)
    lines.append(_next("c", f"copy the vault's path, {vault}"))
    lines.append(_next("esc", "export other chats"))
    return Content("\n").join(lines)


def _chat(chat: ChatReport) -> Content:
    sign, style = _SIGNS.get(chat.state, ("✗", FAILED))
    parts = []
    if chat.state == "not yet":
        if chat.total:
            parts.append(f"{words.number(chat.total)} saved before")
        if chat.expected is not None and (to_go := chat.expected - chat.total) > 0:
            parts.append(f"about {words.number(to_go)} to go")
    elif chat.new:
        parts.append(f"{words.number(chat.new)} new")
    elif not (chat.updated or chat.deleted or chat.files):
        parts.append("nothing new" if chat.total else "no messages")
    if chat.updated:
        parts.append(f"{words.number(chat.updated)} changed")
    if chat.deleted:
        parts.append(f"{words.number(chat.deleted)} deleted")
    state = chat.state
    if chat.state == "incomplete" and chat.expected:
        state = words.share(min(0.99, chat.total / chat.expected))
        if to_go := max(0, chat.expected - chat.total):
            parts.append(f"{words.number(to_go)} to go")
        elif not (chat.failed or chat.files_failed):
            parts.append("some files to go")
    if chat.failed:
        parts.append(f"{words.number(chat.failed)} failed")
    if chat.files_failed:
        parts.append(f"{words.plural(chat.files_failed, 'file')} failed")
    if chat.files:
        parts.append(words.plural(chat.files, "file"))
    title = left(for_terminal(chat.title, 20) or "(no name)", 20)
    return Content.assemble(
        (f"  {sign} ", style), title, "  ", (left(state, 10), style), (f"  {_in_column(parts)}", "")
    )


def _in_column(parts: list[str]) -> str:
    """The parts in lines that fit beside a chat's state, the further ones under the first."""
    return clauses(parts, BESIDE).replace("\n", f"\n{'':{COLUMN - BESIDE}}")


def _totals(report: RunReport) -> list[str]:
    notes = sum(chat.notes for chat in report.chats)
    saved = sum(chat.total for chat in report.chats)
    if report.messages_new or notes:
        parts = [f"{words.plural(report.messages_new, 'new message')} in {words.plural(notes, 'note')}"]
    else:
        parts = [f"nothing new, {words.plural(saved, 'message')} saved"]
    if report.media_files:
        parts.append(f"{words.plural(report.media_files, 'file')}, {words.size(report.media_bytes)}")
    if report.flood_wait_s:
        parts.append(f"{words.duration(report.flood_wait_s)} of flood waits")
    return clauses(parts, COLUMN - 2).splitlines()


def _error(error: ReportedError) -> list[Content]:
    where = f"{for_terminal(error.chat, 40)}: " if error.chat else ""
    lines = [Content.assemble(("  ✗ ", FAILED), where + for_terminal(error.what, 300))]
    if error.fix:
        lines.append(Content.styled(f"    {for_terminal(error.fix, 300)}", MUTED))
    return lines


def _next(key: str, what: str) -> Content:
    return Content.assemble((f"  {key:<4}", BOLD), what)
