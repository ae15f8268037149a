"""Worker clients that read an account's histories side by side.

All share the account's one authorization, in memory, its proxy and its governor; each has a connection of its
own, opened at its first request, mended when it breaks and closed whatever happens.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from telethon.errors import RPCError

from tobs_tui.errors import RangeFailed
from tobs_tui.telegram.convert.raw import RawPage
from tobs_tui.telegram.governor import Stopped
from tobs_tui.telegram.history import HistoryLike, HistoryReader
from tobs_tui.telegram.link import LinkBroken
from tobs_tui.telegram.rpc_errors import translate
from tobs_tui.telegram.wire import Wire

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account

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

    def __init__(self, account: Account, number: int, wire: Wire, *, owns_wire: bool) -> None:
        self.number = number
        self._account = account
        self._wire = wire
        self._owns_wire = owns_wire
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
    ) -> RawPage:
        """The messages with ids below `below` (0: from the newest on), newest first, at most 100.

        With `topic_id`, those of that topic of a forum.

        :raises Stopped: when the governor was stopped; ask again in the next run.
        :raises ChatUnavailable: when Telegram refuses the chat.
        :raises RangeFailed: when Telegram's own trouble did not pass, or an answer can't be understood.
        :raises NotLoggedIn: when the login has ended.
        :raises ServerUnreachable: when the connection could not be mended.
        """
        page = await self._read(chat, lambda reader: reader.page(below, limit, add_offset), topic_id)
        self._pages += 1
        return page  # type: ignore[no-any-return]

    async def newest_before(self, chat: HistoryLike, date: int) -> int:
        """The id of the newest message from before `date` (Unix seconds); 0 if there is none; see `page`."""
        return int(await self._read(chat, lambda reader: reader.newest_before(date)))

    async def newest_id(self, chat: HistoryLike) -> int:
        """The id of the newest message; 0 if there is none; raises as `page`."""
        return int(await self._read(chat, lambda reader: reader.newest_id()))

    async def retire(self) -> None:
        """Take no more work and close the connection."""
        self._retired = True
        if self._owns_wire:
            await self._wire.close()
            self._account.drop_wire(self._wire)

    async def _read(self, chat: HistoryLike, read: Any, topic_id: int | None = None) -> Any:
        if self._retired:
            raise Stopped
        self._chat_id = chat.id
        self._in_flight += 1
        try:
            return await read(HistoryReader(self._ask, chat, self._account.own_id, topic_id))
        except RPCError as error:
            raise translate(error, chat.title) from error
        except LinkBroken as error:
            if self._retired:
                raise Stopped from error
            raise translate(error, chat.title) from error
        finally:
            self._in_flight -= 1

    async def _ask(self, request: Any) -> Any:
        answer = await self._account.call(request, of="history", timeout=ANSWER_TIMEOUT, wire=self._wire)
        self._was_connected = True
        if type(answer).__name__ == "MessagesNotModified":
            raise RangeFailed("Telegram says that nothing changed, though nothing was known before")
        return answer


class ShardedTelegramManager:
    """The workers of one account, `count` of them; an async context manager that closes them all.

    With `count` 1 the account's own connection is used, and no other opened.
    """

    def __init__(self, account: Account, count: int) -> None:
        if count < 1:
            raise ValueError("at least one worker is needed")
        self._account = account
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
        if alone:
            return Worker(self._account, number, self._account.wire, owns_wire=False)
        return Worker(
            self._account, number, self._account.new_wire(give_up_after=GIVE_UP_AFTER), owns_wire=True
        )

    async def _retire(self, workers: list[Worker]) -> None:
        # Shielded: a cancelled run still closes its connections, each in a bounded time.
        if workers:
            await asyncio.shield(asyncio.gather(*(worker.retire() for worker in workers)))
