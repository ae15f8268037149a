"""Requests for files, each by a connection to the DC that it is meant for; the account's login goes along.

It promises: a login is brought to another DC once and kept (`dc_keys.py`), never to the account's own;
connections are kept and reused, and all are closed whatever happens; floods of one DC hold back that DC's
files alone (the governor's class `files:<dc>`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from telethon.errors import AuthKeyNotFound, RPCError
from telethon.tl import functions, types

from tobs_tui.errors import FileFailed, RangeFailed, ServerUnreachable
from tobs_tui.telegram.dc_pool import DcPool, LoginLost, LoginRefused, choice_of
from tobs_tui.telegram.file_requests import PART, GetPart, is_stale, new_dc_of
from tobs_tui.telegram.governor import Stopped
from tobs_tui.telegram.link import LinkBroken
from tobs_tui.telegram.rpc_errors import code_of, translate
from tobs_tui.telegram.sender import Unreadable
from tobs_tui.telegram.wire import Calls, Wire

if TYPE_CHECKING:
    from tobs_tui.config import Settings
    from tobs_tui.telegram.account import Account

ANSWER_TIMEOUT = 120.0
"""Seconds for one part: at 1 MiB a part, several at once, on a slow line."""
GIVE_UP_AFTER = 60.0
"""Seconds for which a connection is tried to be opened again."""

_log = logging.getLogger("tobs_tui.telegram")


@dataclass(frozen=True, slots=True)
class DcSnapshot:
    """The file connections to one DC at one instant."""

    dc: int
    connections: int
    """Those that stand."""
    in_flight: int
    requests: int
    """Sent so far."""
    bytes: int
    """Of files, come so far."""


@dataclass(frozen=True, slots=True)
class RouterSnapshot:
    """All DCs that were used so far, by number."""

    by_dc: tuple[DcSnapshot, ...]

    def of(self, dc: int) -> DcSnapshot | None:
        return next((each for each in self.by_dc if each.dc == dc), None)


class DCRouter:
    """The file connections of one account; an async context manager that closes them all."""

    def __init__(self, account: Account, settings: Settings) -> None:
        self._account = account
        self._aware = settings.dc_aware_routing_enabled
        self._prewarm = settings.dc_prewarm_enabled
        self._prewarm_timeout = settings.dc_prewarm_timeout
        self._choose = choice_of(settings.dc_routing_strategy)
        self.part_most = PART
        """The most bytes to ask for at once; lowered where a server gives less."""
        self._pools: dict[int, DcPool] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False
        self._going = asyncio.Event()
        self._going.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        # Shielded: a cancelled run still closes its connections, each in a bounded time.
        await asyncio.shield(self._close())

    def first_dc(self, dc: int) -> int:
        """Where to ask for a file that is said to live on `dc`: at home, when the routing is not to know."""
        return dc if self._aware and dc > 0 else self._account.dc_id

    async def call(self, dc: int, request: Any, *, chat_id: int = 0, size: int = 0) -> Any:
        """Send one request to a DC and give its answer.

        :param chat_id: for whom; `sticky` goes by it.
        :param size: the most bytes of a file that the answer may hold.
        :raises RPCError: what Telegram answered, FILE_MIGRATE_X among it.
        :raises FileFailed: when the DC answers all but this request.
        :raises ServerUnreachable: when it can't be reached, or does not take the account's login.
        :raises NotLoggedIn: when the login at home has ended.
        :raises Stopped: when the governor was stopped, or the router closed.
        """
        pool = self._pool(dc)
        if pool.home_instead:
            return await self._call(self._home, request, chat_id, size)
        try:
            return await self._call(pool, request, chat_id, size)
        except ServerUnreachable as error:
            return await self._call_home_instead(pool, error, request, chat_id, size)

    @property
    def _home(self) -> DcPool:
        return self._pool(self._account.dc_id)

    async def _call_home_instead(
        self, pool: DcPool, away: ServerUnreachable, request: Any, chat_id: int, size: int
    ) -> Any:
        """Ask at home: a server of a single DC has all files there, whatever DC they name."""
        if pool.at_home or pool.home_instead is False:
            raise away
        try:
            answer = await self._call(self._home, request, chat_id, size)
        except RPCError as error:
            if is_stale(error):
                raise
            # That home does not know the file says nothing of the DC that should.
            if new_dc_of(error) is not None:
                pool.home_instead = False
            raise away from error
        pool.home_instead = True
        return answer

    async def _call(self, pool: DcPool, request: Any, chat_id: int, size: int) -> Any:
        renewed = False
        answers = pool.answers

        def ready_to_send() -> None:
            # Requests that waited at the governor's gate meanwhile would each wait for the DC once more.
            self._obey_given_up(pool)

        while True:
            try:
                logins = await self._log_in(pool)
                async with pool.room(size):
                    answer = await self._account.call(
                        request,
                        of=f"files:{pool.dc_id}",
                        timeout=ANSWER_TIMEOUT,
                        wire=_HeldDoor(pool.door(chat_id, size), self._going, ready_to_send),
                    )
            except LoginLost as lost:
                if pool.logins == logins:
                    if renewed:
                        raise self._refused(pool) from lost
                    renewed = True
                    await self._begin_anew(pool, logins, lost)
            except LinkBroken as error:
                if self._closed:
                    raise Stopped from error
                raise translate(error) from error
            except RangeFailed as error:
                is_silent = isinstance(error.__cause__, TimeoutError) and isinstance(request, GetPart)
                if not is_silent or pool.answers != answers:
                    raise
                # No part of any file came meanwhile: other files would wait as long, one after the other.
                silent = ServerUnreachable(f"DC {pool.dc_id} answers nothing", "The next run tries again")
                self._give_up(pool, silent)
                raise silent from error
            except ServerUnreachable as error:
                if pool.answers == answers:
                    self._give_up(pool, error)
                    raise
                # The DC answered others meanwhile: this is one request's bad luck, or its doing.
                raise FileFailed(
                    f"The file did not come: {error.what}", "The next run tries again"
                ) from error
            else:
                pool.answers += 1
                pool.given_up = None
                if isinstance(answer, memoryview):
                    pool.bytes += answer.nbytes
                return answer

    def pause(self, paused: bool) -> None:
        """Send nothing more of files until it is let go again; answers under way still come."""
        (self._going.clear if paused else self._going.set)()

    async def prewarm_workers(self, dcs: Iterable[int]) -> None:
        """Connect to these DCs in the background within `DC_PREWARM_TIMEOUT`; failures are only logged."""
        if not self._prewarm:
            return
        for dc in dict.fromkeys(dcs):
            if dc > 0:
                self._spawn(self._warm(dc))

    def snapshot(self) -> RouterSnapshot:
        """All numbers at this instant."""
        pools = sorted(self._pools.values(), key=lambda pool: pool.dc_id)
        return RouterSnapshot(
            tuple(
                DcSnapshot(pool.dc_id, pool.connections, pool.in_flight, pool.requests, pool.bytes)
                for pool in pools
            )
        )

    def _pool(self, dc: int) -> DcPool:
        if self._closed:
            raise Stopped
        pool = self._pools.get(dc)
        if pool is None:
            pool = self._pools[dc] = DcPool(
                dc,
                at_home=dc == self._account.dc_id,
                choose=self._choose,
                new_wire=lambda first: self._new_wire(dc, first),
                spawn=self._spawn,
            )
        return pool

    def _new_wire(self, dc: int, first: bool) -> Wire:
        if dc == self._account.dc_id:
            return self._account.new_wire(give_up_after=GIVE_UP_AFTER)
        key = self._account.dc_keys().of(dc).key
        return self._account.new_dc_wire(dc, key, give_up_after=GIVE_UP_AFTER, makes_key=first)

    async def _warm(self, dc: int) -> None:
        try:
            async with asyncio.timeout(self._prewarm_timeout):
                await self._connect(self._pool(dc))
        except Exception as error:  # boundary: whatever prevents it is met again by whoever needs the DC
            _log.info(
                "DC %d was not connected to beforehand (%s)", dc, code_of(error) or type(error).__name__
            )

    async def _connect(self, pool: DcPool) -> None:
        """Have a connection that stands, logged in."""
        logins = await self._log_in(pool)
        try:
            await pool.lane(0).wire.connect()
        except AuthKeyNotFound:
            if pool.at_home:
                raise
            await self._begin_anew(pool, logins, LoginLost(key_unknown=True))
            await self._log_in(pool)

    async def _log_in(self, pool: DcPool) -> int:
        """Bring the login to a DC, unless it is there, once for all that need it; gives its number."""
        if pool.ready:
            return pool.logins
        async with pool.logging_in:
            if pool.ready:
                return pool.logins
            if pool.refused:
                raise self._refused(pool)
            self._obey_given_up(pool)
            login = self._account.dc_keys().of(pool.dc_id)
            if not login.logged_in:
                try:
                    await self._bring_login(pool)
                except LoginLost as lost:
                    await self._forget(pool, lost)
                    await self._bring_login_again(pool)
                except ServerUnreachable as error:
                    pool.given_up = (self._account.governor.now(), error)
                    raise
                login.logged_in = True
                await self._account.dc_keys().save()
            pool.ready = True
            pool.logins += 1
            return pool.logins

    def _give_up(self, pool: DcPool, error: ServerUnreachable) -> None:
        if pool.given_up is None:
            pool.given_up = (self._account.governor.now(), error)

    def _obey_given_up(self, pool: DcPool) -> None:
        """Not try all over what was given up just before, or while one waited: that would multiply the time.

        :raises ServerUnreachable: the DC was given up less than `GIVE_UP_AFTER` seconds ago.
        """
        if pool.given_up is None:
            return
        when, error = pool.given_up
        if self._account.governor.now() < when + GIVE_UP_AFTER:
            raise error
        pool.given_up = None

    async def _bring_login_again(self, pool: DcPool) -> None:
        try:
            await self._bring_login(pool)
        except LoginLost as lost:
            raise self._refused(pool) from lost

    async def _bring_login(self, pool: DcPool) -> None:
        """Export the login at home and import it there. :raises LoginLost: when that DC does not take it."""
        try:
            # Connected first: what is exported is good for a short time only.
            await pool.lane(0).wire.connect()
            exported = await self._account.call(
                functions.auth.ExportAuthorizationRequest(pool.dc_id), of="auth"
            )
            if not isinstance(exported, types.auth.ExportedAuthorization):
                raise RangeFailed(f"it was exported as {type(exported).__name__}")
            request = functions.auth.ImportAuthorizationRequest(exported.id, exported.bytes)
            await self._account.call(request, of="auth", wire=pool.first_door())
        except AuthKeyNotFound as error:
            raise LoginLost(key_unknown=True) from error
        except RPCError as error:
            if code_of(error) == "AUTH_BYTES_INVALID":
                raise LoginLost(key_unknown=False) from error
            raise self._refused(pool, code_of(error)) from error
        except (RangeFailed, Unreadable) as error:
            raise self._refused(pool, translate(error).what) from error

    async def _begin_anew(self, pool: DcPool, logins: int, lost: LoginLost) -> None:
        """The login of this number is lost; the first of several requests that tell it has it made anew."""
        async with pool.logging_in:
            if pool.logins == logins:
                await self._forget(pool, lost)

    async def _forget(self, pool: DcPool, lost: LoginLost) -> None:
        _log.info("the account's login on DC %d is made anew", pool.dc_id)
        pool.ready = False
        keys = self._account.dc_keys()
        keys.of(pool.dc_id).logged_in = False
        if lost.key_unknown:
            keys.begin_anew(pool.dc_id)
            await pool.reopen()

    def _refused(self, pool: DcPool, why: str = "") -> LoginRefused:
        """No file can be had from that DC in this run: asking again would only bring waits."""
        pool.refused = True
        pool.ready = False
        return LoginRefused(
            f"DC {pool.dc_id} does not take the account's login" + (f" ({why})" if why else ""),
            "The next run tries again",
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it beside; it handles its own errors, and ends with the router."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _close(self) -> None:
        self._closed = True
        background = tuple(self._background)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        wires = [lane.wire for pool in self._pools.values() for lane in pool.lanes]
        await asyncio.gather(*(wire.close() for wire in wires))
        for wire in wires:
            self._account.drop_wire(wire)


class _HeldDoor:
    """A way in that opens only while the router isn't paused. Waiting there says nothing of the network.

    :param ready: called before a request goes in; may refuse it.
    """

    def __init__(self, door: Calls, going: asyncio.Event, ready: Callable[[], None]) -> None:
        self._door = door
        self._going = going
        self._ready = ready

    async def call(
        self, request: Any, *, timeout: float, takeout_id: int, on_break: Callable[[], None]
    ) -> Any:
        if not self._going.is_set():
            on_break()
            await self._going.wait()
        self._ready()
        return await self._door.call(request, timeout=timeout, takeout_id=takeout_id, on_break=on_break)
