"""Service messages: what each `MessageAction` tells, by a table; an unknown one keeps its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telethon.tl import types

from tobs_tui.model import Action
from tobs_tui.telegram.convert import money
from tobs_tui.telegram.convert.files import convert_photo
from tobs_tui.telegram.convert.primitives import (
    Fields,
    channel_mark,
    has_formatting,
    marked,
    marked_all,
    snake,
    unix_or_none,
    words,
)


def convert_action(message: Any) -> tuple[Action, bool]:
    """What a service message tells, and whether the model says it in full."""
    action = message.action
    kind = snake(type(action).__name__, "MessageAction")
    tell = _BY_CLASS.get(type(action))
    if tell is None:
        return Action(kind=kind), False
    fields = tell(action)
    whole = fields.pop("whole", True)
    if type(action) in _ABOUT_A_MESSAGE and message.reply_to is not None:
        fields.setdefault("message_id", getattr(message.reply_to, "reply_to_msg_id", None))
    return Action(kind=kind, **fields), whole


def _nothing(action: Any) -> Fields:
    return {}


def _title(action: Any) -> Fields:
    return {"text": action.title}


def _photo(action: Any) -> Fields:
    photo = convert_photo(action.photo)
    return {"file": photo, "whole": photo is not None and not action.photo.video_sizes}


def _users(action: Any) -> Fields:
    return {"people": tuple(action.users)}


def _chat_create(action: Any) -> Fields:
    return {"text": action.title, "people": tuple(action.users)}


def _migrate_from(action: Any) -> Fields:
    return {"text": action.title, "peer_id": -action.chat_id}


def _reason(reason: Any) -> str | None:
    return None if reason is None else snake(type(reason).__name__, "PhoneCallDiscardReason")


def _phone_call(action: Any) -> Fields:
    return {"seconds": action.duration, "reason": _reason(action.reason), "video": bool(action.video)}


def _conference(action: Any) -> Fields:
    return {
        "seconds": action.duration,
        "reason": "missed" if action.missed else None,
        "video": bool(action.video),
        "flag": True if action.active else None,
        "people": marked_all(action.other_participants),
    }


def _bot_allowed(action: Any) -> Fields:
    return {
        "text": action.domain or getattr(action.app, "title", None),
        "flag": bool(action.attach_menu) or None,
    }


def _secure_values(action: Any) -> Fields:
    return {"text": ", ".join(snake(type(kind).__name__, "SecureValueType") for kind in action.types)}


def _secure_values_to_me(action: Any) -> Fields:
    return {"whole": False}


def _proximity(action: Any) -> Fields:
    return {"people": (marked(action.from_id), marked(action.to_id)), "amount": action.distance}


def _timer(action: Any) -> Fields:
    by = action.auto_setting_from
    return {"seconds": action.period, "people": (by,) if by else ()}


def _theme(action: Any) -> Fields:
    emoticon = getattr(action.theme, "emoticon", None)
    return {"text": emoticon, "whole": emoticon is not None}


def _wallpaper(action: Any) -> Fields:
    return {"flag": bool(action.for_both), "whole": False}


def _topic_edit(action: Any) -> Fields:
    reason = None if action.hidden is None else ("hidden" if action.hidden else "shown")
    return {
        "text": action.title,
        "flag": action.closed,
        "reason": reason,
        "whole": action.icon_emoji_id is None,
    }


def _post_approval(action: Any) -> Fields:
    return money.price(action.price) | {
        "flag": not action.rejected,
        "text": action.reject_comment or None,
        "date": unix_or_none(action.schedule_date),
        "reason": "balance_too_low" if action.balance_too_low else None,
    }


def _todo_completions(action: Any) -> Fields:
    done = bool(action.completed)
    return {"amount": len(action.completed or action.incompleted), "flag": done, "whole": False}


def _todo_append(action: Any) -> Fields:
    formatted = any(has_formatting(item.title) for item in action.list)
    return {"text": "\n".join(words(item.title) for item in action.list), "whole": not formatted}


def _birthday(action: Any) -> Fields:
    day = action.birthday
    return {"text": f"{day.year or '-'}-{day.month:02}-{day.day:02}"}


def _poll_answer(action: Any) -> Fields:
    return {
        "text": words(getattr(action.answer, "text", None)),
        "whole": getattr(action.answer, "media", None) is None,
    }


def _requested_peers_of_me(action: Any) -> Fields:
    people: list[int] = []
    for peer in action.peers:
        if type(peer) is types.RequestedPeerUser:
            people.append(peer.user_id)
        elif type(peer) is types.RequestedPeerChat:
            people.append(-peer.chat_id)
        elif type(peer) is types.RequestedPeerChannel:
            people.append(channel_mark(peer.channel_id))
    return {"people": tuple(people), "whole": False}


_BY_CLASS: dict[type, Callable[[Any], Fields]] = {
    types.MessageActionChatCreate: _chat_create,
    types.MessageActionChatEditTitle: _title,
    types.MessageActionChatEditPhoto: _photo,
    types.MessageActionChatDeletePhoto: _nothing,
    types.MessageActionChatAddUser: _users,
    types.MessageActionChatDeleteUser: lambda a: {"people": (a.user_id,)},
    types.MessageActionChatJoinedByLink: lambda a: {"people": (a.inviter_id,)},
    types.MessageActionChatJoinedByRequest: _nothing,
    types.MessageActionChannelCreate: _title,
    types.MessageActionChatMigrateTo: lambda a: {"peer_id": channel_mark(a.channel_id)},
    types.MessageActionChannelMigrateFrom: _migrate_from,
    types.MessageActionPinMessage: _nothing,
    types.MessageActionHistoryClear: _nothing,
    types.MessageActionGameScore: lambda a: {"amount": a.score},
    types.MessageActionPaymentSent: money.payment,
    types.MessageActionPaymentSentMe: money.payment_to_me,
    types.MessageActionPaymentRefunded: money.refund,
    types.MessageActionPhoneCall: _phone_call,
    types.MessageActionConferenceCall: _conference,
    types.MessageActionScreenshotTaken: _nothing,
    types.MessageActionCustomAction: lambda a: {"text": a.message},
    types.MessageActionBotAllowed: _bot_allowed,
    types.MessageActionSecureValuesSent: _secure_values,
    types.MessageActionSecureValuesSentMe: _secure_values_to_me,
    types.MessageActionContactSignUp: _nothing,
    types.MessageActionGeoProximityReached: _proximity,
    types.MessageActionGroupCall: lambda a: {"seconds": a.duration},
    types.MessageActionInviteToGroupCall: _users,
    types.MessageActionGroupCallScheduled: lambda a: {"date": unix_or_none(a.schedule_date)},
    types.MessageActionSetMessagesTTL: _timer,
    types.MessageActionSetChatTheme: _theme,
    types.MessageActionSetChatWallPaper: _wallpaper,
    types.MessageActionWebViewDataSent: lambda a: {"text": a.text},
    types.MessageActionWebViewDataSentMe: lambda a: {"text": a.text, "whole": False},
    types.MessageActionTopicCreate: lambda a: {"text": a.title, "whole": a.icon_emoji_id is None},
    types.MessageActionTopicEdit: _topic_edit,
    types.MessageActionSuggestProfilePhoto: _photo,
    types.MessageActionRequestedPeer: lambda a: {"people": marked_all(a.peers)},
    types.MessageActionRequestedPeerSentMe: _requested_peers_of_me,
    types.MessageActionGiftPremium: money.gift_premium,
    types.MessageActionGiftCode: money.gift_code,
    types.MessageActionGiftStars: money.gift_stars,
    types.MessageActionGiftTon: money.gift_ton,
    types.MessageActionGiveawayLaunch: lambda a: {"amount": a.stars},
    types.MessageActionGiveawayResults: lambda a: {"amount": a.winners_count, "whole": not a.unclaimed_count},
    types.MessageActionPrizeStars: money.prize,
    types.MessageActionBoostApply: lambda a: {"amount": a.boosts},
    types.MessageActionStarGift: money.star_gift,
    types.MessageActionStarGiftUnique: money.unique_gift,
    types.MessageActionStarGiftPurchaseOffer: money.gift_offer,
    types.MessageActionStarGiftPurchaseOfferDeclined: money.gift_offer_declined,
    types.MessageActionPaidMessagesRefunded: money.paid_messages_refunded,
    types.MessageActionPaidMessagesPrice: money.paid_messages_price,
    types.MessageActionTodoCompletions: _todo_completions,
    types.MessageActionTodoAppendTasks: _todo_append,
    types.MessageActionSuggestedPostApproval: _post_approval,
    types.MessageActionSuggestedPostSuccess: lambda a: money.price(a.price),
    types.MessageActionSuggestedPostRefund: lambda a: {"flag": bool(a.payer_initiated)},
    types.MessageActionSuggestBirthday: _birthday,
    types.MessageActionNewCreatorPending: lambda a: {"people": (a.new_creator_id,)},
    types.MessageActionChangeCreator: lambda a: {"people": (a.new_creator_id,)},
    types.MessageActionNoForwardsToggle: lambda a: {"flag": a.new_value},
    types.MessageActionNoForwardsRequest: lambda a: {
        "flag": a.new_value,
        "reason": "expired" if a.expired else None,
    },
    types.MessageActionPollAppendAnswer: _poll_answer,
    types.MessageActionPollDeleteAnswer: _poll_answer,
    types.MessageActionManagedBotCreated: lambda a: {"people": (a.bot_id,)},
}

_ABOUT_A_MESSAGE = frozenset(
    (
        types.MessageActionPinMessage,
        types.MessageActionGameScore,
        types.MessageActionPaymentSent,
        types.MessageActionPaymentSentMe,
        types.MessageActionTodoCompletions,
        types.MessageActionTodoAppendTasks,
        types.MessageActionPollAppendAnswer,
        types.MessageActionPollDeleteAnswer,
        types.MessageActionSuggestedPostApproval,
        types.MessageActionSuggestedPostSuccess,
        types.MessageActionSuggestedPostRefund,
        types.MessageActionSetChatWallPaper,
        types.MessageActionGiveawayResults,
    )
)
"""Their reply header names the message that they are about."""
