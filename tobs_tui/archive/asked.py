"""Which chats a run was asked for and has not opened yet: an unopened chat has no scope to be held against.

Kept before the run begins and again when it ends, so that after a kill `verify` still knows of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from tobs_tui.archive.reader import ArchiveReader
from tobs_tui.archive.writer import Archive

_KEY = "asked_for"


class _Asked(Struct, frozen=True):
    at: int
    chats: tuple[int, ...]


def keep_asked(archive: Archive, chat_ids: Iterable[int], at: int) -> None:
    """Keep that these chats are asked for, besides those that earlier runs did not come to."""
    _write(archive, {*not_opened(archive), *chat_ids}, at)


def keep_opened(archive: Archive, chat_ids: Iterable[int]) -> None:
    """Keep that these chats need not be waited for any more."""
    kept = _kept(archive)
    if left := set(kept.chats).difference(chat_ids):
        _write(archive, left, kept.at)
    elif kept.chats:
        _write(archive, (), kept.at)


def not_opened(archive: ArchiveReader) -> frozenset[int]:
    """The chats that were asked for and neither opened since nor out of reach."""
    kept = _kept(archive)
    return frozenset(chat_id for chat_id in kept.chats if _is_waited_for(archive, chat_id, kept.at))


def _is_waited_for(archive: ArchiveReader, chat_id: int, at: int) -> bool:
    stored = archive.chat(chat_id)
    if stored is None or stored.chat.no_access:
        return False
    return not any(scope.at >= at for scope in archive.scopes(chat_id))


def _kept(archive: ArchiveReader) -> _Asked:
    kept = archive.meta(_KEY)
    return msgspec.json.decode(kept, type=_Asked) if kept else _Asked(0, ())


def _write(archive: Archive, chat_ids: Iterable[int], at: int) -> None:
    archive.set_meta(_KEY, msgspec.json.encode(_Asked(at, tuple(sorted(chat_ids)))).decode())
