"""Worker clients that read an account's histories side by side.

All share the account's one authorization, in memory, its proxy and its governor; each has a connection of its
own, opened at its first request, mended when it breaks and closed whatever happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeVar

from telethon.errors import RPCError
from telethon.tl import functions, types

from tobs_tui.errors import RangeFailed
from tobs_tui.model import CHANNEL_MARK, Interval
from tobs_tui.telegram.convert.raw import RawPage
from tobs_tui.telegram.governor import Stopped
from tobs_tui.telegram.history import HistoryLike, HistoryReader
from tobs_tui.telegram.link import LinkBroken
from tobs_tui.telegram.rpc_errors import code_of, is_unknown_method, translate
from tobs_tui.telegram.wire import Wire

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account

T = TypeVar("T")

ANSWER_TIMEOUT = 30.0
"""Seconds without any word from the server after which a worker tries another connection."""
GIVE_UP_AFTER = 60.0
"""Seconds for which a worker tries to connect again before it gives up."""


class WorkerCondition(StrEnum):
    IDLE = "idle"
    WORKING = "working"
    CONNECTING = "connecting"
    RECONNECTING = "reconnecting"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class WorkerSnapshot:
    """One worker at one instant."""

    number: int
    condition: WorkerCondition
    dc: int
    in_flight: int
    pages: int
    """Pages answered so far."""
    tries: int = 0
    """While it connects: the how manieth try."""
    problem: str = ""
    chat_id: int | None = None
    """The chat last asked about."""


class Worker:
    """One connection's worth of reading. Several requests may be under way at once."""

    def __init__(
        self,
        account: Account,
        number: int,
        wire: Wire,
        *,
        owns_wire: bool,
        split_ranges: Sequence[Interval] = (),
    ) -> None:
        self.number = number
        self._account = account
        self._wire = wire
        self._owns_wire = owns_wire
        self._split_ranges = tuple(sorted(split_ranges, reverse=True))
        self._in_flight = 0
        self._pages = 0
        self._was_connected = False
        self._chat_id: int | None = None
        self._retired = False

    @property
    def state(self) -> WorkerSnapshot:
        wire = self._wire.state
        if self._retired:
            condition = WorkerCondition.GONE
        elif wire.connected:
            condition = WorkerCondition.WORKING if self._in_flight else WorkerCondition.IDLE
        elif self._in_flight:
            condition = WorkerCondition.RECONNECTING if self._was_connected else WorkerCondition.CONNECTING
        else:
            condition = WorkerCondition.IDLE
        return WorkerSnapshot(
            self.number,
            condition,
            self._account.dc_id,
            self._in_flight,
            self._pages,
            wire.tries,
            wire.problem,
            self._chat_id,
        )

    async def page(
        self,
        chat: HistoryLike,
        below: int,
        limit: int,
        *,
        add_offset: int = 0,
        topic_id: int | None = None,
        within: Interval | None = None,
    ) -> RawPage:
        """The messages with ids below `below` (0: from the newest on), newest first, at most 100.

        With `topic_id`, those of that topic of a forum. With `within`, one of `ranges_of`, only those in
        there: an empty answer tells nothing of the ids below then.

        :raises Stopped: when the governor was stopped; ask again in the next run.
        :raises ChatUnavailable: when Telegram refuses the chat.
        :raises RangeFailed: when Telegram's own trouble did not pass, or an answer can't be understood.
        :raises NotLoggedIn: when the login has ended.
        :raises ServerUnreachable: when the connection could not be mended.
        """

        async def read(reader: HistoryReader) -> RawPage:
            return await reader.page(below, limit, add_offset)

        page = await self._read(chat, read, topic_id, within)
        self._pages += 1
        return page

    def ranges_of(self, chat: HistoryLike) -> Sequence[Interval]:
        """The ranges by which this history must be asked for, newest first; none outside of a takeout.

        Only private chats and basic groups have them: https://core.telegram.org/api/takeout#split-ranges
        """
        shares_ids = chat.id > -CHANNEL_MARK
        return self._split_ranges if shares_ids and self._account.in_takeout else ()

    async def newest_before(self, chat: HistoryLike, date: int) -> int:
        """The id of the newest message from before `date` (Unix seconds); 0 if there is none; see `page`."""
        return await self._first_found(chat, lambda reader: reader.newest_before(date))

    async def newest_id(self, chat: HistoryLike) -> int:
        """The id of the newest message; 0 if there is none; raises as `page`."""
        return await self._first_found(chat, lambda reader: reader.newest_id())

    async def _first_found(self, chat: HistoryLike, read: Callable[[HistoryReader], Awaitable[int]]) -> int:
        for within in self.ranges_of(chat) or (None,):
            if found := await self._read(chat, read, within=within):
                return found
        return 0

    async def retire(self) -> None:
        """Take no more work and close the connection."""
        self._retired = True
        if self._owns_wire:
            await self._wire.close()
            self._account.drop_wire(self._wire)

    async def _read(
        self,
        chat: HistoryLike,
        read: Callable[[HistoryReader], Awaitable[T]],
        topic_id: int | None = None,
        within: Interval | None = None,
    ) -> T:
        if self._retired:
            raise Stopped

        async def ask(request: Any) -> Any:
            return await self._ask(request, within)

        self._chat_id = chat.id
        self._in_flight += 1
        try:
            return await read(HistoryReader(ask, chat, self._account.own_id, topic_id, within))
        except RPCError as error:
            raise translate(error, chat.title) from error
        except LinkBroken as error:
            if self._retired:
                raise Stopped from error
            raise translate(error, chat.title) from error
        finally:
            self._in_flight -= 1

    async def _ask(self, request: Any, within: Interval | None) -> Any:
        answer = await self._sent(request, within)
        self._was_connected = True
        if type(answer).__name__ == "MessagesNotModified":
            raise RangeFailed("Telegram says that nothing changed, though nothing was known before")
        return answer

    async def _sent(self, request: Any, within: Interval | None) -> Any:
        account, wire = self._account, self._wire
        if within is not None and account.in_takeout:
            message_range = types.MessageRange(within.low, within.high)
            ranged = functions.InvokeWithMessagesRangeRequest(message_range, request)
            try:
                return await account.call(ranged, of="history", timeout=ANSWER_TIMEOUT, wire=wire)
            except RPCError as error:
                # A takeout that has ended meanwhile takes its ranges with it; a server may have none at all.
                ended = not account.in_takeout and code_of(error).startswith("TAKEOUT_")
                if not (ended or is_unknown_method(error)):
                    raise
                # Inside, a history that names no range may end with the newest one.
                account.leave_takeout()
        return await account.call(request, of="history", timeout=ANSWER_TIMEOUT, wire=wire)


