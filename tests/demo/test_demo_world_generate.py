"""What a generated world promises: sizes, sameness, and that everything occurs in it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.demo.world import World, generate_world
from tobs_tui.demo.world.build import WORLD_END
from tobs_tui.demo.world.chat import Kind
from tobs_tui.demo.world.plan import ScriptBook

ACTIONS = """
    ChatCreate ChatEditTitle ChatEditPhoto ChatAddUser ChatDeleteUser ChatJoinedByLink ChatJoinedByRequest
    ChannelCreate ChatMigrateTo ChannelMigrateFrom PinMessage GameScore PaymentSent PhoneCall ScreenshotTaken
    CustomAction BotAllowed ContactSignUp GeoProximityReached GroupCall InviteToGroupCall GroupCallScheduled
    SetMessagesTTL SetChatTheme TopicCreate SetChatWallPaper GiveawayLaunch GiveawayResults BoostApply
    PaymentRefunded PaidMessagesPrice TodoCompletions TodoAppendTasks
"""
MEDIA = """
    Photo Document Geo GeoLive Venue Contact Poll ToDo WebPage Game Invoice Dice Giveaway GiveawayResults
    Story PaidMedia Unsupported
"""
ENTITIES = """
    Bold Italic Underline Strike Spoiler Code Pre TextUrl Url Mention MentionName Hashtag Cashtag Email
    Phone BotCommand BankCard Blockquote CustomEmoji
