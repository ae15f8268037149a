"""Differences as a real server tells them: what happened, in slices; and what refusals mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from telethon.tl import functions, types

from tobs_tui.demo.methods import updates
from tobs_tui.demo.rpc import REGISTRY, RpcError, method
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.world import World, generate_world
from tobs_tui.errors import NotLoggedIn
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram import caller
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import list_chats
from tobs_tui.telegram.differences import (
    AccountState,
    NotTold,
    account_difference,
    account_state,
    channel_difference,
)

StartServer = Callable[..., Awaitable[DemoServer]]
LoggedIn = Callable[..., Awaitable[Account]]


class Away:
    """An account that was away, a channel's dialog and a private chat as it knew them."""

    def __init__(self, server: DemoServer, account: Account, chats: list[Chat]) -> None:
        self.server = server
        self.world: World = server.world
        self.account = account
        self.channel = next(chat for chat in chats if chat.type is ChatType.SUPERGROUP and not chat.no_access)
        self.person = next(chat for chat in chats if chat.type is ChatType.PERSON and chat.top_id)

    @property
    def pts(self) -> int:
        assert self.channel.pts is not None
        return self.channel.pts

    def texts(self, chat: Chat) -> list[int]:
        ids = list(self.world.chats[chat.id].history)
        return [each for each in ids if isinstance(self.world.message(chat.id, each), types.Message)]


@pytest.fixture
async def away(demo_server: StartServer, logged_in: LoggedIn, monkeypatch: pytest.MonkeyPatch) -> Away:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.001)
    server = await demo_server(generate_world(messages=400, chats=8))
    account = await logged_in(server)
    return Away(server, account, await list_chats(account))


async def test_a_channel_tells_news_edits_pins_and_deletions(away: Away) -> None:
    world, channel = away.world, away.channel
    first, second, third, *_ = away.texts(channel)
    posted = world.post(channel.id, "New")
    world.edit(channel.id, first, "Edited")
    world.edit(channel.id, first, "Edited again")
    world.pin(channel.id, second)
    world.delete(channel.id, [third])
    told = await channel_difference(away.account, channel, away.pts)
    assert {message.id: message.text for message in told.messages} == {posted: "New", first: "Edited again"}
    assert told.new == {(channel.id, posted)}
    assert told.deleted == (third,)
    assert told.pins == ((channel.id, second, True),)
    assert told.final
    assert told.people
    assert told.pts is not None
    nothing = await channel_difference(away.account, channel, told.pts)
    assert (nothing.pts, nothing.events, nothing.final) == (told.pts, 0, True)


async def test_what_was_posted_and_deleted_since_is_deleted(away: Away) -> None:
    posted = away.world.post(away.channel.id, "Soon gone")
    away.world.edit(away.channel.id, posted, "Going")
    away.world.delete(away.channel.id, [posted])
    told = await channel_difference(away.account, away.channel, away.pts)
    assert (told.messages, told.deleted) == ((), (posted,))


async def test_a_long_difference_comes_in_slices(away: Away) -> None:
    posted = [away.world.post(away.channel.id, f"Post {number}") for number in range(230)]
    seen: list[int] = []
    pts = away.pts
    for final in (False, False, True):
        told = await channel_difference(away.account, away.channel, pts)
        assert told.final is final
        assert told.pts is not None
        seen += [message.id for message in told.messages]
        pts = told.pts
    assert seen == posted


async def test_private_chats_and_groups_have_one_state(away: Away) -> None:
    state = await account_state(away.account)
    same = await account_difference(away.account, state)
    assert same.state is not None
    assert (same.state.pts, same.events) == (state.pts, 0)
    first, second, *_ = away.texts(away.person)
    away.world.edit(away.person.id, first, "Edited")
    away.world.delete(away.person.id, [second])
    away.world.post(away.channel.id, "This is told by the channel alone")
    told = await account_difference(away.account, state)
    assert [(message.chat_id, message.text) for message in told.messages] == [(away.person.id, "Edited")]
    assert told.deleted == (second,)
    assert told.state is not None
    assert told.state.pts == state.pts + 2


@pytest.mark.parametrize("pts", [0, 1, 10**9])
async def test_a_state_that_the_server_does_not_take_is_lost(away: Away, pts: int) -> None:
    assert (await channel_difference(away.account, away.channel, pts)).too_long
    assert (await account_difference(away.account, AccountState(pts, 0, 1))).too_long


async def test_more_than_the_server_tells_is_lost(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "TOO_LONG", 3)
    for number in range(5):
        away.world.post(away.channel.id, f"Post {number}")
    told = await channel_difference(away.account, away.channel, away.pts)
    assert told.too_long
    assert told.pts == away.pts + 5


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (RpcError(400, "INPUT_METHOD_INVALID_12"), True),
        (RpcError(501, "NOT_IMPLEMENTED"), True),
        (RpcError(500, "PERSISTENT_TIMESTAMP_OUTDATED"), False),
        (RpcError(400, "CHANNEL_PRIVATE"), False),
        (RpcError(420, "FLOOD_WAIT_86400"), False),
    ],
)
async def test_refusals_say_whether_asking_again_may_help(away: Away, error: RpcError, lacking: bool) -> None:
    for name in ("updates.getState", "updates.getDifference", "updates.getChannelDifference"):
        away.server.faults.fail(name, error, times=None)
    for asking in (
        account_state(away.account),
        account_difference(away.account, AccountState(5, 0, 1)),
        channel_difference(away.account, away.channel, away.pts),
    ):
        with pytest.raises(NotTold) as refused:
            await asking
        assert refused.value.lacking is lacking


async def test_an_ended_login_is_no_lack(away: Away) -> None:
    away.server.faults.log_out("updates.getState")
    with pytest.raises(NotLoggedIn):
        await account_state(away.account)


@pytest.fixture
def odd_answers() -> Iterator[list[Any]]:
    """What `updates.getChannelDifference` answers, one after another."""
    before = dict(REGISTRY)
    answers: list[Any] = []

    @method(functions.updates.GetChannelDifferenceRequest)
    async def answer(call: Any, request: Any) -> Any:
        return answers.pop(0)

    yield answers
    REGISTRY.clear()
    REGISTRY.update(before)


async def test_other_chats_and_other_updates_are_passed_over(away: Away, odd_answers: list[Any]) -> None:
    other = types.Message(id=1, peer_id=types.PeerChannel(12345), date=1_700_000_000, message="Of another")
    bare = -away.channel.id - 1_000_000_000_000
    odd_answers.append(
        types.updates.ChannelDifference(
            pts=away.pts + 1,
            new_messages=[other, types.MessageEmpty(id=5, peer_id=types.PeerChannel(bare))],
            other_updates=[
                types.UpdateDeleteChannelMessages(12345, [1], 5, 1),
                types.UpdateDeleteMessages([2], 5, 1),
                types.UpdateChannelMessageViews(bare, 3, 100),
                types.UpdateChannelTooLong(bare),
            ],
            chats=[],
            users=[],
            final=True,
        )
    )
    told = await channel_difference(away.account, away.channel, away.pts)
    assert (told.events, told.failed) == (0, ())


async def test_an_answer_that_cannot_be_read_is_a_lost_state(away: Away, odd_answers: list[Any]) -> None:
    odd_answers.append(b"\xde\xad\xbe\xef" * 8)
    assert (await channel_difference(away.account, away.channel, away.pts)).too_long
