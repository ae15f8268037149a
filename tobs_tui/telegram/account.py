"""One account on one server: its login, its connection, its governor, and who it is.

All requests of the account go through `call` (or `ask`), the workers' too: one governor sees them all.
Nothing is sent that others could see: no read receipts, no online status, no typing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from telethon import utils
from telethon.errors import AuthKeyNotFound, RPCError
from telethon.tl import functions, types

from tobs_tui.errors import NotLoggedIn, RangeFailed, ServerUnreachable, TobsError, UsageError
from tobs_tui.model import Owner
from tobs_tui.telegram.authorization import Authorization
from tobs_tui.telegram.caller import ANSWER_TIMEOUT, Caller, kind_of
from tobs_tui.telegram.governor import Governor, WaitTooLong
from tobs_tui.telegram.link import LinkBroken
from tobs_tui.telegram.rpc_errors import LOGIN_AGAIN, code_of, flood_seconds, translate
from tobs_tui.telegram.sender import Unreadable
from tobs_tui.telegram.waits import span
from tobs_tui.telegram.wire import Calls, Wire

if TYPE_CHECKING:
    from tobs_tui.config import Settings
    from tobs_tui.telegram.dc_keys import DcKeys
    from tobs_tui.telegram.login import QrLogin, SentCode
    from tobs_tui.telegram.sender import DcKey
    from tobs_tui.telegram.session_file import TakeoutScope

_log = logging.getLogger("tobs_tui.telegram")
PATIENCE = {"resolve": 60.0, "full": 300.0}
"""Seconds of flood wait that are worth it for these classes of method: they are known for waits of hours."""
WHO_TIMEOUT = 10.0
"""Seconds for the answer to who is logged in, each of three times: there is a way around it."""
_TAKEOUT_GONE = ("TAKEOUT_INVALID", "TAKEOUT_REQUIRED")


class Account:
    """Connected by `connect`, ended by `close`; an async context manager around both."""

    def __init__(self, authorization: Authorization, governor: Governor) -> None:
        self.governor = governor
        self.pending_code: SentCode | None = None
        """The login code that was sent last."""
        self._authorization = authorization
        self._caller = Caller(governor, self._login_lost)
        self._wire = authorization.first_wire()
        self._more_wires: list[Wire] = []
        self._user: Any = None
        self._lost: NotLoggedIn | None = None
        self._updates = False
        self._stale_key = False
        self._in_takeout = False

    @classmethod
    async def connect(
        cls,
        settings: Settings,
        *,
        governor: Governor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Hold the login of these settings and connect with it; there need not be anybody logged in.

        :raises SettingsError: when API_ID or API_HASH is missing or not accepted.
        :raises SessionError: when the session file is in use, damaged or unwritable.
        :raises ServerUnreachable: when no server answers at the address, or one with another key.
        """
        authorization = Authorization.hold(settings, clock)
        account = cls(authorization, governor or Governor(flood_seconds=flood_seconds))
        try:
            await account._first_connect()
        except RPCError as error:
            await account.close()
            raise _refused(error, authorization) from error
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
            self._authorization.close()

    @property
    def owner(self) -> Owner:
        """Who is logged in. :raises NotLoggedIn: when nobody is."""
        if self._user is None:
            raise NotLoggedIn("Not logged in on this server", LOGIN_AGAIN)
        return Owner(self._user.id, self._authorization.server.id, utils.get_display_name(self._user) or "")

    @property
    def own_id(self) -> int:
        """The account's own user id; 0 while nobody is logged in."""
        return self._user.id if self._user is not None else 0

    @property
    def dc_id(self) -> int:
        """The account's own DC."""
        return self._authorization.dc_id

    @property
    def requests(self) -> int:
        """RPC calls sent so far, repeated ones and the workers' included."""
        return (
            self._authorization.requests
            + self._wire.requests
            + sum(wire.requests for wire in self._more_wires)
        )

    @property
    def flood_wait_s(self) -> float:
        """Seconds for which Telegram made a class of method wait so far."""
        return self.governor.flood_wait_s

    @property
    def wire(self) -> Wire:
        """The account's own connection."""
        return self._wire

    @property
    def api(self) -> tuple[int, str]:
        """API_ID and API_HASH, which login requests name."""
        identity = self._authorization.identity
        return identity.api_id, identity.api_hash

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        """The answer to one request; `of` is its class of method, `chat` the chat's title for errors.

        :raises TobsError: translated, when it can't be answered.
        :raises Stopped: when the governor was stopped.
        """
        of = of or kind_of(request)
        try:
            return await self.call(request, of=of, patience=PATIENCE.get(of))
        except WaitTooLong as error:
            raise RangeFailed(
                f"Telegram asks to wait {span(error.seconds)} before it answers such a request again",
                "Name chats by their title or id meanwhile" if of == "resolve" else "Try again then",
            ) from error
        except (RPCError, LinkBroken, Unreadable) as error:
            raise translate(error, chat) from error

    async def call(
        self,
        request: Any,
        *,
        of: str = "",
        timeout: float = ANSWER_TIMEOUT,
        patience: float | None = None,
        wire: Calls | None = None,
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
        wire = wire or self._wire
        takeout_id = self.takeout_id if self._in_takeout and of != "auth" else 0
        try:
            return await self._caller.ask(
                wire, request, kind=of, timeout=timeout, patience=patience, takeout_id=takeout_id
            )
        except RPCError as error:
            if not takeout_id or code_of(error) not in _TAKEOUT_GONE:
                raise
        if self._in_takeout:
            self.end_takeout()
            _log.warning("Telegram ended the takeout session; the export goes on without it")
        return await self._caller.ask(wire, request, kind=of, timeout=timeout, patience=patience)

    async def is_authorized(self) -> bool:
        """Whether somebody is logged in; asks the server."""
        with suppress(NotLoggedIn):
            await self._learn_user()
        return self._user is not None

    async def send_code(self, phone: str) -> SentCode:
        """Have Telegram send a login code; see `login.send_code`."""
        from tobs_tui.telegram import login

        return await login.send_code(self, phone)

    async def sign_in(self, code: str) -> bool:
        """Log in with the code. False: the account has a password too, which `check_password` takes."""
        from tobs_tui.telegram import login

        return await login.sign_in(self, code)

    async def password_hint(self) -> str:
        """The hint that the account's owner set for the password; empty when there is none."""
        from tobs_tui.telegram import login

        return await login.password_hint(self)

    async def check_password(self, password: str) -> None:
        """Finish a login with the two-step verification password."""
        from tobs_tui.telegram import login

        await login.check_password(self, password)

    async def qr_login(self) -> QrLogin:
        """Begin a login by QR code."""
        from tobs_tui.telegram import login

        return await login.qr_login(self)

    async def log_out(self) -> None:
        """End the login on the server and delete it here; the account is closed then."""
        from tobs_tui.telegram import login

        await login.log_out(self)

    # What follows is for login, takeout, the workers and files.

    def new_wire(self, *, give_up_after: float) -> Wire:
        """One more connection with the same authorization, in memory, by the same way."""
        wire = self._authorization.new_wire(give_up_after)
        self._more_wires.append(wire)
        return wire

    def new_dc_wire(self, dc_id: int, key: DcKey, *, give_up_after: float, makes_key: bool) -> Wire:
        """A connection to another DC with the account's key there, by the same way."""
        wire = self._authorization.new_dc_wire(dc_id, key, give_up_after, makes_key=makes_key)
        self._more_wires.append(wire)
        return wire

    def dc_keys(self) -> DcKeys:
        """The account's keys and logins on other DCs."""
        return self._authorization.dc_keys()

    def drop_wire(self, wire: Wire) -> None:
        """Forget a connection of `new_wire` or `new_dc_wire` that was closed, but not what it sent."""
        if wire in self._more_wires:
            self._more_wires.remove(wire)
            self._authorization.requests += wire.requests

    def logged_in(self, user: Any) -> None:
        """Keep a login that the server has just granted."""
        self._user = user
        self._authorization.save(user)

    async def move_to(self, dc_id: int) -> None:
        """Go on at another DC, with a new key: the account lives there."""
        self._authorization.begin_anew(dc_id)
        self._stale_key = False
        await self._reconnect()

    async def renew_stale_key(self) -> None:
        """Make a new key if the one on disk is of a login that was ended: a new login may not take it."""
        if self._stale_key:
            await self.move_to(self.dc_id)

    async def with_updates(self, wanted: bool) -> None:
        """Reconnect so that the server pushes updates, or no more."""
        if self._updates != wanted:
            self._updates = wanted
            await self._reconnect()

    async def forget_login(self) -> None:
        """Delete the login from disk and close; the server has ended it."""
        self._user = None
        self._authorization.forget()
        await self.close()

    @property
    def takeout_id(self) -> int:
        """The takeout session that was begun and not ended, perhaps by an earlier run; 0 for none."""
        return self._authorization.takeout_id

    @property
    def in_takeout(self) -> bool:
        """Whether requests go out inside the takeout session."""
        return self._in_takeout

    @property
    def takeout_scope(self) -> TakeoutScope | None:
        """What that session was begun for; None where it is not known."""
        return self._authorization.takeout_scope

    def enter_takeout(self, takeout_id: int, scope: TakeoutScope | None = None) -> None:
        """Send all further requests inside this takeout session, begun for `scope`."""
        self._keep_takeout(takeout_id, scope)
        self._in_takeout = True

    def leave_takeout(self) -> None:
        """Send requests as usual again; the session can still be taken up later."""
        self._in_takeout = False

    def end_takeout(self) -> None:
        """The takeout session is over."""
        self._in_takeout = False
        self._keep_takeout(0, None)

    def _keep_takeout(self, takeout_id: int, scope: TakeoutScope | None) -> None:
        if takeout_id != self._authorization.takeout_id:
            self._authorization.takeout_id = takeout_id
            self._authorization.takeout_scope = scope
            self._authorization.save(self._user)

    async def _first_connect(self) -> None:
        authorization = self._authorization
        try:
            await self._wire.connect()
        except ServerUnreachable:
            if not authorization.may_have_moved:
                raise
            await authorization.find_again()
            await self._reconnect()
        except AuthKeyNotFound:
            # The server does not know the key: whoever was logged in with it is not any more. What is on
            # disk stays until there is a new login, as the server may remember.
            authorization.begin_anew()
            await self._reconnect()
            return
        if authorization.account_id:
            with suppress(NotLoggedIn):
                await self._learn_user()
            self._stale_key = self._user is None
        if not self._stale_key:
            authorization.save(self._user)

    async def _reconnect(self) -> None:
        await self._wire.close()
        self._authorization.requests += self._wire.requests
        self._wire = self._authorization.first_wire(updates=self._updates)
        await self._wire.connect()

    async def _learn_user(self) -> None:
        request = functions.users.GetUsersRequest([types.InputUserSelf()])
        try:
            users = await self._caller.ask(self._wire, request, timeout=WHO_TIMEOUT)
        except NotLoggedIn:
            self._user = None
            raise
        except (RPCError, RangeFailed, Unreadable) as error:
            if code_of(error) == "SESSION_PASSWORD_NEEDED":
                self._user = None
                raise NotLoggedIn("Not logged in on this server", LOGIN_AGAIN) from error
            _log.info("the server does not tell who is logged in (%s)", code_of(error) or error)
            await self._learn_user_from_file()
        else:
            found = users[0] if isinstance(users, list) and users else None
            self._user = found if isinstance(found, types.User) else None

    async def _learn_user_from_file(self) -> None:
        """Take who the session file names, where the server lists that login's chats."""
        if not (account_id := self._authorization.account_id):
            self._user = None
            return
        request = functions.messages.GetDialogsRequest(None, 0, types.InputPeerEmpty(), limit=1, hash=0)
        try:
            await self._caller.ask(self._wire, request)
        except RPCError as error:
            raise translate(error) from error
        self._user = types.User(account_id, is_self=True, first_name=self._authorization.account_name)

    def _login_lost(self, error: NotLoggedIn) -> None:
        """Nothing of this login can work any more: all of its requests end with the reason."""
        if self._user is not None:
            self._lost = error
            self.governor.stop(error)


def _refused(error: RPCError, authorization: Authorization) -> TobsError:
    """What a server's refusal of the connection itself means."""
    translated = translate(error)
    if isinstance(translated, UsageError | NotLoggedIn):
        return translated
    return ServerUnreachable(
        f"The server at {authorization.address} refuses the connection ({code_of(error) or error.code})"
    )
