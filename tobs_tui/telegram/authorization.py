"""An account's authorization: the DC that it lives on, its key there, how a connection with both is opened.

Kept in the session file; handed in memory alone to every further connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from telethon import utils
from telethon.errors import AuthKeyNotFound, RPCError

from tobs_tui.errors import ServerUnreachable
from tobs_tui.telegram.dc_keys import DcKeys, dc_keys_path
from tobs_tui.telegram.identity import Identity, identity_of
from tobs_tui.telegram.link import Link
from tobs_tui.telegram.sender import DcKey
from tobs_tui.telegram.servers import DcAddress, Server, server_of
from tobs_tui.telegram.session_file import FORMAT, VERSION, SessionFile, StoredLogin, encode_key
from tobs_tui.telegram.wire import Wire

if TYPE_CHECKING:
    from tobs_tui.config import Settings

FIRST_CONNECT, FIRST_TRIES = 15.0, 3
"""At the start a server is given up after so many seconds or so many tries."""


class Authorization:
    """Holds the session file while it lives; end it with `close`."""

    def __init__(
        self,
        server: Server,
        identity: Identity,
        session: SessionFile,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self.identity = identity
        self.requests = 0
        """RPC calls sent on connections that are gone."""
        self._session = session
        self._clock = clock
        login = session.login
        self.dc_id = login.dc if login and login.key else server.home.dc_id
        self.takeout_id = login.takeout if login else 0
        self.takeout_scope = login.takeout_scope if login else None
        self.account_id = login.account if login else 0
        """Who is logged in as far as the file tells; 0 for nobody."""
        self.account_name = login.name if login else ""
        self._key = _stored_key(login)
        self._dc_keys: DcKeys | None = None
        self._seen_at = _seen_at(server, login)

    @classmethod
    def hold(cls, settings: Settings, clock: Callable[[], float] = time.monotonic) -> Self:
        """Open and lock the login of these settings.

        :raises SettingsError: when API_ID or API_HASH is missing.
        :raises SessionError: when the session file is in use, damaged or unwritable.
        """
        server = server_of(settings)
        identity = identity_of(settings, server.keys)
        return cls(server, identity, SessionFile.hold(settings), clock)

    @property
    def address(self) -> DcAddress:
        """Where the account's DC listens."""
        return self._seen_at or self.server.address(self.dc_id)

    @property
    def may_have_moved(self) -> bool:
        """Whether the address is one from an earlier run, which the server may have left since."""
        return self._seen_at is not None

    def new_wire(self, give_up_after: float, *, most_tries: int = 1000, updates: bool = False) -> Wire:
        """One more connection with this authorization; it opens at its first call."""

        async def open_link() -> Link:
            return await self._open(self.address, self._key, updates=updates)

        return Wire(
            open_link,
            str(self.address),
            give_up_after=give_up_after,
            most_tries=most_tries,
            clock=self._clock,
        )

    def new_dc_wire(self, dc_id: int, key: DcKey, give_up_after: float, *, makes_key: bool) -> Wire:
        """A connection to another DC with the account's key there, by the same way; opens at its first call.

        :param makes_key: whether it may make that key; several at once would make several.
        """

        async def open_link() -> Link:
            if key.key is None and not makes_key:
                raise AuthKeyNotFound
            return await self._open(self.server.address(dc_id), key)

        return Wire(open_link, f"DC {dc_id}", give_up_after=give_up_after, clock=self._clock)

    def dc_keys(self) -> DcKeys:
        """What is kept of this login on other DCs."""
        if self._dc_keys is None:
            self._dc_keys = DcKeys(dc_keys_path(self._session.path), self._key.key)
        return self._dc_keys

    async def _open(self, address: DcAddress, key: DcKey, *, updates: bool = False) -> Link:
        link = Link(self.identity, address, key, clock=self._clock)
        try:
            config = await link.open(updates=updates)
        except BaseException:
            self.requests += link.requests
            raise
        self.server.learn(config)
        return link

    def first_wire(self, *, updates: bool = False) -> Wire:
        """A connection at whose opening a person waits: given up sooner."""
        return self.new_wire(FIRST_CONNECT, most_tries=FIRST_TRIES, updates=updates)

    def begin_anew(self, dc_id: int | None = None) -> None:
        """Go on at this DC (the server's first when None) with a key that is yet to be made."""
        self.dc_id = self.server.home.dc_id if dc_id is None else dc_id
        self._key = DcKey()
        self._dc_keys = None
        self._seen_at = None

    async def find_again(self) -> None:
        """Ask the server's first DC where the account's own one listens now.

        :raises ServerUnreachable: when that one can't be reached either.
        """
        asking = Link(self.identity, self.server.home, DcKey(), clock=self._clock)
        try:
            config = await asking.open()
        except (OSError, TimeoutError, RPCError) as error:
            raise ServerUnreachable(
                f"No connection to the server at {self.server.home}",
                "Check the network, TELEGRAM_SERVER and PROXY_URL, then start again",
            ) from error
        finally:
            await asking.close()
            self.requests += asking.requests
        self.server.learn(config)
        self._seen_at = None

    def save(self, user: Any) -> None:
        """Put it on disk; `user` is the TL user logged in, or None."""
        address = self.address
        self.account_id = user.id if user is not None else 0
        self.account_name = utils.get_display_name(user) if user is not None else ""
        self._session.save(
            StoredLogin(
                format=FORMAT,
                version=VERSION,
                server=self.server.id,
                dc=self.dc_id,
                host=address.host,
                port=address.port,
                key=encode_key(self._key.key),
                account=self.account_id,
                name=self.account_name,
                takeout=self.takeout_id,
                takeout_scope=self.takeout_scope,
                salt=self._key.salt,
                time_offset=self._key.time_offset,
            )
        )

    def forget(self) -> None:
        """Delete the login from disk."""
        self._session.remove()

    def close(self) -> None:
        """Let other processes have the session file."""
        self._session.close()


def _stored_key(login: StoredLogin | None) -> DcKey:
    if login is None:
        return DcKey()
    return DcKey(login.key_bytes, login.salt, login.time_offset)


def _seen_at(server: Server, login: StoredLogin | None) -> DcAddress | None:
    """Where the login's DC was last seen, unless it is the one that the settings name."""
    if login is None or not login.key or login.dc == server.home.dc_id:
        return None
    return DcAddress(login.dc, login.host, login.port)
