"""Bad input: one clear line, the right exit code, and nothing lost."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program

    ProgramOn = Callable[..., Program]


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_unknown_chat(program: Program) -> None:
    line = one_line(program.run("export", "No such chat at all", expect=2).stderr)
    assert "No such chat at all" in line


def test_no_chat_named(program: Program) -> None:
    assert "--all" in one_line(program.run("export", expect=2).stderr)


def test_an_invite_link_is_refused(program: Program) -> None:
    assert "invite" in one_line(program.run("export", "https://t.me/+AbCdEfGh", expect=2).stderr).lower()


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("--since", "yesterday-ish"), "--since"),
        (("--since", "2025-02-01", "--until", "2025-01-01"), "--since"),
        (("--max-file-size", "ten"), "MEDIA_MAX_FILE_SIZE"),
        (("--media", "photos"), "MEDIA_KINDS"),
        (("--workers", "-3"), "SHARD_COUNT"),
        (("--format", "docx"), "EXPORT_FORMATS"),
        (("--out", ""), "--out"),
    ],
)
def test_bad_options(program: Program, words: tuple[str, ...], about: str) -> None:
    assert about in one_line(program.run("export", "--all", *words, expect=2).stderr)


def test_bad_settings_are_told_by_name(program: Program) -> None:
    done = program.run("chats", expect=2, SHARD_COUNT="many", DC_ROUTING_STRATEGY="best")
    assert "SHARD_COUNT" in done.stderr
    assert "DC_ROUTING_STRATEGY" in done.stderr


def test_not_logged_in(program_on: ProgramOn, small_world: dict[str, Any]) -> None:
    program = program_on(small_world, login=False)
    assert "login" in one_line(program.run("export", "--all", expect=5).stderr)


def test_wrong_code_and_phone(program_on: ProgramOn, small_world: dict[str, Any]) -> None:
    program = program_on(small_world, login=False)
    done = program.run("login", "--phone", small_world["phone"], "--code", "00000", expect=1)
    assert "code" in one_line(done.stderr).lower()
    assert "00000" not in done.stderr
    done = program.run("login", "--phone", "+999", "--code", "1", expect=1)
    assert "phone" in one_line(done.stderr).lower()
    assert program.run("chats", expect=5).stdout == ""


def test_wrong_and_right_password(serve: Callable[..., dict[str, Any]], program_on: ProgramOn) -> None:
    server = serve("--messages", "100", "--chats", "12", "--password", "a secret word")
    program = program_on(server, login=False)
    words = ("login", "--phone", server["phone"], "--code", server["code"], "--password")
    assert "password" in one_line(program.run(*words, "wrong", expect=1).stderr).lower()
    program.run(*words, server["password"])
    program.run("chats")
    program.run("logout")
    program.run("chats", expect=5)


def test_no_server(program_on: ProgramOn, small_world: dict[str, Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        program = program_on(small_world)
        done = program.run("chats", expect=1, TELEGRAM_SERVER=f"127.0.0.1:{port}")
    assert str(port) in one_line(done.stderr)


def test_a_damaged_archive_is_left_alone(program: Program) -> None:
    program.export("--all")
    archive = program.vault / ".tobs" / "archive.db"
    archive.write_bytes(b"not a database at all" * 1000)
    before = archive.read_bytes()
    line = one_line(program.run("export", "--all", expect=1).stderr)
    assert "archive.db" in line
    assert archive.read_bytes() == before


def test_a_damaged_session_says_so(program: Program) -> None:
    session = next((program.home / "sessions").glob("*.session"))
    session.write_bytes(b"garbage" * 500)
    assert session.name in one_line(program.run("chats", expect=1).stderr)


def test_another_account_is_refused(
    program: Program, serve: Callable[..., dict[str, Any]], program_on: ProgramOn
) -> None:
    program.export("--all")
    other = program_on(serve("--messages", "100", "--chats", "12", "--seed", "77"))
    other.env["EXPORT_PATH"] = str(program.vault)
    before = program.notes()
    line = one_line(other.run("export", "--all", expect=1).stderr)
    assert "account" in line
    assert program.notes() == before


def test_a_foreign_note_is_never_overwritten(program: Program) -> None:
    program.vault.mkdir()
    foreign = program.vault / "Telegram archive.md"
    foreign.write_text("My own list.\n")
    program.export("--all")
    assert foreign.read_text() == "My own list.\n"


def test_a_topic_that_the_forum_has_not(program: Program) -> None:
    forum = json.loads(program.run("chats", "--json", "--type", "forum").stdout)[0]
    line = one_line(program.run("export", f"{forum['id']}/9999", expect=2).stderr)
    assert "9999" in line
    assert all(topic["title"] in line for topic in forum["topics"])
