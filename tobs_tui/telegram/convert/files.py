"""Photos and documents: what kind of file each is, and what is needed to ask Telegram for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from tobs_tui.model import File, MediaKind
from tobs_tui.telegram.convert.primitives import unix


def convert_photo(photo: Any, *, spoiler: bool = False, ttl: int | None = None) -> File | None:
    """The photo in its largest size; None when Telegram gives no size of it any more."""
    if type(photo) is not types.Photo:
        return None
    largest = _largest_size(photo.sizes)
    if largest is None:
        return None
    thumb, width, height, size = largest
    return File(
        id=photo.id,
        kind=MediaKind.PHOTO,
        size=size,
        dc=photo.dc_id,
        access_hash=photo.access_hash,
        reference=photo.file_reference,
        date=unix(photo.date),
        mime="image/jpeg",
        width=width,
        height=height,
        thumb=thumb,
        spoiler=spoiler,
        ttl=ttl,
    )


def _largest_size(sizes: Iterable[Any]) -> tuple[str, int, int, int] | None:
    """(name, width, height, bytes) of the largest downloadable size."""
    best: tuple[int, int, str, int, int] | None = None
    for size in sizes:
        kind = type(size)
        if kind is types.PhotoSize:
            length = size.size
        elif kind is types.PhotoSizeProgressive:
            length = max(size.sizes, default=0)
        elif kind is types.PhotoCachedSize:
            length = len(size.bytes)
        else:
            continue
        candidate = (size.w * size.h, length, size.type, size.w, size.h)
        if best is None or candidate > best:
            best = candidate
    return None if best is None else (best[2], best[3], best[4], best[1])


def convert_document(document: Any, *, spoiler: bool = False, ttl: int | None = None) -> File | None:
    """The document with its kind told by its attributes; None when Telegram no longer gives it."""
    if type(document) is not types.Document:
        return None
    facts: dict[str, Any] = {}
    seen: set[type] = set()
    round_video = voice = False
    for attribute in document.attributes:
        kind = type(attribute)
        seen.add(kind)
        if kind is types.DocumentAttributeFilename:
            facts["name"] = attribute.file_name or None
        elif kind is types.DocumentAttributeVideo:
            round_video = bool(attribute.round_message)
            facts |= {"width": attribute.w, "height": attribute.h, "duration": float(attribute.duration)}
        elif kind is types.DocumentAttributeAudio:
            voice = bool(attribute.voice)
            facts |= {"duration": float(attribute.duration)}
            facts |= {"title": attribute.title or None, "performer": attribute.performer or None}
        elif kind is types.DocumentAttributeImageSize:
            facts |= {"width": attribute.w, "height": attribute.h}
        elif kind in _STICKERS:
            facts["emoji"] = attribute.alt or None
    return File(
        id=document.id,
        kind=_kind_of(seen, round_video=round_video, voice=voice),
        size=document.size,
        dc=document.dc_id,
        access_hash=document.access_hash,
        reference=document.file_reference,
        date=unix(document.date),
        mime=document.mime_type,
        spoiler=spoiler,
        ttl=ttl,
        **facts,
    )


_STICKERS = frozenset((types.DocumentAttributeSticker, types.DocumentAttributeCustomEmoji))


def _kind_of(seen: set[type], *, round_video: bool, voice: bool) -> MediaKind:
    """A sticker may be a video too, and an animation always is: the narrower kind wins."""
    if seen & _STICKERS:
        return MediaKind.STICKER
    if round_video:
        return MediaKind.VIDEO_NOTE
    if types.DocumentAttributeAnimated in seen:
        return MediaKind.ANIMATION
    if types.DocumentAttributeVideo in seen:
        return MediaKind.VIDEO
    if types.DocumentAttributeAudio in seen:
        return MediaKind.VOICE if voice else MediaKind.AUDIO
    return MediaKind.DOCUMENT
