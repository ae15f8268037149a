"""Loaded service messages as MessageActions; one that has no TL form keeps its words as a custom action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.chat import Chat, Kind, peer_of
from tobs_tui.demo.world.desktop import gifts
from tobs_tui.demo.world.desktop.media import photo_of
from tobs_tui.demo.world.desktop.people import Register
from tobs_tui.demo.world.desktop.reading import DesktopChat, Row, number, truth
from tobs_tui.demo.world.media_plain import plain
from tobs_tui.demo.world.ownstamp import OwnStamp


@dataclass(frozen=True, slots=True)
class Told:
    """One service message and what surrounds it."""

    row: Row
    source: DesktopChat
    chat: Chat
    stamp: OwnStamp
    register: Register
    other_group: int
    """The bare id of the other half of an upgraded group."""

    def text(self, key: str) -> str:
        return str(self.row.get(key) or "")

    def number(self, key: str) -> int:
        return number(self.row.get(key))

    def flag(self, key: str) -> bool | None:
        return truth(self.row.get(key)) or None

    def user(self, key: str) -> int:
        """The id of the user of this name; the account's where there is none."""
        found = self.register.named(self.source, self.row.get(key))
        return found if found > 0 else self.register.world.account_id

    def peer(self, key: str, name: str = "") -> Any:
        """The peer behind an id; the chat itself where there is none."""
        found = self.register.peer(self.source, self.row.get(key), self.row.get(name))
        return peer_of(found or self.chat.id)

    def members(self) -> list[int]:
        """The user ids of the members named; one without a name is a deleted account."""
        names = self.row.get("members") or ()
        ids = [self.register.named(self.source, name or "") for name in names]
        return [user if user > 0 else self.register.made_id("") for user in ids]

    def call(self) -> Any:
        return types.InputGroupCall(self.stamp.serial(2), 0)

    def photo(self) -> Any:
        return photo_of(self.row, self.source, self.stamp, self.register)


def _bot_allowed(told: Told) -> Any:
    word = told.text("action")
    if word == "attach_menu_bot_allowed":
        return types.MessageActionBotAllowed(attach_menu=True)
    if word == "web_app_bot_allowed":
        return types.MessageActionBotAllowed(from_request=True)
    name = told.text("reason_app_name")
    if name:
        app = types.BotApp(
            id=told.number("reason_app_id"),
            access_hash=0,
            short_name=name,
            title=name,
            description="",
            photo=types.PhotoEmpty(0),
            hash=0,
        )
        return types.MessageActionBotAllowed(app=app)
    return types.MessageActionBotAllowed(domain=told.text("reason_domain"))


def _phone_call(told: Told) -> Any:
    reasons = {
        "missed": types.PhoneCallDiscardReasonMissed,
        "busy": types.PhoneCallDiscardReasonBusy,
        "hangup": types.PhoneCallDiscardReasonHangup,
        "disconnect": types.PhoneCallDiscardReasonDisconnect,
    }
    reason = reasons.get(told.text("discard_reason"))
    return types.MessageActionPhoneCall(
        call_id=told.stamp.serial(1),
        reason=reason() if reason else None,
        duration=told.number("duration_seconds") or None,
    )


_SECURE = {
    "personal_details": types.SecureValueTypePersonalDetails,
    "passport": types.SecureValueTypePassport,
    "driver_license": types.SecureValueTypeDriverLicense,
    "identity_card": types.SecureValueTypeIdentityCard,
    "internal_passport": types.SecureValueTypeInternalPassport,
    "address_information": types.SecureValueTypeAddress,
    "utility_bill": types.SecureValueTypeUtilityBill,
    "bank_statement": types.SecureValueTypeBankStatement,
    "rental_agreement": types.SecureValueTypeRentalAgreement,
    "phone_number": types.SecureValueTypePhone,
    "email": types.SecureValueTypeEmail,
}


def _secure_values(told: Told) -> Any:
    known = [_SECURE[value]() for value in told.row.get("values") or () if value in _SECURE]
    return types.MessageActionSecureValuesSent(known)


def _inviter(told: Told) -> Any:
    return types.MessageActionChatJoinedByLink(told.user("inviter"))


def _removed(told: Told) -> Any:
    members = told.members()
    return types.MessageActionChatDeleteUser(members[0] if members else told.register.made_id(""))


def _wallpaper(told: Told) -> Any:
    same = told.text("action") == "set_same_chat_wallpaper" or None
    return types.MessageActionSetChatWallPaper(types.WallPaperNoFile(told.stamp.serial(4)), same=same)


def _requested(told: Told) -> Any:
    peers = [told.register.peer(told.source, peer) for peer in told.row.get("peers") or ()]
    return types.MessageActionRequestedPeer(
        told.number("button_id"), [peer_of(peer) for peer in peers if peer]
    )


def _topic_edit(told: Told) -> Any:
    return types.MessageActionTopicEdit(
        title=told.text("new_title") or None, icon_emoji_id=told.number("new_icon_emoji_id") or None
    )


