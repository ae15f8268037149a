"""The embedded Telegram server: several DCs on loopback ports, one account, one world of data.

Any MTProto client speaks to it with the address and the public key of `ServerInfo`. Keys and logins
live in the state folder and survive restarts; everything else is the world's.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any

from telethon.tl import types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.dispatch import Dispatcher
from tobs_tui.demo.faults import Faults
from tobs_tui.demo.flood import FloodGate
from tobs_tui.demo.info import ServerInfo
from tobs_tui.demo.keyring import AuthKey, Keyring
from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.login.desk import LoginDesk, LoginToken
from tobs_tui.demo.login.srp import Verifier
from tobs_tui.demo.rpc import RpcError, ServedWorld
from tobs_tui.demo.wire.connection import Connection
from tobs_tui.demo.wire.intake import Reply
from tobs_tui.demo.wire.salts import Salts
from tobs_tui.demo.wire.server_key import ServerKey
from tobs_tui.demo.wire.session import MessageIds, Session, Sessions

HOST = "127.0.0.1"
HOME_DC = 2
DCS = (1, 2, 3, 4, 5)
CODE = "22222"
"""As on Telegram's test DCs: the DC's number, five times."""
LOGGED = 100_000
PORT_TRIES, PORT_PAUSE = 50, 0.1
"""How often, and how many seconds apart, a port is asked for again after a restart: somebody's outgoing
connection may have it for a moment."""

for package in ("tobs_tui.demo.login", "tobs_tui.demo.methods"):
    import_module(package)  # registers its handlers


class DemoServer:
    """A Telegram server in this process.

    `state_dir` holds its RSA key and its clients' keys; servers on one folder share them. `clock` is the
    time that it tells clients (Unix seconds).
    """

    def __init__(
        self,
        world: ServedWorld,
        *,
        knobs: Knobs | None = None,
        state_dir: Path,
        password: str | None = None,
        faults: Faults | None = None,
        dcs: Sequence[int] = DCS,
        home_dc: int = HOME_DC,
        code: str = CODE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world: Any = world
        self.knobs = knobs or Knobs()
        self.faults = faults or Faults()
        self.host = HOST
        self.home_dc = home_dc
        self.ports: dict[int, int] = dict.fromkeys(dcs, 0)
        self.code = code
        self.password = password
        self.clock = clock
        self.requests: Counter[str] = Counter()
        """Calls by their TL names, wrappers taken off, refused ones too."""
        self.wrappers: Counter[str] = Counter()
        self.log: deque[str] = deque(maxlen=LOGGED)
        """The names of `requests` in the order in which they came."""
        self.transports: Counter[str] = Counter()
        """Connections by the transport that they spoke: `full`, `mtproxy padded` …"""
        self.connections: set[Connection] = set()
        self.server_key = ServerKey.load_or_make(state_dir)
        self.keyring = Keyring(state_dir)
        self.salts = Salts(self.server_key.derive(b"salts"))
        self.proxy_secret = self.server_key.derive(b"proxy")[:16]
        self.message_ids = MessageIds(clock)
        self.sessions = Sessions()
        self.desk = LoginDesk()
        self._dispatcher = Dispatcher(self)
        self._floods: dict[int, FloodGate] = {}
        self._listeners: list[asyncio.Server] = []
        self._verifier: Verifier | None = None
        self._takeout_from: float | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._end_subscription: Callable[[], None] | None = None

    # Life

    async def start(self, port: int = 0) -> ServerInfo:
        """Listen: the home DC on `port` (0: any), the others on the ports after it or any.

        :raises OSError: the port is taken.
        """
        if not self._listeners:
            try:
                await self._listen(port)
            except OSError:
                await self.stop()
                raise
            self._end_subscription = self.world.subscribe(self.push)
        return self.info

    @property
    def info(self) -> ServerInfo:
        return ServerInfo(
            host=self.host,
            port=self.ports[self.home_dc],
            dc_id=self.home_dc,
            public_key=self.server_key.public_path,
            phone=f"+{self.phone_digits}",
            code=self.code,
            password=self.password,
            dcs=dict(self.ports),
            proxy_secret=self.proxy_secret.hex(),
        )

    async def stop(self) -> None:
        """Stop listening and cut all connections; safe to call twice."""
        if self._end_subscription is not None:
            self._end_subscription()
            self._end_subscription = None
        await self._close()
        background = self._background - {asyncio.current_task()}
        for task in background:
            task.cancel()
        if background:
            await asyncio.wait(background)

    async def restart(self, down: float = 0.0) -> None:
        """Cut everything, stay away for `down` seconds, come back with the same ports and keys."""
        await self._close()
        self.sessions = Sessions()
        if down:
            await asyncio.sleep(down)
        for tries_left in reversed(range(PORT_TRIES)):
            try:
                await self._listen(0)
                break
            except OSError:
                await self._close()
                if not tries_left:
                    raise
                await asyncio.sleep(PORT_PAUSE)

    def restart_soon(self, down: float = 0.0) -> None:
        """Restart from inside a call."""
        self._in_background(self.restart(down))

    async def _listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        order = sorted(self.ports, key=lambda dc_id: dc_id != self.home_dc)
        for position, dc_id in enumerate(order):
            wanted = self.ports[dc_id] or (port + position if port else 0)
            try:
                listener = await self._listen_on(loop, dc_id, wanted)
            except OSError:
                if dc_id == self.home_dc or self.ports[dc_id]:
                    raise
                listener = await self._listen_on(loop, dc_id, 0)
            self._listeners.append(listener)
            self.ports[dc_id] = listener.sockets[0].getsockname()[1]

    async def _listen_on(self, loop: asyncio.AbstractEventLoop, dc_id: int, port: int) -> asyncio.Server:
        return await loop.create_server(lambda: Connection(self, dc_id), self.host, port, backlog=128)

    async def _close(self) -> None:
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()
        connections = list(self.connections)
        for connection in connections:
            connection.abort()
        for listener in listeners:
            await listener.wait_closed()
        for connection in connections:
            await connection.ended()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # What connections ask

    @property
    def silent(self) -> bool:
        return self.faults.silent

    @property
    def delay(self) -> float:
        return self.knobs.rtt_ms / 1000

    def serves(self, dc_id: int) -> bool:
        return dc_id in self.ports

    def answer(self, session: Session, msg_id: int, body: bytes) -> Coroutine[Any, Any, tuple[bytes, bool]]:
        return self._dispatcher.answer(session, msg_id, body)

    def destroy_key(self, key: AuthKey) -> None:
        self.keyring.forget(key)
        self.sessions.drop_all(key)

    # What handlers ask

    @property
    def phone_digits(self) -> str:
        return str(self.world.phone).lstrip("+")

    def flood_gate(self, account: int) -> FloodGate:
        return self._floods.setdefault(account, FloodGate())

    async def verifier(self) -> Verifier | None:
        """What proves the 2FA password; None when the account has none."""
        if self.password is not None and self._verifier is None:
            self._verifier = await asyncio.to_thread(Verifier.of, self.password)
        return self._verifier

    def log_in(self, key: AuthKey, *, password_given: bool = False) -> TLObject:
        """Bind the account to a key. :raises RpcError: the password is still missing."""
        if self.password is not None and not password_given:
            key.awaits_password = True
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        self.keyring.log_in(key, self.world.account_id)
        return types.auth.Authorization(user=self.world.account_user())

    def takeout_wait(self) -> int:
        """X of TAKEOUT_INIT_DELAY_X, counted from the first try; 0 when a takeout may begin."""
        if not self.knobs.takeout_delay:
            return 0
        now = self.clock()
        if self._takeout_from is None:
            self._takeout_from = now + self.knobs.takeout_delay
        return max(0, ceil(self._takeout_from - now))

    def allow_takeout(self) -> None:
        """The person has approved the takeout on another device."""
        self._takeout_from = 0.0

    def qr_shown(self) -> None:
        """A client shows a QR token; the knob may have it accepted by itself."""
        if (after := self.knobs.qr_accept_after) is not None:
            self._in_background(self._accept_later(after))

    async def _accept_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.accept_qr()

    # What tests ask

    def accept_qr(self, token: bytes | None = None) -> bool:
        """Scan a QR code: accept this token, or the newest one shown. False when there is none to accept."""
        waiting = self.desk.waiting_tokens(int(self.clock()))
        chosen = [each for each in waiting if token is None or each.value == token]
        if not chosen:
            return False
        self.accept_token(chosen[-1])
        return True

    def accept_token(self, token: LoginToken) -> TLObject:
        """Accept a QR token and tell the client that shows it; returns its Authorization."""
        token.accepted = True
        self.push(types.UpdateLoginToken(), key_id=token.key_id)
        now = datetime.fromtimestamp(self.clock(), UTC)
        return types.Authorization(
            hash=int.from_bytes(token.key_id, "little", signed=True),
            device_model="",
            platform="",
            system_version="",
            api_id=0,
            app_name="",
            app_version="",
            date_created=now,
            date_active=now,
            ip=self.host,
            country="",
            region="",
        )

    def push(self, update: TLObject | bytes, *, key_id: bytes | None = None) -> int:
        """Send an update to the account's connected sessions, or to those of one auth key.

        `update` is an `Updates` (or its bytes); a bare `Update` is put into an updateShort. Returns how
        many sessions it went to; those that only ever called within invokeWithoutUpdates get none.
        """
        if isinstance(update, TLObject) and update.SUBCLASS_OF_ID != types.UpdatesTooLong.SUBCLASS_OF_ID:
            update = types.UpdateShort(update, datetime.fromtimestamp(self.clock(), UTC))
        body = bytes(update)
        told = 0
        for session in self.sessions.all():
            if session.connection is None:
                continue
            key = session.key
            listens = session.wants_updates and key.account is not None and key.dc_id == self.home_dc
            if listens if key_id is None else key.id == key_id:
                session.connection.send(session, Reply(body, content=True, answer=False))
                told += 1
        return told

    def revoke_logins(self) -> None:
        """End every login of the account, as "terminate all sessions" does: AUTH_KEY_UNREGISTERED."""
        for key in self.keyring.of_account(self.world.account_id):
            self.keyring.log_out(key)

    def forget_keys(self) -> None:
        """Forget every auth key and cut the connections: clients meet -404 and have to begin anew."""
        for key in self.keyring.all():
            self.destroy_key(key)
        self.drop_connections()

    def drop_connections(self) -> None:
        """Cut every connection; clients may come back at once."""
        for connection in list(self.connections):
            connection.abort()


__all__ = ["DemoServer", "ServerInfo"]
