"""One encrypted connection to one DC, from its first byte to its break.

A `Link` is never mended: whoever needs another opens another (`wire.py` does). It promises that each call
ends, by an answer, an error, `LinkBroken` or its timeout, and that `close` takes a bounded time. What may be
sent, and when, is left to the governor.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

from telethon.errors import AuthKeyNotFound, InvalidBufferError, RPCError, SecurityError
from telethon.tl import functions, types
from telethon.tl.alltlobjects import LAYER

from tobs_tui.telegram.identity import Identity
from tobs_tui.telegram.proxy import PROXY_ERRORS
from tobs_tui.telegram.rpc_errors import is_unknown_method
from tobs_tui.telegram.sender import DcKey, Loggers, Sender, Sent, Unreadable, Updates
from tobs_tui.telegram.servers import DcAddress

OPEN_TIMEOUT = 15.0
"""Seconds until a link stands: connected, with a key, and greeted."""
CLOSE_TIMEOUT = 2.0
SILENCE = 30.0
"""Seconds without a single byte after which no answer is waited for any longer."""


class LinkBroken(ConnectionError):
    """The connection ended before the answer came; another link may do better."""


class LinkSilent(LinkBroken):
    """Nothing came from the server for the whole of a call's time."""


class ProxyRefused(LinkBroken):
    """The proxy can't be reached or does not let us through; its text is the proxy's reason."""


