"""Telethon's sender as a link needs it: no retries of its own, pinned keys, wary of answers, a quiet log.

What an answer holds is a stranger's: bytes that can't be read, and answers of another type, are `Unreadable`
and cost no more than the request that they answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telethon.crypto import AuthKey
from telethon.network import MTProtoSender, authenticator
from telethon.network.mtprotoplainsender import MTProtoPlainSender
from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject, TLRequest

from tobs_tui.telegram.quick_reader import QuickReader

CONNECT_TIMEOUT = 10.0
"""Seconds for one TCP connection to be accepted."""

_BOOL = functions.account.FinishTakeoutSessionRequest.SUBCLASS_OF_ID


class WrongKey(Exception):
    """The server proves itself with none of the keys that we expect of it."""


class Unreadable(Exception):
    """An answer arrived that Telethon can't take apart; its text is the reason."""

    def __init__(self, reason: str, body: bytes) -> None:
        super().__init__(reason)
        self.body = body
        """The answer's bytes. They hold messages: never log them."""


@dataclass(slots=True)
class DcKey:
    """The authorization key of one account on one DC, with what each new link wants to know beforehand."""

    key: bytes | None = field(default=None, repr=False)
    salt: int = 0
    """The server's salt, if known: a wrong one costs a round trip."""
    time_offset: int = 0


class Sent(TLRequest):  # type: ignore[misc]
    """A request as it goes out: wrapped as the link needs it, with its answer read as the inner request's."""

    def __init__(self, request: Any, wrapped: Any) -> None:
        self._request = request
        self._wrapped = wrapped
        self.error_name = ""
        """The name of the error that Telegram answered with, as it stood in the answer."""

    @property
    def query(self) -> Any:
        return self._request

    def _bytes(self) -> bytes:
        return bytes(self._wrapped)

    def read_result(self, reader: Any) -> Any:  # type: ignore[override, unused-ignore]
        try:
            answer = self._request.read_result(QuickReader(reader.get_bytes()))
        except Exception as error:  # boundary: whatever a parser meets in bytes that it does not know
            reader.set_position(0)
            raise Unreadable(f"{type(error).__name__} in the answer", reader.read()) from None
        if not self._fits(answer):
            raise Unreadable(f"the answer is of another type, {type(answer).__name__}", b"")
        return answer

    def _fits(self, answer: Any) -> bool:
        """Whether an answer is of the type that this method gives; only lists are not looked into."""
        if hasattr(self._request, "query"):
            return True  # its type is the inner request's
        expected = self._request.SUBCLASS_OF_ID
        if isinstance(answer, bool):
            return bool(expected == _BOOL)
        return not isinstance(answer, TLObject) or bool(expected == answer.SUBCLASS_OF_ID)


class _PinnedPlainSender(MTProtoPlainSender):  # type: ignore[misc]
    """Speaks the key exchange, and lets only the given public keys take part in it."""

    def __init__(self, connection: Any, keys: frozenset[int], *, loggers: Any) -> None:
        super().__init__(connection, loggers=loggers)
        self._keys = keys

    async def send(self, request: Any) -> Any:
        answer = await super().send(request)
        if isinstance(answer, types.ResPQ):
            pinned = [key for key in answer.server_public_key_fingerprints if key in self._keys]
            if not pinned:
                raise WrongKey
            answer.server_public_key_fingerprints = pinned
        return answer


class Sender(MTProtoSender):  # type: ignore[misc]
    """Telethon's sender without its own retries: it fails at the first break, with the cause."""

    def __init__(
        self, dc_key: DcKey, keys: frozenset[int], *, loggers: Any, updates: Any, clock: Any
    ) -> None:
        super().__init__(
            AuthKey(dc_key.key),
            loggers=loggers,
            retries=0,
            delay=0,
            auto_reconnect=False,
            connect_timeout=CONNECT_TIMEOUT,
            updates_queue=updates,
        )
        self._keys = keys
        self._clock = clock
        self.heard = clock()
        """When anything last came from the server."""

    async def _try_connect(self, attempt: int) -> bool:
        await self._connection.connect(timeout=self._connect_timeout)
        return True

    async def _try_gen_auth_key(self, attempt: int) -> bool:
        plain = _PinnedPlainSender(self._connection, self._keys, loggers=self._loggers)
        self.auth_key.key, self._state.time_offset = await authenticator.do_authentication(plain)
        return True

    async def _process_message(self, message: Any) -> None:
        self.heard = self._clock()
        await super()._process_message(message)

    async def _handle_rpc_result(self, message: Any) -> None:
        result = message.obj
        state = self._pending_state.get(result.req_msg_id)
        if result.error and state is not None and isinstance(state.request, Sent):
            state.request.error_name = result.error.error_message
        await super()._handle_rpc_result(message)

    def forget(self, future: asyncio.Future[Any]) -> None:
        """Drop a request that nobody waits for any more."""
        for msg_id, state in list(self._pending_state.items()):
            if state.future is future:
                del self._pending_state[msg_id]


class Updates:
    """Takes what the server pushes; throws it away unless somebody listens."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Any], None]] = []

    def put_nowait(self, update: Any) -> None:
        for listener in tuple(self._listeners):
            listener(update)

    @contextlib.contextmanager
    def listening(self, listener: Callable[[Any], None]) -> Any:
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)


class Loggers(dict[str, logging.Logger]):
    """Telethon's loggers by its modules' names, under ours."""

    def __missing__(self, name: str) -> logging.Logger:
        return _log.getChild(name.removeprefix("telethon."))


_log = logging.getLogger("tobs_tui.telegram.mtproto")
# Below that, Telethon writes bytes of messages into its log lines.
_log.setLevel(logging.ERROR)


def _told_calmly(record: logging.LogRecord) -> bool:
    """Telethon calls each lost connection an error, for it may not reconnect by itself: we do."""
    if str(record.msg).startswith("Automatic reconnection failed"):
        record.msg, record.args = "a connection was lost, and is made anew", ()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


_log.getChild("network.mtprotosender").addFilter(_told_calmly)
