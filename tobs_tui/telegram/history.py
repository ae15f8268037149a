"""Pages of a chat's history as `messages.getHistory` gives them, and the way around an unreadable message.

One message that Telethon can't take apart spoils the whole answer that it stands in. Such a page is asked for
in halves then, down to the one message, whose id is told as failed; the rest of the page arrives.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec import Struct
from telethon.tl import functions, types

from tobs_tui.errors import RangeFailed
from tobs_tui.model import Interval
from tobs_tui.telegram.convert.raw import RawPage
from tobs_tui.telegram.peers import input_peer_of
from tobs_tui.telegram.sender import Unreadable

PAGE = 100
"""The most messages that Telegram gives at once."""
BY_ID = 100
"""The most messages that Telegram gives by their ids."""


class HistoryRef(Struct, frozen=True):
    """A history to read where there is no `Chat`: the basic group that a supergroup once was, say."""

    id: int
    access_hash: int | None = None
    title: str = ""


class HistoryLike(Protocol):
    """What reading needs of a chat; `model.Chat` and `HistoryRef` have it."""

    @property
    def id(self) -> int: ...

    @property
    def access_hash(self) -> int | None: ...

    @property
    def title(self) -> str: ...


Ask = Callable[[Any], Awaitable[Any]]
"""Sends one request through governor and wire; raises `Unreadable` where an answer can't be taken apart."""


class HistoryReader:
    """Reads one chat's history, or one topic's of a forum. Holds nothing but how to ask.

    With `within`, whatever `ask` sends is answered from those ids alone.
    """

    def __init__(
        self,
        ask: Ask,
        chat: HistoryLike,
        own_id: int,
        topic_id: int | None = None,
        within: Interval | None = None,
    ) -> None:
        self._ask = ask
        self._chat = chat
        self._own_id = own_id
        self._topic_id = topic_id
        self._lowest = within.low if within is not None else 1
        self._peer = input_peer_of(chat.id, chat.access_hash or 0, own_id)

    async def page(self, below: int, limit: int, add_offset: int = 0) -> RawPage:
        """The messages with ids below `below` (0: from the newest on), newest first."""
        try:
            return self._raw(below, limit, add_offset, await self._history(below, limit, add_offset))
        except Unreadable:
            answer, failed = await self._around_unreadable(below, limit, add_offset)
            return self._raw(below, limit, add_offset, answer, failed)

    async def newest_before(self, date: int) -> int:
        """The id of the newest message from before `date` (Unix seconds); 0 if there is none."""
        # With offset_date Telegram begins at the newest message that is older than it.
        request = history_request(self._peer, limit=1, date=date)
        return await self._one_id(request, lambda message: _unix(message.date) < date)

    async def newest_id(self) -> int:
        """The id of the newest message; 0 if there is none."""
        return await self._one_id(self._request(0, 1, 0), lambda _message: True)

    async def _one_id(self, request: Any, fits: Callable[[Any], bool]) -> int:
        try:
            answer = await self._ask(request)
        except Unreadable as error:
            return _unreadable_id(error, 0)
        found = (each for each in getattr(answer, "messages", []) if not isinstance(each, types.MessageEmpty))
        return max((message.id for message in found if fits(message)), default=0)

    async def _history(self, below: int, limit: int, add_offset: int) -> Any:
        answer = await self._ask(self._request(below, limit, add_offset))
        # A split range without messages is answered with none, or with one empty message of no place.
        match getattr(answer, "messages", None):
            case [types.MessageEmpty() as lone] if lone.id < self._lowest or 0 < below <= lone.id:
                answer.messages = []
        return answer

    def _request(self, below: int, limit: int, add_offset: int) -> Any:
        if self._topic_id is not None:
            # A topic's messages are the thread of the message that opened it.
            return functions.messages.GetRepliesRequest(
                peer=self._peer,
                msg_id=self._topic_id,
                offset_id=below,
                offset_date=None,
                add_offset=add_offset,
                limit=limit,
                max_id=0,
                min_id=0,
                hash=0,
            )
        return history_request(self._peer, below=below, limit=limit, add_offset=add_offset)

    async def _around_unreadable(
        self, below: int, limit: int, add_offset: int
    ) -> tuple[Any, tuple[tuple[int, str], ...]]:
        """The same window piece by piece: what can be read as one answer, and the ids of what can't."""
        parts: list[Any] = []
        failed: list[tuple[int, str]] = []
        left, size = limit, max(1, limit // 2)
        while left:
            size = min(size, left)
            try:
                part = await self._history(below, size, add_offset)
            except Unreadable as error:
                if size > 1:
                    size //= 2
                    continue
                below = _unreadable_id(error, below)
                failed.append((below, str(error)))
                left -= 1
            else:
                parts.append(part)
                if not part.messages:
                    break
                below = min(message.id for message in part.messages)
                left -= min(left, len(part.messages))
                size *= 2
            # From here on the pieces hang on the ids found, whatever is posted or deleted meanwhile.
            add_offset = 0
        return _joined(parts), tuple(failed)

    def _raw(
        self,
        below: int,
        limit: int,
        add_offset: int,
        answer: Any,
        failed: tuple[tuple[int, str], ...] = (),
    ) -> RawPage:
        return RawPage(
            self._chat.id,
            self._own_id,
            below,
            limit,
            answer,
            add_offset,
            failed=failed,
            lowest=self._lowest,
        )


def history_request(
    peer: Any, *, limit: int, below: int = 0, add_offset: int = 0, date: int | None = None
) -> Any:
    """A page of a chat: messages with ids below `below` (0: from the newest on), or older than `date`."""
    return functions.messages.GetHistoryRequest(
        peer=peer,
        offset_id=below,
        offset_date=date,
        add_offset=add_offset,
        limit=limit,
        max_id=0,
        min_id=0,
        hash=0,
    )


def _joined(parts: list[Any]) -> Any:
    """Several answers about neighbouring windows as one."""
    if not parts:
        return types.messages.MessagesSlice(count=0, messages=[], topics=[], chats=[], users=[])
    first = parts[0]
    for part in parts[1:]:
        first.messages.extend(part.messages)
        first.users.extend(part.users)
        first.chats.extend(part.chats)
    first.messages.sort(key=lambda message: -int(message.id))
    return first


def _unix(date: Any) -> int:
    return int(date.timestamp()) if date is not None else 0


def _unreadable_id(error: Unreadable, below: int) -> int:
    """The id of the one message in an answer that can't be read further.

    :raises RangeFailed: when not even that stands where it should.
    """
    for message_id in _ids_at_head(error.body):
        if message_id > 0 and (message_id < below or not below):
            return message_id
    raise RangeFailed(f"a message can't be read ({error}), and neither can its id") from error


def _ids_at_head(body: bytes) -> list[int]:
    """The numbers that may be the id of the first message of an answer's vector, likeliest first.

    A message begins with its constructor, its flags (a service message has one field of them, any other two)
    and its id: https://core.telegram.org/constructor/message
    """
    at = body.find(_VECTOR_OF_ONE)
    head = body[at + len(_VECTOR_OF_ONE) :][:16]
    if at < 0 or len(head) < 16:
        return []
    constructor, _flags, second, third = struct.unpack("<Iiii", head)
    if constructor in _IDS_SECOND:
        return [second]
    return [third] if constructor == types.Message.CONSTRUCTOR_ID else [third, second]


_VECTOR_OF_ONE = struct.pack("<Ii", 0x1CB5C415, 1)
_IDS_SECOND = (types.MessageService.CONSTRUCTOR_ID, types.MessageEmpty.CONSTRUCTOR_ID)