class Link:
    """One connection. `open` it once, `call` through it side by side, `close` it."""

    def __init__(
        self,
        identity: Identity,
        address: DcAddress,
        dc_key: DcKey,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._dc_key = dc_key
        self._clock = clock
        self.address = address
        self.updates = Updates()
        self.requests = 0
        """RPC calls sent, the greeting included."""
        self._quiet = False
        self._broken: BaseException | None = None
        self._outstanding: set[asyncio.Future[Any]] = set()
        self._connection: Any = None
        self._closing: asyncio.Task[None] | None = None
        self._sender = Sender(dc_key, identity.keys, loggers=Loggers(), updates=self.updates, clock=clock)

    @property
    def alive(self) -> bool:
        return self._broken is None and bool(self._sender.is_connected())

    @property
    def heard(self) -> float:
        """When the server last said anything, by the clock given."""
        return float(self._sender.heard)

    async def open(self, *, updates: bool = False, timeout: float | None = None) -> Any:
        """Connect, make a key if there is none, greet; gives the server's `help.Config`, None if it has none.

        :raises WrongKey: when the server has another public key than ours.
        :raises OSError: when there is no way to it, or it breaks off; TimeoutError when it does not answer.
        """
        timeout = OPEN_TIMEOUT if timeout is None else timeout
        try:
            async with asyncio.timeout(timeout):
                await self._connect()
                return await self._greet(updates=updates, timeout=timeout)
        except BaseException:
            await self.close()
            raise

    async def call(self, request: Any, *, timeout: float = 30.0, takeout_id: int = 0) -> Any:
        """Send one request, in a takeout session if one is given, and wait for its answer.

        :raises LinkBroken: when the connection ends first; LinkSilent when nothing at all was heard.
        :raises TimeoutError: when the server speaks, but does not answer this.
        :raises Unreadable: when the answer can't be taken apart.
        :raises RPCError: what Telegram answered.
        """
        # LogOut's answer may be an acknowledgement alone, which Telethon knows by the request's class.
        bare = isinstance(request, functions.auth.LogOutRequest)
        wrapped = functions.InvokeWithTakeoutRequest(takeout_id, request) if takeout_id else request
        wrapped = functions.InvokeWithoutUpdatesRequest(wrapped) if self._quiet else wrapped
        return await self._send(request if bare else Sent(request, wrapped), timeout)

    async def ping(self, *, timeout: float) -> None:
        """Ask whether the server still listens. :raises LinkBroken: when it does not."""
        try:
            await self._send(functions.PingRequest(ping_id=random.getrandbits(62)), timeout)
        except TimeoutError as error:
            raise LinkSilent(f"no pong in {timeout:g} s") from error

    async def close(self) -> None:
        """End the connection within about two seconds, whatever state it is in."""
        self._fail(LinkBroken("the connection was closed"))
        if self._closing is None:
            # A task of its own: Telethon's way of ending its tasks swallows the cancellation of who waits.
            self._closing = asyncio.create_task(self._tear_down())
        await asyncio.wait({self._closing}, timeout=CLOSE_TIMEOUT)

    async def _tear_down(self) -> None:
        connection = self._connection
        writer = connection._writer if connection is not None else None
        if writer is not None:
            # Not gracefully: bytes that the peer does not take would hold it up for seconds.
            writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._sender.disconnect()
            if connection is not None:
                await connection.disconnect()

    async def _connect(self) -> None:
        sender, address = self._sender, self.address
        sender._state.salt = self._dc_key.salt
        sender._state.time_offset = self._dc_key.time_offset
        self._connection = self._identity.way.transport(
            address.host,
            address.port,
            address.dc_id,
            loggers=Loggers(),
            proxy=self._identity.way.argument,
        )
        try:
            await sender.connect(self._connection)
        except PROXY_ERRORS as error:
            raise ProxyRefused(str(error)) from error
        except (SecurityError, AssertionError, InvalidBufferError, asyncio.IncompleteReadError) as error:
            raise LinkBroken("the key exchange failed") from error
        self._note_what_comes(self._connection._reader)
        self._dc_key.key = sender.auth_key.key
        self._dc_key.time_offset = sender._state.time_offset
        sender._disconnected.add_done_callback(self._on_disconnected)

    def _note_what_comes(self, reader: Any) -> None:
        """Take each piece for a sign of life: on a slow line a part of a file takes a minute to be whole."""
        feed = reader.feed_data

        def noted(data: bytes) -> None:
            self._sender.heard = self._clock()
            feed(data)

        reader.feed_data = noted

    async def _greet(self, *, updates: bool, timeout: float) -> Any:
        """Say who we are. A server that does not know how to keep quiet is asked without.

        Gives None where it has no config to give: the greeting itself was taken.
        """
        if not updates:
            try:
                config = await self._greet_once(quiet=True, timeout=timeout)
            except RPCError as error:
                if not is_unknown_method(error):
                    raise
            else:
                self._quiet = True
                return config
        try:
            return await self._greet_once(quiet=False, timeout=timeout)
        except RPCError as error:
            if not is_unknown_method(error):
                raise
            return None

    async def _greet_once(self, *, quiet: bool, timeout: float) -> Any:
        query = functions.help.GetConfigRequest()
        greeting = self._identity.greeting(query)
        if quiet:
            greeting = functions.InvokeWithoutUpdatesRequest(greeting)
        greeting = functions.InvokeWithLayerRequest(LAYER, greeting)
        try:
            config = await self._send(Sent(query, greeting), timeout)
        except Unreadable:
            return None
        return config if isinstance(config, types.Config) else None

    async def _send(self, sent: Any, timeout: float) -> Any:
        if self._broken is not None:
            raise LinkBroken("the connection is closed") from self._broken
        began = self._clock()
        try:
            future = self._sender.send(sent)
        except ConnectionError as error:
            raise LinkBroken("the connection is closed") from error
        self.requests += isinstance(sent, Sent | functions.auth.LogOutRequest)
        self._outstanding.add(future)
        try:
            silent = await self._heard_until(future, timeout)
        finally:
            self._outstanding.discard(future)
            if not future.done():
                future.cancel()
                self._sender.forget(future)
            elif not future.cancelled():
                # Looked at here: who is cancelled just as the answer comes never gets to it below.
                future.exception()
        if future.cancelled():
            if self.alive:
                waited = f"{self._clock() - began:.0f} s"
                raise (
                    LinkSilent(f"nothing heard for {waited}")
                    if silent
                    else TimeoutError(f"no answer in {waited}")
                )
            raise LinkBroken("the connection ended") from self._broken
        self._dc_key.salt = self._sender._state.salt
        self._dc_key.time_offset = self._sender._state.time_offset
        try:
            return future.result()
        except (OSError, asyncio.IncompleteReadError, InvalidBufferError) as error:
            raise LinkBroken("the connection ended") from error

    async def _heard_until(self, future: asyncio.Future[Any], timeout: float) -> bool:
        """Wait for an answer as long as anything is heard; returns whether nothing was, for too long."""
        began = self._clock()
        most = min(timeout, SILENCE)
        left = most
        while left > 0:
            await asyncio.wait({future}, timeout=left)
            if future.done():
                return False
            now = self._clock()
            silent = now - max(self.heard, began)
            if silent >= most:
                return True
            left = min(began + timeout - now, most - silent)
        return self.heard < began

    def _on_disconnected(self, disconnected: asyncio.Future[Any]) -> None:
        error = None if disconnected.cancelled() else disconnected.exception()
        self._fail(error or LinkBroken("the connection ended"))

    def _fail(self, error: BaseException) -> None:
        if self._broken is None:
            self._broken = error
        for future in tuple(self._outstanding):
            if not future.done():
                # Requests still in Telethon's send queue would otherwise wait for ever.
                if isinstance(error, AuthKeyNotFound):
                    future.set_exception(error)
                else:
                    future.cancel()
