"""A run's end in words on stdout, or as one JSON object."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import msgspec

from tobs_tui import text
from tobs_tui.cli.output import duration, number, padded, plural, print_json, size
from tobs_tui.errors import TobsError
from tobs_tui.export.report import ChatReport, ReportedError, RunReport, RunStatus

_SIGNS = {"complete": "✓", "incomplete": "◐", "not yet": "○"}
_STATUS_OF = {status.exit_code: status for status in (RunStatus.DRAINED, RunStatus.ABORTED)}
_MOST_CHATS = 40
_WIDTH = 80
_MOST_ERRORS = 20


def print_report(report: RunReport) -> None:
    """The report as `--json` prints it."""
    print_json(msgspec.to_builtins(report))


def print_failed_report(error: TobsError) -> None:
    """The report of a run that ended before it began."""
    print_report(
        RunReport(
            status=_STATUS_OF.get(error.exit_code, RunStatus.FAILED),
            chats=(),
            messages_new=0,
            requests=0,
            flood_wait_s=0.0,
            media_files=0,
            media_bytes=0,
            elapsed_s=0.0,
            stages={},
            phases={},
            errors=(ReportedError("", error.what, error.fix),),
            exit_code=error.exit_code,
        )
    )


def print_summary(report: RunReport, *, from_screen: bool = False) -> None:
    """What was saved, where, what failed, and how to go on."""
    print(_headline(report))
    shown = [
        chat
        for chat in report.chats
        if chat.state != "complete" or chat.new or chat.updated or chat.deleted or chat.files
    ]
    if shown:
        print()
    for chat in shown[:_MOST_CHATS]:
        sign = _SIGNS.get(chat.state, "✗")
        print(f"  {sign} {padded(chat.title, 36)}  {_chat_line(chat)}")
    if len(shown) > _MOST_CHATS:
        print(f"    … and {plural(len(shown) - _MOST_CHATS, 'more chat')}")
    notes = sum(chat.notes for chat in report.chats)
    print()
    totals = f"{_messages(report)}{_files(report)}, {plural(notes, 'note')} written{_waits(report)}"
    print(textwrap.fill(totals, _WIDTH, initial_indent="  ", subsequent_indent="  "))
    if report.errors:
        print("\n  What failed")
        for error in report.errors[:_MOST_ERRORS]:
            print(f"    {_error_line(error)}")
        if len(report.errors) > _MOST_ERRORS:
            print(f"    … and {number(len(report.errors) - _MOST_ERRORS)} more; --json lists all")
    for notice in report.notices:
        print(f"\n  {text.for_terminal(notice)}")
    print(f"\n  Vault: {Path(report.vault).resolve()}")
    if report.status in (RunStatus.DRAINED, RunStatus.ABORTED, RunStatus.INCOMPLETE):
        again = "export the same chats again" if from_screen else "run the same command again"
        print(f"  To go on: {again}; it fetches only what is missing.")
    sys.stdout.flush()


def _headline(report: RunReport) -> str:
    took = duration(report.elapsed_s)
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
            return f"Failed after {took}. What was committed is safe."


def _chat_line(chat: ChatReport) -> str:
    parts = [chat.state] if chat.state == "not yet" else [chat.state, f"{number(chat.new)} new"]
    if chat.updated:
        parts.append(f"{number(chat.updated)} changed")
    if chat.deleted:
        parts.append(f"{number(chat.deleted)} deleted")
    if chat.files:
        parts.append(plural(chat.files, "file"))
    if chat.files_failed:
        parts.append(f"{plural(chat.files_failed, 'file')} failed")
    if chat.failed:
        parts.append(f"{plural(chat.failed, 'id')} failed")
    if chat.state != "complete" and chat.expected is not None:
        parts.append(f"{number(chat.total)} of about {number(chat.expected)} saved")
    return " · ".join(parts)


def _messages(report: RunReport) -> str:
    changed = f", {number(report.updated)} changed" if report.updated else ""
    deleted = f", {number(report.deleted)} deleted" if report.deleted else ""
    return plural(report.messages_new, "new message") + changed + deleted


def _files(report: RunReport) -> str:
    files = plural(report.media_files, "file")
    return f", {files} of {size(report.media_bytes)}" if report.media_files else ""


def _waits(report: RunReport) -> str:
    return f", {duration(report.flood_wait_s)} of flood waits" if report.flood_wait_s else ""


def _error_line(error: ReportedError) -> str:
    where = f"{text.for_terminal(error.chat, 40)}: " if error.chat else ""
    fix = f". {error.fix}" if error.fix else ""
    return where + text.for_terminal(error.what + fix)
