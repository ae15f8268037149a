"""Whatever the standard streams are, a command ends with its own code and without a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def in_shell(program: Program, words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `tobs-tui WORDS` as a shell does, redirections and all; `rc N` is the last line of its output."""
    script = f'"{sys.executable}" -m tobs_tui {words}; echo "rc ${{PIPESTATUS[0]}}"'
    return subprocess.run(
        ["bash", "-c", script],
        env=program.env | env,
        cwd=program.home,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "| true", "<&-"])
def test_a_closed_stream_changes_no_outcome(program: Program, closed: str) -> None:
    done = in_shell(program, f"export --all {closed}")
    assert done.stdout.splitlines()[-1] == "rc 0"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    program.run("verify")


def test_complaints_never_go_to_stdout(program: Program) -> None:
    assert in_shell(program, "export 'No such chat' 2>&-").stdout == "rc 2\n"


def test_a_full_disk_behind_stdout_is_one_line(program: Program) -> None:
    done = in_shell(program, "config >/dev/full")
    assert done.stdout == "rc 1\n"
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_terminal_of_fewer_characters(program: Program, encoding: str) -> None:
    program.run("export", "--all")
    for words in ("chats", "verify", "search a", "export --all"):
        done = in_shell(program, words, PYTHONIOENCODING=encoding)
        assert done.stdout.splitlines()[-1] == "rc 0", done.stderr
    titles = [chat["title"] for chat in json.loads(program.run("chats", "--json").stdout)]
    shown = in_shell(program, "chats --json", PYTHONIOENCODING=encoding).stdout
    assert [chat["title"] for chat in json.loads(shown.splitlines()[0])] == titles


@pytest.mark.parametrize("words", [("--bogus",), ("--layout", "weird"), ("--workers", "many"), ("--since",)])
def test_a_report_even_for_a_command_line_that_cannot_be_read(
    program: Program, words: tuple[str, ...]
) -> None:
    done = program.run("export", "--all", "--json", *words, expect=2)
    report = json.loads(done.stdout)
    assert (report["status"], report["exit_code"]) == ("failed", 2)
    assert "Traceback" not in done.stderr


INTERRUPTED_WHILE_IT_LOADS = """
import os, signal, sys
import tobs_tui.config
tobs_tui.config.load_settings = lambda *_: os.kill(os.getpid(), signal.SIGINT)
sys.argv[1:] = ["export", "--all", "--json"]
from tobs_tui.cli import main
main()
"""


def test_a_report_even_for_a_run_that_was_stopped_while_it_loads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_IT_LOADS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert json.loads(done.stdout)["status"] == "aborted"
    assert done.stderr == ""
