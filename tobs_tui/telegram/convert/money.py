"""Service messages about money: payments, gifts, stars and prices. Fields of `model.Action`, by name.

`whole` False beside them tells that the model does not say all of it.
"""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.telegram.convert.primitives import (
    Fields,
    has_formatting,
    marked,
    marked_all,
    marked_or_none,
    unix_or_none,
    words,
)

STARS = "XTR"
"""Telegram's currency code for stars."""
TON = "TON"
_DAY = 86400


def payment(action: Any) -> Fields:
    recurring = bool(action.recurring_init or action.recurring_used)
    return {
        "currency": action.currency,
        "amount": action.total_amount,
        "flag": recurring or None,
        "date": unix_or_none(action.subscription_until_date),
    }


def payment_to_me(action: Any) -> Fields:
    return payment(action) | {"whole": False}


def refund(action: Any) -> Fields:
    return {
        "peer_id": marked(action.peer),
        "currency": action.currency,
        "amount": action.total_amount,
        "whole": False,
    }


def _message_of(action: Any) -> Fields:
    return {"text": words(action.message) or None, "whole": not has_formatting(action.message)}


def gift_premium(action: Any) -> Fields:
    fields = _message_of(action) | {
        "currency": action.currency,
        "amount": action.amount,
        "seconds": action.days * _DAY,
    }
    return fields | {"whole": fields["whole"] and action.crypto_currency is None}


def gift_code(action: Any) -> Fields:
    return _message_of(action) | {
        "currency": action.currency,
        "amount": action.amount,
        "seconds": action.days * _DAY,
        "peer_id": marked_or_none(action.boost_peer),
        "flag": True if action.unclaimed else None,
        "whole": False,
    }


def gift_stars(action: Any) -> Fields:
    return {"amount": action.stars, "currency": STARS, "whole": False}


def gift_ton(action: Any) -> Fields:
    return {"amount": action.crypto_amount, "currency": action.crypto_currency, "whole": False}


def prize(action: Any) -> Fields:
    return {
        "amount": action.stars,
        "currency": STARS,
        "peer_id": marked(action.boost_peer),
        "message_id": action.giveaway_msg_id,
        "flag": True if action.unclaimed else None,
        "whole": False,
    }


def star_gift(action: Any) -> Fields:
    return _message_of(action) | {
        "amount": getattr(action.gift, "stars", None),
        "currency": STARS,
        "people": marked_all((action.from_id, action.to_id)),
        "peer_id": marked_or_none(action.peer),
        "whole": False,
    }


def unique_gift(action: Any) -> Fields:
    return {
        "text": _gift_name(action.gift),
        "people": marked_all((action.from_id,)),
        "peer_id": marked_or_none(action.peer),
        "whole": False,
    }


def _gift_name(gift: Any) -> str | None:
    title, number = getattr(gift, "title", None), getattr(gift, "num", None)
    return f"{title} #{number}" if title and number else title


def price(amount: Any) -> Fields:
    """A price in stars (their fraction is left to `raw`) or in nano-TON."""
    if type(amount) is types.StarsAmount:
        return {"amount": amount.amount, "currency": STARS, "whole": not amount.nanos}
    if type(amount) is types.StarsTonAmount:
        return {"amount": amount.amount, "currency": TON}
    return {}


def gift_offer(action: Any) -> Fields:
    answered = True if action.accepted else (False if action.declined else None)
    return price(action.price) | {
        "text": _gift_name(action.gift),
        "flag": answered,
        "date": unix_or_none(action.expires_at),
        "whole": False,
    }


def gift_offer_declined(action: Any) -> Fields:
    reason = "expired" if action.expired else None
    return price(action.price) | {"text": _gift_name(action.gift), "reason": reason, "whole": False}


def paid_messages_refunded(action: Any) -> Fields:
    return {"amount": action.stars, "currency": STARS, "whole": False}


def paid_messages_price(action: Any) -> Fields:
    return {"amount": action.stars, "currency": STARS, "flag": bool(action.broadcast_messages_allowed)}
