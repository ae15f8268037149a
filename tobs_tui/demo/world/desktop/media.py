"""The media of loaded messages: files become plausible ones (or the real ones, where the export has them)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.desktop.people import Register
from tobs_tui.demo.world.desktop.plain import plain_media
from tobs_tui.demo.world.desktop.reading import DesktopChat, Row, number, truth
from tobs_tui.demo.world.files import FileSpec
from tobs_tui.demo.world.media import document_media, tl_document, tl_photo
from tobs_tui.demo.world.ownstamp import OwnStamp
from tobs_tui.demo.world.specs import kind_of, mime_of, photo_sizes_of

_UNAVAILABLE = "(File unavailable"
_USES = {
    "sticker": ("sticker", "image/webp"),
    "video_message": ("round", "video/mp4"),
    "voice_message": ("voice", "audio/ogg"),
    "animation": ("animation", "video/mp4"),
    "video_file": ("video", "video/mp4"),
    "audio_file": ("audio", "audio/mpeg"),
}
_USUAL_SIZE = {"sticker": 24_000, "round": 600_000, "voice": 40_000, "animation": 300_000, "video": 4_000_000}


def media_of(row: Row, chat: DesktopChat, stamp: OwnStamp, register: Register) -> Any:
    """The MessageMedia of a message; None for none."""
    ttl = number(row.get("self_destruct_period_seconds")) or None
    if "paid_stars_amount" in row:
        return _paid(row, chat, stamp, register)
    if "photo" in row:
        if str(row["photo"]).startswith(_UNAVAILABLE) and ttl:
            return types.MessageMediaPhoto(ttl_seconds=ttl)
        photo = photo_of(row, chat, stamp, register)
        spoiler = truth(row.get("media_spoiler")) or None
        return types.MessageMediaPhoto(photo=photo, spoiler=spoiler, ttl_seconds=ttl)
    if "file" in row:
        if str(row["file"]).startswith(_UNAVAILABLE) and ttl:
            return types.MessageMediaDocument(ttl_seconds=ttl)
        return _document(row, chat, stamp, register, ttl)
    return plain_media(row, chat, stamp, register)


def photo_of(row: Row, chat: DesktopChat, stamp: OwnStamp, register: Register, place: int = 0) -> Any:
    """A Photo of the stated width, height and bytes."""
    width, height = number(row.get("width"), 800) or 800, number(row.get("height"), 600) or 600
    path = real_file(chat, row.get("photo"))
    size = path.stat().st_size if path else number(row.get("photo_file_size"))
    sizes = photo_sizes_of(width, height, stamp.id, size)
    largest = sizes[-1]
    spec = FileSpec(
        "jpeg", largest[3], "image/jpeg", largest[1], largest[2], use="photo", sizes=sizes, path=path
    )
    return tl_photo(spec, _key(stamp, spec, place), stamp.date, register.world.files)


def _key(stamp: OwnStamp, spec: FileSpec, place: int) -> Any:
    while len(stamp.specs) <= place:
        stamp.specs.append(spec)
    stamp.specs[place] = spec
    return stamp.file(place)


def real_file(chat: DesktopChat, value: object) -> Path | None:
    """The file that the export holds, if it does and it lies inside of the export's folder."""
    if not isinstance(value, str) or not value or value.startswith("("):
        return None
    base = chat.source.parent.resolve()
    path = (base / value).resolve()
    return path if path.is_relative_to(base) and path.is_file() else None


def _document(row: Row, chat: DesktopChat, stamp: OwnStamp, register: Register, ttl: int | None) -> Any:
    use, usual_mime = _USES.get(str(row.get("media_type")), ("document", ""))
    path = real_file(chat, row.get("file"))
    shown = str(row.get("file") or "")
    name = str(row.get("file_name") or ("" if shown.startswith("(") else Path(shown).name))
    mime = str(row.get("mime_type") or usual_mime or mime_of(name))
    duration = number(row.get("duration_seconds"))
    size = path.stat().st_size if path else number(row.get("file_size"))
    if not size and not truth(row.get("file_size") == 0):
        size = _USUAL_SIZE.get(use, 120_000) + stamp.id % 9_973
    width, height = number(row.get("width")), number(row.get("height"))
    if use == "sticker" and not width:
        width = height = 512
    spec = FileSpec(
        kind_of(mime, name),
        size,
        mime,
        width,
        height,
        duration,
        use=use,
        name=name if use not in ("round", "voice") else "",
        title=str(row.get("title") or ""),
        performer=str(row.get("performer") or ""),
        path=path,
    )
    files = register.world.files
    key = _key(stamp, spec, 0)
    attributes = _sticker_attributes(row, spec, files.access_hash(1)) if use == "sticker" else ()
    document = tl_document(spec, key, stamp.date, files, attributes)
    return document_media(spec, document, spoiler=truth(row.get("media_spoiler")) or None, ttl=ttl)


def _sticker_attributes(row: Row, spec: FileSpec, set_hash: int) -> list[Any]:
    attributes: list[Any] = [
        types.DocumentAttributeImageSize(spec.width, spec.height),
        types.DocumentAttributeSticker(
            str(row.get("sticker_emoji") or ""), types.InputStickerSetID(1, set_hash)
        ),
    ]
    if spec.name:
        attributes.append(types.DocumentAttributeFilename(spec.name))
    return attributes


def _paid(row: Row, chat: DesktopChat, stamp: OwnStamp, register: Register) -> Any:
    stars = number(row["paid_stars_amount"])
    inner = dict(row)
    del inner["paid_stars_amount"]
    bought = media_of(inner, chat, stamp, register) if "photo" in row or "file" in row else None
    if bought is None:
        return types.MessageMediaPaidMedia(stars, [types.MessageExtendedMediaPreview(w=1280, h=720)])
    return types.MessageMediaPaidMedia(stars, [types.MessageExtendedMedia(bought)])
