"""What a message carries besides its text, by class, and whether the model says it in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from telethon.tl import types

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
    TodoItem,
    TodoList,
    WebPage,
)
from tobs_tui.telegram.convert.files import convert_document, convert_photo
from tobs_tui.telegram.convert.polls import convert_poll
from tobs_tui.telegram.convert.primitives import (
    has_formatting,
    marked,
    snake,
    unix_or_none,
    words,
)

Converted: TypeAlias = tuple[Media | None, bool]
"""The media, and whether the model says it in full."""


def convert_media(media: Any) -> Converted:
    """The media of a message; one of a class that we don't know is named by it."""
    convert = _BY_CLASS.get(type(media))
    return convert(media) if convert is not None else _other(media)


def _other(media: Any) -> Converted:
    return OtherMedia(name=snake(type(media).__name__, "MessageMedia")), False


def _photo(media: Any) -> Converted:
    whole = media.video is None
    photo = convert_photo(media.photo, spoiler=bool(media.spoiler), ttl=media.ttl_seconds)
    if photo is not None:
        return photo, whole
    if type(media.photo) is types.Photo:
        return OtherMedia(name="photo"), False
    return Gone(kind=MediaKind.PHOTO, ttl=media.ttl_seconds), whole


def _document(media: Any) -> Converted:
    document = convert_document(media.document, spoiler=bool(media.spoiler), ttl=media.ttl_seconds)
    if document is not None:
        return document, True
    return Gone(kind=_kind_of_gone(media), ttl=media.ttl_seconds), True


def _kind_of_gone(media: Any) -> MediaKind:
    if media.voice:
        return MediaKind.VOICE
    if media.round:
        return MediaKind.VIDEO_NOTE
    # Self-destructing files without a flag are videos of layers before the flags came.
    return MediaKind.VIDEO if media.video or media.ttl_seconds else MediaKind.DOCUMENT


def _contact(media: Any) -> Converted:
    contact = Contact(
        first_name=media.first_name,
        last_name=media.last_name,
        phone=media.phone_number,
        user_id=media.user_id or None,
        vcard=media.vcard,
    )
    return contact, True


def _place(media: Any, **more: Any) -> Converted:
    if type(media.geo) is not types.GeoPoint:
        return _other(media)
    return Location(latitude=media.geo.lat, longitude=media.geo.long, **more), True


def _venue(media: Any) -> Converted:
    return _place(media, title=media.title or None, address=media.address or None)


def _live_location(media: Any) -> Converted:
    return _place(media, live_seconds=media.period)


def _todo(media: Any) -> Converted:
    done = {completion.id: completion for completion in media.completions or ()}
    items: list[TodoItem] = []
    whole = not has_formatting(media.todo.title)
    for item in media.todo.list:
        whole = whole and not has_formatting(item.title)
        completion = done.get(item.id)
        if completion is None:
            items.append(TodoItem(item.id, words(item.title)))
            continue
        by, date = marked(completion.completed_by), unix_or_none(completion.date)
        items.append(TodoItem(item.id, words(item.title), done_by=by, done_date=date))
    return TodoList(title=words(media.todo.title), items=tuple(items)), whole


def _web_page(media: Any) -> Converted:
    page = media.webpage
    if type(page) is not types.WebPage:
        url = getattr(page, "url", None)
        return (WebPage(url=url) if url else None), True
    preview = WebPage(
        url=page.url,
        site=page.site_name or None,
        title=page.title or None,
        description=page.description or None,
        author=page.author or None,
    )
    # The picture of a preview is the page's own, but a document or attribute is Telegram content:
    # a sticker set, a theme, a story that only the raw form tells.
    return preview, page.document is None and not page.attributes


def _game(media: Any) -> Converted:
    game = media.game
    whole = game.document is None and type(game.photo) is not types.Photo
    return Game(title=game.title, description=game.description, short_name=game.short_name), whole


def _invoice(media: Any) -> Converted:
    invoice = Invoice(
        title=media.title,
        description=media.description,
        currency=media.currency,
        amount=media.total_amount,
        receipt_message_id=media.receipt_msg_id,
    )
    return invoice, media.photo is None and media.extended_media is None


def _dice(media: Any) -> Converted:
    return Dice(emoji=media.emoticon, value=media.value), media.game_outcome is None


def _giveaway(media: Any) -> Converted:
    giveaway = Giveaway(
        quantity=media.quantity,
        months=media.months,
        stars=media.stars,
        until_date=unix_or_none(media.until_date),
        prize=media.prize_description or None,
    )
    return giveaway, False


def _giveaway_results(media: Any) -> Converted:
    results = Giveaway(
        quantity=media.winners_count,
        months=media.months,
        stars=media.stars,
        until_date=unix_or_none(media.until_date),
        winners=tuple(media.winners),
        prize=media.prize_description or None,
    )
    return results, False


def _paid(media: Any) -> Converted:
    files: list[File] = []
    whole = True
    for extended in media.extended_media:
        if type(extended) is not types.MessageExtendedMedia:
            continue
        inner, said = convert_media(extended.media)
        whole = whole and said and isinstance(inner, File)
        if isinstance(inner, File):
            files.append(inner)
    return PaidMedia(stars=media.stars_amount, files=tuple(files)), whole


def _nothing(media: Any) -> Converted:
    return None, True


_BY_CLASS: dict[type, Callable[[Any], Converted]] = {
    types.MessageMediaEmpty: _nothing,
    types.MessageMediaPhoto: _photo,
    types.MessageMediaDocument: _document,
    types.MessageMediaContact: _contact,
    types.MessageMediaGeo: _place,
    types.MessageMediaGeoLive: _live_location,
    types.MessageMediaVenue: _venue,
    types.MessageMediaPoll: convert_poll,
    types.MessageMediaToDo: _todo,
    types.MessageMediaWebPage: _web_page,
    types.MessageMediaGame: _game,
    types.MessageMediaInvoice: _invoice,
    types.MessageMediaDice: _dice,
    types.MessageMediaGiveaway: _giveaway,
    types.MessageMediaGiveawayResults: _giveaway_results,
    types.MessageMediaPaidMedia: _paid,
}
