"""One TCP connection of a client: finds its transport, exchanges keys, decrypts, runs calls, answers.

Calls of one connection run side by side, at most `MAX_IN_FLIGHT`, and are answered in whatever order they
are ready, each with one write. A connection that is lost takes its calls with it, as at Telegram.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from tobs_tui.demo.wire.envelope import BadEnvelope
from tobs_tui.demo.wire.handshake import Handshake, HandshakeFailed
from tobs_tui.demo.wire.intake import Intake, Reader, Reply, container, rpc_result
from tobs_tui.demo.wire.obfuscated import HEADER, open_obfuscated
from tobs_tui.demo.wire.transport import BadTransport, Transport, detect

if TYPE_CHECKING:
    from tobs_tui.demo.keyring import AuthKey, Keyring
    from tobs_tui.demo.wire.envelope import Envelope
    from tobs_tui.demo.wire.salts import Salts
    from tobs_tui.demo.wire.server_key import ServerKey
    from tobs_tui.demo.wire.session import MessageIds, Session, Sessions

MAX_IN_FLIGHT = 256
"""Calls of one connection that may run; until one ends, nothing more is read from it."""

UNKNOWN_KEY = struct.pack("<i", -404)
UNKNOWN_DC = struct.pack("<i", -444)


class DropConnection(Exception):
    """Raised by a call that is to be answered by closing the connection."""


class TornAnswer(Exception):
    """Raised by a call whose answer is to break off half-way, with its connection."""

    def __init__(self, result: bytes) -> None:
        super().__init__("torn")
        self.result = result


class Host(Protocol):
    """What a connection needs of the server behind it."""

    server_key: ServerKey
    keyring: Keyring
    salts: Salts
    message_ids: MessageIds
    sessions: Sessions
    proxy_secret: bytes
    connections: set[Connection]
    transports: Counter[str]

    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def silent(self) -> bool:
        """Whether the server takes everything and answers nothing."""

    @property
    def delay(self) -> float:
        """Seconds by which every answer is late."""

    def serves(self, dc_id: int) -> bool: ...
    def destroy_key(self, key: AuthKey) -> None: ...
    def answer(self, session: Session, msg_id: int, body: bytes) -> Coroutine[Any, Any, tuple[bytes, bool]]:
        """Run one call. Returns the serialised result or rpc_error, and whether it went well."""


class Connection(asyncio.Protocol):
    """The server's end of one socket."""

    def __init__(self, host: Host, dc_id: int) -> None:
        self._host = host
        self._dc_id = dc_id
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(host.salts, host.clock, host.sessions.has)
        self._socket: asyncio.Transport | None = None
        self._start = bytearray()
        self._transport: Transport | None = None
        self._handshake: Handshake | None = None
        self._sessions: set[Session] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: deque[tuple[float, bytes]] = deque()
        self._late_timer: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._congested = False
        self._deaf = False

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        self._host.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._socket = None
        self._host.connections.discard(self)
        for timer in (self._late_timer, self._ping_timer):
            if timer is not None:
                timer.cancel()
        self._late.clear()
        for task in self._tasks:
            task.cancel()
        for session in self._sessions:
            if session.connection is self:
                session.connection = None

    def pause_writing(self) -> None:
        self._congested = True
        self._regulate()

    def resume_writing(self) -> None:
        self._congested = False
        self._regulate()

    def data_received(self, data: bytes) -> None:
        if self._host.silent or self._deaf:
            # What a silent server has missed can't be made up for: the stream is torn from here on.
            self._deaf = True
            if not self._host.silent:
                self.abort()
            return
        try:
            if self._transport is None:
                data = self._recognise(data)
            if self._transport is not None:
                for packet in self._transport.feed(data):
                    self._packet_received(packet)
        except (BadTransport, BadEnvelope, HandshakeFailed):
            # Telegram answers -404 to what it can't decrypt; a client that gets it makes a new key.
            if self._transport is not None:
                self._write(UNKNOWN_KEY)
            self.close()

    # What the server asks for

    def close(self) -> None:
        """Close after what has been written is out."""
        if self._socket is not None:
            self._socket.close()

    def abort(self) -> None:
        """Close at once, as a cut cable would."""
        if self._socket is not None:
            self._socket.abort()

    async def ended(self) -> None:
        """Wait until all calls of a lost connection have ended."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def send(self, session: Session, *replies: Reply) -> None:
        """Send messages of a session, several as one container, in one write."""
        ids = self._host.message_ids
        messages = [
            (ids.next(answer=each.answer), session.next_seq(content=each.content), each.body)
            for each in replies
        ]
        if len(messages) > 1:
            messages = [(ids.next(answer=False), session.next_seq(content=False), container(messages))]
        salt = self._host.salts.current(session.key.id, self._host.clock()).value
        for msg_id, seq_no, body in messages:
            self._write(session.key.secret.seal(salt, session.id, msg_id, seq_no, body))

    # Packets

    def _recognise(self, data: bytes) -> bytes:
        """Find the transport; returns the bytes after its tag."""
        self._start += data
        start = bytes(self._start)
        if found := detect(start):
            transport, tag = found
            self._use(transport)
            return start[tag:]
        if len(start) < HEADER:
            return b""
        opened = open_obfuscated(start[:HEADER], self._host.proxy_secret)
        self._use(opened.transport)
        if opened.dc_id is not None:
            self._dc_id = opened.dc_id
        if not self._host.serves(self._dc_id):
            self._write(UNKNOWN_DC)
            self.close()
            return b""
        return start[HEADER:]

    def _use(self, transport: Transport) -> None:
        self._transport = transport
        self._start.clear()
        self._host.transports[transport.name] += 1

    def _packet_received(self, packet: bytes) -> None:
        key_id = packet[:8]
        if key_id == bytes(8):
            self._exchange_keys(packet)
            return
        key = self._host.keyring.find(key_id, self._dc_id)
        if key is None:
            self._write(UNKNOWN_KEY)
            return
        self._message_received(key, key.secret.open(packet))

    def _exchange_keys(self, packet: bytes) -> None:
        if len(packet) < 20:
            raise HandshakeFailed("too short")
        length = struct.unpack_from("<i", packet, 16)[0]
        if self._handshake is None:
            self._handshake = Handshake(self._host.server_key, self._host.clock)
        answer = self._handshake.answer(packet[20 : 20 + length])
        if agreed := self._handshake.agreed:
            now = int(self._host.clock())
            self._host.keyring.add(agreed.key, self._dc_id, agreed.salt, now)
            self._handshake = None
        msg_id = self._host.message_ids.next(answer=True)
        self._write(struct.pack("<qqi", 0, msg_id, len(answer)) + answer)

    def _message_received(self, key: AuthKey, envelope: Envelope) -> None:
        session, is_new = self._host.sessions.open(key, envelope.session_id)
        if refusal := self._reader.refusal(session, envelope):
            if is_new:
                self._host.sessions.drop(key, envelope.session_id)
            self.send(session, Reply(refusal))
            return
        session.connection = self
        self._sessions.add(session)
        intake = self._reader.take(session, envelope)
        if is_new:
            intake.replies.insert(0, self._reader.new_session_created(session, envelope))
        self._act(session, intake)

    def _act(self, session: Session, intake: Intake) -> None:
        if intake.replies:
            self.send(session, *intake.replies)
        for msg_id in intake.dropped:
            session.running[msg_id].cancel()
        for msg_id, body in intake.calls:
            self._run(session, msg_id, body)
        if intake.close_after is not None:
            self._close_without_ping(intake.close_after)
        if intake.destroyed_session is not None:
            self._host.sessions.drop(session.key, intake.destroyed_session)
        if intake.destroy_key:
            self._host.destroy_key(session.key)
            self.close()

    # Calls

    def _run(self, session: Session, msg_id: int, body: bytes) -> None:
        task = self._loop.create_task(self._call(session, msg_id, body))
        session.running[msg_id] = task
        self._tasks.add(task)
        task.add_done_callback(self._call_ended)
        self._regulate()

    async def _call(self, session: Session, msg_id: int, body: bytes) -> None:
        ok = False
        try:
            result, ok = await self._host.answer(session, msg_id, body)
        except DropConnection:
            self.abort()
        except TornAnswer as torn:
            self._break_off(session, Reply(rpc_result(msg_id, torn.result), content=True))
        else:
            self.send(session, Reply(rpc_result(msg_id, result), content=True))
        finally:
            session.note_finished(msg_id, ok=ok)

    def _call_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._regulate()

    def _regulate(self) -> None:
        """Read on, or stop reading, by the calls under way and by whether the client takes its answers."""
        if self._socket is None or self._socket.is_closing():
            return
        if self._congested or len(self._tasks) >= MAX_IN_FLIGHT:
            self._socket.pause_reading()
        else:
            self._socket.resume_reading()

    def _break_off(self, session: Session, reply: Reply) -> None:
        """Send the first half of an answer and close, whatever else was still to be sent."""
        if self._socket is None or self._transport is None:
            return
        self._late.clear()
        salt = self._host.salts.current(session.key.id, self._host.clock()).value
        message_id, seq_no = self._host.message_ids.next(answer=True), session.next_seq(content=True)
        packet = self._transport.pack(
            session.key.secret.seal(salt, session.id, message_id, seq_no, reply.body)
        )
        self._socket.write(packet[: len(packet) // 2])
        self._socket.close()

    def _close_without_ping(self, seconds: float) -> None:
        if self._ping_timer is not None:
            self._ping_timer.cancel()
        self._ping_timer = self._loop.call_later(seconds, self.close)

    # Writing, late by the round-trip time

    def _write(self, payload: bytes) -> None:
        """Pack and send, `delay` seconds from now; the order stays as it is."""
        if self._socket is None or self._transport is None or self._host.silent:
            return
        packet = self._transport.pack(payload)
        delay = self._host.delay
        if not delay and not self._late:
            self._socket.write(packet)
            return
        self._late.append((self._loop.time() + delay, packet))
        if self._late_timer is None:
            self._late_timer = self._loop.call_at(self._late[0][0], self._write_late)

    def _write_late(self) -> None:
        self._late_timer = None
        now = self._loop.time()
        while self._late and self._late[0][0] <= now and self._socket is not None:
            self._socket.write(self._late.popleft()[1])
        if self._late:
            self._late_timer = self._loop.call_at(self._late[0][0], self._write_late)
