"""What it means that a message was met again and isn't quite the same.

- `SILENT`: views, forwards, comments, the pin, a file's reference, access hash or DC, raw bytes. The row is
  updated; no note shows these, so none becomes dirty, and no version is kept.
- `SHOWN`: reactions, votes and a poll's end, ticks of a list, a link's preview. The row is updated and its
  note is dirty; no version is kept, since nobody rewrote the message.
- `EDITED`: anything else (text, formatting, medium, edit date …). The old one is kept as a version.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import cast

from msgspec.structs import replace

from tobs_tui.model import Action, File, Media, Message, PaidMedia, Poll, TodoList, WebPage


class Change(Enum):
    NONE = auto()
    SILENT = auto()
    SHOWN = auto()
    EDITED = auto()


def compare(old: Message, new: Message) -> Change:
    """How a message that is held differs from the same one as it just came."""
    if old == new:
        return Change.NONE
    old, new = _without_counters(old), _without_counters(new)
    if old == new:
        return Change.SILENT
    if _without_live_parts(old) == _without_live_parts(new):
        return Change.SHOWN
    return Change.EDITED


def without_addresses(message: Message) -> Message:
    """The message without what its files are asked for by, which Telegram changes at will."""
    return replace(message, media=_unaddressed(message.media), action=_unaddressed_action(message.action))


def _without_counters(message: Message) -> Message:
    return replace(
        without_addresses(message),
        views=None,
        forwards=None,
        comments=None,
        pinned=False,
        out=False,
        raw=None,
    )


def _unaddressed(media: Media | None) -> Media | None:
    if isinstance(media, File):
        return _bare(media)
    if isinstance(media, PaidMedia):
        return replace(media, files=tuple(map(_bare, media.files)))
    return media


def _unaddressed_action(action: Action | None) -> Action | None:
    if action is None or action.file is None:
        return action
    return replace(action, file=_bare(action.file))


def _bare(file: File) -> File:
    return replace(file, reference=b"", access_hash=0, dc=0)


def _without_live_parts(message: Message) -> Message:
    return replace(message, reactions=(), media=_at_rest(message.media))


def _at_rest(media: Media | None) -> Media | None:
    if isinstance(media, WebPage):
        return None
    if isinstance(media, Poll):
        answers = tuple(replace(answer, voters=None, chosen=False, correct=False) for answer in media.answers)
        return cast(Media, replace(media, answers=answers, voters=None, closed=False, solution=None))
    if isinstance(media, TodoList):
        return replace(
            media, items=tuple(replace(item, done_by=None, done_date=None) for item in media.items)
        )
    return media
