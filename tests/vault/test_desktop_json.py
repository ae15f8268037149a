"""A chat as Telegram Desktop would have exported it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vault.golden_day import CHAT, MESSAGES, PEOPLE
from tests.vault.shelf import ANNA, GROUP, START, Shelf, message
from tobs_tui.model import (
    Action,
    ChatType,
    Entity,
    ExportFormat,
    Forward,
    Message,
    Person,
    PersonKind,
    Reaction,
    Reply,
)
from tobs_tui.vault.desktop_text import text_entities, text_value


def exported(shelf: Shelf, folder: str = "Trip") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shelf.vault / folder / "result.json").read_text())
    return loaded


def test_a_chat_is_one_json(shelf: Shelf) -> None:
    shelf.settings(formats=[ExportFormat.JSON], timezone="Europe/Berlin")
    shelf.chat(username="trip")
    shelf.add(
        [
            message(
                1,
                "hi",
                edit_date=START + 70,
                reactions=(Reaction("👍", 2), Reaction("❔", 1, document_id=5), Reaction("⭐", 3)),
                reply=Reply(message_id=9),
                forward=Forward(date=1, from_name="Zoe"),
            ),
            message(2, " ", action=Action(kind="chat_add_user", people=(ANNA, 404))),
        ]
    )
    shelf.publish()
    found = exported(shelf)
    assert (found["name"], found["type"], found["id"]) == ("Trip", "public_supergroup", 777)
    first, second = found["messages"]
    assert first == {
        "id": 1,
        "type": "message",
        "date": "2025-01-05T01:01:00",
        "date_unixtime": str(START + 60),
        "edited": "2025-01-05T01:01:10",
        "edited_unixtime": str(START + 70),
        "from": "Anna",
        "from_id": "user11",
        "reply_to_message_id": 9,
        "forwarded_from": "Zoe",
        "text": "hi",
        "text_entities": [{"type": "plain", "text": "hi"}],
        "reactions": [
            {"type": "emoji", "count": 2, "emoji": "👍"},
            {"type": "custom_emoji", "count": 1, "document_id": "5"},
            {"type": "paid", "count": 3},
        ],
    }
    assert (second["type"], second["actor"], second["action"]) == ("service", "Anna", "invite_members")
    assert second["members"] == ["Anna", "User 404"]
    assert "Trip/Trip 2025-01-05.md" not in shelf.files()
    assert shelf.archive.dirty_chats() == []


def test_notes_and_json_go_together(shelf: Shelf) -> None:
    shelf.settings(formats=list(ExportFormat))
    shelf.chat()
    shelf.add([message(1)])
    shelf.publish()
    assert {"Trip/result.json", "Trip/Trip 2025-01-05.md"} <= set(shelf.files())
    target = shelf.vault / "Trip/result.json"
    before = target.stat().st_mtime_ns
    shelf.archive.mark_all_dirty(GROUP)
    shelf.publish()
    assert target.stat().st_mtime_ns == before
    target.unlink()
    shelf.publish()
    assert target.exists()


def test_notes_come_when_they_are_wanted_later(shelf: Shelf) -> None:
    shelf.settings(formats=[ExportFormat.JSON])
    shelf.chat()
    shelf.add([message(1)])
    shelf.publish()
    shelf.settings(formats=list(ExportFormat))
    assert shelf.publish().written == 1


def test_a_stop_leaves_the_old_file(shelf: Shelf) -> None:
    shelf.settings(formats=[ExportFormat.JSON])
    shelf.chat()
    shelf.add([message(1)])
    shelf.publish()
    before = shelf.files()
    shelf.add([message(2)])
    assert shelf.publish(stop=lambda: True).left == 1
    assert shelf.files() == before
    shelf.publish()
    assert [entry["id"] for entry in exported(shelf)["messages"]] == [1, 2]


def test_old_history_has_shifted_ids(shelf: Shelf) -> None:
    shelf.settings(formats=[ExportFormat.JSON])
    shelf.chat(migrated_from=-55, migrated_top_id=9)
    shelf.add([message(7, chat_id=-55), message(8, chat_id=-55, reply=Reply(message_id=7)), message(9)])
    shelf.publish()
    entries = exported(shelf)["messages"]
    assert [entry["id"] for entry in entries] == [-999999993, -999999992, 9]
    assert entries[1]["reply_to_message_id"] == -999999993


def test_every_kind_of_message_is_written(shelf: Shelf) -> None:
    shelf.settings(formats=list(ExportFormat), timezone="Europe/Lisbon")
    shelf.chat(CHAT, "Trip to Lisbon")
    shelf.add([stored.message for stored in MESSAGES], people=tuple(PEOPLE.values()))
    shelf.publish(CHAT)
    entries = {entry["id"]: entry for entry in exported(shelf, "Trip to Lisbon")["messages"]}
    assert list(entries) == [stored.message.id for stored in MESSAGES]
    assert entries[48230]["poll"]["answers"][0] == {"text": "Monday", "voters": 3, "chosen": True}
    assert entries[48229]["media_type"] == "video_file"
    assert entries[48219]["photo"].startswith("(File not included")
    assert entries[48232]["text_entities"][1] == {
        "type": "blockquote",
        "text": "Mind the gap.\nIt minds you too.",
    }
    # Texts come back whole from both fields.
    for stored in MESSAGES:
        entry = entries[stored.message.id]
        assert "".join(part["text"] for part in entry["text_entities"]) == stored.message.text


@pytest.mark.parametrize(
    ("text", "entities", "value"),
    [
        ("", (), ""),
        ("a", (), "a"),
        ("😀 bold", (Entity("bold", 3, 4),), ["😀 ", {"type": "bold", "text": "bold"}, ""]),
        (
            "abc",
            (Entity("bold", 0, 2), Entity("italic", 1, 2), Entity("code", 2, 9)),
            [{"type": "bold", "text": "ab"}, "c"],
        ),
        ("x", (Entity("text_link", 0, 1, url="u"),), [{"type": "text_link", "text": "x", "href": "u"}, ""]),
        ("x", (Entity("sparkle", 0, 1),), [{"type": "unknown", "text": "x"}, ""]),
    ],
)
def test_text_is_cut_as_desktop_cuts_it(text: str, entities: tuple[Entity, ...], value: object) -> None:
    assert text_value(text_entities(Message(chat_id=1, id=1, date=1, text=text, entities=entities))) == value


def test_private_chats_have_their_type(shelf: Shelf) -> None:
    shelf.settings(formats=[ExportFormat.JSON])
    shelf.chat(ANNA, "Anna", type=ChatType.PERSON)
    shelf.add(
        [message(1, chat_id=ANNA)], people=(Person(id=ANNA, kind=PersonKind.USER, name="Anna\x01\u2028"),)
    )
    shelf.publish(ANNA)
    assert exported(shelf, "Anna")["type"] == "personal_chat"
