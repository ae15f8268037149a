"""The connections to one DC, which of them a request takes, and the account's login there.

The three strategies differ in `Choice`: the warm connection with the least in flight, the one that a chat has
always had, or each in turn. Connections are opened as requests need them, kept, and closed with the pool.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from telethon.errors import AuthKeyNotFound, RPCError

from tobs_tui.config.values import DcRoutingStrategy
from tobs_tui.errors import ServerUnreachable, TobsError
from tobs_tui.telegram.link import LinkBroken
from tobs_tui.telegram.rpc_errors import code_of
from tobs_tui.telegram.wire import Wire

LANES = 4
"""The most connections to one DC. Telegram's own clients open up to eight for downloads."""
FULL_REQUESTS, FULL_BYTES = 8, 3 << 20
"""A connection with so much in flight is full: another one is opened beside it."""
MOST_BYTES = 16 << 20
"""So much of one DC's answers may be in flight: Telegram Desktop asks for no more either."""
CHATS_KEPT = 4096
"""So many chats' connections are remembered; beyond, the one that was asked for longest ago is dealt anew."""

_LOGIN_LOST = frozenset(
    (
        "AUTH_KEY_UNREGISTERED",
        "AUTH_KEY_INVALID",
        "AUTH_KEY_PERM_EMPTY",
        "SESSION_REVOKED",
        "SESSION_EXPIRED",
    )
)
_log = logging.getLogger("tobs_tui.telegram")


class LoginLost(Exception):
    """A DC that is not the account's own does not know its key, or nobody is logged in with it there."""

    def __init__(self, *, key_unknown: bool) -> None:
        super().__init__("the login on another DC is lost")
        self.key_unknown = key_unknown


class LoginRefused(ServerUnreachable):
    """A DC can be reached, but the account's login can't be brought there."""


