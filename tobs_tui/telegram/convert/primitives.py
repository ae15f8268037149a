"""Telegram's smallest forms as ours: dates as Unix seconds, peers as marked ids, TL names in snake case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from telethon.tl import types

from tobs_tui.model import CHANNEL_MARK

Fields: TypeAlias = dict[str, Any]
"""Some fields of a value, by name."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def unix(date: datetime) -> int:
    """Seconds since 1970 of an aware date; 0 is how an absent one comes back from the wire."""
    since = date - _EPOCH
    return since.days * 86400 + since.seconds


def unix_or_none(date: datetime | None) -> int | None:
    """`unix`, with both forms of an absent date as None."""
    return (unix(date) or None) if date is not None else None


def channel_mark(channel_id: int) -> int:
    """The marked id of a channel or supergroup."""
    return -CHANNEL_MARK - channel_id


def marked(peer: Any) -> int:
    """The marked id of a `Peer`.

    :raises TypeError: for an object that is no peer.
    """
    kind = type(peer)
    if kind is types.PeerUser:
        return int(peer.user_id)
    if kind is types.PeerChannel:
        return -CHANNEL_MARK - int(peer.channel_id)
    if kind is types.PeerChat:
        return -int(peer.chat_id)
    raise TypeError(f"{kind.__name__} is no peer")


def marked_or_none(peer: Any) -> int | None:
    """`marked`, or None for an absent peer."""
    return None if peer is None else marked(peer)


def marked_all(peers: Iterable[Any] | None) -> tuple[int, ...]:
    """The marked ids of those peers that are told."""
    return tuple(marked(peer) for peer in peers or () if peer is not None)


def words(text: Any) -> str:
    """The plain text of a `TextWithEntities`, or of the bare string that older layers sent."""
    if text is None:
        return ""
    return text if isinstance(text, str) else str(text.text)


def has_formatting(text: Any) -> bool:
    """Whether a `TextWithEntities` says more than its plain text."""
    return bool(getattr(text, "entities", None))


@lru_cache(maxsize=1024)
def snake(class_name: str, prefix: str) -> str:
    """`MessageActionSetMessagesTTL` without `MessageAction` -> `set_messages_ttl`."""
    return _WORD_START.sub("_", class_name.removeprefix(prefix)).lower()
