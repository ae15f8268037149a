"""Files by the command line: fetched, limited, stopped in the middle, verified and repaired."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.conftest import wait_until

if TYPE_CHECKING:
    from tests.cli.conftest import Program

    Serve = Callable[..., dict[str, Any]]
    ProgramOn = Callable[..., Program]

SMALL = ("--media", "photo,voice,sticker", "--max-file-size", "100K")


def media_of(program: Program) -> dict[str, bytes]:
    """The files of the media folder, by name; none is there in part."""
    folder = program.vault / "media"
    assert not list((folder / ".partial").glob("*"))
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_files_are_fetched_told_verified_and_repaired(program: Program) -> None:
    report = program.export("--all", *SMALL)
    files = media_of(program)
    assert report["media_files"] == report["stages"]["media"]["items"] == len(files) > 20
    assert report["media_bytes"] == sum(map(len, files.values()))
    assert max(map(len, files.values())) <= 100 << 10
    program.run("verify")
    again = program.run("export", "--all", *SMALL)
    assert "up to date" in again.stdout

    missing, short, altered = sorted(files)[:3]
    folder = program.vault / "media"
    (folder / missing).unlink()
    (folder / short).write_bytes(files[short][:-1])
    (folder / altered).write_bytes(b"x" + files[altered][1:])
    (folder / "mine.txt").write_text("mine")
    found = json.loads(program.run("verify", "--json", expect=1).stdout)
    assert found["status"] == "damaged"
    assert sum(len(chat["problems"]) for chat in found["chats"]) >= 3
    repaired = program.run("verify", "--repair")
    assert "3 of 3 bad files fetched again" in repaired.stderr
    mended = media_of(program)
    assert {name: mended[name] for name in files} == files
    assert mended["mine.txt"] == b"mine"
    assert len(mended) == len(files) + 3, "what was altered is kept beside"
    assert "0 new messages" in program.run("export", "--all", *SMALL).stdout


def test_a_repair_needs_a_login(program: Program) -> None:
    program.export("--all", *SMALL)
    next((program.vault / "media").glob("*.jpg")).unlink()
    for session in (Path(program.env["SESSION_DIR"])).iterdir():
        session.unlink()
    assert "login" in program.run("verify", "--repair", expect=5).stderr


def test_a_stop_in_the_middle_of_a_file_is_quick_and_the_next_run_goes_on(
    serve: Serve, program_on: ProgramOn
) -> None:
    program = program_on(serve("--messages", "1500", "--chats", "8", "--rtt-ms", "120"))
    program.export("--all")
    process = program.start("export", "--all", "--media", "video", "--json")
    partial = program.vault / "media" / ".partial"
    wait_until(lambda: any(partial.glob("*.parts")), "the first part of a large file")
    process.send_signal(signal.SIGTERM)
    code, report = program.end_export(process, within=6.0)
    assert (code, report["status"]) == (4, "drained")
    program.run("verify", expect=3)
    rest = program.export("--all", "--media", "video")
    assert rest["status"] == "complete"
    assert rest["media_files"] > 0
    assert media_of(program)
    program.run("verify")