"""


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world()


def all_messages(world: World) -> list[Any]:
    found = []
    for chat in world.chats.values():
        history = chat.history
        found += [BinaryReader(history.raw(at)).tgread_object() for at in range(min(len(history), 2_500))]
    return found


def digest(world: World) -> str:
    out = sha256()
    for chat in world.dialogs():
        out.update(f"{chat.id} {chat.title} {len(chat.history)} {chat.unread}".encode())
        for at in range(0, len(chat.history), 7):
            out.update(chat.history.raw(at))
    return out.hexdigest()


def test_the_same_seed_gives_the_same_world_to_the_byte() -> None:
    one, other = (generate_world(seed=5, messages=600, chats=30) for _ in range(2))
    assert digest(one) == digest(other)
    assert one.account_id == other.account_id


def test_another_seed_or_size_is_another_account() -> None:
    accounts = {
        generate_world(seed=seed, messages=size, chats=chats).account_id
        for seed, size, chats in ((1, 50, 3), (2, 50, 3), (1, 51, 3), (1, 50, 4))
    }
    assert len(accounts) == 4


@pytest.mark.parametrize("messages", [0, 1, 7, 40, 333])
def test_the_largest_chat_has_the_size_asked_for(messages: int) -> None:
    world = generate_world(messages=messages)
    assert max(len(chat.history) for chat in world.chats.values()) == messages


@pytest.mark.parametrize("chats", [1, 5, 12, 26, 70])
def test_so_many_dialogs_as_asked_for(chats: int) -> None:
    shown = generate_world(messages=30, chats=chats).dialogs()
    old_groups = [chat for chat in shown if chat.migrated_to]
    assert len(shown) - len(old_groups) == chats
    assert all(any(chat.id == old.migrated_to for chat in shown) for old in old_groups)


def test_sizes_out_of_bounds_are_refused() -> None:
    for sizes in ({"messages": 1_000_001}, {"messages": -1}, {"chats": 0}, {"chats": 5_001}):
        with pytest.raises(ValueError, match=r"messages|chats"):
            generate_world(**sizes)


def test_twelve_chats_hold_every_kind_of_chat(world: World) -> None:
    shown = world.dialogs()
    kinds = {chat.kind for chat in shown}
    assert kinds == set(Kind)
    for trait in (
        "broadcast",
        "signatures",
        "forum",
        "protected",
        "forbidden",
        "archived",
        "linked",
        "migrated_from",
    ):
        assert any(getattr(chat, trait) for chat in shown), trait
    assert world.account_id in world.chats, "Saved Messages"
    assert any(not len(chat.history) and not chat.forbidden for chat in shown), "an empty chat"
    assert any(person.bot for person in world.people.by_id.values())
    assert [chat.title for chat in shown[:3]] == ["Anna Petrova", "Sam Rivers", "Lisboa Internacional 🇵🇹"]


def test_every_kind_of_message_occurs(world: World) -> None:
    messages = all_messages(world)
    actions = {type(message.action).__name__ for message in messages if getattr(message, "action", None)}
    assert {f"MessageAction{name}" for name in ACTIONS.split()} <= actions
    media = {type(message.media).__name__ for message in messages if message.media}
    assert {f"MessageMedia{name}" for name in MEDIA.split()} <= media
    entities = {type(entity).__name__ for message in messages for entity in message.entities or ()}
    assert {f"MessageEntity{name}" for name in ENTITIES.split()} <= entities


def test_senders_replies_and_marks_of_every_kind_occur(world: World) -> None:
    messages = [message for message in all_messages(world) if isinstance(message, types.Message)]
    self_gone = [
        m for m in messages if isinstance(m.media, types.MessageMediaPhoto) and m.media.photo is None
    ]
    assert self_gone and self_gone[0].media.ttl_seconds
    headers = [message.reply_to for message in messages if message.reply_to]
    assert any(isinstance(header, types.MessageReplyStoryHeader) for header in headers)
    plain = [header for header in headers if isinstance(header, types.MessageReplyHeader)]
    for name in ("quote_text", "reply_to_peer_id", "reply_to_top_id", "forum_topic"):
        assert any(getattr(header, name) for header in plain), name
    forwards = [message.fwd_from for message in messages if message.fwd_from]
    for name in ("from_name", "channel_post", "imported", "post_author", "saved_from_msg_id"):
        assert any(getattr(forward, name) for forward in forwards), name
    for name in (
        "edit_hide",
        "grouped_id",
        "reply_markup",
        "via_bot_id",
        "post_author",
        "views",
        "ttl_period",
    ):
        assert any(getattr(message, name) for message in messages), name
    assert any(message.edit_date and not message.edit_hide for message in messages)
    reactions = [count.reaction for m in messages if m.reactions for count in m.reactions.results]
    assert {type(reaction).__name__ for reaction in reactions} >= {
        "ReactionEmoji",
        "ReactionCustomEmoji",
        "ReactionPaid",
    }
    senders = {type(message.from_id).__name__ for message in messages}
    assert senders >= {"PeerUser", "PeerChannel", "NoneType"}
    people = world.people.by_id
    assert any(people[message.from_id.user_id].deleted for message in messages
               if isinstance(message.from_id, types.PeerUser))  # fmt: skip


def test_many_scripts_are_written(world: World) -> None:
    text = "".join(message.message for message in all_messages(world) if isinstance(message, types.Message))
    for letter in (*"aяλعשक你の요ท", "ı", "👩‍👩‍👧‍👦", "👩🏽‍💻"):
        assert letter in text, letter


def test_ids_rise_with_gaps_and_dates_never_fall(world: World) -> None:
    for chat in world.chats.values():
        ids, dates = list(chat.history.ids), list(chat.history.dates)
        assert ids == sorted(set(ids))
        assert dates == sorted(dates)
        assert not dates or dates[-1] <= WORLD_END
    town = max(world.chats.values(), key=lambda chat: len(chat.history))
    assert town.history.ids[0] == 1
    assert town.history.top > len(town.history), "deletions leave gaps"


def test_private_chats_and_basic_groups_share_one_id_space(world: World) -> None:
    shared = [chat.history.ids for chat in world.chats.values() if not chat.kind.own_ids]
    ids = [number for column in shared for number in column]
    assert len(ids) == len(set(ids)) > 300


def test_spliced_bytes_are_those_that_telethon_would_serialise(world: World) -> None:
    for chat in world.chats.values():
        history = chat.history
        book = history.book
        assert isinstance(book, ScriptBook)
        for index in range(0, len(history), 3):
            assert history.raw(index) == bytes(book.message(history, index)), (chat.title, index)


def test_a_page_splices_the_same_bytes_as_its_messages(world: World) -> None:
    history = max(world.chats.values(), key=lambda chat: len(chat.history)).history
    users: set[int] = set()
    pieces, count = history.splice(range(900, 700, -1), users, set())
    assert b"".join(pieces) == b"".join(history.raw(index) for index in range(900, 700, -1))
    assert count == 200
    assert users


def test_a_large_world_is_ready_soon_and_is_not_held_as_objects() -> None:
    world = generate_world(messages=200_000, chats=300)
    town = max(world.chats.values(), key=lambda chat: len(chat.history))
    assert len(town.history) == 200_000
    assert len(town.history._templates) < 20_000
    for index in (0, 77_777, 199_999):
        assert BinaryReader(town.history.raw(index)).tgread_object().id == town.history.ids[index]
