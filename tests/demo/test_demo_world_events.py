"""Posting, editing and deleting while clients read: histories, pts, differences, pushed updates."""

from __future__ import annotations

from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from tests.demo.asking import ask, titled
from tobs_tui.demo.methods.updates import TOO_LONG
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world import World, generate_world

updates = functions.updates


@pytest.fixture
def world() -> World:
    return generate_world(messages=300)


def objects(world: World, part: str) -> dict[int, Any]:
    history = titled(world, part).history
    return {history.ids[at]: BinaryReader(history.raw(at)).tgread_object() for at in range(len(history))}


def channel_difference(world: World, part: str, pts: int, limit: int = 100) -> Any:
    chat = titled(world, part)
    asked = types.InputChannel(chat.bare_id, chat.access_hash)
    return updates.GetChannelDifferenceRequest(asked, types.ChannelMessagesFilterEmpty(), pts, limit)


def test_a_post_is_the_newest_message(world: World) -> None:
    town, anna = titled(world, "Internacional"), titled(world, "Anna")
    top = town.history.top
    posted = world.post(town.id, "Fresh <b>news</b>", sender=anna.id, date=1_763_400_000, markup=True)
    assert posted == top + 1 == town.history.top
    message = world.message(town.id, posted)
    assert (message.message, message.from_id.user_id) == ("Fresh news", anna.id)
    assert isinstance(message.entities[0], types.MessageEntityBold)


def test_posts_in_private_chats_take_ids_from_the_shared_space(world: World) -> None:
    anna, family = titled(world, "Anna"), titled(world, "Семья")
    one = world.post(anna.id, "one", date=1_763_400_000)
    two = world.post(family.id, "two", date=1_763_400_001)
    assert two == one + 1
    world.delete(family.id, [two])
    assert world.post(anna.id, "three", date=1_763_400_002) == two + 1
    assert world.message(anna.id, one).out


def test_a_photo_can_be_posted_and_read(world: World) -> None:
    town = titled(world, "Internacional")
    posted = world.post(town.id, "look", medium=("photo", "640x480"), date=1_763_400_000)
    photo = world.message(town.id, posted).media.photo
    file = world.files.find(photo.id)
    assert file is not None
    assert file.spec.size == photo.sizes[-1].sizes[-1]


def test_an_edit_changes_one_message_alone(world: World) -> None:
    before = objects(world, "Internacional")
    edited = next(each for each in list(before)[100:] if isinstance(before[each], types.Message))
    world.edit(titled(world, "Internacional").id, edited, "Other words", date=1_763_400_000)
    after = objects(world, "Internacional")
    changed = [each for each in before if bytes(before[each]) != bytes(after[each])]
    assert changed == [edited]
    assert (after[edited].message, after[edited].edit_hide) == ("Other words", False)
    assert after[edited].edit_date


def test_a_hidden_edit_says_so(world: World) -> None:
    town = titled(world, "Internacional")
    posted = world.post(town.id, "w", date=1_763_400_000)
    world.edit(town.id, posted, "x", hidden=True, date=1_763_400_000)
    assert world.message(town.id, town.history.top).edit_hide


def test_deleting_leaves_all_others_as_they_were(world: World) -> None:
    before = objects(world, "Internacional")
    gone = [list(before)[at] for at in (0, 40, 41, 42, 120, 299)]
    world.delete(titled(world, "Internacional").id, [*gone, 999_999])
    after = objects(world, "Internacional")
    assert set(after) == set(before) - set(gone)
    assert all(bytes(after[each]) == bytes(before[each]) for each in after)


@pytest.mark.parametrize("part", ["Internacional", "Anna"])
def test_an_id_is_never_given_twice(world: World, part: str) -> None:
    chat = titled(world, part)
    gone = world.post(chat.id, "soon gone")
    world.delete(chat.id, [gone])
    assert world.post(chat.id, "stays") == gone + 1


