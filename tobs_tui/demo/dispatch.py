"""From the bytes of one RPC request to the bytes of its answer.

Takes the wrappers off, checks who may call what and where, lets faults and the flood policy act, runs the
handler. Whatever a handler raises becomes an rpc_error: one call never harms the connection.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from typing import TYPE_CHECKING

from telethon.errors import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.tl import functions
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.keyring import ClientInfo
from tobs_tui.demo.rpc import REGISTRY, Call, Method, Result, RpcError, tl_name
from tobs_tui.demo.wire.connection import DropConnection, TornAnswer
from tobs_tui.demo.wire.intake import VECTOR, gzipped, tl_bytes

if TYPE_CHECKING:
    from tobs_tui.demo.server import DemoServer
    from tobs_tui.demo.wire.session import Session

log = logging.getLogger(__name__)

RPC_ERROR = 0x2144CA19
HISTORY = "messages.getHistory"
_TRUE = struct.pack("<I", 0x997275B5)
_FALSE = struct.pack("<I", 0xBC799737)


class Dispatcher:
    """Answers the calls of one server."""

    def __init__(self, server: DemoServer) -> None:
        self._server = server
        self._histories = 0

    async def answer(self, session: Session, msg_id: int, body: bytes) -> tuple[bytes, bool]:
        """The serialised result or rpc_error, and whether it went well.

        :raises DropConnection: the connection is to be closed instead.
        :raises TornAnswer: it is to be closed half-way through the answer.
        """
        try:
            request = _parse(body)
            call = self._new_call(session)
            request = await self._unwrap(call, request)
            result = await self._result(call, request)
            if call.torn:
                raise TornAnswer(result)
            return result, True
        except RpcError as error:
            return _rpc_error(error), False
        except (DropConnection, TornAnswer):
            raise
        except Exception:  # the boundary: a bug in one handler is that call's error 500
            log.exception("A handler failed")
            return _rpc_error(RpcError(500, "INTERNAL_SERVER_ERROR")), False

    def _new_call(self, session: Session) -> Call:
        key = session.key
        if key.account is None:
            self._server.keyring.refresh()  # another server on the same folder may have logged it in
        return Call(self._server, self._server.world, key.account, session, key.dc_id, key.layer)

    async def _unwrap(self, call: Call, request: TLObject) -> TLObject:
        """Take the wrappers off and keep what they say."""
        key = call.session.key
        while True:
            match request:
                case functions.InvokeWithLayerRequest():
                    key.layer = call.layer = request.layer
                case functions.InitConnectionRequest():
                    key.client = ClientInfo(
                        request.api_id, request.device_model, request.system_version, request.app_version
                    )
                case functions.InvokeWithoutUpdatesRequest():
                    call.no_updates = True
                case functions.InvokeWithTakeoutRequest():
                    if call.account is None:
                        raise RpcError(401, "AUTH_KEY_UNREGISTERED")
                    if self._server.keyring.takeouts.get(request.takeout_id) != call.account:
                        raise RpcError(400, "TAKEOUT_INVALID")
                    call.takeout_id = request.takeout_id
                case functions.InvokeWithMessagesRangeRequest():
                    call.messages_range = (request.range.min_id, request.range.max_id)
                case functions.InvokeAfterMsgRequest():
                    await _finished(call.session, [request.msg_id])
                case functions.InvokeAfterMsgsRequest():
                    await _finished(call.session, request.msg_ids)
                case _:
                    break
            self._server.wrappers[tl_name(request)] += 1
            request = request.query
        return request

    async def _result(self, call: Call, request: TLObject) -> bytes:
        server = self._server
        method = REGISTRY.get(request.CONSTRUCTOR_ID)
        call.method = method.name if method else tl_name(request)
        server.requests[call.method] += 1
        server.log.append(call.method)
        call.session.key.active = call.now()
        if server.faults:
            await server.faults.strike(call, request)
        if method is None:
            raise RpcError(400, f"INPUT_METHOD_INVALID_{request.CONSTRUCTOR_ID}")
        self._check_rights(call, method)
        if not call.no_updates and not method.before_login:
            call.session.wants_updates = True
        if call.method == HISTORY:
            self._pass_history(call)
        result = await method.handler(call, request)
        return self._packed(serialised(result), ready=isinstance(result, bytes))

    def _check_rights(self, call: Call, method: Method) -> None:
        if method.before_login:
            return
        if call.account is None:
            needed = (
                "SESSION_PASSWORD_NEEDED" if call.session.key.awaits_password else "AUTH_KEY_UNREGISTERED"
            )
            raise RpcError(401, needed)
        if call.dc_id != self._server.home_dc and not method.any_dc:
            raise RpcError(303, f"USER_MIGRATE_{self._server.home_dc}")

    def _pass_history(self, call: Call) -> None:
        """The knobs that count getHistory."""
        knobs = self._server.knobs
        self._histories += 1
        if knobs.drop_every and self._histories % knobs.drop_every == 0:
            raise DropConnection
        if knobs.flood is not None and call.account is not None:
            gate = self._server.flood_gate(call.account)
            in_takeout = call.takeout_id is not None
            wait = gate.ask(self._server.clock(), knobs.flood, knobs.flood_wait, takeout=in_takeout)
            if wait:
                raise RpcError(420, f"FLOOD_WAIT_{wait}")

    def _packed(self, body: bytes, *, ready: bool) -> bytes:
        knobs = self._server.knobs
        if knobs.gzip_from is None or len(body) < knobs.gzip_from or (ready and not knobs.gzip_ready):
            return body
        return gzipped(body)


def serialised(result: Result) -> bytes:
    """A handler's result as a boxed TL value."""
    if isinstance(result, bytes):
        return result
    if isinstance(result, bool):
        return _TRUE if result else _FALSE
    if isinstance(result, TLObject):
        return bytes(result)
    return struct.pack("<Ii", VECTOR, len(result)) + b"".join(map(bytes, result))


def _parse(body: bytes) -> TLObject:
    try:
        request = BinaryReader(body).tgread_object()
    except TypeNotFoundError as error:
        raise RpcError(400, f"INPUT_METHOD_INVALID_{error.invalid_constructor_id}") from error
    except Exception as error:  # the reader raises whatever the bytes lead it to
        raise RpcError(400, "INPUT_REQUEST_INVALID") from error
    if not isinstance(request, TLObject):
        raise RpcError(400, "INPUT_REQUEST_INVALID")
    return request


async def _finished(session: Session, msg_ids: list[int]) -> None:
    """Wait for earlier calls of the session. :raises RpcError: one of them failed."""
    own = asyncio.current_task()  # a call that names itself waits for nothing
    running = [task for each in msg_ids if (task := session.running.get(each)) and task is not own]
    if running:
        await asyncio.wait(running)
    if any(session.failed(each) for each in msg_ids):
        raise RpcError(400, "MSG_WAIT_FAILED")


def _rpc_error(error: RpcError) -> bytes:
    return struct.pack("<Ii", RPC_ERROR, error.code) + tl_bytes(error.message.encode())
