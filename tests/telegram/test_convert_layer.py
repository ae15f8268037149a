"""Every class of Telethon's layer that a message can hold goes through conversion, sparse and full."""

from __future__ import annotations

import functools
import inspect
import random
import typing
from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types
from telethon.tl.tlobject import TLObject

from tobs_tui.model import OtherMedia
from tobs_tui.telegram.convert import RawPage, convert_page

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
CHAT = -1000000000007
SEEDS = range(2)
DEEP = 2
"""From here on, objects are made as small as their type allows."""


class Maker:
    """Makes a valid TL object of any type by its constructor's annotations, with random choices."""

    def __init__(self, seed: int, *, full: bool) -> None:
        self.random = random.Random(seed)
        self.full = full

    def make(self, cls: type, depth: int = 0) -> Any:
        fields: dict[str, Any] = {}
        # Optional fields come all or none: some of them share a flag.
        present = self.full and depth < DEEP
        for name, hint, optional in hints_of(cls):
            if present or not optional:
                fields[name] = self.value(hint, depth)
        return cls(**fields)

    def value(self, hint: Any, depth: int) -> Any:
        if isinstance(hint, typing.ForwardRef):
            hint = hint.__forward_arg__
        if isinstance(hint, str):
            return self.make(self.choose(hint, depth), depth + 1)
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Union and type(None) in args:
            return self.value(args[0], depth)
        if origin is list:
            return [self.value(args[0], depth) for _ in range(2 if depth < DEEP else 0)]
        return {
            int: self.random.randint(1, 2**31 - 1),
            str: self.random.choice(("text", "", "x\u202ey\x1b[0m", "🙂")),
            bytes: b"\x01\x02",
            bool: self.random.random() < 0.5,
            float: 1.5,
            datetime: WHEN,
        }[hint]

    def choose(self, name: str, depth: int) -> type:
        """A class of that TL type; far down the one that needs least."""
        classes = constructors_of(name.split(".")[-1])
        if depth < DEEP:
            return self.random.choice(classes)
        return min(classes, key=lambda cls: sum("Type" in str(hint) for _, hint, _ in hints_of(cls)))


@functools.cache
def hints_of(cls: type) -> list[tuple[str, Any, bool]]:
    """(name, type, whether it may be left out) of a constructor's fields."""
    fields = [
        (name, parameter.annotation, parameter.default is None)
        for name, parameter in inspect.signature(cls).parameters.items()
        if name not in ("self", "args", "kwargs")
    ]
    # Required dates are annotated as optional too.
    return [(name, datetime if "datetime" in str(hint) else hint, may) for name, hint, may in fields]


@functools.cache
def constructors_of(name: str) -> list[type]:
    """The constructors of a TL type: `TypePeer` -> PeerUser, PeerChat, PeerChannel."""
    hint = getattr(types, name, None)
    if hint is None:
        return [getattr(types.messages, name.removeprefix("Type"))]
    return [getattr(types, _name(arg)) for arg in typing.get_args(hint) or (hint,)]


def _name(hint: Any) -> str:
    if isinstance(hint, typing.ForwardRef):
        return hint.__forward_arg__.split(".")[-1]
    return hint if isinstance(hint, str) else str(hint.__name__)


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
    tl_message = types.Message.__mro__[-3]
    hints = {field: hint for field, hint, _ in hints_of(tl_message)}
    for seed in SEEDS:
        converted(message_with(**{name: Maker(seed, full=full).value(hints[name], 0)}))