async def test_a_client_that_was_away_learns_what_happened(world: World) -> None:
    anna = titled(world, "Anna")
    state = await ask(world, updates.GetStateRequest())
    empty = await ask(world, updates.GetDifferenceRequest(state.pts, None, 0))
    assert isinstance(empty, types.updates.DifferenceEmpty)
    posted = world.post(anna.id, "are you there?", sender=anna.id, date=1_763_400_000)
    edited = anna.history.ids[3]
    world.edit(anna.id, edited, "better", date=1_763_400_001)
    gone = list(anna.history.ids[5:8])
    world.delete(anna.id, gone)
    told = await ask(world, updates.GetDifferenceRequest(state.pts, None, 0))
    assert [message.id for message in told.new_messages] == [posted]
    assert {type(update).__name__ for update in told.other_updates} == {
        "UpdateEditMessage",
        "UpdateDeleteMessages",
    }
    assert told.state.pts == state.pts + 1 + 1 + 3
    assert anna.id in {user.id for user in told.users}


async def test_a_long_absence_is_told_in_slices(world: World) -> None:
    anna = titled(world, "Anna")
    state = await ask(world, updates.GetStateRequest())
    posted = [world.post(anna.id, str(number), date=1_763_400_000) for number in range(25)]
    pts, seen = state.pts, []
    while True:
        told = await ask(world, updates.GetDifferenceRequest(pts, None, 0, pts_limit=10))
        seen += [message.id for message in told.new_messages]
        if isinstance(told, types.updates.Difference):
            break
        pts = told.intermediate_state.pts
    assert seen == posted
    ancient = await ask(world, updates.GetDifferenceRequest(1, None, 0))
    assert isinstance(ancient, types.updates.DifferenceTooLong)


async def test_a_channel_has_a_pts_of_its_own(world: World) -> None:
    town = titled(world, "Internacional")
    pts = world.events.box(town).pts
    account = world.events.box(None).pts
    posted = world.post(town.id, "hello", date=1_763_400_000)
    assert world.events.box(None).pts == account
    told = await ask(world, channel_difference(world, "Internacional", pts))
    assert [message.id for message in told.new_messages] == [posted]
    assert told.final
    nothing = await ask(world, channel_difference(world, "Internacional", told.pts))
    assert isinstance(nothing, types.updates.ChannelDifferenceEmpty)
    for wrong, error in ((0, "TIMESTAMP_EMPTY"), (told.pts + 5, "TIMESTAMP_INVALID")):
        with pytest.raises(RpcError, match=error):
            await ask(world, channel_difference(world, "Internacional", wrong))


async def test_a_channel_difference_can_be_too_long(world: World) -> None:
    town = titled(world, "Internacional")
    pts = world.events.box(town).pts
    part = await ask(world, channel_difference(world, "Internacional", pts - 1))
    assert isinstance(part, types.updates.ChannelDifferenceTooLong)
    posted = world.post(town.id, "once", date=1_763_400_000)
    for _ in range(TOO_LONG):
        world.edit(town.id, posted, "again", date=1_763_400_000)
    told = await ask(world, channel_difference(world, "Internacional", pts))
    assert isinstance(told, types.updates.ChannelDifferenceTooLong)
    assert told.dialog.pts == world.events.box(town).pts


def test_listeners_hear_what_happens_until_they_leave(world: World) -> None:
    heard: list[Any] = []
    leave = world.subscribe(heard.append)
    town, anna = titled(world, "Internacional"), titled(world, "Anna")
    posted = world.post(town.id, "one", date=1_763_400_000)
    world.delete(anna.id, [anna.history.top])
    leave()
    world.post(town.id, "two", date=1_763_400_000)
    kinds = [type(told.updates[0]).__name__ for told in heard]
    assert kinds == ["UpdateNewChannelMessage", "UpdateDeleteMessages"]
    assert heard[0].updates[0].message.id == posted
    assert heard[0].chats[0].id == town.bare_id
    bytes(heard[0])
