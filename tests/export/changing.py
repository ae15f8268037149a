"""What tests of changes share: chats of a kind, what can be edited, the archive held against the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from tobs_tui.archive import ArchiveReader
from tobs_tui.demo.world.chat import Chat, Kind

if TYPE_CHECKING:
    from tests.export.conftest import Lab

_FITS: dict[str, Callable[[Chat], bool]] = {
    "private": lambda chat: chat.kind is Kind.USER,
    "group": lambda chat: chat.kind is Kind.GROUP and not chat.migrated_to,
    "old group": lambda chat: bool(chat.migrated_to),
    "supergroup": lambda chat: chat.kind is Kind.CHANNEL and not chat.broadcast and not chat.forum,
    "channel": lambda chat: chat.broadcast,
    "forum": lambda chat: chat.forum,
}


def chat_of(one: Lab, kind: str) -> Chat:
    """The largest chat of a kind that can be read."""
    readable = [chat for chat in one.world.chats.values() if not chat.forbidden]
    listed = [chat for chat in readable if _FITS[kind](chat) and (not chat.hidden or chat.migrated_to)]
    return max(listed, key=lambda chat: len(chat.history))


def texts(one: Lab, chat: Chat) -> list[int]:
    """The ids of its messages that can be edited, ascending."""
    return [each for each in chat.history if type(one.world.message(chat.id, each)).__name__ == "Message"]


def asked(one: Lab, before: Counter[str]) -> Counter[str]:
    """The requests since then."""
    return Counter(one.server.requests) - before


def histories_of_empty_chats(one: Lab) -> int:
    """A chat without a message is asked for its newest in each run."""
    listed = [chat for chat in one.world.chats.values() if not chat.hidden and not chat.forbidden]
    return sum(1 for chat in listed if not len(chat.history))


def forget_events(one: Lab, chat: Chat) -> None:
    """The server remembers nothing of what happened until now: older states are too old."""
    box = one.world.events.box(chat)
    box.pts += 1
    box.start = box.pts
    box.events.clear()


def assert_is_true(one: Lab, *, only: int | None = None) -> None:
    """Every live message of the archive is on the server, with the same words, and none is lacking."""
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        for chat_id, chat in one.world.chats.items():
            if chat.forbidden or only not in (None, chat_id) or not archive.count(chat_id):
                continue
            said = {
                stored.message.id: stored.message.text
                for stored in archive.messages([chat_id])
                if not stored.deleted_at
            }
            truth = {each: one.world.message(chat_id, each) for each in chat.history}
            assert said == {
                each: getattr(message, "message", None) or "" for each, message in truth.items()
            }, chat_id
