"""Every message that the embedded server's world holds goes through conversion, and says what it said."""

from __future__ import annotations

from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.demo.world import World, generate_world
from tobs_tui.model import Message, Page
from tobs_tui.telegram.convert import RawPage, convert_page


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world(seed=5, messages=1500)


def read(chat: Any) -> list[Any]:
    """The chat's messages as they come from the wire, newest first."""
    history = chat.history
    found = [BinaryReader(history.raw(index)).tgread_object() for index in range(len(history))]
    return found[::-1]


def converted(world: World, chat: Any, messages: list[Any]) -> Page:
    answer = types.messages.ChannelMessages(
        pts=1, count=len(messages), messages=messages, topics=[], chats=[], users=[]
    )
    below = chat.history.top + 1
    return convert_page(RawPage(chat.id, world.account_id, below, 100, answer, forum=chat.forum))


def test_no_message_of_a_world_is_lost_or_changed(world: World) -> None:
    total = 0
    for chat in world.chats.values():
        told = read(chat)
        page = converted(world, chat, told)
        assert page.failed == ()
        assert [message.id for message in page.messages] == [message.id for message in told]
        for source, message in zip(told, page.messages, strict=True):
            hold(world, chat, source, message)
        total += len(told)
    assert total > 1500


def hold(world: World, chat: Any, source: Any, message: Message) -> None:
    """One message against its source, field by field, the plain way."""
    assert message.chat_id == chat.id
    assert message.text == (source.message or "")
    assert message.out == bool(source.out)
    assert len(message.entities) == len(source.entities or ())
    assert (message.action is None) == (source.action is None)
    assert (message.topic_id is not None) == chat.forum
    if chat.forum:
        assert message.topic_id in chat.topics
    imported = source.fwd_from is not None and source.fwd_from.imported
    dated = source.fwd_from.date if imported else source.date
    assert message.date == int(dated.timestamp())
    own = world.account_id if source.out and chat.id > 0 else chat.id
    assert message.sender_id == (source.sender_id if source.from_id is not None else own)
    if message.raw is not None:
        assert message.raw == bytes(source)


def test_what_a_world_holds_is_mostly_said_without_raw_bytes(world: World) -> None:
    messages = [m for chat in world.chats.values() for m in converted(world, chat, read(chat)).messages]
    kept = [message for message in messages if message.raw is not None]
    assert 0 < len(kept) < len(messages) / 10
    assert {type(m.media).__name__ for m in messages} >= {"File", "Poll", "Location", "Gone", "PaidMedia"}
