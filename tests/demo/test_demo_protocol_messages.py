"""Service messages and the numbering of messages, as the specification has them."""

from __future__ import annotations

import gzip
import os
import struct
import time
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer, RpcResult

from tobs_tui.demo.keyring import AuthKey
from tobs_tui.demo.wire import intake as wire
from tobs_tui.demo.wire.envelope import Envelope, SecretKey
from tobs_tui.demo.wire.intake import Intake, Reader
from tobs_tui.demo.wire.salts import Salts
from tobs_tui.demo.wire.session import MessageIds, Session

NOW = 1_700_000_000
GET_CONFIG = bytes(functions.help.GetConfigRequest())


class Side:
    """A session with its reader, and a clock that stands still."""

    def __init__(self) -> None:
        self.key = AuthKey(SecretKey(os.urandom(256)), 2, NOW, first_salt=42)
        self.salts = Salts(b"secret")
        self.session = Session(1, self.key)
        self.others: set[int] = set()
        self.reader = Reader(self.salts, lambda: NOW, lambda key, session_id: session_id in self.others)
        self.last = NOW << 32

    def envelope(self, body: bytes, *, seq: int = 1, msg_id: int = 0, salt: int = 42) -> Envelope:
        self.last += 4
        return Envelope(salt, 1, msg_id or self.last, seq, body)

    def take(self, body: bytes, *, seq: int = 1, msg_id: int = 0) -> Intake:
        return self.reader.take(self.session, self.envelope(body, seq=seq, msg_id=msg_id))


@pytest.fixture
def side() -> Side:
    return Side()


def only_reply(intake: Intake) -> Any:
    (reply,) = intake.replies
    return BinaryReader(reply.body).tgread_object()


def packed(*messages: tuple[int, int, bytes]) -> bytes:
    return wire.container(list(messages))


def test_what_the_server_seals_telethon_opens() -> None:
    key = os.urandom(256)
    secret = SecretKey(key)

    class Key:
        key_id = struct.unpack("<Q", secret.id)[0]

    Key.key = key  # type: ignore[attr-defined]
    state = MTProtoState(Key, loggers={"telethon.network.mtprotostate": None})
    msg_id = MessageIds(time.time).next(answer=True)
    body = bytes(types.Pong(1, 2))
    opened = state.decrypt_message_data(secret.seal(9, state.id, msg_id, 1, body))
    assert (opened.msg_id, bytes(opened.obj)) == (msg_id, body)

    sent = secret.open(state.encrypt_message_data(struct.pack("<qii", 8, 3, len(body)) + body))
    assert (sent.session_id, sent.msg_id, sent.seq_no, sent.body) == (state.id, 8, 3, body)


def test_message_ids_grow_and_tell_answers_from_notices() -> None:
    ids = MessageIds(lambda: NOW)
    made = [ids.next(answer=n % 2 == 0) for n in range(10)]
    assert made == sorted(set(made))
    assert [each % 4 for each in made[:2]] == [1, 3]
    assert made[0] >> 32 == NOW


@pytest.mark.parametrize(
    ("msg_id", "code"),
    [((NOW << 32) + 1, 18), ((NOW - 400) << 32, 16), ((NOW + 60) << 32, 17)],
)
def test_a_bad_message_id_is_refused(side: Side, msg_id: int, code: int) -> None:
    refusal = side.reader.refusal(side.session, side.envelope(GET_CONFIG, msg_id=msg_id))
    assert refusal is not None
    told = BinaryReader(refusal).tgread_object()
    assert (told.bad_msg_id, told.error_code) == (msg_id, code)


def test_a_wrong_salt_is_answered_with_the_right_one(side: Side) -> None:
    envelope = side.envelope(GET_CONFIG, salt=0)
    told = BinaryReader(side.reader.refusal(side.session, envelope) or b"").tgread_object()
    assert (type(told), told.bad_msg_id, told.error_code) == (types.BadServerSalt, envelope.msg_id, 48)
    right = told.new_server_salt % 2**64
    assert side.reader.refusal(side.session, side.envelope(GET_CONFIG, salt=right)) is None


def test_a_salt_lives_an_hour_and_the_next_ones_are_told(side: Side) -> None:
    salts = side.salts.future(side.key.id, NOW, 3)
    assert [s.since for s in salts] == [salts[0].since + n * 1800 for n in range(3)]
    first = salts[0]
    assert side.salts.valid(side.key.id, first.value, first.until - 1)
    assert not side.salts.valid(side.key.id, first.value, first.until)
    told = only_reply(side.take(bytes(functions.GetFutureSaltsRequest(3))))
    assert [s.salt % 2**64 for s in told.salts] == [s.value for s in salts]


def test_calls_come_out_of_containers_and_gzip(side: Side) -> None:
    base = side.last + 400
    inner = [(base, 1, GET_CONFIG), (base + 4, 3, bytes(GzipPacked(GET_CONFIG)))]
    intake = side.take(packed(*inner), seq=4, msg_id=base + 8)
    assert intake.calls == [(base, GET_CONFIG), (base + 4, GET_CONFIG)]
    assert intake.replies == []


