"""Service lines of a script, `* A pin 2`, as MessageActions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.media_plain import plain
from tobs_tui.demo.world.stamp import Stamp

Words = Sequence[str]

REPLYING = frozenset(("pin", "score", "paid", "checked", "appended"))
"""Actions whose first word tells how many lines before the message stands that they are about."""


def _call(stamp: Stamp, words: Words, reason: Any) -> Any:
    return types.MessageActionPhoneCall(
        call_id=stamp.serial(1),
        video="video" in words or None,
        reason=reason,
        duration=int(words[0]) if words and words[0].isdigit() else None,
    )


def _group_call(stamp: Stamp) -> Any:
    return types.InputGroupCall(stamp.serial(2), 99)


def _wallpaper(words: Words, stamp: Stamp) -> Any:
    return types.MessageActionSetChatWallPaper(types.WallPaperNoFile(5, dark=True))


def _ids(words: Words) -> list[int]:
    return [int(word) for word in words]


_ACTIONS: dict[str, Callable[[Words, Stamp], Any]] = {
    "create": lambda w, s: types.MessageActionChatCreate(w[0], _ids(w[1:])),
    "channel": lambda w, s: types.MessageActionChannelCreate(w[0]),
    "title": lambda w, s: types.MessageActionChatEditTitle(w[0]),
    "nophoto": lambda w, s: types.MessageActionChatDeletePhoto(),
    "add": lambda w, s: types.MessageActionChatAddUser(_ids(w)),
    "remove": lambda w, s: types.MessageActionChatDeleteUser(int(w[0])),
    "joined": lambda w, s: types.MessageActionChatJoinedByLink(int(w[0])),
    "accepted": lambda w, s: types.MessageActionChatJoinedByRequest(),
    "migrate_to": lambda w, s: types.MessageActionChatMigrateTo(int(w[0])),
    "migrate_from": lambda w, s: types.MessageActionChannelMigrateFrom(w[0], int(w[1])),
    "pin": lambda w, s: types.MessageActionPinMessage(),
    "cleared": lambda w, s: types.MessageActionHistoryClear(),
    "score": lambda w, s: types.MessageActionGameScore(s.serial(3), int(w[1])),
    "paid": lambda w, s: types.MessageActionPaymentSent(w[2], int(w[1])),
    "call": lambda w, s: _call(s, w, types.PhoneCallDiscardReasonHangup()),
    "missed": lambda w, s: _call(s, w, types.PhoneCallDiscardReasonMissed()),
    "busy": lambda w, s: _call(s, w, types.PhoneCallDiscardReasonBusy()),
    "conference": lambda w, s: types.MessageActionConferenceCall(s.serial(1), duration=int(w[0])),
    "screenshot": lambda w, s: types.MessageActionScreenshotTaken(),
    "custom": lambda w, s: types.MessageActionCustomAction(w[0]),
    "allowed": lambda w, s: types.MessageActionBotAllowed(domain=w[0]),
    "signup": lambda w, s: types.MessageActionContactSignUp(),
    "near": lambda w, s: types.MessageActionGeoProximityReached(
        types.PeerUser(int(w[0])), types.PeerUser(int(w[1])), int(w[2])
    ),
    "groupcall": lambda w, s: types.MessageActionGroupCall(_group_call(s), int(w[0]) if w else None),
    "invited": lambda w, s: types.MessageActionInviteToGroupCall(_group_call(s), _ids(w)),
    "scheduled": lambda w, s: types.MessageActionGroupCallScheduled(_group_call(s), s.moment(int(w[0]))),
    "ttl": lambda w, s: types.MessageActionSetMessagesTTL(int(w[0])),
    "theme": lambda w, s: types.MessageActionSetChatTheme(types.ChatTheme(w[0])),
    "webdata": lambda w, s: types.MessageActionWebViewDataSent(w[0]),
    "premium": lambda w, s: types.MessageActionGiftPremium(w[0], int(w[1]), int(w[2]), message=plain(w[3])),
    "topic": lambda w, s: types.MessageActionTopicCreate(w[0], int(w[1]) if len(w) > 1 else 0x6FB9F0),
    "topic_closed": lambda w, s: types.MessageActionTopicEdit(closed=True),
    "topic_title": lambda w, s: types.MessageActionTopicEdit(title=w[0]),
    "wallpaper": _wallpaper,
    "giftcode": lambda w, s: types.MessageActionGiftCode(int(w[1]), w[0], via_giveaway=True),
    "giveaway": lambda w, s: types.MessageActionGiveawayLaunch(),
    "winners": lambda w, s: types.MessageActionGiveawayResults(int(w[0]), int(w[1])),
    "boost": lambda w, s: types.MessageActionBoostApply(int(w[0])),
    "refunded": lambda w, s: types.MessageActionPaymentRefunded(
        types.PeerUser(int(w[0])), w[2], int(w[1]), types.PaymentCharge("ch_1", "pr_1")
    ),
    "stars": lambda w, s: types.MessageActionGiftStars("USD", int(w[1]), int(w[0])),
    "price": lambda w, s: types.MessageActionPaidMessagesPrice(int(w[0])),
    "checked": lambda w, s: types.MessageActionTodoCompletions(_ids(w[1:]), []),
    "appended": lambda w, s: types.MessageActionTodoAppendTasks(
        [types.TodoItem(10 + at, plain(word)) for at, word in enumerate(w[1:])]
    ),
    "birthday": lambda w, s: types.MessageActionSuggestBirthday(types.Birthday(int(w[0]), int(w[1]))),
    "nothing": lambda w, s: types.MessageActionEmpty(),
}


def tl_action(medium: Words, stamp: Stamp, photo: Any = None) -> Any:
    """The MessageAction of a service line; `photo` is the file of one that shows a picture.

    :raises ValueError: no such action.
    """
    word, *words = medium
    if word == "photo":
        return types.MessageActionChatEditPhoto(photo)
    if word == "suggest":
        return types.MessageActionSuggestProfilePhoto(photo)
    if word not in _ACTIONS:
        raise ValueError(f"no action is named {word!r}")
    return _ACTIONS[word](words, stamp)