def _near(told: Told) -> Any:
    return types.MessageActionGeoProximityReached(
        told.peer("from_id", "from"), told.peer("to_id", "to"), told.number("distance")
    )


_ACTIONS: dict[str, Callable[[Told], Any]] = {
    "create_group": lambda told: types.MessageActionChatCreate(told.text("title"), told.members()),
    "create_channel": lambda told: types.MessageActionChannelCreate(told.text("title")),
    "edit_group_title": lambda told: types.MessageActionChatEditTitle(told.text("title")),
    "edit_group_photo": lambda told: types.MessageActionChatEditPhoto(told.photo()),
    "delete_group_photo": lambda told: types.MessageActionChatDeletePhoto(),
    "invite_members": lambda told: types.MessageActionChatAddUser(told.members()),
    "remove_members": _removed,
    "join_group_by_link": _inviter,
    "join_group_by_request": lambda told: types.MessageActionChatJoinedByRequest(),
    "migrate_to_supergroup": lambda told: types.MessageActionChatMigrateTo(told.other_group),
    "migrate_from_group": lambda told: types.MessageActionChannelMigrateFrom(
        told.text("title"), told.other_group
    ),
    "pin_message": lambda told: types.MessageActionPinMessage(),
    "clear_history": lambda told: types.MessageActionHistoryClear(),
    "score_in_game": lambda told: types.MessageActionGameScore(told.stamp.serial(3), told.number("score")),
    "send_payment": lambda told: types.MessageActionPaymentSent(
        told.text("currency"),
        told.number("amount"),
        recurring_init=told.text("recurring") == "init" or None,
        recurring_used=told.text("recurring") == "used" or None,
    ),
    "phone_call": _phone_call,
    "conference_call": lambda told: types.MessageActionConferenceCall(
        told.stamp.serial(1),
        missed=told.flag("is_missed"),
        active=told.flag("is_active"),
        duration=told.number("duration_seconds") or None,
    ),
    "take_screenshot": lambda told: types.MessageActionScreenshotTaken(),
    "attach_menu_bot_allowed": _bot_allowed,
    "web_app_bot_allowed": _bot_allowed,
    "allow_sending_messages": _bot_allowed,
    "send_passport_values": _secure_values,
    "joined_telegram": lambda told: types.MessageActionContactSignUp(),
    "proximity_reached": _near,
    "group_call": lambda told: types.MessageActionGroupCall(told.call(), told.number("duration") or None),
    "invite_to_group_call": lambda told: types.MessageActionInviteToGroupCall(told.call(), told.members()),
    "set_messages_ttl": lambda told: types.MessageActionSetMessagesTTL(told.number("period")),
    "group_call_scheduled": lambda told: types.MessageActionGroupCallScheduled(
        told.call(), told.number("schedule_date")
    ),
    "edit_chat_theme": lambda told: types.MessageActionSetChatTheme(types.ChatTheme(told.text("emoticon"))),
    "send_webview_data": lambda told: types.MessageActionWebViewDataSent(told.text("text")),
    "topic_created": lambda told: types.MessageActionTopicCreate(told.text("title"), 0x6FB9F0),
    "topic_edit": _topic_edit,
    "suggest_profile_photo": lambda told: types.MessageActionSuggestProfilePhoto(told.photo()),
    "requested_peer": _requested,
    "set_chat_wallpaper": _wallpaper,
    "set_same_chat_wallpaper": _wallpaper,
    "boost_apply": lambda told: types.MessageActionBoostApply(told.number("boosts")),
    "todo_completions": lambda told: types.MessageActionTodoCompletions(
        [number(each) for each in told.row.get("completed") or ()],
        [number(each) for each in told.row.get("incompleted") or ()],
    ),
    "todo_append_tasks": lambda told: types.MessageActionTodoAppendTasks(
        [
            types.TodoItem(number(item.get("id")), plain(str(item.get("text") or "")))
            for item in told.row.get("items") or ()
        ]
    ),
    "suggest_birthday": lambda told: types.MessageActionSuggestBirthday(
        types.Birthday(told.number("day"), told.number("month"), told.number("year") or None)
    ),
    "new_creator_pending": lambda told: types.MessageActionNewCreatorPending(told.user("new_creator")),
    "change_creator": lambda told: types.MessageActionChangeCreator(told.user("new_creator")),
}

ANSWERED = ("message_id", "game_message_id", "invoice_message_id")
"""The fields that name the message which a service message is about."""


def action_of(
    row: Row, source: DesktopChat, chat: Chat, stamp: OwnStamp, register: Register, other_group: int
) -> Any:
    """The MessageAction of a service message."""
    told = Told(row, source, chat, stamp, register, other_group)
    word = told.text("action")
    make = _ACTIONS.get(word) or gifts.ACTIONS.get(word)
    if make is not None:
        return make(told)
    words = told.text("title") or told.text("information_text") or word.replace("_", " ")
    return types.MessageActionCustomAction(words)


__all__ = ["ANSWERED", "Kind", "Told", "action_of"]
