"""What a `[[…]]` of a script means: the files that a message holds, and its TL media.

`file_specs` alone tells which files there are (so that a file id can be read without its message);
`tl_media` builds the MessageMedia around the keys that a stamp gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.files import FileIds, FileSpec
from tobs_tui.demo.world.media_plain import plain_media
from tobs_tui.demo.world.specs import (
    animation_spec,
    audio_spec,
    document_spec,
    photo_spec,
    round_spec,
    video_spec,
    voice_spec,
)
from tobs_tui.demo.world.stamp import FileKey, Stamp

FILE_WORDS = {
    "photo": photo_spec,
    "video": video_spec,
    "round": round_spec,
    "voice": voice_spec,
    "audio": audio_spec,
    "file": document_spec,
    "gif": animation_spec,
}


def file_specs(medium: Sequence[str], shade: int = 0) -> tuple[FileSpec, ...]:
    """The files of a medium, in order; stickers and custom emoji are the world's, not the message's."""
    if not medium:
        return ()
    word, *words = medium
    if "gone" in words:
        return ()
    if word in FILE_WORDS:
        return (FILE_WORDS[word](words, shade),)
    if word == "paid":
        return tuple(photo_spec((size,), shade) for size in words[1:])
    if word == "web" and "photo" in words:
        return (photo_spec(("640x360",), shade),)
    return ()


def tl_media(medium: Sequence[str], stamp: Stamp, files: FileIds, stickers: Stickers, shade: int = 0) -> Any:
    """The MessageMedia of a medium; None for none."""
    if not medium:
        return None
    word, *words = medium
    spoiler = "spoiler" in words or None
    ttl = int(words[words.index("ttl") + 1]) if "ttl" in words else None
    specs = file_specs(medium, shade)
    if "gone" in words:
        ttl = int(words[words.index("gone") + 1])
        return _gone(word, ttl)
    if word == "photo":
        photo = stamped_photo(specs[0], stamp, files)
        return types.MessageMediaPhoto(photo=photo, spoiler=spoiler, ttl_seconds=ttl)
    if word in FILE_WORDS:
        key = stamp.file(0, specs[0].copies)
        document = tl_document(specs[0], key, stamp.uploaded(0, specs[0].copies), files)
        return document_media(specs[0], document, spoiler=spoiler, ttl=ttl)
    if word == "sticker":
        return stickers.media(int(words[0]), stamp)
    if word == "paid":
        photos = [stamped_photo(spec, stamp, files, at) for at, spec in enumerate(specs)]
        media = [types.MessageExtendedMedia(types.MessageMediaPhoto(photo=photo)) for photo in photos]
        return types.MessageMediaPaidMedia(int(words[0]), media)
    photo = stamped_photo(specs[0], stamp, files) if specs else None
    return plain_media(word, words, stamp, photo)


def _gone(word: str, ttl: int) -> Any:
    if word == "photo":
        return types.MessageMediaPhoto(ttl_seconds=ttl)
    return types.MessageMediaDocument(
        ttl_seconds=ttl,
        video=word == "video" or None,
        round=word == "round" or None,
        voice=word == "voice" or None,
    )


def photo_sizes(spec: FileSpec) -> list[Any]:
    """A photo's sizes as TL; the largest comes progressive, as Telegram sends it."""
    *small, largest = spec.sizes
    parts = [largest[3] * part // 10 for part in (1, 3, 6)]
    return [
        *(types.PhotoSize(*size) for size in small),
        types.PhotoSizeProgressive(largest[0], largest[1], largest[2], [*parts, largest[3]]),
    ]


def stamped_photo(spec: FileSpec, stamp: Stamp, files: FileIds, place: int = 0) -> Any:
    """The photo at `place` of a stamp's message."""
    key = stamp.file(place, spec.copies)
    return tl_photo(spec, key, stamp.uploaded(place, spec.copies), files)


def tl_photo(spec: FileSpec, key: FileKey, date: int, files: FileIds, *, dc: int | None = None) -> Any:
    """A Photo."""
    return types.Photo(
        id=key.id,
        access_hash=key.access_hash,
        file_reference=key.reference,
        date=date,
        sizes=photo_sizes(spec),
        dc_id=files.dc_of(spec) if dc is None else dc,
    )


def tl_document(
    spec: FileSpec, key: FileKey, date: int, files: FileIds, attributes: Sequence[Any] = ()
) -> Any:
    """A Document with the attributes of its kind."""
    return types.Document(
        id=key.id,
        access_hash=key.access_hash,
        file_reference=key.reference,
        date=date,
        mime_type=spec.mime,
        size=spec.size,
        dc_id=files.dc_of(spec),
        attributes=list(attributes) or _attributes(spec),
    )


def _attributes(spec: FileSpec) -> list[Any]:
    out: list[Any] = []
    if spec.use in ("video", "round", "animation"):
        out.append(
            types.DocumentAttributeVideo(
                duration=spec.duration,
                w=spec.width,
                h=spec.height,
                round_message=spec.use == "round" or None,
                supports_streaming=True,
                nosound=spec.use == "animation" or None,
            )
        )
    if spec.use == "animation":
        out.append(types.DocumentAttributeAnimated())
    if spec.use == "voice":
        waveform = bytes((at * 37 + spec.size) % 251 for at in range(63))
        out.append(types.DocumentAttributeAudio(int(spec.duration), voice=True, waveform=waveform))
    if spec.use == "audio":
        out.append(
            types.DocumentAttributeAudio(
                int(spec.duration), title=spec.title or None, performer=spec.performer or None
            )
        )
    if spec.use == "document" and spec.width:
        out.append(types.DocumentAttributeImageSize(spec.width, spec.height))
    if spec.name:
        out.append(types.DocumentAttributeFilename(spec.name))
    return out


def document_media(
    spec: FileSpec, document: Any, *, spoiler: bool | None = None, ttl: int | None = None
) -> Any:
    """MessageMediaDocument with the flags that Telegram sets beside the attributes."""
    return types.MessageMediaDocument(
        document=document,
        spoiler=spoiler,
        video=spec.use == "video" or None,
        round=spec.use == "round" or None,
        voice=spec.use == "voice" or None,
        ttl_seconds=ttl,
    )


class Stickers:
    """The world's stickers and custom emoji: few documents, the same in all messages that show them."""

    EMOJI = ("😂", "❤️", "👍", "🥲", "🔥", "🐈", "🙈", "🎉", "😴", "🧋")

    def __init__(self, files: FileIds) -> None:
        self.files = files
        self.set_id = 0x2001
        self.specs = {number: sticker_spec(number) for number in range(1, len(self.EMOJI) + 1)}
        self.ids = {number: files.register(number, spec) for number, spec in self.specs.items()}
        custom = {number: sticker_spec(number) for number in range(101, 105)}
        self.custom = {files.register(number, spec): number for number, spec in custom.items()}
        self.specs.update(custom)

    def emoji_id(self, number: int) -> int:
        """The document id of the `number`th custom emoji, from 1."""
        return list(self.custom)[(number - 1) % len(self.custom)]

    def document(self, number: int, key: FileKey) -> Any:
        """A sticker (1 to 10) or custom emoji (from 101) as Document."""
        spec = self.specs[number]
        emoji = self.EMOJI[(number - 1) % 100 % len(self.EMOJI)]
        stickerset = types.InputStickerSetID(self.set_id, self.files.access_hash(self.set_id))
        kind = types.DocumentAttributeCustomEmoji if number > 100 else types.DocumentAttributeSticker
        attributes = [
            types.DocumentAttributeImageSize(512, 512),
            kind(emoji, stickerset),
            types.DocumentAttributeFilename(spec.name),
        ]
        return tl_document(spec, key, 1_600_000_000 + number, self.files, attributes)

    def media(self, number: int, stamp: Stamp) -> Any:
        """A message's medium that shows a sticker."""
        return types.MessageMediaDocument(document=self.document(number, stamp.static_file(self.ids[number])))


def sticker_spec(number: int) -> FileSpec:
    """A sticker: every fourth is animated."""
    if number % 4 == 3:
        return FileSpec(
            "tgs",
            2048 + number,
            "application/x-tgsticker",
            512,
            512,
            use="sticker",
            name="AnimatedSticker.tgs",
        )
    return FileSpec("webp", 8192 + 2 * number, "image/webp", 512, 512, use="sticker", name="sticker.webp")
