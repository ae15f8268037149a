"""Real chats: Telegram Desktop's exports, served, exported by us, and held against their own JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tobs_tui.archive import ArchiveReader

if TYPE_CHECKING:
    from tests.cli.conftest import Program

    Serve = Callable[..., dict[str, Any]]
    ProgramOn = Callable[..., Program]

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "telegram-desktop"
FILES = sorted(FOLDER.glob("*.json"))
ABSENT = "the Telegram Desktop exports lie outside the project and are not here"
OLD_GROUP_SHIFT = 1_000_000_000


def chats_of(path: Path) -> list[dict[str, Any]]:
    text = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", path.read_text("utf-8"))
    data = json.loads(text)
    if "chats" not in data:
        return [data]
    chats: list[dict[str, Any]] = data["chats"]["list"]
    return chats


def text_of(message: dict[str, Any]) -> str:
    text = message.get("text", "")
    parts = text if isinstance(text, list) else [text]
    return "".join(part if isinstance(part, str) else part["text"] for part in parts)


def saved_texts(vault: Path) -> Counter[tuple[int, str]]:
    """Every archived message's id and text; those of old groups under Telegram Desktop's shifted ids."""
    saved: Counter[tuple[int, str]] = Counter()
    with ArchiveReader.open(vault / ".tobs") as archive:
        for stored in archive.chats():
            shift = OLD_GROUP_SHIFT if stored.part_of is not None else 0
            for row in archive.messages([stored.chat.id]):
                saved[row.message.id - shift, row.message.text] += 1
    return saved


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_arrives_as_it_was(path: Path, serve: Serve, program_on: ProgramOn) -> None:
    program = program_on(serve("--world", str(path)))
    report = program.export("--all")
    assert report["status"] == "complete"
    program.run("verify")
    expected = Counter(
        (message["id"], text_of(message)) for chat in chats_of(path) for message in chat["messages"]
    )
    assert saved_texts(program.vault) == expected


@pytest.mark.skipif(not FILES, reason=ABSENT)
def test_the_whole_folder_at_once(serve: Serve, program_on: ProgramOn) -> None:
    program = program_on(serve("--world", str(FOLDER)))
    assert program.export("--all")["status"] == "complete"
    program.run("verify")
    expected = Counter(
        (message["id"], text_of(message))
        for path in FILES
        for chat in chats_of(path)
        for message in chat["messages"]
    )
    assert saved_texts(program.vault) == expected


def test_gigabytes_that_an_export_tells_of_are_not_made_up_for_a_demo(
    tmp_path: Path, program_on: ProgramOn
) -> None:
    message = {
        "id": 1,
        "type": "message",
        "date": "2024-01-01T12:00:00",
        "date_unixtime": "1704110400",
        "from": "Ann",
        "from_id": "user1",
        "file": "(File not included. Change data exporting settings to download.)",
        "file_name": "huge.zip",
        "file_size": 5_000_000_000,
        "mime_type": "application/zip",
        "text": "",
    }
    small = message | {"id": 2, "file_name": "small.zip", "file_size": 5_000}
    chat = {"name": "Ann", "type": "personal_chat", "id": 1, "messages": [message, small]}
    world = tmp_path / "result.json"
    world.write_text(json.dumps(chat))
    program = program_on(None, login=False)
    program.run("demo", "export", "--world", str(world), "--out", str(program.vault), MEDIA_KINDS="document")
    (fetched,) = (program.vault / "media").glob("*.zip")
    assert " small " in fetched.name
    (note,) = program.vault.glob("Ann/Ann 2024-01-01.md")
    assert "over the limit of 256 MB" in note.read_text()
