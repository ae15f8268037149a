"""The embedded server's whole world as the account sees it: every chat, folder, topic and count."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tobs_tui.demo.world import World, generate_world
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import count_messages, forum_topics, list_chats, preview, with_old_history
from tobs_tui.telegram.resolve import resolve

CHATS = 130


@pytest.fixture
def world() -> World:
    """More chats than a page of dialogs holds."""
    return generate_world(seed=3, messages=400, chats=CHATS)


@pytest.fixture
async def account(demo_server: Any, logged_in: Any, world: World) -> AsyncIterator[Account]:
    yield await logged_in(await demo_server(world))


def shown(world: World) -> dict[int, Any]:
    return {chat.id: chat for chat in world.dialogs()}


async def test_the_list_is_the_worlds(account: Account, world: World) -> None:
    listed = {chat.id: chat for chat in await list_chats(account)}
    truth = shown(world)
    assert len(truth) > 100
    folded = {chat_id for chat_id, chat in truth.items() if chat.migrated_to in truth}
    assert set(listed) == set(truth) - folded
    for chat_id, chat in listed.items():
        told = truth[chat_id]
        assert chat.top_id == told.history.top
        assert (chat.archived, chat.pinned, chat.unread) == (told.archived, bool(told.pinned), told.unread)
        assert chat.last_date == (told.last_date if len(told.history) and not told.forbidden else None)
        assert (chat.no_access is not None) == told.forbidden
        if chat_id < 0:
            assert chat.title == told.title
    saved = [chat for chat in listed.values() if chat.type is ChatType.SAVED]
    assert [(chat.id, chat.title) for chat in saved] == [(world.account_id, "Saved Messages")]
    assert {chat.type for chat in listed.values()} >= set(ChatType) - {ChatType.BOT}


async def test_folders_show_what_they_should(account: Account, world: World) -> None:
    listed = {chat.id: chat for chat in await list_chats(account)}
    assert world.folders
    for folder in world.folders:
        inside = {chat.id for chat in listed.values() if folder.title in chat.folders}
        assert inside >= set(folder.include) | set(folder.pinned)
        assert not inside & set(folder.exclude)
    (groups,) = [folder for folder in world.folders if "groups" in folder.flags]
    shown_kinds = {chat.type for chat in listed.values() if groups.title in chat.folders}
    assert shown_kinds <= {ChatType.GROUP, ChatType.SUPERGROUP, ChatType.FORUM}


async def test_what_is_asked_of_one_chat_is_the_worlds(account: Account, world: World) -> None:
    for chat in await list_chats(account):
        if chat.no_access or chat.type is ChatType.PERSON:
            continue
        told = world.chats[chat.id]
        chat = await with_old_history(account, chat)
        assert (chat.migrated_from or 0) == told.migrated_from
        old = world.chats[told.migrated_from].history if told.migrated_from else None
        assert chat.migrated_top_id == (old.top if old else 0)
        assert await count_messages(account, chat) == len(told.history) + (len(old) if old else 0)
        topics = {topic.id: topic.title for topic in await forum_topics(account, chat)}
        assert topics == {topic.id: topic.title for topic in told.topics.values()}
        page = await preview(account, chat, 5)
        assert [message.id for message in page.messages] == list(reversed(told.history.ids[-5:]))


def named(world: World, found: list[Chat]) -> list[tuple[str, int]]:
    """Ways to name chats that mean one alone."""
    ways: list[tuple[str, int]] = [(str(chat.id), chat.id) for chat in found]
    titles = [chat.title for chat in found]
    ways += [(chat.title, chat.id) for chat in found if titles.count(chat.title) == 1]
    ways += [(f"@{chat.username}", chat.id) for chat in found if chat.username]
    return ways


async def test_every_listed_chat_is_found_as_it_is_named(account: Account, world: World) -> None:
    found = await list_chats(account)
    before = account.requests
    for text, chat_id in named(world, found):
        assert (await resolve(account, found, text)).chat.id == chat_id
    assert account.requests == before


async def test_a_public_chat_that_is_not_listed_is_resolved(account: Account, world: World) -> None:
    found = await list_chats(account)
    public = next(chat for chat in found if chat.username and chat.type is ChatType.CHANNEL)
    others = [chat for chat in found if chat.id != public.id]
    asked = (await resolve(account, others, f"@{public.username}")).chat
    assert (asked.id, asked.title, asked.type, asked.top_id) == (
        public.id,
        public.title,
        public.type,
        public.top_id,
    )
