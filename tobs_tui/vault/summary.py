"""What the vault's index tells of a chat, as it was last counted; the archive keeps it.

It follows from the archive's messages alone.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Summary(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One chat's published messages."""

    messages: int = 0
    writers: int | None = None
    """How many people wrote; None where none but the chat itself did."""
    first: int | None = None
    last: int | None = None
    """The dates of the first and the last message."""
    since: int | None = None
    """Set where only what came later was asked for."""


_decode = msgspec.json.Decoder(Summary).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def read_summary(kept: str | None) -> Summary | None:
    """Return a summary as it was kept; None where there is none or none that is understood."""
    try:
        return _decode(kept) if kept else None
    except msgspec.MsgspecError:
        return None


def write_summary(summary: Summary) -> str:
    return _encode(summary).decode()
