"""One account on one server: its login on disk, its connection, its governor, and who it is.

All requests of the account go through `call` (and the workers' own), so that one governor sees them all.
Nothing is sent that others could see: no read receipts, no online status, no typing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from telethon import utils
from telethon.errors import AuthKeyNotFound, RPCError
from telethon.tl import functions, types

from tobs_tui.errors import NotLoggedIn, ServerUnreachable
from tobs_tui.model import Owner
from tobs_tui.telegram.caller import ANSWER_TIMEOUT, Caller
from tobs_tui.telegram.governor import Governor
from tobs_tui.telegram.identity import Identity, identity_of
from tobs_tui.telegram.link import DcKey, Link, LinkBroken, Unreadable
from tobs_tui.telegram.rpc_errors import LOGIN_AGAIN, code_of, flood_seconds, translate
from tobs_tui.telegram.servers import DcAddress, Server, server_of
from tobs_tui.telegram.session_file import FORMAT, VERSION, SessionFile, StoredLogin, encode_key
from tobs_tui.telegram.wire import Wire

if TYPE_CHECKING:
    from tobs_tui.config import Settings
    from tobs_tui.telegram.login import QrLogin, SentCode

FIRST_CONNECT = 15.0
"""Seconds after which a server that can't be reached at the start is given up."""
PEOPLE_LIMIT = 100


