"""What a decrypted message means before any RPC method: checks, containers, gzip and service messages.

https://core.telegram.org/mtproto/service_messages. Pure: an envelope goes in; what to answer at once and
which calls to run comes out. Formats are read and written by hand, as they are few and on the hot path.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tobs_tui.demo.keyring import AuthKey
from tobs_tui.demo.wire.envelope import Envelope
from tobs_tui.demo.wire.salts import Salts
from tobs_tui.demo.wire.session import Session

CONTAINER = 0x73F1F8DC
GZIP_PACKED = 0x3072CFA1
MSGS_ACK = 0x62D6B459
PING = 0x7ABE77EC
PING_DELAY_DISCONNECT = 0xF3427B8C
PONG = 0x347773C5
HTTP_WAIT = 0x9299359F
GET_FUTURE_SALTS = 0xB921BD04
FUTURE_SALTS = 0xAE500895
DESTROY_SESSION = 0xE7512126
DESTROY_SESSION_OK = 0xE22045FC
DESTROY_SESSION_NONE = 0x62D350C9
DESTROY_AUTH_KEY = 0xD1435160
DESTROY_AUTH_KEY_OK = 0xF660E1D4
MSGS_STATE_REQ = 0xDA69FB52
MSGS_STATE_INFO = 0x04DEB57D
MSGS_ALL_INFO = 0x8CC0D131
MSG_RESEND_REQ = 0x7D861A08
RPC_DROP_ANSWER = 0x58E4A740
RPC_ANSWER_UNKNOWN = 0x5E2AD36E
RPC_ANSWER_DROPPED_RUNNING = 0xCD78E586
RPC_RESULT = 0xF35C6D01
NEW_SESSION_CREATED = 0x9EC20908
BAD_SERVER_SALT = 0xEDAB447B
BAD_MSG_NOTIFICATION = 0xA7EFF811
VECTOR = 0x1CB5C415

TOO_LOW, TOO_HIGH, NOT_DIVISIBLE, REPEATED_CONTAINER = 16, 17, 18, 19
SEQ_TOO_LOW, SEQ_NOT_EVEN, SEQ_NOT_ODD, BAD_SALT, BAD_CONTAINER = 32, 34, 35, 48, 64

MAX_UNPACKED = 8 * 1024 * 1024
MAX_CONTAINED = 1020
OLDEST, NEWEST = 300, 30
"""How far a message id's time may lie back or ahead, in seconds."""

_UNREADABLE = (struct.error, zlib.error, IndexError)


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to send. `content`: it needs an ack; `answer`: it answers one of the client's messages."""

    body: bytes
    content: bool = False
    answer: bool = True


@dataclass(slots=True)
class Intake:
    """What came of one message."""

    replies: list[Reply] = field(default_factory=list)
    calls: list[tuple[int, bytes]] = field(default_factory=list)
    """RPC requests to run: message id and serialised request."""
    dropped: list[int] = field(default_factory=list)
    """Calls under way that the client no longer wants."""
    close_after: float | None = None
    """Seconds without a new ping after which the client wants the connection closed."""
    destroyed_session: int | None = None
    destroy_key: bool = False


