"""What service messages tell, by Telegram's own examples of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.model import Action, MediaKind, Message
from tobs_tui.telegram.convert import RawPage, convert_page

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
NOW = int(WHEN.timestamp())


def converted(action: Any, **fields: Any) -> Message:
    tl = types.MessageService(id=5, peer_id=types.PeerChat(9), date=WHEN, action=action, **fields)
    answer = types.messages.MessagesSlice(count=1, messages=[tl], topics=[], chats=[], users=[])
    page = convert_page(RawPage(-9, 1, 100, 100, BinaryReader(bytes(answer)).tgread_object()))
    assert page.failed == ()
    return page.messages[0]


def words(text: str) -> Any:
    return types.TextWithEntities(text, [])


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            types.MessageActionChatCreate("Flat", [1, 2]),
            Action(kind="chat_create", text="Flat", people=(1, 2)),
        ),
        (types.MessageActionChatEditTitle("Flat 2"), Action(kind="chat_edit_title", text="Flat 2")),
        (types.MessageActionChatAddUser([2]), Action(kind="chat_add_user", people=(2,))),
        (types.MessageActionChatDeleteUser(2), Action(kind="chat_delete_user", people=(2,))),
        (types.MessageActionChatJoinedByLink(3), Action(kind="chat_joined_by_link", people=(3,))),
        (types.MessageActionChatDeletePhoto(), Action(kind="chat_delete_photo")),
        (types.MessageActionChannelCreate("News"), Action(kind="channel_create", text="News")),
        (
            types.MessageActionChatMigrateTo(7),
            Action(kind="chat_migrate_to", peer_id=-1000000000007),
        ),
        (
            types.MessageActionChannelMigrateFrom("Flat", 9),
            Action(kind="channel_migrate_from", text="Flat", peer_id=-9),
        ),
        (
            types.MessageActionPhoneCall(1, reason=types.PhoneCallDiscardReasonMissed()),
            Action(kind="phone_call", reason="missed"),
        ),
        (
            types.MessageActionPhoneCall(
                1, video=True, reason=types.PhoneCallDiscardReasonHangup(), duration=61
            ),
            Action(kind="phone_call", reason="hangup", seconds=61, video=True),
        ),
        (types.MessageActionConferenceCall(1, missed=True), Action(kind="conference_call", reason="missed")),
        (
            types.MessageActionGeoProximityReached(types.PeerUser(1), types.PeerUser(2), 300),
            Action(kind="geo_proximity_reached", people=(1, 2), amount=300),
        ),
        (types.MessageActionSetMessagesTTL(86400), Action(kind="set_messages_ttl", seconds=86400)),
        (
            types.MessageActionSetMessagesTTL(86400, auto_setting_from=3),
            Action(kind="set_messages_ttl", seconds=86400, people=(3,)),
        ),
        (
            types.MessageActionGroupCallScheduled(types.InputGroupCall(1, 2), WHEN),
            Action(kind="group_call_scheduled", date=NOW),
        ),
        (types.MessageActionCustomAction("Anna did it"), Action(kind="custom_action", text="Anna did it")),
        (types.MessageActionBotAllowed(domain="a.example"), Action(kind="bot_allowed", text="a.example")),
        (types.MessageActionTopicCreate("Jobs", 1), Action(kind="topic_create", text="Jobs")),
        (types.MessageActionTopicEdit(closed=True), Action(kind="topic_edit", flag=True)),
        (types.MessageActionTopicEdit(hidden=False), Action(kind="topic_edit", reason="shown")),
        (types.MessageActionSetChatTheme(types.ChatTheme("🎄")), Action(kind="set_chat_theme", text="🎄")),
        (types.MessageActionBoostApply(3), Action(kind="boost_apply", amount=3)),
        (
            types.MessageActionPaymentSent("EUR", 1999),
            Action(kind="payment_sent", currency="EUR", amount=1999),
        ),
        (
            types.MessageActionGiftPremium("EUR", 1499, 90, message=words("For you")),
            Action(kind="gift_premium", currency="EUR", amount=1499, seconds=90 * 86400, text="For you"),
        ),
        (
            types.MessageActionSuggestBirthday(types.Birthday(5, 1)),
            Action(kind="suggest_birthday", text="--01-05"),
        ),
        (
            types.MessageActionSuggestedPostSuccess(types.StarsAmount(50, 0)),
            Action(kind="suggested_post_success", amount=50, currency="XTR"),
        ),
        (
            types.MessageActionRequestedPeer(1, [types.PeerUser(4), types.PeerChat(9)]),
            Action(kind="requested_peer", people=(4, -9)),
        ),
        (types.MessageActionNoForwardsToggle(False, True), Action(kind="no_forwards_toggle", flag=True)),
    ],
    ids=lambda value: value.kind if isinstance(value, Action) else "",
)
def test_what_an_action_tells(action: Any, expected: Action) -> None:
    result = converted(action, from_id=types.PeerUser(8))
    assert result.action == expected
    assert result.sender_id == 8
    assert result.raw is None


@pytest.mark.parametrize(
    "action",
    [
        types.MessageActionPinMessage(),
        types.MessageActionGameScore(1, 20),
        types.MessageActionPaymentSent("EUR", 5),
        types.MessageActionTodoAppendTasks([types.TodoItem(1, words("Keys"))]),
        types.MessageActionPollAppendAnswer(types.PollAnswer(words("Wed"), b"2")),
    ],
    ids=lambda action: type(action).__name__,
)
def test_an_action_about_a_message_names_it(action: Any) -> None:
    result = converted(action, reply_to=types.MessageReplyHeader(reply_to_msg_id=3))
    assert result.action is not None and result.action.message_id == 3
    assert result.reply is not None and result.reply.message_id == 3


def test_a_pin_without_its_message_says_none() -> None:
    result = converted(types.MessageActionPinMessage())
    assert result.action == Action(kind="pin_message")


def test_a_new_photo_comes_with_its_file() -> None:
    photo = types.Photo(
        id=1,
        access_hash=2,
        file_reference=b"r",
        date=WHEN,
        sizes=[types.PhotoSize("c", 640, 640, 9)],
        dc_id=2,
    )
    action = converted(types.MessageActionChatEditPhoto(photo)).action
    assert action is not None and action.file is not None
    assert (action.file.kind, action.file.thumb) == (MediaKind.PHOTO, "c")
    gone = converted(types.MessageActionChatEditPhoto(types.PhotoEmpty(1)))
    assert gone.action == Action(kind="chat_edit_photo")


def test_a_gift_says_the_sum_and_keeps_the_rest_raw() -> None:
    gift = types.StarGift(id=1, sticker=types.DocumentEmpty(1), stars=50, convert_stars=40, title="Cake")
    result = converted(types.MessageActionStarGift(gift, message=words("Yum"), from_id=types.PeerUser(3)))
    assert result.action == Action(kind="star_gift", amount=50, currency="XTR", text="Yum", people=(3,))
    assert result.raw is not None


def test_an_action_that_nobody_has_words_for_is_named_and_kept_raw() -> None:
    result = converted(types.MessageActionChangeCommunity(community_id=3))
    assert result.action == Action(kind="change_community")
    assert result.raw is not None


def test_reactions_and_timer_of_a_service_message() -> None:
    reactions = types.MessageReactions([types.ReactionCount(types.ReactionEmoji("🎉"), 2)])
    result = converted(types.MessageActionChatAddUser([2]), reactions=reactions, ttl_period=60)
    assert result.reactions[0].count == 2
    assert result.ttl == 60
