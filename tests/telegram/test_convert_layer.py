"""Every class of Telethon's layer that a message can hold goes through conversion, sparse and full."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types
from telethon.tl.tlobject import TLObject

from tests.telegram.layer import WHEN, Maker, hints_of
from tobs_tui.model import OtherMedia
from tobs_tui.telegram.convert import RawPage, convert_page

CHAT = -1000000000007
SEEDS = range(2)


def classes_of(prefix: str) -> list[type]:
    names = [name for name in dir(types) if name.startswith(prefix)]
    found = [getattr(types, name) for name in sorted(names)]
    return [cls for cls in found if inspect.isclass(cls) and issubclass(cls, TLObject)]


ACTIONS = classes_of("MessageAction")
MEDIA = classes_of("MessageMedia")
ENTITIES = classes_of("MessageEntity")


def through_the_wire(message: Any) -> Any:
    return BinaryReader(bytes(message)).tgread_object()


def converted(message: Any) -> Any:
    read = through_the_wire(message)
    answer = types.messages.ChannelMessages(pts=1, count=1, messages=[read], topics=[], chats=[], users=[])
    page = convert_page(RawPage(CHAT, 1, 100, 100, answer))
    assert page.failed == ()
    (result,) = page.messages
    if result.raw is not None:
        assert bytes(through_the_wire(read)) == result.raw
    return result


def message_with(**fields: Any) -> Any:
    return types.Message(
        id=5, peer_id=types.PeerChannel(7), date=WHEN, message=fields.pop("message", "hi"), **fields
    )


def service(action: Any) -> Any:
    return types.MessageService(
        id=5,
        peer_id=types.PeerChannel(7),
        date=WHEN,
        action=action,
        reply_to=types.MessageReplyHeader(reply_to_msg_id=3),
    )


@pytest.mark.parametrize("full", [False, True], ids=["sparse", "full"])
@pytest.mark.parametrize("cls", ACTIONS, ids=lambda cls: cls.__name__)
def test_every_action_of_the_layer_becomes_one(cls: type, full: bool) -> None:
    for seed in SEEDS:
        result = converted(service(Maker(seed, full=full).make(cls)))
        assert result.action is not None
        assert result.action.kind == result.action.kind.lower() != ""
        assert result.reply is not None and result.reply.message_id == 3


@pytest.mark.parametrize("full", [False, True], ids=["sparse", "full"])
@pytest.mark.parametrize("cls", MEDIA, ids=lambda cls: cls.__name__)
def test_every_media_of_the_layer_becomes_one(cls: type, full: bool) -> None:
    for seed in SEEDS:
        result = converted(message_with(media=Maker(seed, full=full).make(cls)))
        if isinstance(result.media, OtherMedia):
            assert result.media.name
            assert result.raw is not None, "what is only named is kept raw"


@pytest.mark.parametrize("cls", ENTITIES, ids=lambda cls: cls.__name__)
def test_every_entity_of_the_layer_becomes_one(cls: type) -> None:
    (entity,) = converted(message_with(entities=[Maker(1, full=True).make(cls)])).entities
    assert entity.kind and entity.length > 0


@pytest.mark.parametrize("seed", range(40))
def test_rich_messages_give_their_readable_text(seed: int) -> None:
    rich = Maker(seed, full=seed % 2 == 0).make(types.RichMessage)
    rich.blocks.append(types.PageBlockParagraph(text=types.TextBold(types.TextPlain("the words"))))
    result = converted(message_with(message="", rich_message=rich))
    assert result.text.splitlines()[-1] == "the words"
    assert result.raw is not None


@pytest.mark.parametrize(
    "name", ["replies", "reactions", "fwd_from", "reply_to", "reply_markup", "factcheck"]
)
@pytest.mark.parametrize("full", [False, True], ids=["sparse", "full"])
def test_every_header_is_taken(name: str, full: bool) -> None:
    hints = {field: hint for field, hint, _ in hints_of(types.Message)}
    for seed in SEEDS:
        converted(message_with(**{name: Maker(seed, full=full).value(hints[name], 0)}))
