"""What was asked and is settled of one topic of a forum, where only that topic was asked for.

A topic shares its forum's ids. A page of it settles, of the forum's ledger, only the messages that it holds;
which ids were asked of the topic is kept beside, after the rows are: what a kill leaves out is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from tobs_tui.archive.ledger import subtract, union
from tobs_tui.archive.reader import ArchiveReader
from tobs_tui.archive.writer import Archive
from tobs_tui.model import Interval, MediaKind

T = TypeVar("T")


class TopicLedger:
    """The ids asked of one topic so far, and those of them that are settled."""

    def __init__(self, archive: Archive, chat_id: int, topic_id: int) -> None:
        self._archive = archive
        self._chat_id = chat_id
        self._topic_id = topic_id

    def ask(self, window: Interval, media: Iterable[MediaKind] = ()) -> list[Interval]:
        """Keep that these ids of the topic are wanted, with their files of these kinds.

        Returns what is to be asked for: what neither this topic nor its whole forum was asked for yet.
        """
        kinds = sorted({*_media(self._archive, self._chat_id, self._topic_id), *media})
        self._keep(_media_key(self._chat_id, self._topic_id), kinds)
        wanted = union([*_wanted(self._archive, self._chat_id, self._topic_id), window])
        self._keep(_wanted_key(self._chat_id, self._topic_id), wanted)
        known = _topics(self._archive, self._chat_id)
        if self._topic_id not in known:
            self._keep(_topics_key(self._chat_id), [*known, self._topic_id])
        return _missing(self._archive, self._chat_id, self._topic_id, window)

    def settle(self, covers: Sequence[Interval]) -> None:
        """Keep what was answered; its messages must be committed already."""
        settled = union([*_settled(self._archive, self._chat_id, self._topic_id), *covers])
        self._keep(_settled_key(self._chat_id, self._topic_id), settled)

    def _keep(self, key: str, value: object) -> None:
        self._archive.set_meta(key, msgspec.json.encode(value).decode())


def topics_done(archive: ArchiveReader, chat_id: int) -> bool | None:
    """Whether all that was wanted of a forum's single topics is settled and here; None where none was."""
    topics = _topics(archive, chat_id)
    if not topics:
        return None
    return not any(
        _missing(archive, chat_id, topic_id, wanted)
        or archive.is_file_open(chat_id, _media(archive, chat_id, topic_id), wanted, topic_id)
        for topic_id in topics
        for wanted in _wanted(archive, chat_id, topic_id)
    )


def _missing(archive: ArchiveReader, chat_id: int, topic_id: int, within: Interval) -> list[Interval]:
    return subtract(archive.missing(chat_id, within), _settled(archive, chat_id, topic_id))


def _topics(archive: ArchiveReader, chat_id: int) -> list[int]:
    return _read(archive, _topics_key(chat_id), list[int])


def _wanted(archive: ArchiveReader, chat_id: int, topic_id: int) -> list[Interval]:
    return _read(archive, _wanted_key(chat_id, topic_id), list[Interval])


def _settled(archive: ArchiveReader, chat_id: int, topic_id: int) -> list[Interval]:
    return _read(archive, _settled_key(chat_id, topic_id), list[Interval])


def _media(archive: ArchiveReader, chat_id: int, topic_id: int) -> list[MediaKind]:
    return _read(archive, _media_key(chat_id, topic_id), list[MediaKind])


def _topics_key(chat_id: int) -> str:
    return f"topics_wanted:{chat_id}"


def _wanted_key(chat_id: int, topic_id: int) -> str:
    return f"topic_wanted:{chat_id}:{topic_id}"


def _media_key(chat_id: int, topic_id: int) -> str:
    return f"topic_media:{chat_id}:{topic_id}"


def _settled_key(chat_id: int, topic_id: int) -> str:
    return f"topic_ledger:{chat_id}:{topic_id}"


def _read(archive: ArchiveReader, key: str, kind: type[list[T]]) -> list[T]:
    kept = archive.meta(key)
    return msgspec.json.decode(kept, type=kind) if kept else []
