"""What an export will most likely cost: requests, bytes, seconds. Guesses, and shown as such."""

from __future__ import annotations

from msgspec import Struct

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
    if kinds is None:
        return None
    return (
        (kinds.photos or 0) * _PHOTO
        + (kinds.videos or 0) * _VIDEO
        + (kinds.files or 0) * _FILE
        + (kinds.voices or 0) * _VOICE
    )
