"""Where the wire meets the world: handlers of RPC methods, and what a handler knows of its call.

A handler is an async function registered for a TL request class. It gets the `Call` and the parsed
request, and returns the result or raises `RpcError`. Wrappers (invokeWithLayer, takeout …) are
unwrapped before; transport, encryption, acks, gzip and the knobs are not a handler's business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from telethon.tl.tlobject import TLObject

if TYPE_CHECKING:
    from tobs_tui.demo.server import DemoServer

Result: TypeAlias = "TLObject | bytes | bool | Sequence[TLObject]"
"""`bytes` is a ready serialised boxed result; a sequence goes out as a boxed Vector."""

Handler: TypeAlias = "Callable[[Call, Any], Awaitable[Result]]"
AnyHandler = TypeVar("AnyHandler", bound="Callable[..., Awaitable[Result]]")


class RpcError(Exception):
    """What the server answers instead of a result: `RpcError(400, "CHANNEL_PRIVATE")`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class ServedWorld(Protocol):
    """What the protocol half itself needs of a world; the rest is between world and methods."""

    @property
    def account_id(self) -> int:
        """The user id of the account that logs in."""

    @property
    def phone(self) -> str:
        """That account's number, digits only."""

    def account_user(self) -> TLObject:
        """That account as a TL `User` with `is_self` set: the answer to a login."""

    def subscribe(self, callback: Callable[[TLObject], object]) -> Callable[[], None]:
        """Call `callback(updates)` on the server's loop with each TL `Updates`; returns what ends that."""


@dataclass(frozen=True, slots=True)
class Method:
    """One registered RPC method: who may call it, and where."""

    name: str
    """The TL name, `messages.getHistory`."""
    handler: Handler
    before_login: bool
    any_dc: bool


REGISTRY: dict[int, Method] = {}
"""By the request's constructor id."""


def tl_name(request: type[TLObject] | TLObject) -> str:
    """The TL name of a request (or its class): `messages.getHistory`, `invokeWithLayer`."""
    cls = request if isinstance(request, type) else type(request)
    space = cls.__module__.removeprefix("telethon.tl.functions").lstrip(".")
    name = cls.__name__.removesuffix("Request")
    name = name[:1].lower() + name[1:]
    return f"{space}.{name}" if space else name


def method(
    *requests: type[TLObject], before_login: bool = False, any_dc: bool = False
) -> Callable[[AnyHandler], AnyHandler]:
    """Register the decorated handler for each of `requests`.

    `before_login`: may be called by a key that no account has logged in on (`call.account` is None then);
    everything else gets 401 AUTH_KEY_UNREGISTERED. `any_dc`: served by DCs other than the account's
    home too (files, say); everything else gets 303 USER_MIGRATE_X there.
    """

    def register(handler: AnyHandler) -> AnyHandler:
        for request in requests:
            REGISTRY[request.CONSTRUCTOR_ID] = Method(tl_name(request), handler, before_login, any_dc)
        return handler

    return register


@dataclass(slots=True)
class Call:
    """One RPC call as its handler sees it."""

    server: DemoServer
    world: Any
    account: int | None
    """The user id logged in on this auth key; None before login."""
    session: Any
    """The MTProto session (`demo.wire.session.Session`); the same for all calls of one connection."""
    dc_id: int
    layer: int
    takeout_id: int | None = None
    """Set inside invokeWithTakeout, already validated."""
    messages_range: tuple[int, int] | None = None
    """(min_id, max_id) of invokeWithMessagesRange."""
    no_updates: bool = False
    method: str = ""
    """The TL name of the innermost request."""
    torn: bool = False
    """Set by a fault: the answer breaks off half-way, and the connection with it."""

    def now(self) -> int:
        """The server's clock, in Unix seconds."""
        return int(self.server.clock())

    def page_limit(self, request: object, limit: int) -> int:
        """How many messages a history page may hold: `limit`, or fewer when a fault cuts it short.

        Ask it once per request, after the limit's own bounds; a cut page keeps its newest messages.
        """
        return self.server.faults.page_limit(self, request, limit)
