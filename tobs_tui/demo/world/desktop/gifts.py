"""Loaded service messages about money, gifts and prizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.media_plain import plain


def _gift_code(told: Any) -> Any:
    return types.MessageActionGiftCode(
        told.number("days"),
        told.text("gift_code"),
        via_giveaway=told.flag("via_giveaway"),
        unclaimed=bool(told.number("unclaimed")) or None,
        boost_peer=told.peer("boost_peer_id"),
    )


def _refunded(told: Any) -> Any:
    return types.MessageActionPaymentRefunded(
        told.peer("peer_id", "peer_name"),
        told.text("currency"),
        told.number("amount"),
        types.PaymentCharge(told.text("charge_id"), ""),
    )


def _prize(told: Any) -> Any:
    return types.MessageActionPrizeStars(
        told.number("stars"),
        told.text("transaction_id"),
        told.peer("boost_peer_id", "boost_peer_name"),
        told.number("giveaway_msg_id"),
        unclaimed=told.flag("is_unclaimed"),
    )


def _star_gift(told: Any) -> Any:
    stars = told.number("stars")
    gift = types.StarGift(
        id=told.number("gift_id"),
        sticker=types.DocumentEmpty(told.number("gift_id")),
        stars=stars,
        convert_stars=stars,
    )
    words = told.text("gift_text")
    return types.MessageActionStarGift(
        gift, name_hidden=told.flag("is_anonymous"), message=plain(words) if words else None
    )


def _ton_gift(told: Any) -> Any:
    nanos = told.number("amount_whole") * 10**9 + told.number("amount_nano")
    return types.MessageActionGiftTon("TON", nanos, "TON", nanos)


def _price(told: Any) -> Any:
    whole, nano = told.number("price_amount_whole"), told.number("price_amount_nano")
    if told.text("price_currency").upper() == "TON":
        return types.StarsTonAmount(whole * 10**9 + nano)
    return types.StarsAmount(whole, nano)


def _suggested_post(told: Any) -> Any:
    return types.MessageActionSuggestedPostApproval(
        rejected=told.flag("rejected"),
        balance_too_low=told.flag("balance_too_low"),
        reject_comment=told.text("comment") or None,
        schedule_date=told.number("scheduled_date") or None,
        price=_price(told) if told.number("price_amount_whole") or told.number("price_amount_nano") else None,
    )


def _premium(told: Any) -> Any:
    """The cost is words in the file (`$9.99`): its digits become the smallest unit."""
    digits = "".join(filter(str.isdigit, told.text("cost")))
    days = told.number("days") or told.number("months") * 30
    return types.MessageActionGiftPremium("USD", int(digits or 0), days)


ACTIONS: dict[str, Callable[[Any], Any]] = {
    "send_premium_gift": _premium,
    "gift_code_prize": _gift_code,
    "giveaway_launch": lambda told: types.MessageActionGiveawayLaunch(stars=told.number("stars") or None),
    "giveaway_results": lambda told: types.MessageActionGiveawayResults(
        told.number("winners"), told.number("unclaimed"), stars=bool(told.number("stars")) or None
    ),
    "refunded_payment": _refunded,
    "send_ton_gift": _ton_gift,
    "send_stars_gift": lambda told: types.MessageActionGiftStars("USD", 0, told.number("amount_whole")),
    "stars_prize": _prize,
    "send_star_gift": _star_gift,
    "paid_messages_refund": lambda told: types.MessageActionPaidMessagesRefunded(
        told.number("messages_count"), told.number("stars_count")
    ),
    "paid_messages_price_change": lambda told: types.MessageActionPaidMessagesPrice(
        told.number("price_stars"), broadcast_messages_allowed=told.flag("is_broadcast_messages_allowed")
    ),
    "process_suggested_post": _suggested_post,
    "suggested_post_success": lambda told: types.MessageActionSuggestedPostSuccess(_price(told)),
    "suggested_post_refund": lambda told: types.MessageActionSuggestedPostRefund(
        payer_initiated=told.flag("user_initiated")
    ),
}