class Account:
    """Connected by `connect`, ended by `close`; an async context manager around both."""

    def __init__(
        self,
        settings: Settings,
        session: SessionFile,
        server: Server,
        identity: Identity,
        governor: Governor,
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.server = server
        self.governor = governor
        self._session = session
        self._identity = identity
        self._clock = clock
        self._lost: NotLoggedIn | None = None
        self._worker_requests: list[Callable[[], int]] = []
        self._user: Any = None
        self._updates = False
        self.pending_code: SentCode | None = None
        """The login code that was sent last."""
        login = session.login
        self._dc_id = login.dc if login and login.key else server.home.dc_id
        self._dc_key = DcKey(
            login.key_bytes if login else None,
            login.salt if login else 0,
            login.time_offset if login else 0,
        )
        self._saved_address = _saved_address(server, login)
        self._takeout_id = login.takeout if login else 0
        self._account_id = login.account if login else 0
        self.caller = Caller(governor, self._login_lost)
        self._wire = self._new_wire(FIRST_CONNECT)
        self._past_requests = 0

    @classmethod
    async def connect(
        cls,
        settings: Settings,
        *,
        governor: Governor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Hold the login of these settings and connect with it; there need not be anybody logged in.

        :raises SettingsError: when API_ID or API_HASH is missing.
        :raises SessionError: when the session file is in use, damaged or unwritable.
        :raises ServerUnreachable: when no server answers at the address, or one with another key.
        """
        server = server_of(settings)
        identity = identity_of(settings, server.keys)
        session = SessionFile.hold(settings)
        account = cls(
            settings,
            session,
            server,
            identity,
            governor or Governor(flood_seconds=flood_seconds),
            clock,
        )
        try:
            await account._first_connect()
        except BaseException:
            await account.close()
            raise
        return account

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection and let the login go; takes at most a few seconds."""
        try:
            await self._wire.close()
        finally:
            self._session.close()

    @property
    def owner(self) -> Owner:
        """Who is logged in. :raises NotLoggedIn: when nobody is."""
        if self._user is None:
            raise NotLoggedIn("Not logged in on this server", LOGIN_AGAIN)
        return Owner(self._user.id, self.server.id, utils.get_display_name(self._user) or "")

    @property
    def own_id(self) -> int:
        """The account's own user id; 0 while nobody is logged in."""
        return self._user.id if self._user is not None else 0

    @property
    def dc_id(self) -> int:
        """The account's own DC."""
        return self._dc_id

    @property
    def requests(self) -> int:
        """RPC calls sent so far, repeated ones and the workers' included."""
        return self._past_requests + self._wire.requests + sum(count() for count in self._worker_requests)

    @property
    def flood_wait_s(self) -> float:
        return self.governor.flood_wait_s

    @property
    def wire(self) -> Wire:
        """The account's own connection."""
        return self._wire

    @property
    def updates(self) -> Any:
        """What the server pushes on the account's own connection; None while there is none."""
        return self._wire.link.updates if self._wire.link else None

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        """The answer to one request; `of` is its class of method, `chat` the chat's title for errors.

        :raises TobsError: translated, when it can't be answered.
        :raises Stopped: when the governor was stopped.
        """
        try:
            return await self.call(request, of=of)
        except (RPCError, LinkBroken, Unreadable) as error:
            raise translate(error, chat) from error

    async def call(
        self,
        request: Any,
        *,
        of: str = "",
        timeout: float = ANSWER_TIMEOUT,
        patience: float | None = None,
        wire: Wire | None = None,
    ) -> Any:
        """Send one TL request through the governor; flood waits are waited out, Telegram's troubles too.

        :param of: the class of method whose budget it takes from; by the request itself when empty.
        :param patience: the longest flood wait that is waited out; None: any.
        :raises RPCError: what Telegram answered; see `rpc_errors.translate`.
        :raises NotLoggedIn: when the login has ended.
        :raises Stopped: when the governor was stopped.
        """
        if self._lost is not None:
            raise self._lost
        return await self.caller.ask(wire or self._wire, request, kind=of, timeout=timeout, patience=patience)

    async def is_authorized(self) -> bool:
        """Whether somebody is logged in; asks the server."""
        try:
            await self._learn_user()
        except NotLoggedIn:
            return False
        return self._user is not None

    async def send_code(self, phone: str) -> SentCode:
        """Have Telegram send a login code; see `login.send_code`."""
        from tobs_tui.telegram import login

        return await login.send_code(self, phone)

    async def sign_in(self, code: str) -> bool:
        """Log in with the code. False: the account has a password, which `check_password` takes."""
        from tobs_tui.telegram import login

        return await login.sign_in(self, code)

    async def check_password(self, password: str) -> None:
        """Finish a login with the two-step verification password."""
        from tobs_tui.telegram import login

        await login.check_password(self, password)

    async def qr_login(self) -> QrLogin:
        """Begin a login by QR code."""
        from tobs_tui.telegram import login

        return await login.qr_login(self)

    async def log_out(self) -> None:
        """End the login on the server and delete it here."""
        from tobs_tui.telegram import login

        await login.log_out(self)

    # What follows is for login, takeout and the workers.

    def new_wire(self, *, give_up_after: float = 60.0) -> Wire:
        """One more connection with the same authorization, in memory, by the same way."""
        wire = self._new_wire(give_up_after)
        self._worker_requests.append(lambda: wire.requests)
        return wire

    async def logged_in(self, user: Any) -> None:
        """Keep a login that the server has just granted."""
        self._user = user
        self._account_id = user.id
        self._save()

    async def move_to(self, dc_id: int, *, updates: bool | None = None) -> None:
        """Go on at another DC, with a new key: the account lives there."""
        await self._wire.close()
        self._past_requests += self._wire.requests
        self._dc_id = dc_id
        self._saved_address = None
        self._dc_key = DcKey()
        if updates is not None:
            self._updates = updates
        self._wire = self._new_wire(FIRST_CONNECT)
        await self._wire.connect()
        self._save()

    async def with_updates(self, wanted: bool) -> None:
        """Reconnect so that the server pushes updates, or no more."""
        if self._updates == wanted:
            return
        await self._wire.close()
        self._past_requests += self._wire.requests
        self._updates = wanted
        self._wire = self._new_wire(FIRST_CONNECT)
        await self._wire.connect()

    async def forget_login(self) -> None:
        """Delete the login from disk and close; the server has ended it."""
        self._user = None
        self._session.remove()
        await self.close()

    @property
    def takeout_id(self) -> int:
        """The takeout session that was begun and not ended; 0 when there is none."""
        return self._takeout_id

    @takeout_id.setter
    def takeout_id(self, takeout_id: int) -> None:
        self._takeout_id = takeout_id
        self._save()

    @property
    def api(self) -> tuple[int, str]:
        return self._identity.api_id, self._identity.api_hash

    def _new_wire(self, give_up_after: float) -> Wire:
        return Wire(self._open_link, self._where(), give_up_after=give_up_after, clock=self._clock)

    def _where(self) -> str:
        return str(self._address())

    def _address(self) -> DcAddress:
        if self._saved_address is not None:
            return self._saved_address
        return self.server.address(self._dc_id)

    async def _open_link(self) -> Link:
        link = Link(self._identity, self._address(), self._dc_key, clock=self._clock)
        config = await link.open(updates=self._updates)
        self.server.learn(config.dc_options)
        return link

    async def _first_connect(self) -> None:
        try:
            await self._wire.connect()
        except ServerUnreachable:
            if self._saved_address is None:
                raise
            await self._relearn_address()
        except AuthKeyNotFound:
            # The server has forgotten the key: whoever was logged in is not any more.
            self._dc_key.key = None
            self._dc_id, self._saved_address = self.server.home.dc_id, None
            await self._wire.close()
            self._wire = self._new_wire(FIRST_CONNECT)
            await self._wire.connect()
        if self._account_id:
            with suppress(NotLoggedIn):
                await self._learn_user()
        self._save()

    async def _relearn_address(self) -> None:
        """Ask the server's first DC where the account's own one has moved to."""
        asking = Link(self._identity, self.server.home, DcKey(), clock=self._clock)
        try:
            config = await asking.open()
        except (OSError, TimeoutError, RPCError) as error:
            raise ServerUnreachable(
                f"No connection to the server at {self.server.home}",
                "Check the network, TELEGRAM_SERVER and PROXY_URL, then start again",
            ) from error
        finally:
            await asking.close()
            self._past_requests += asking.requests
        self.server.learn(config.dc_options)
        self._saved_address = None
        await self._wire.close()
        self._wire = self._new_wire(FIRST_CONNECT)
        await self._wire.connect()

    async def _learn_user(self) -> None:
        request = functions.users.GetUsersRequest([types.InputUserSelf()])
        try:
            users = await self.caller.ask(self._wire, request)
        except NotLoggedIn:
            self._user = None
            raise
        except RPCError as error:
            if code_of(error).startswith("AUTH_KEY") or code_of(error) == "SESSION_PASSWORD_NEEDED":
                self._user = None
                raise NotLoggedIn("Not logged in on this server", LOGIN_AGAIN) from error
            raise
        self._user = users[0] if users and isinstance(users[0], types.User) else None

    def _login_lost(self, error: NotLoggedIn) -> None:
        """Nothing of this login can work any more: all of its requests end with the reason."""
        if self._user is None:
            return
        self._lost = error
        self.governor.stop(error)

    def _save(self) -> None:
        address = self._address()
        login = StoredLogin(
            format=FORMAT,
            version=VERSION,
            server=self.server.id,
            dc=self._dc_id,
            host=address.host,
            port=address.port,
            key=encode_key(self._dc_key.key),
            account=self._account_id if self._user is not None else 0,
            name=utils.get_display_name(self._user) if self._user is not None else "",
            takeout=self._takeout_id,
            salt=self._dc_key.salt,
            time_offset=self._dc_key.time_offset,
        )
        self._session.save(login)


def _saved_address(server: Server, login: StoredLogin | None) -> DcAddress | None:
    """Where the login's DC was last seen, unless it is the one that the settings name."""
    if login is None or not login.key or login.dc == server.home.dc_id:
        return None
    return DcAddress(login.dc, login.host, login.port)
