"""What the quick reader gives is what Telethon's own gives, for every class that Telethon knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types
from telethon.tl.alltlobjects import tlobjects
from telethon.tl.tlobject import TLObject, TLRequest

from tests.telegram.layer import Maker
from tobs_tui.telegram import quick_reader
from tobs_tui.telegram.quick_reader import OFTEN, QuickReader, reader_of

CLASSES = [cls for cls in tlobjects.values() if not issubclass(cls, TLRequest)]


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> dict[int, Any]:
    """The functions that are made in this test; at first there are none."""
    fresh = type(quick_reader._readers)()
    monkeypatch.setattr(quick_reader, "_readers", fresh)
    return fresh


def whole(value: Any) -> Any:
    """A value with every field of it and the class of each object in it; without what Telethon works out."""
    if isinstance(value, TLObject):
        kept = {name: whole(each) for name, each in vars(value).items() if not name.startswith("_")}
        return type(value), kept
    return [whole(each) for each in value] if isinstance(value, list) else value


def read_at_once(content: bytes, kind: Any = QuickReader) -> tuple[Any, int]:
    reader = kind(content)
    return whole(reader.tgread_object()), reader.tell_position()


def test_every_class_is_read_as_telethon_reads_it(
    readers: dict[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_reader, "OFTEN", 1)
    unmade = 0
    for cls in CLASSES:
        for full in (False, True, None, None):
            try:
                content = bytes(Maker(1, full=full).make(cls))
            except (LookupError, TypeError):
                unmade += 1  # of the key exchange, or by a type that Telethon names where it isn't
                break
            assert read_at_once(content) == read_at_once(content, BinaryReader), cls.__name__
    assert unmade < 20
    left = [
        cls.__name__ for cls in CLASSES if readers.get(cls.CONSTRUCTOR_ID) is quick_reader._as_telethon_does
    ]
    assert len(left) < 40
    assert not [name for name in left if name.startswith(("Message", "User", "Channel", "Chat", "Document"))]


def test_what_a_page_is_made_of_has_functions_of_its_own() -> None:
    for cls in (
        types.Message,
        types.MessageService,
        types.User,
        types.Channel,
        types.messages.ChannelMessages,
    ):
        assert callable(reader_of(cls))


def test_a_class_gets_its_function_when_it_came_often(readers: dict[int, Any]) -> None:
    content = bytes(types.PeerUser(5))
    for _ in range(OFTEN - 1):
        assert QuickReader(content).tgread_object() == types.PeerUser(5)
    assert types.PeerUser.CONSTRUCTOR_ID not in readers
    assert QuickReader(content).tgread_object() == types.PeerUser(5)
    assert readers[types.PeerUser.CONSTRUCTOR_ID] is not quick_reader._as_telethon_does


def test_somebody_told_again_is_read_once_until_something_of_them_changes(
    readers: dict[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_reader, "OFTEN", 1)
    anna = bytes(types.User(id=5, first_name="Anna", username="anna"))
    renamed = bytes(types.User(id=5, first_name="Anja", username="anna"))
    first, again = QuickReader(anna).tgread_object(), QuickReader(anna).tgread_object()
    assert again is first
    for content in (renamed, anna, renamed):
        assert read_at_once(content) == read_at_once(content, BinaryReader)
    # What ends before its time is neither taken for the one that is remembered, nor remembered itself.
    for content in (anna[:-2], renamed[:-2]):
        with pytest.raises(BufferError):
            QuickReader(content).tgread_object()
    # Where it doesn't begin the answer, it ends where it ends.
    reader = QuickReader(renamed + bytes(types.PeerUser(7)))
    assert (reader.tgread_object().first_name, reader.tgread_object().user_id) == ("Anja", 7)


def test_an_empty_medium_of_a_message_is_none_as_for_telethon() -> None:
    message = types.Message(1, types.PeerUser(2), datetime(2020, 1, 1, tzinfo=UTC), "")
    message.media = types.MessageMediaEmpty()
    content = bytes(message)
    quick, _ = reader_of(types.Message)(content, 4)
    assert quick.media is None
    assert BinaryReader(content).tgread_object().media is None


@pytest.mark.parametrize("often", [1, 10_000])
def test_what_is_cut_or_unknown_fails_as_telethon_has_it(
    often: int, readers: dict[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_reader, "OFTEN", often)
    content = bytes(Maker(3, full=True).make(types.messages.ChannelMessages))
    contents = [content[:length] for length in (*range(64), *range(64, len(content), 997))]
    contents += [b"\xff" * 8, bytes(types.PeerUser(1))[:4] + b"\0\0"]
    for cut in contents:
        outcomes: list[Any] = []
        for kind in (BinaryReader, QuickReader):
            try:
                outcomes.append(read_at_once(cut, kind))
            except Exception as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]


def test_a_class_of_another_shape_is_left_to_telethon(
    readers: dict[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(file: str) -> str:
        return text.replace("_user_id = reader.read_long()", "_user_id = reader.read_long() + 0")

    text = quick_reader._source(str(types.__file__))
    monkeypatch.setattr(quick_reader, "_source", changed)
    with pytest.raises(ValueError, match="read_long"):
        reader_of(types.PeerUser)
    monkeypatch.setattr(quick_reader, "OFTEN", 1)
    assert QuickReader(bytes(types.PeerUser(5))).tgread_object() == types.PeerUser(5)
    assert readers[types.PeerUser.CONSTRUCTOR_ID] is quick_reader._as_telethon_does


def test_a_deep_answer_that_breaks_off_is_read_twice_not_again_at_each_level(
    readers: dict[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_reader, "OFTEN", 10_000)  # nothing but Telethon's own methods
    made = 0
    text: Any = types.TextPlain("x")
    for _ in range(60):
        text = types.TextBold(text)
    original = types.TextBold.from_reader.__func__

    def counted(cls: Any, reader: Any) -> Any:
        nonlocal made
        made += 1
        return original(cls, reader)

    monkeypatch.setattr(types.TextBold, "from_reader", classmethod(counted))
    with pytest.raises(Exception):  # noqa: B017  # whatever Telethon raises
        QuickReader(bytes(text)[:-4]).tgread_object()
    assert made == 120
