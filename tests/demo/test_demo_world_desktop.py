"""Worlds from Telegram Desktop exports: texts to the letter, ids, clashes, actions."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from tests.demo.asking import ask, peer
from tobs_tui.demo.world import World, load_world
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.content import content_of
from tobs_tui.demo.world.desktop.reading import repaired
from tobs_tui.errors import UsageError

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "telegram-desktop"
FILES = sorted(FOLDER.glob("*.json"))
absent = pytest.mark.skipif(not FILES, reason="the exports lie outside the project and are not here")
SHIFT = 1_000_000_000


def objects(chat: Chat) -> list[Any]:
    history = chat.history
    return [BinaryReader(history.raw(at)).tgread_object() for at in range(len(history))]


def text_in_file(row: dict[str, Any]) -> str:
    text = row.get("text", "")
    parts = text if isinstance(text, list) else [text]
    return "".join(part if isinstance(part, str) else part["text"] for part in parts)


def expected_texts(paths: list[Path]) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for path in paths:
        data = json.loads(path.read_text("utf-8"))
        for chat in data["chats"]["list"] if "chats" in data else [data]:
            found.update((row["id"], text_in_file(row)) for row in chat["messages"])
    return found


def served_texts(world: World) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for chat in world.chats.values():
        for message in objects(chat):
            action = getattr(message, "action", None)
            text = message.message or getattr(action, "text", "") or ""
            found[message.id - (SHIFT if chat.migrated_to else 0), text] += 1
    return found


def written(folder: Path, name: str, chat_type: str, rows: list[dict[str, Any]], **more: Any) -> Path:
    """An export of one chat as a file."""
    chat = {"name": "Test", "type": chat_type, "id": 5_000, "messages": rows, **more}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(chat, ensure_ascii=False), "utf-8")
    return path


def row(message_id: int, text: Any = "", **more: Any) -> dict[str, Any]:
    return {
        "id": message_id,
        "type": "message",
        "date": "2024-03-01T12:00:00",
        "from": "Ana",
        "from_id": "user9",
        "text": text,
        **more,
    }


def service(message_id: int, action: str, **more: Any) -> dict[str, Any]:
    return row(message_id, type="service", action=action, actor="Ana", actor_id="user9", **more)


def only(world: World) -> Chat:
    return next(chat for chat in world.chats.values() if not chat.hidden)


@absent
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_of_a_real_export_is_served_as_it_was(path: Path) -> None:
    assert served_texts(load_world(path)) == expected_texts([path])


@absent
def test_a_whole_folder_is_served_with_its_clashes_told() -> None:
    world = load_world(FOLDER)
    assert served_texts(world) == expected_texts(FILES)
    assert len(world.remapped) == 14
    for each in world.remapped:
        assert each.now != each.was
        assert world.chats[each.now].title == each.title
        assert (each.now > 0, each.now < -(10**12)) == (each.was > 0, each.was < -(10**12))
    assert len({each.now for each in world.remapped}) == 14


@absent
def test_every_action_of_the_exports_has_its_own_form() -> None:
    path = FOLDER / "synthetic-all-actions.json"
    served = {message.id: message for message in objects(only(load_world(path)))}
    formless = (None, "custom_action", "requested_phone_number")
    told = [each for each in json.loads(path.read_text("utf-8"))["messages"] if each["type"] == "service"]
    for each in told:
        is_custom = isinstance(served[each["id"]].action, types.MessageActionCustomAction)
        assert is_custom is (each.get("action") in formless), each


@absent
async def test_every_loaded_chat_can_be_read_by_peer() -> None:
    world = load_world(FOLDER)
    for chat in world.dialogs():
        page = await ask(
            world, functions.messages.GetHistoryRequest(peer(world, chat), 0, None, 0, 100, 0, 0, 0)
        )
        assert [message.id for message in page.messages] == list(reversed(chat.history.ids))[:100]


def test_two_exports_are_two_accounts(tmp_path: Path) -> None:
    one = load_world(written(tmp_path, "one", "personal_chat", [row(1, "a")]))
    other = load_world(written(tmp_path, "two", "personal_chat", [row(1, "b")]))
    assert one.account_id != other.account_id
    assert one.account_id == load_world(tmp_path / "one.json").account_id


def test_control_characters_come_back_from_their_invalid_escape(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    chat = '{"name": "x", "type": "personal_chat", "id": 9, "messages": [{"id": 1, "type": "message",'
    path.write_text(chat + r' "date": "2020-01-01T00:00:00", "from_id": 9, "text": "a\x07b \\x41 \u0041"}]}')
    assert objects(only(load_world(path)))[0].message == "a\x07b \\x41 A"


def test_an_escaped_backslash_before_an_x_stays() -> None:
    assert json.loads(repaired(r'"\\x41 \x1f \\\x02"')) == "\\x41 \x1f \\\x02"


def test_parts_become_entities_with_utf16_offsets(tmp_path: Path) -> None:
    text = [
        "👩‍👩‍👧 ",
        {"type": "bold", "text": "жир"},
        " ",
        {"type": "text_link", "text": "x", "href": "http://y"},
        "",
    ]
    message = objects(only(load_world(written(tmp_path, "e", "personal_chat", [row(1, text)]))))[0]
    assert message.message == "👩‍👩‍👧 жир x"
    bold, link = message.entities
    assert (bold.offset, bold.length, link.offset, link.url) == (9, 3, 13, "http://y")


def test_entities_that_spell_another_text_are_dropped(tmp_path: Path) -> None:
    agreeing = [{"type": "plain", "text": "a "}, {"type": "bold", "text": "b"}]
    rows = [row(1, "a b", text_entities=agreeing), row(2, "a c", text_entities=agreeing)]
    first, second = objects(only(load_world(written(tmp_path, "e", "personal_chat", rows))))
    assert isinstance(first.entities[0], types.MessageEntityBold)
    assert second.entities is None


def test_dates_without_a_zone_are_utc_and_the_exact_field_wins(tmp_path: Path) -> None:
    rows = [
        row(1, "a", date="2024-03-01T12:00:00", edited="1970-01-01T05:00:00"),
        row(2, "b", date_unixtime="1709300000", edited="2024-03-02T00:00:00"),
    ]
    first, second = objects(only(load_world(written(tmp_path, "d", "personal_chat", rows))))
    assert first.date.isoformat() == "2024-03-01T12:00:00+00:00"
    assert first.edit_date is None
    assert second.date.timestamp() == 1_709_300_000
    assert second.edit_date.isoformat() == "2024-03-02T00:00:00+00:00"


@pytest.mark.parametrize("chat_type", ["private_group", "private_supergroup", "personal_chat"])
def test_negative_ids_make_a_supergroup_with_its_old_group(tmp_path: Path, chat_type: str) -> None:
    rows = [
        service(-SHIFT + 7, "migrate_to_supergroup"),
        row(-SHIFT + 3, "old"),
        row(-SHIFT + 5, "answer", reply_to_message_id=-SHIFT + 3),
        service(1, "migrate_from_group", title="Test"),
        row(2, "new"),
    ]
    world = load_world(written(tmp_path, "m", chat_type, rows))
    group = next(chat for chat in world.chats.values() if chat.migrated_from)
    old = world.chats[group.migrated_from]
    assert group.id == -1_000_000_005_000
    assert (list(group.history.ids), list(old.history.ids)) == ([1, 2], [3, 5, 7])
    assert old.migrated_to == group.id
    assert objects(old)[1].reply_to.reply_to_msg_id == 3
    assert objects(old)[2].action.channel_id == group.bare_id
    assert objects(group)[0].action.chat_id == old.bare_id


def test_the_account_is_who_the_export_says(tmp_path: Path) -> None:
    chat = {
        "name": "Bob",
        "type": "personal_chat",
        "id": 7,
        "messages": [row(1, "mine"), row(2, "his", from_id="user7")],
    }
    path = tmp_path / "account.json"
    owner = {"user_id": 9, "first_name": "Ana", "last_name": "Lopes"}
    path.write_text(json.dumps({"personal_information": owner, "chats": {"list": [chat]}}))
    world = load_world(path)
    mine, his = objects(world.chats[7])
    assert mine.out and not his.out
    assert mine.from_id.user_id == world.account_id
    assert his.from_id is None
    assert world.people.by_id[world.account_id].name == "Ana Lopes"


def test_without_an_owner_the_other_speaker_of_a_private_chat_is_the_account(tmp_path: Path) -> None:
    rows = [row(1, "hi", from_id="user5000"), row(2, "hello", from_id="user42", **{"from": "Me"})]
    world = load_world(written(tmp_path, "p", "personal_chat", rows))
    assert objects(only(world))[1].out
    assert world.people.by_id[world.account_id].first == "Me"


def test_bare_ids_and_null_names_are_understood(tmp_path: Path) -> None:
    rows = [row(1, "a", from_id=77, **{"from": None}), service(2, "invite_members", members=[None, "Ana"])]
    world = load_world(written(tmp_path, "b", "private_group", rows))
    first, second = objects(only(world))
    assert first.from_id.user_id == 77
    assert world.people.by_id[77].deleted
    assert second.action.users[1] == 9


def test_clashing_ids_are_kept_apart_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("a", "b", "c"):
        written(folder, name, "private_supergroup", [row(1, name)])
    world = load_world(folder)
    texts = {objects(chat)[0].message: chat.id for chat in world.chats.values()}
    assert set(texts) == {"a", "b", "c"}
    assert len(set(texts.values())) == 3
    assert [each.source for each in world.remapped] == ["b.json", "c.json"]


def test_a_photo_of_the_export_is_served_when_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "real.jpg").write_bytes(b"\xff\xd8real bytes\xff\xd9")
    (tmp_path.parent / "outside.jpg").write_bytes(b"secret")
    rows = [
        row(1, photo="photos/real.jpg", width=4, height=3),
        row(2, photo="../outside.jpg", width=64, height=48),
        row(3, photo="(File not included. Change data exporting settings to download.)", width=64, height=48),
        row(4, photo="(File unavailable, please try again later)", self_destruct_period_seconds=10),
    ]
    world = load_world(written(tmp_path, "p", "personal_chat", rows))
    real, outside, absent_one, gone = (message.media for message in objects(only(world)))
    served = []
    for media in (real, outside, absent_one):
        file = world.files.find(media.photo.id)
        assert file is not None
        served.append(content_of(file.spec, file.id).read(0, file.spec.size))
    assert served[0] == b"\xff\xd8real bytes\xff\xd9"
    assert b"secret" not in served[1]
    assert served[2][:2] == b"\xff\xd8"
    assert (gone.photo, gone.ttl_seconds) == (None, 10)


def test_forum_topics_follow_the_chain_of_replies(tmp_path: Path) -> None:
    rows = [
        service(2, "topic_created", title="Money"),
        row(3, "in", reply_to_message_id=2),
        row(4, "deeper", reply_to_message_id=3),
        row(5, "general"),
    ]
    world = load_world(written(tmp_path, "f", "private_supergroup", rows))
    chat = only(world)
    assert chat.forum
    assert {topic.id: topic.title for topic in chat.topics.values()} == {1: "General", 2: "Money"}
    assert [chat.history.about(at).thread for at in range(4)] == [0, 2, 2, 0]
    assert objects(chat)[2].reply_to.reply_to_top_id == 2


def test_what_is_no_export_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "other.json").write_text('{"a": 1}')
    for path in (tmp_path / "none", tmp_path / "empty", tmp_path / "bad.json", tmp_path / "other.json"):
        with pytest.raises(UsageError) as refused:
            load_world(path)
        assert "\n" not in refused.value.line()


def real_rows() -> list[dict[str, Any]]:
    rows = []
    for path in FILES:
        data = json.loads(path.read_text("utf-8"))
        for chat in data["chats"]["list"] if "chats" in data else [data]:
            rows += chat["messages"]
    return rows


REAL_ROWS = real_rows()


@absent
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_odd_fields_never_cost_a_message(tmp_path: Path, data: st.DataObject) -> None:
    odd = st.sampled_from([None, "", "x", 0, -1, 2**63, 1.5, [], {}, [None], {"a": 1}, True, "9" * 30])
    rows = []
    for number in range(1, 6):
        changed = dict(data.draw(st.sampled_from(REAL_ROWS)))
        keys = [key for key in changed if key not in ("id", "text")]
        for key in data.draw(st.lists(st.sampled_from(keys), max_size=3)):
            changed[key] = data.draw(odd)
        rows.append({**changed, "id": number})
    chat_type = data.draw(st.sampled_from(["personal_chat", "private_group", "private_supergroup", "odd"]))
    world = load_world(written(tmp_path, "odd", chat_type, rows))
    assert list(only(world).history.ids) == [1, 2, 3, 4, 5]
    assert len(objects(only(world))) == 5
