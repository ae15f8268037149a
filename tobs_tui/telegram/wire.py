"""A connection that heals: calls go through the current `Link`, and a broken one is replaced.

It promises that a call ends: answered, refused by Telegram, or `ServerUnreachable` once no link opened
for `give_up_after` seconds. It makes no task: who needs the link mends it, and all others wait for that.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from telethon.errors import RPCError

from tobs_tui.errors import ServerUnreachable, TobsError
from tobs_tui.telegram.link import Link, LinkBroken, LinkSilent, ProxyRefused
from tobs_tui.telegram.rpc_errors import is_transient
from tobs_tui.telegram.sender import WrongKey

GIVE_UP_AFTER = 60.0
BREAKS_IN_A_CALL = 5
"""A request that so many links in a row did not survive is given up: it may be what breaks them."""
BACKOFF_FIRST, BACKOFF_MOST = 0.2, 8.0
IDLE = 45.0
"""After so many silent seconds a link is asked whether it still lives before a call is trusted to it."""
PROBE_TIMEOUT = 5.0

_log = logging.getLogger("tobs_tui.telegram")


@dataclass(frozen=True, slots=True)
class WireState:
    """Whether the connection stands; else how often opening one was tried since it broke."""

    connected: bool
    tries: int = 0
    problem: str = ""


class Calls(Protocol):
    """Whatever a request can be sent through: one `Wire`, or several behind one door."""

    async def call(
        self, request: Any, *, timeout: float, takeout_id: int, on_break: Callable[[], None]
    ) -> Any: ...


class Wire:
    """One connection as its users see it. `open_link` gives a new, greeted link each time."""

    def __init__(
        self,
        open_link: Callable[[], Awaitable[Link]],
        where: str,
        *,
        give_up_after: float = GIVE_UP_AFTER,
        most_tries: int = 1000,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._open_link = open_link
        self._where = where
        self._give_up_after = give_up_after
        self._most_tries = most_tries
        self._clock = clock
        self._sleep = sleep
        self._link: Link | None = None
        self._mending = asyncio.Lock()
        self._gave_up: tuple[float, TobsError] | None = None
        self._closed = False
        self._past_requests = 0
        self.state = WireState(connected=False)

    @property
    def requests(self) -> int:
        """RPC calls sent through all links so far."""
        return self._past_requests + (self._link.requests if self._link else 0)

    @property
    def link(self) -> Link | None:
        return self._link

    async def connect(self) -> Link:
        """Have a link that stands. :raises ServerUnreachable: when none could be opened in time."""
        link = self._link
        if link is not None and link.alive:
            return link
        came = self._clock()
        async with self._mending:
            if self._closed:
                raise LinkBroken("the connection was closed")
            link = self._link
            if link is not None and link.alive:
                return link
            if self._gave_up is not None and self._gave_up[0] >= came:
                # It was given up while this one waited: trying all over would multiply the time.
                raise self._gave_up[1]
            await self._let_go()
            return await self._mend()

    async def call(
        self,
        request: Any,
        *,
        timeout: float = 30.0,
        takeout_id: int = 0,
        on_break: Callable[[], None] = lambda: None,
    ) -> Any:
        """Send a request, through as many links as it takes, up to a bound.

        :raises RPCError: what Telegram answered; Unreadable when that can't be taken apart.
        :raises TimeoutError: when the server answers others, but not this.
        """
        for tries_left in reversed(range(BREAKS_IN_A_CALL)):
            if not (self._link is not None and self._link.alive):
                on_break()
            link = await self.connect()
            try:
                await self._probe(link)
                return await self._answer(link, request, timeout, takeout_id)
            except LinkBroken as error:
                _obey_cancellation()
                on_break()
                if isinstance(error, LinkSilent):
                    await self._drop(link)
                if self._closed:
                    raise
                if not tries_left:
                    raise ServerUnreachable(
                        f"The connection to {self._where} breaks again and again",
                        "Check the network (and PROXY_URL), then start again",
                    ) from error
        raise AssertionError("unreachable")

    async def reopen(self) -> None:
        """Give up the link that stands; the next call opens another."""
        await self._let_go()

    async def close(self) -> None:
        """End the connection, in a bounded time, for good."""
        self._closed = True
        self.state = WireState(connected=False, problem="closed")
        await self._let_go()

    async def _answer(self, link: Link, request: Any, timeout: float, takeout_id: int) -> Any:
        try:
            return await link.call(request, timeout=timeout, takeout_id=takeout_id)
        except LinkSilent as error:
            # A link that still answers a ping is not what is wrong.
            await link.ping(timeout=PROBE_TIMEOUT)
            raise TimeoutError(f"no answer in {timeout:g} s") from error

    async def _probe(self, link: Link) -> None:
        if self._clock() - link.heard < IDLE:
            return
        await link.ping(timeout=PROBE_TIMEOUT)

    async def _mend(self) -> Link:
        began = self._clock()
        tries = 0
        problem = ""
        while True:
            tries += 1
            self.state = WireState(connected=False, tries=tries, problem=problem)
            try:
                link = await self._open_link()
            except (OSError, TimeoutError, RPCError, WrongKey) as error:
                problem = _in_words(error)
                self._refuse_hopeless(error)
                _obey_cancellation()
                left = self._give_up_after - (self._clock() - began)
                if left <= 0 or tries >= self._most_tries:
                    raise self._given_up(error, problem) from error
                _log.info("no connection to %s yet (%s)", self._where, problem)
                await self._sleep(min(left, _backoff(tries)))
                continue
            if self._closed:
                await link.close()
                raise LinkBroken("the connection was closed")
            self._link = link
            self.state = WireState(connected=True)
            return link

    def _refuse_hopeless(self, error: BaseException) -> None:
        """Raise what another try can't better."""
        if isinstance(error, WrongKey):
            raise ServerUnreachable(
                f"The server at {self._where} has another public key than expected",
                "Check TELEGRAM_SERVER and TELEGRAM_PUBLIC_KEY: they must be of the same server",
            ) from error
        if isinstance(error, RPCError) and not is_transient(error):
            raise error

    def _given_up(self, error: BaseException, problem: str) -> TobsError:
        failure = ServerUnreachable(
            f"No connection to the server at {self._where} ({problem})",
            "Check the network, TELEGRAM_SERVER and PROXY_URL, then start again",
        )
        self._gave_up = (self._clock(), failure)
        return failure

    async def _drop(self, link: Link) -> None:
        if self._link is link:
            await self._let_go()

    async def _let_go(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            self._past_requests += link.requests
            await link.close()


def _obey_cancellation() -> None:
    """Telethon swallows a cancellation that comes while it ends its own tasks."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _backoff(tries: int) -> float:
    return min(BACKOFF_MOST, BACKOFF_FIRST * 2.0 ** (tries - 1)) * random.uniform(0.75, 1.25)


def _in_words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ProxyRefused):
        return f"the proxy says: {error}"
    if isinstance(error, LinkBroken):
        return "broke off"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return type(error).__name__