class Reader:
    """Takes apart one client's messages."""

    def __init__(
        self, salts: Salts, clock: Callable[[], float], has_session: Callable[[AuthKey, int], bool]
    ) -> None:
        self._salts = salts
        self._clock = clock
        self._has_session = has_session

    def refusal(self, session: Session, envelope: Envelope) -> bytes | None:
        """Why the message as a whole can't be taken: a bad_msg_notification or bad_server_salt, or None."""
        now = self._clock()
        msg_id, seq_no = envelope.msg_id, envelope.seq_no
        if msg_id & 3:
            return bad_message(msg_id, seq_no, NOT_DIVISIBLE)
        if (msg_id >> 32) < now - OLDEST:
            return bad_message(msg_id, seq_no, TOO_LOW)
        if (msg_id >> 32) > now + NEWEST:
            return bad_message(msg_id, seq_no, TOO_HIGH)
        key = session.key
        if envelope.salt != key.first_salt and not self._salts.valid(key.id, envelope.salt, now):
            salt = self._salts.current(key.id, now).value
            return struct.pack("<IqiiQ", BAD_SERVER_SALT, msg_id, seq_no, BAD_SALT, salt)
        return None

    def new_session_created(self, session: Session, envelope: Envelope) -> Reply:
        """The notice that the server knows nothing of earlier messages of this session."""
        salt = self._salts.current(session.key.id, self._clock()).value
        first = envelope.msg_id
        if _constructor(envelope.body) == CONTAINER and len(envelope.body) >= 16:
            first = min(first, struct.unpack_from("<q", envelope.body, 8)[0])
        body = struct.pack("<IqQQ", NEW_SESSION_CREATED, first, session.unique_id, salt)
        return Reply(body, content=True, answer=False)

    def take(self, session: Session, envelope: Envelope) -> Intake:
        """Sort a message that was not refused into replies and calls."""
        intake = Intake()
        try:
            self._take(session, envelope.msg_id, envelope.seq_no, envelope.body, intake, contained=False)
        except _UNREADABLE:
            intake.replies.append(Reply(bad_message(envelope.msg_id, envelope.seq_no, BAD_CONTAINER)))
        return intake

    def _take(
        self, session: Session, msg_id: int, seq_no: int, body: bytes, intake: Intake, *, contained: bool
    ) -> None:
        kind = _constructor(body)
        if session.is_repeated(msg_id):
            refusal = bad_message(msg_id, seq_no, REPEATED_CONTAINER) if kind == CONTAINER else ack(msg_id)
            intake.replies.append(Reply(refusal))
            return
        if not contained and session.seq_too_low(msg_id, seq_no):
            intake.replies.append(Reply(bad_message(msg_id, seq_no, SEQ_TOO_LOW)))
            return
        session.note_received(msg_id, seq_no)
        if kind == CONTAINER:
            if contained or seq_no % 2:
                code = BAD_CONTAINER if contained else SEQ_NOT_EVEN
                intake.replies.append(Reply(bad_message(msg_id, seq_no, code)))
                return
            for inner_id, inner_seq, inner in _unpack_container(body):
                self._take(session, inner_id, inner_seq, inner, intake, contained=True)
            return
        if kind == GZIP_PACKED:
            body = gunzip(body)
            kind = _constructor(body)
        service = _SERVICES.get(kind)
        if service is not None:
            service(self, session, msg_id, body, intake)
        elif seq_no % 2 == 0:
            intake.replies.append(Reply(bad_message(msg_id, seq_no, SEQ_NOT_ODD)))
        else:
            intake.calls.append((msg_id, body))

    def _ignore(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        """Acks and hints that need no answer."""

    def _ping(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        intake.replies.append(Reply(struct.pack("<Iq", PONG, msg_id) + body[4:12]))

    def _ping_delay_disconnect(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        self._ping(session, msg_id, body, intake)
        intake.close_after = max(0, struct.unpack_from("<i", body, 12)[0])

    def _future_salts(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        now = self._clock()
        salts = self._salts.future(session.key.id, now, struct.unpack_from("<i", body, 4)[0])
        head = struct.pack("<Iqii", FUTURE_SALTS, msg_id, int(now), len(salts))
        listed = b"".join(struct.pack("<iiQ", s.since, s.until, s.value) for s in salts)
        intake.replies.append(Reply(head + listed))

    def _destroy_session(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        target = struct.unpack_from("<q", body, 4)[0]
        known = target != session.id and self._has_session(session.key, target)
        if known:
            intake.destroyed_session = target
        intake.replies.append(
            Reply(struct.pack("<Iq", DESTROY_SESSION_OK if known else DESTROY_SESSION_NONE, target))
        )

    def _destroy_auth_key(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        intake.destroy_key = True
        intake.replies.append(Reply(struct.pack("<I", DESTROY_AUTH_KEY_OK)))

    def _state(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        # 4: received and processed; 1: nothing is known of it. Answers are not kept for resending.
        asked = struct.unpack_from(f"<{struct.unpack_from('<i', body, 8)[0]}q", body, 12)
        info = bytes(4 if session.is_repeated(each) else 1 for each in asked)
        intake.replies.append(Reply(struct.pack("<Iq", MSGS_STATE_INFO, msg_id) + tl_bytes(info)))

    def _drop_answer(self, session: Session, msg_id: int, body: bytes, intake: Intake) -> None:
        target = struct.unpack_from("<q", body, 4)[0]
        running = target in session.running
        if running:
            intake.dropped.append(target)
        result = struct.pack("<I", RPC_ANSWER_DROPPED_RUNNING if running else RPC_ANSWER_UNKNOWN)
        intake.replies.append(Reply(rpc_result(msg_id, result), content=True))


_Service = Callable[[Reader, Session, int, bytes, Intake], None]
_SERVICES: dict[int, _Service] = {
    MSGS_ACK: Reader._ignore,
    HTTP_WAIT: Reader._ignore,
    MSGS_STATE_INFO: Reader._ignore,
    MSGS_ALL_INFO: Reader._ignore,
    PING: Reader._ping,
    PING_DELAY_DISCONNECT: Reader._ping_delay_disconnect,
    GET_FUTURE_SALTS: Reader._future_salts,
    DESTROY_SESSION: Reader._destroy_session,
    DESTROY_AUTH_KEY: Reader._destroy_auth_key,
    MSGS_STATE_REQ: Reader._state,
    MSG_RESEND_REQ: Reader._state,
    RPC_DROP_ANSWER: Reader._drop_answer,
}


def rpc_result(msg_id: int, result: bytes) -> bytes:
    return struct.pack("<Iq", RPC_RESULT, msg_id) + result


def ack(*msg_ids: int) -> bytes:
    return struct.pack(f"<IIi{len(msg_ids)}q", MSGS_ACK, VECTOR, len(msg_ids), *msg_ids)


def bad_message(msg_id: int, seq_no: int, code: int) -> bytes:
    return struct.pack("<Iqii", BAD_MSG_NOTIFICATION, msg_id, seq_no, code)


def container(messages: list[tuple[int, int, bytes]]) -> bytes:
    """Several messages (id, sequence number, body) as one body."""
    parts = [struct.pack("<Ii", CONTAINER, len(messages))]
    for msg_id, seq_no, body in messages:
        parts += (struct.pack("<qii", msg_id, seq_no, len(body)), body)
    return b"".join(parts)


def tl_bytes(data: bytes) -> bytes:
    """A TL `bytes` or `string`: length, data, padding to four."""
    head = bytes((len(data),)) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
    return b"".join((head, data, bytes(-(len(head) + len(data)) % 4)))


def gzipped(body: bytes) -> bytes:
    """The body as gzip_packed, or as it is where that isn't smaller."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    packed = struct.pack("<I", GZIP_PACKED) + tl_bytes(packer.compress(body) + packer.flush())
    return packed if len(packed) < len(body) else body


def gunzip(body: bytes) -> bytes:
    """The body inside a gzip_packed; longer than 8 MiB is an error, as no honest request is."""
    short = body[4] < 254
    start, length = (5, body[4]) if short else (8, int.from_bytes(body[5:8], "little"))
    unpacker = zlib.decompressobj(31)
    unpacked = unpacker.decompress(body[start : start + length], MAX_UNPACKED)
    if unpacker.unconsumed_tail:
        raise zlib.error("a packed request of more than 8 MiB")
    return unpacked


def _constructor(body: bytes) -> int:
    return int.from_bytes(body[:4], "little")


def _unpack_container(body: bytes) -> list[tuple[int, int, bytes]]:
    count = struct.unpack_from("<i", body, 4)[0]
    if not 0 <= count <= MAX_CONTAINED:
        raise IndexError("a container of too many messages")
    messages, position = [], 8
    for _ in range(count):
        msg_id, seq_no, length = struct.unpack_from("<qii", body, position)
        position += 16
        if not 4 <= length <= len(body) - position:
            raise IndexError("a container cut short")
        messages.append((msg_id, seq_no, body[position : position + length]))
        position += length
    return messages
