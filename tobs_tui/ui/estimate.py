"""What an export will most likely cost: requests, bytes, seconds. Guesses, and shown as such."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from tobs_tui.model import MediaKind
from tobs_tui.ui.ports import Kinds

PAGE = 100
REQUESTS_A_SECOND = 1.0
"""Telegram gives about 3,000 messages in 30 s in the long run (Telethon's documentation)."""

_PHOTO, _VIDEO, _FILE, _VOICE = 150_000, 12_000_000, 1_500_000, 60_000
"""Bytes of a usual one."""

_MESSAGE = 480
"""Bytes: 200,000 of the demo's messages made an archive and notes of 96 MB."""


class Cost(Struct, frozen=True):
    """The sum of some chats' estimates."""

    messages: int
    requests: int
    seconds: float
    bytes: int | None = None
    complete: bool = True
    """False when some chat's messages are not known."""


def cost(messages: int, *, per_second: float | None = None, media: int | None = None) -> Cost:
    """What so many messages cost; `per_second`: requests a second, as an earlier run measured them."""
    requests = -(-messages // PAGE)
    return Cost(messages, requests, requests / (per_second or REQUESTS_A_SECOND), media)


def text_bytes(messages: int) -> int:
    """About what so many messages take in archive, search index and notes."""
    return messages * _MESSAGE


def media_bytes(kinds: Kinds | None) -> int | None:
    """About how large a chat's media are; None where Telegram didn't count them."""
    return None if kinds is None else files_cost(kinds, frozenset(MediaKind), None)[1]


def files_cost(kinds: Kinds, wanted: Collection[MediaKind], largest: int | None) -> tuple[int, int]:
    """About how many of a chat's files are of the wanted kinds, and their bytes."""
    files = size = 0
    for count, usual, of in (
        (kinds.photos, _PHOTO, (MediaKind.PHOTO,)),
        (kinds.videos, _VIDEO, (MediaKind.VIDEO,)),
        (kinds.files, _FILE, (MediaKind.DOCUMENT, MediaKind.AUDIO)),
        (kinds.voices, _VOICE, (MediaKind.VOICE,)),
    ):
        if count and any(kind in wanted for kind in of):
            files += count
            size += count * (usual if largest is None else min(usual, largest))
    return files, size