class ShardedTelegramManager:
    """The workers of one account, `count` of them; an async context manager that closes them all.

    With `count` 1 the account's own connection is used, and no other opened. `split_ranges` are a takeout's.
    """

    def __init__(self, account: Account, count: int, *, split_ranges: Sequence[Interval] = ()) -> None:
        if count < 1:
            raise ValueError("at least one worker is needed")
        self._account = account
        self._split_ranges = split_ranges
        self._count = count
        self.workers: list[Worker] = []

    async def __aenter__(self) -> Self:
        await self.resize(self._count)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._retire(self.workers)

    async def resize(self, count: int) -> None:
        """Have so many workers; those over the number take no more work and leave.

        What they have in flight raises `Stopped`: it is asked for again by others.
        """
        if count < 1:
            raise ValueError("at least one worker is needed")
        while len(self.workers) < count:
            self.workers.append(self._new_worker(len(self.workers), alone=count == 1))
        surplus = self.workers[count:]
        del self.workers[count:]
        await self._retire(surplus)

    def _new_worker(self, number: int, *, alone: bool) -> Worker:
        wire = self._account.wire if alone else self._account.new_wire(give_up_after=GIVE_UP_AFTER)
        return Worker(self._account, number, wire, owns_wire=not alone, split_ranges=self._split_ranges)

    async def _retire(self, workers: list[Worker]) -> None:
        # Shielded: a cancelled run still closes its connections, each in a bounded time.
        if workers:
            await asyncio.shield(asyncio.gather(*(worker.retire() for worker in workers)))
