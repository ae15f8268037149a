"""Media as the fields of Telegram Desktop's messages."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tobs_tui.archive import FileState, StoredFile
from tobs_tui.model import (
    Contact,
    Dice,
    File,
    Game,
    Giveaway,
    Gone,
    Invoice,
    Location,
    Media,
    MediaKind,
    OtherMedia,
    PaidMedia,
    Poll,
    TodoList,
    WebPage,
)

NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"
TOO_LARGE = "(File exceeds maximum size. Change data exporting settings to download.)"
UNAVAILABLE = "(File unavailable, please try again later)"

Fields = dict[str, Any]
FindFile = Callable[[int], StoredFile | None]
MomentOf = Callable[[int], str]

_MEDIA_TYPES = {
    MediaKind.VIDEO: "video_file",
    MediaKind.AUDIO: "audio_file",
    MediaKind.VOICE: "voice_message",
    MediaKind.VIDEO_NOTE: "video_message",
    MediaKind.STICKER: "sticker",
    MediaKind.ANIMATION: "animation",
}


def media_fields(media: Media, folder: str, find_file: FindFile, moment: MomentOf) -> Fields:
    """Return what a message says of its medium; paths are relative to `folder`."""
    match media:
        case File():
            return file_fields(media, folder, find_file(media.id))
        case Gone():
            key = "photo" if media.kind is MediaKind.PHOTO else "file"
            return {key: UNAVAILABLE} | _self_destruct(media.ttl)
        case Contact():
            return {
                "contact_information": {
                    "first_name": media.first_name,
                    "last_name": media.last_name,
                    "phone_number": media.phone,
                }
            }
        case Location():
            return _location(media)
        case Poll():
            return {"poll": _poll(media)}
        case TodoList():
            items = [{"text": item.text, "id": item.id} for item in media.items]
            return {"todo_list": {"title": media.title, "answers": items}}
        case Game():
            return {"game_title": media.title, "game_description": media.description}
        case Invoice():
            return {"invoice_information": _invoice(media)}
        case Giveaway():
            return _giveaway(media, moment)
        case PaidMedia():
            files = [file_fields(file, folder, find_file(file.id)) for file in media.files]
            return {"paid_stars_amount": media.stars} | (files[0] if files else {})
        case Dice():
            return {"media_type": "dice", "dice_emoji": media.emoji, "dice_value": media.value}
        case OtherMedia():
            return {"media_type": media.name}
        case WebPage():
            return {}


def file_fields(file: File, folder: str, stored: StoredFile | None) -> Fields:
    """Return a file's fields."""
    where = _where(folder, stored)
    if file.kind is MediaKind.PHOTO:
        fields: Fields = {"photo": where, "photo_file_size": file.size}
    else:
        fields = {"file": where}
        if file.name:
            fields["file_name"] = file.name
        fields["file_size"] = file.size
        if file.kind in _MEDIA_TYPES:
            fields["media_type"] = _MEDIA_TYPES[file.kind]
        if file.emoji:
            fields["sticker_emoji"] = file.emoji
        if file.performer:
            fields["performer"] = file.performer
        if file.title:
            fields["title"] = file.title
        if file.mime:
            fields["mime_type"] = file.mime
        if file.duration is not None:
            fields["duration_seconds"] = round(file.duration)
    if file.width and file.height:
        fields |= {"width": file.width, "height": file.height}
    if file.spoiler:
        fields["media_spoiler"] = True
    return fields | _self_destruct(file.ttl)


def _where(folder: str, stored: StoredFile | None) -> str:
    if stored is not None and stored.state is FileState.DONE and stored.path is not None:
        return os.path.relpath(stored.path, folder).replace(os.sep, "/")
    if stored is not None and stored.state is FileState.TOO_LARGE:
        return TOO_LARGE
    return UNAVAILABLE if stored is not None and stored.state is FileState.GONE else NOT_INCLUDED


def _self_destruct(ttl: int | None) -> Fields:
    return {} if ttl is None else {"self_destruct_period_seconds": ttl}


def _location(location: Location) -> Fields:
    fields: Fields = {}
    if location.title:
        fields["place_name"] = location.title
    if location.address:
        fields["address"] = location.address
    fields["location_information"] = {"latitude": location.latitude, "longitude": location.longitude}
    if location.live_seconds is not None:
        fields["live_location_period_seconds"] = location.live_seconds
    return fields


def _poll(poll: Poll) -> Fields:
    answers = [
        {"text": answer.text, "voters": answer.voters or 0, "chosen": answer.chosen}
        for answer in poll.answers
    ]
    return {
        "question": poll.question,
        "closed": poll.closed,
        "total_voters": poll.voters or 0,
        "answers": answers,
    }


def _invoice(invoice: Invoice) -> Fields:
    fields: Fields = {
        "title": invoice.title,
        "description": invoice.description,
        "amount": invoice.amount,
        "currency": invoice.currency,
    }
    if invoice.receipt_message_id is not None:
        fields["receipt_message_id"] = invoice.receipt_message_id
    return fields


def _giveaway(giveaway: Giveaway, moment: MomentOf) -> Fields:
    fields: Fields = {}
    if giveaway.months:
        fields["months"] = giveaway.months
    if giveaway.stars:
        fields["stars"] = giveaway.stars
    if giveaway.until_date:
        fields["until_date"] = moment(giveaway.until_date)
    if giveaway.prize:
        fields["additional_prize"] = giveaway.prize
    if giveaway.winners:
        results = {"winners_count": giveaway.quantity, "winners": list(giveaway.winners)}
        return {"giveaway_results": results | fields}
    return {"giveaway_information": {"quantity": giveaway.quantity} | fields}