class Lane:
    """One connection to a DC, with what goes through it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.in_flight = 0
        self.bytes_in_flight = 0
        self.requests = 0
        self.opening = False

    @property
    def warm(self) -> bool:
        return self.wire.link is not None and self.wire.link.alive

    @property
    def full(self) -> bool:
        return self.in_flight >= FULL_REQUESTS or self.bytes_in_flight >= FULL_BYTES


class Choice(Protocol):
    """Which connection a request takes."""

    def __call__(self, pool: DcPool, chat_id: int) -> Lane: ...


class Smart:
    """A warm connection with the least in flight; another is opened, beside it, when all are full."""

    def __call__(self, pool: DcPool, chat_id: int) -> Lane:
        warm = [lane for lane in pool.lanes if lane.warm]
        if not warm:
            return min(pool.lanes, key=_load, default=None) or pool.new_lane()
        least = min(warm, key=_load)
        if least.full:
            pool.open_another()
        return least


class Sticky:
    """A chat stays with its connection; chats are dealt to the connections in turn."""

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._dealt: dict[int, int] = {}

    def __call__(self, pool: DcPool, chat_id: int) -> Lane:
        who = (pool.dc_id, chat_id)
        if who not in self._places:
            dealt = self._dealt.get(pool.dc_id, 0)
            self._dealt[pool.dc_id] = dealt + 1
            self._places[who] = dealt % LANES
            if len(self._places) > CHATS_KEPT:
                self._places.popitem(last=False)
        self._places.move_to_end(who)
        return pool.lane(self._places[who])


class RoundRobin:
    """Each connection in turn."""

    def __init__(self) -> None:
        self._asked: dict[int, int] = {}

    def __call__(self, pool: DcPool, chat_id: int) -> Lane:
        asked = self._asked.get(pool.dc_id, 0)
        self._asked[pool.dc_id] = asked + 1
        return pool.lane(asked % LANES)


def choice_of(strategy: DcRoutingStrategy) -> Choice:
    """The strategy that the settings name."""
    match strategy:
        case DcRoutingStrategy.STICKY:
            return Sticky()
        case DcRoutingStrategy.ROUND_ROBIN:
            return RoundRobin()
        case _:
            return Smart()


def _load(lane: Lane) -> tuple[int, int]:
    return lane.in_flight, lane.bytes_in_flight


class DcPool:
    """Owns the connections to one DC.

    :param new_wire: one more connection, which opens at its first call; told whether it is the first one.
    :param spawn: runs the opening of a connection in the background.
    """

    def __init__(
        self,
        dc_id: int,
        *,
        at_home: bool,
        choose: Choice,
        new_wire: Callable[[bool], Wire],
        spawn: Callable[[Any], None],
    ) -> None:
        self.dc_id = dc_id
        self.at_home = at_home
        self.lanes: list[Lane] = []
        self.logging_in = asyncio.Lock()
        self.ready = at_home
        """Whether requests can be sent: at home always, elsewhere once the login was brought there."""
        self.refused = False
        """Whether a login just brought there was not taken."""
        self.home_instead: bool | None = None
        """Whether the account's own DC gives this one's files; None while nobody had to ask there."""
        self.given_up: tuple[float, ServerUnreachable] | None = None
        """When it was given up to reach it, by the governor's clock, and why; None once it answered."""
        self.logins = 0
        """How often the login was brought there."""
        self.answers = 0
        """Requests that were answered."""
        self.bytes = 0
        """Bytes of files that came."""
        self._choose = choose
        self._new_wire = new_wire
        self._spawn = spawn
        self._most = LANES
        self._room = _Room(MOST_BYTES)

    @property
    def in_flight(self) -> int:
        return sum(lane.in_flight for lane in self.lanes)

    @property
    def requests(self) -> int:
        return sum(lane.requests for lane in self.lanes)

    @property
    def connections(self) -> int:
        return sum(lane.warm for lane in self.lanes)

    def new_lane(self) -> Lane:
        lane = Lane(self._new_wire(not self.lanes))
        self.lanes.append(lane)
        return lane

    def lane(self, place: int) -> Lane:
        """The connection of this number; those up to it are made as they are asked for."""
        place %= self._most
        while len(self.lanes) <= place:
            self.new_lane()
        return self.lanes[place]

    def open_another(self) -> None:
        """Have one more warm connection soon, if there may be one more and none is on its way."""
        cold = [lane for lane in self.lanes if not lane.warm]
        if any(lane.opening for lane in cold) or (not cold and len(self.lanes) >= self._most):
            return
        lane = cold[0] if cold else self.new_lane()
        lane.opening = True
        self._spawn(self._open(lane))

    def room(self, size: int) -> Any:
        """An async context: there is room for an answer of so many bytes."""
        return self._room.take(min(size, MOST_BYTES))

    async def reopen(self) -> None:
        """Let all connections begin anew, with what is the key then."""
        await asyncio.gather(*(lane.wire.reopen() for lane in self.lanes))

    async def call(self, lane: Lane, size: int, request: Any, **how: Any) -> Any:
        """Send through one connection. :raises LoginLost: when this DC does not know us (any more)."""
        lane.in_flight += 1
        lane.bytes_in_flight += size
        lane.requests += 1
        try:
            return await lane.wire.call(request, **how)
        except AuthKeyNotFound as error:
            if self.at_home:
                raise
            raise LoginLost(key_unknown=True) from error
        except RPCError as error:
            if self.at_home or code_of(error) not in _LOGIN_LOST:
                raise
            raise LoginLost(key_unknown=False) from error
        finally:
            lane.in_flight -= 1
            lane.bytes_in_flight -= size

    def door(self, chat_id: int, size: int) -> Door:
        """The way in for one request, by whichever connection the strategy says."""
        return Door(self, lambda: self._choose(self, chat_id), size)

    def first_door(self) -> Door:
        """The way in by the first connection, the one that makes the key."""
        return Door(self, lambda: self.lane(0), 0)

    async def _open(self, lane: Lane) -> None:
        try:
            await lane.wire.connect()
        except (TobsError, RPCError, AuthKeyNotFound, LinkBroken) as error:
            # Where the server wants no more connections, those that stand have to do.
            _log.info("no further connection to DC %d (%s)", self.dc_id, type(error).__name__)
            self._most = max(1, sum(each.warm for each in self.lanes))
        finally:
            lane.opening = False


class Door:
    """One request's way in: the connection is chosen when it is sent, and again each time it is repeated."""

    def __init__(self, pool: DcPool, choose: Callable[[], Lane], size: int) -> None:
        self._pool = pool
        self._choose = choose
        self._size = size

    async def call(
        self, request: Any, *, timeout: float, takeout_id: int, on_break: Callable[[], None]
    ) -> Any:
        return await self._pool.call(
            self._choose(), self._size, request, timeout=timeout, takeout_id=takeout_id, on_break=on_break
        )


class _Room:
    """A number of bytes, shared out in the order in which they are asked for."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, size: int) -> AsyncIterator[None]:
        await self._enter(size)
        try:
            yield
        finally:
            self._left += size
            self._admit()

    async def _enter(self, size: int) -> None:
        if not self._waiting and self._left >= size:
            self._left -= size
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._left += size
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting:
            size, place = self._waiting[0]
            if not place.cancelled():
                if self._left < size:
                    return
                self._left -= size
                place.set_result(None)
            self._waiting.popleft()
