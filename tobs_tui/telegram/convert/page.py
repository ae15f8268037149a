"""One answered page -> `model.Page`: the ids it settles, its messages, its people. No message stops it."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from tobs_tui.model import Interval, Message, Page
from tobs_tui.telegram.convert.message import PageContext, convert_message
from tobs_tui.telegram.convert.people import people_of
from tobs_tui.telegram.convert.primitives import channel_mark
from tobs_tui.telegram.convert.raw import RawPage


def convert_page(raw: RawPage) -> Page:
    """The page in the domain's words, newest first; what can't be converted is in `failed`.

    `messageEmpty` yields no message: its id is settled as empty.
    """
    answer = raw.answer
    asked = _asked(raw)
    if asked is None:
        return Page(chat_id=raw.chat_id, covers=None, messages=(), count=getattr(answer, "count", None))
    people = people_of(answer.users, answer.chats)
    context = PageContext(raw.chat_id, raw.own_id, raw.forum or _is_forum(raw.chat_id, answer.chats))
    ids, in_window = _window(raw, asked)
    messages: dict[int, Message] = {}
    failed: dict[int, str] = dict(raw.failed)
    for message in in_window:
        try:
            converted = convert_message(message, context)
        except Exception as error:  # the boundary of one message: whatever it holds, the page goes on
            failed[message.id] = f"{type(error).__name__}: {error}"
            continue
        if converted is not None:
            messages[converted.id] = converted
    return Page(
        chat_id=raw.chat_id,
        covers=_covers(raw, ids, trusted=len(in_window) == len(asked)),
        messages=tuple(messages[message_id] for message_id in sorted(messages, reverse=True)),
        people=tuple(people.values()),
        failed=tuple((message_id, failed[message_id]) for message_id in sorted(failed, reverse=True)),
        count=_count(raw, answer),
    )


def page_covers(raw: RawPage) -> Interval | None:
    """The ids that the answer settles, told without converting its messages."""
    asked = _asked(raw)
    if asked is None:
        return None
    ids, in_window = _window(raw, asked)
    return _covers(raw, ids, trusted=len(in_window) == len(asked))


def _asked(raw: RawPage) -> list[Any] | None:
    """The answer's messages, but for the one at the offset itself, which some servers count in."""
    messages = getattr(raw.answer, "messages", None)
    if messages is None or raw.below <= 0 or raw.add_offset != 0 or raw.limit < 2:
        return messages
    return [message for message in messages if message.id != raw.below]


def _window(raw: RawPage, asked: list[Any]) -> tuple[list[int], list[Any]]:
    """The ids and messages that lie where was asked; one outside was never asked for."""
    if raw.add_offset < 0 or raw.below == 0:
        inside = [message for message in asked if message.id > 0]
    else:
        below = raw.below
        inside = [message for message in asked if 0 < message.id < below]
    unread = [message_id for message_id, _reason in raw.failed]
    return [message.id for message in inside] + unread, inside


def _covers(raw: RawPage, ids: list[int], *, trusted: bool) -> Interval | None:
    """The ids that the answer settles.

    From `below` down to the lowest id told; all below it when nothing is. Asked from the top or with an
    offset, only what lies between the ids told: what is above them was not asked. An answer with an id
    outside of what was asked settles nothing.
    """
    if not trusted:
        return None
    exact = raw.below > 0 and raw.add_offset == 0
    if not ids:
        return Interval(raw.lowest, raw.below - 1) if exact and raw.below > raw.lowest else None
    return Interval(min(ids), raw.below - 1 if exact else max(ids))


def _count(raw: RawPage, answer: Any) -> int | None:
    """Telegram's count of the whole chat; a plain `messages.messages` from the top is the whole chat."""
    if type(answer) is types.messages.Messages:
        return len(answer.messages) if raw.below == 0 and raw.add_offset == 0 else None
    count = getattr(answer, "count", None)
    return int(count) if count is not None else None


def _is_forum(chat_id: int, chats: list[Any]) -> bool:
    return any(type(c) is types.Channel and c.forum and channel_mark(c.id) == chat_id for c in chats)
