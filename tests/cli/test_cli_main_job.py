"""The main job as a person does it: log in, look, export, verify; then again, and only what is new."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def test_export_all_is_complete_and_verifies(program: Program) -> None:
    chats = json.loads(program.run("chats", "--json").stdout)
    assert len(chats) >= 16
    report = program.export("--all")
    assert report["status"] == "complete"
    assert report["messages_new"] > 1500
    assert not report["errors"]
    verified = json.loads(program.run("verify", "--json").stdout)
    assert verified["status"] == "complete"
    assert all(not chat["problems"] and not chat["unasked"] for chat in verified["chats"])
    assert sum(chat["fetched"] for chat in verified["chats"]) == report["messages_new"]


def test_a_second_run_fetches_and_writes_nothing(program: Program) -> None:
    program.export("--all")
    before = program.notes()
    times = {path: (program.vault / path).stat().st_mtime_ns for path in before}
    report = program.export("--all")
    assert report["status"] == "complete"
    assert report["messages_new"] == 0
    assert sum(chat["notes"] for chat in report["chats"]) == 0
    assert program.notes() == before
    assert {path: (program.vault / path).stat().st_mtime_ns for path in before} == times


def test_one_chat_by_id_username_and_title(program: Program) -> None:
    chats = json.loads(program.run("chats", "--json").stdout)
    readable = [chat for chat in chats if not chat["no_access"] and chat["top_message"]]
    by_id = next(chat for chat in readable if chat["id"] < 0)
    report = program.export(str(by_id["id"]))
    assert [chat["id"] for chat in report["chats"]] == [by_id["id"]]
    titles = [chat["title"] for chat in chats]
    by_title = next(chat for chat in readable if titles.count(chat["title"]) == 1)
    assert program.export(by_title["title"])["chats"][0]["id"] == by_title["id"]
    by_name = next(chat for chat in readable if chat["username"])
    assert program.export("@" + by_name["username"])["chats"][0]["id"] == by_name["id"]


def test_one_page_at_a_time_gives_equal_notes(program: Program) -> None:
    program.export("--all")
    piped = program.notes()
    program.vault = program.home / "in-turn"
    program.env["EXPORT_PATH"] = str(program.vault)
    report = program.export("--all", ASYNC_PIPELINE_ENABLED="false")
    assert report["status"] == "complete"
    assert program.notes() == piped


def test_dates_bound_what_is_asked_and_saved(program: Program) -> None:
    chats = json.loads(program.run("chats", "--json").stdout)
    largest = max((c for c in chats if not c["no_access"]), key=lambda chat: chat["top_message"])
    word = str(largest["id"])
    whole = program.export(word)
    found = json.loads(program.run("search", "a", "--json", "--limit", "1000", "--chat", word).stdout)
    dates = sorted(hit["date"] for hit in found)
    middle = dates[len(dates) // 2]
    from datetime import UTC, datetime

    day = datetime.fromtimestamp(middle, UTC).strftime("%Y-%m-%d")
    program.vault = program.home / "bounded"
    program.env["EXPORT_PATH"] = str(program.vault)
    bounded = program.export(word, "--since", day)
    assert bounded["status"] == "complete"
    assert 0 < bounded["messages_new"] < whole["messages_new"]
    assert bounded["requests"] < whole["requests"] + 6
    first = int(datetime.fromisoformat(day + "T00:00:00+00:00").timestamp())
    hits = json.loads(program.run("search", "a", "--json", "--limit", "1000").stdout)
    assert {hit["message_id"] for hit in hits} == {h["message_id"] for h in found if h["date"] >= first}
    program.run("verify")
    rest = program.export(word)
    assert rest["messages_new"] + bounded["messages_new"] == whole["messages_new"]


@pytest.mark.parametrize(
    ("words", "is_all"),
    [
        (("--since", "0001-01-01"), True),
        (("--since", "1960-01-01"), True),
        (("--until", "9999-12-31"), True),
        (("--since", "2038-01-20"), False),
        (("--since", "2300-01-01"), False),
        (("--until", "1969-07-20"), False),
    ],
)
def test_dates_beyond_what_telegram_can_say(program: Program, words: tuple[str, str], is_all: bool) -> None:
    chats = json.loads(program.run("chats", "--json").stdout)
    smallest = min((c for c in chats if c["type"] == "channel" and not c["no_access"]), key=lambda c: c["id"])
    report = program.export(str(smallest["id"]), *words)
    assert (report["status"], report["messages_new"] > 0) == ("complete", is_all)
    program.run("verify")