def test_a_container_inside_a_container_or_cut_short_is_refused(side: Side) -> None:
    nested = packed((side.last + 100, 0, packed((side.last + 96, 1, GET_CONFIG))))
    assert only_reply(side.take(nested, seq=2)).error_code == 64
    assert only_reply(side.take(packed((side.last + 200, 1, GET_CONFIG))[:-2], seq=2)).error_code == 64
    assert only_reply(side.take(packed((side.last + 300, 1, GET_CONFIG)), seq=3)).error_code == 34


def test_a_gzip_bomb_is_refused(side: Side) -> None:
    bomb = struct.pack("<I", wire.GZIP_PACKED) + wire.tl_bytes(gzip.compress(bytes(20_000_000)))
    assert only_reply(side.take(bomb)).error_code == 64


def test_repeated_messages_run_once(side: Side) -> None:
    msg_id = side.last + 400
    assert len(side.take(GET_CONFIG, msg_id=msg_id).calls) == 1
    again = side.take(GET_CONFIG, msg_id=msg_id)
    assert again.calls == []
    assert only_reply(again).msg_ids == [msg_id]
    box = packed((msg_id + 4, 3, GET_CONFIG))
    side.take(box, seq=4, msg_id=msg_id + 8)
    assert only_reply(side.take(box, seq=4, msg_id=msg_id + 8)).error_code == 19


def test_sequence_numbers_are_held_to_their_rules(side: Side) -> None:
    assert only_reply(side.take(GET_CONFIG, seq=2)).error_code == 35
    assert side.take(GET_CONFIG, seq=9).calls
    assert only_reply(side.take(GET_CONFIG, seq=7)).error_code == 32


def test_acks_need_no_answer(side: Side) -> None:
    intake = side.take(bytes(types.MsgsAck([1, 2])), seq=0)
    assert (intake.replies, intake.calls) == ([], [])


def test_the_state_of_messages_is_told(side: Side) -> None:
    msg_id = side.last + 400
    side.take(GET_CONFIG, msg_id=msg_id)
    told = only_reply(side.take(bytes(types.MsgsStateReq([msg_id, 5])), seq=2, msg_id=msg_id + 4))
    assert told.req_msg_id == msg_id + 4
    assert told.info == "\x04\x01"


def test_sessions_are_destroyed_when_they_are_known(side: Side) -> None:
    side.others.add(7)
    intake = side.take(bytes(functions.DestroySessionRequest(7)))
    assert isinstance(only_reply(intake), types.DestroySessionOk)
    assert intake.destroyed_session == 7
    assert isinstance(
        only_reply(side.take(bytes(functions.DestroySessionRequest(8)))), types.DestroySessionNone
    )


def test_an_answer_nobody_waits_for_can_be_dropped(side: Side) -> None:
    told = only_reply(side.take(bytes(functions.RpcDropAnswerRequest(99))))
    assert isinstance(told, RpcResult)
    assert isinstance(BinaryReader(told.body).tgread_object(), types.RpcAnswerUnknown)


def test_a_new_session_names_its_first_message(side: Side) -> None:
    box = side.envelope(packed((16, 1, GET_CONFIG)), seq=2)
    created = BinaryReader(side.reader.new_session_created(side.session, box).body).tgread_object()
    assert created.first_msg_id == 16
    assert created.server_salt % 2**64 == side.salts.current(side.key.id, NOW).value


def test_gzip_is_sent_only_where_it_is_smaller() -> None:
    assert wire.gzipped(os.urandom(500))[:4] != struct.pack("<I", wire.GZIP_PACKED)
    packed_body = wire.gzipped(b"again and again " * 300)
    assert GzipPacked.read(BinaryReader(packed_body)) == b"again and again " * 300
    assert wire.gunzip(packed_body) == b"again and again " * 300


def test_telethon_reads_our_containers() -> None:
    body = packed((5, 1, bytes(types.Pong(1, 2))), (9, 3, bytes(types.Pong(3, 4))))
    box = MessageContainer.from_reader(BinaryReader(body[4:]))
    assert [(m.msg_id, m.seq_no, m.obj.ping_id) for m in box.messages] == [(5, 1, 2), (9, 3, 4)]


async def test_telethon_pings_and_asks_for_salts(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    assert (await client(functions.PingRequest(7))).ping_id == 7
    assert (await client(functions.PingDelayDisconnectRequest(8, 60))).ping_id == 8
    assert len((await client(functions.GetFutureSaltsRequest(5))).salts) == 5
    assert isinstance(await client(functions.DestroySessionRequest(5)), types.DestroySessionNone)


async def test_a_connection_without_pings_is_closed(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, auto_reconnect=False)
    await client(functions.PingDelayDisconnectRequest(1, 0))
    with pytest.raises(EOFError):
        await client.disconnected
