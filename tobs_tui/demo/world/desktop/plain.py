"""Loaded media without files: contacts, places, polls, lists, games, invoices, giveaways."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.desktop.people import Register
from tobs_tui.demo.world.desktop.reading import DesktopChat, Row, as_utc, number, truth
from tobs_tui.demo.world.media_plain import plain
from tobs_tui.demo.world.stamp import Stamp


def plain_media(row: Row, chat: DesktopChat, stamp: Stamp, register: Register) -> Any:
    """The MessageMedia of a message that holds no file; None for none."""
    if "contact_information" in row:
        return _contact(row)
    if "place_name" in row:
        title, address = str(row["place_name"]), str(row.get("address") or "")
        return types.MessageMediaVenue(_point(row), title, address, "", "", "")
    if "location_information" in row:
        period = number(row.get("live_location_period_seconds"))
        if period:
            return types.MessageMediaGeoLive(_point(row), period=period)
        return types.MessageMediaGeo(_point(row))
    if "poll" in row:
        return _poll(row["poll"] or {}, stamp)
    if "todo_list" in row:
        return _todo(row["todo_list"] or {})
    if "game_title" in row:
        short = str(row.get("game_link") or "").rpartition("game=")[2]
        title, text = str(row["game_title"]), str(row.get("game_description") or "")
        return types.MessageMediaGame(types.Game(stamp.serial(0), 0, short, title, text, types.PhotoEmpty(0)))
    if "invoice_information" in row:
        return _invoice(row["invoice_information"] or {})
    if "giveaway_information" in row:
        return _giveaway(row["giveaway_information"] or {})
    if "giveaway_results" in row:
        return _results(row["giveaway_results"] or {})
    if row.get("type") == "unsupported":
        return types.MessageMediaUnsupported()
    return None


def _contact(row: Row) -> Any:
    told = row["contact_information"] or {}
    first, last = str(told.get("first_name") or ""), str(told.get("last_name") or "")
    phone = str(told.get("phone_number") or "")
    card = ""
    if row.get("contact_vcard"):
        name = f"{first} {last}".strip()
        card = f"BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;TYPE=CELL:{phone}\nEND:VCARD\n"
    return types.MessageMediaContact(phone, first, last, card, number(told.get("user_id")))


def _point(row: Row) -> Any:
    told = row.get("location_information")
    if not isinstance(told, dict) or told.get("latitude") is None:
        return types.GeoPointEmpty()
    return types.GeoPoint(float(told["longitude"]), float(told["latitude"]), access_hash=0)


def _poll(told: Row, stamp: Stamp) -> Any:
    rows = [answer for answer in told.get("answers") or () if isinstance(answer, dict)]
    answers = [
        types.PollAnswer(plain(str(row.get("text") or "")), bytes((at,))) for at, row in enumerate(rows)
    ]
    results = [
        types.PollAnswerVoters(
            bytes((at,)),
            chosen=truth(row.get("chosen")) or None,
            correct=truth(row.get("correct")) or None,
            voters=number(row.get("voters")),
            recent_voters=[],
        )
        for at, row in enumerate(rows)
    ]
    question = told.get("question")
    text = question.get("text") if isinstance(question, dict) else question
    return types.MessageMediaPoll(
        types.Poll(
            id=stamp.serial(0),
            question=plain(str(text or "")),
            answers=answers,
            hash=0,
            closed=truth(told.get("closed")) or None,
        ),
        types.PollResults(results=results, total_voters=number(told.get("total_voters"))),
    )


def _todo(told: Row) -> Any:
    items = [
        types.TodoItem(number(item.get("id"), at), plain(str(item.get("text") or "")))
        for at, item in enumerate(told.get("answers") or (), 1)
    ]
    todo = types.TodoList(
        plain(str(told.get("title") or "")),
        items,
        others_can_append=truth(told.get("others_can_append")) or None,
        others_can_complete=truth(told.get("others_can_complete")) or None,
    )
    return types.MessageMediaToDo(todo)


def _invoice(told: Row) -> Any:
    return types.MessageMediaInvoice(
        title=str(told.get("title") or ""),
        description=str(told.get("description") or ""),
        currency=str(told.get("currency") or ""),
        total_amount=number(told.get("amount")),
        start_param="",
        receipt_msg_id=number(told.get("receipt_message_id")) or None,
    )


def _giveaway(told: Row) -> Any:
    return types.MessageMediaGiveaway(
        channels=[number(channel) for channel in told.get("channels") or ()],
        quantity=number(told.get("quantity")),
        until_date=as_utc(told.get("until_date")) or 0,
        only_new_subscribers=truth(told.get("is_only_new_subscribers")) or None,
        countries_iso2=[str(country) for country in told["countries"]] if told.get("countries") else None,
        prize_description=told.get("additional_prize"),
        months=number(told.get("months")) or None,
        stars=number(told.get("stars")) or None,
    )


def _results(told: Row) -> Any:
    return types.MessageMediaGiveawayResults(
        channel_id=number(told.get("channel")),
        launch_msg_id=number(told.get("launch_message_id")),
        winners_count=number(told.get("winners_count")),
        unclaimed_count=number(told.get("unclaimed_count")),
        winners=[number(winner) for winner in told.get("winners") or ()],
        until_date=as_utc(told.get("until_date")) or 0,
        only_new_subscribers=truth(told.get("is_only_new_subscribers")) or None,
        refunded=truth(told.get("is_refunded")) or None,
        additional_peers_count=number(told.get("additional_peers_count")) or None,
        months=number(told.get("months")) or None,
        stars=number(told.get("stars")) or None,
        prize_description=told.get("additional_prize"),
    )
