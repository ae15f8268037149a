"""The server as a network: side by side, late, strict, flaky, gone and back."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from telethon import errors, events, functions, types
from telethon.tl.core import GzipPacked

from tobs_tui.demo.flood import TAKEOUT_FACTOR, FloodGate
from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.wire.connection import MAX_IN_FLIGHT

ME = types.InputPeerSelf()


def history(limit: int = 3, **options: Any) -> Any:
    asked = {"offset_id": 0, "offset_date": None, "add_offset": 0, "max_id": 0, "min_id": 0, "hash": 0}
    return functions.messages.GetHistoryRequest(peer=ME, limit=limit, **(asked | options))


async def test_calls_of_one_connection_run_side_by_side(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    client = await raw_client((await demo_server(tiny_world)).info, login=True)
    asked = [asyncio.ensure_future(client(history())) for _ in range(12)]
    await tiny_world.crowd(12)
    # An answer that is ready doesn't wait for those that are not.
    assert (await client.get_me(input_peer=False)).id == tiny_world.account_id
    tiny_world.gate.set()
    assert all(len(page.messages) == 3 for page in await asyncio.gather(*asked))


async def test_calls_under_way_are_bounded(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    client = await raw_client((await demo_server(tiny_world)).info, login=True)
    asked = [client._sender.send(history(1)) for _ in range(3 * MAX_IN_FLIGHT)]
    await tiny_world.crowd(MAX_IN_FLIGHT)
    tiny_world.gate.set()
    assert len(await asyncio.gather(*asked)) == 3 * MAX_IN_FLIGHT
    assert tiny_world.most_running < 2 * MAX_IN_FLIGHT  # what one read of the socket brings may exceed it


async def test_the_round_trip_delays_without_queueing(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.knobs = Knobs(rtt_ms=200)
    began = time.monotonic()
    await asyncio.gather(*(client(history(1)) for _ in range(10)))
    assert 0.2 <= time.monotonic() - began < 1.0


async def test_the_connection_drops_at_each_kth_history(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.knobs = Knobs(drop_every=3)
    pages = [await client(history(2, offset_id=below)) for below in (100, 90, 80, 70)]
    assert [page.messages[0].id for page in pages] == [99, 89, 79, 69]
    assert server.requests["messages.getHistory"] == 5  # the third was answered by silence and came again
    assert server.transports["full"] == 2


async def test_a_reconnect_with_a_known_key_makes_no_new_one(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    key = client.session.auth_key.key
    server.drop_connections()
    assert (await client(history(1))).messages
    assert client.session.auth_key.key == key


async def test_a_flood_is_told_and_enforced(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    clock = {"now": 1_700_000_000.0}
    server = await demo_server(tiny_world, clock=lambda: clock["now"])
    client = await raw_client(server.info, login=True)
    server.knobs = Knobs(flood=2, flood_wait=4)
    send = client._sender.send
    for _ in range(2):
        await send(history())
    waits = []
    for step in (0, 1.5, 2.0):
        clock["now"] += step
        with pytest.raises(errors.FloodWaitError) as caught:
            await send(history())
        waits.append(caught.value.seconds)
    assert waits == [4, 3, 1]
    assert await send(functions.updates.GetStateRequest())  # other methods are not held up
    clock["now"] += 0.5
    assert await send(history())


def test_the_flood_bucket_refills_at_its_rate() -> None:
    gate = FloodGate()
    assert [gate.ask(0, 2, 9), gate.ask(0, 2, 9), gate.ask(0.5, 2, 9), gate.ask(0.5, 2, 9)] == [0, 0, 0, 9]
    assert [gate.ask(9.0, 2, 9), gate.ask(9.5, 2, 9)] == [1, 0]
    slow = FloodGate()
    assert [slow.ask(0, 0.5, 9), slow.ask(2, 0.5, 9), slow.ask(3, 0.5, 9)] == [0, 0, 9]


def test_a_takeout_has_milder_limits() -> None:
    gate = FloodGate()
    passed = [gate.ask(0, 2, 9, takeout=True) for _ in range(2 * TAKEOUT_FACTOR + 1)]
    assert passed == [0] * 2 * TAKEOUT_FACTOR + [9]


async def test_faults_come_by_schedule(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    send = client._sender.send
    rule = server.faults.fail("messages.getHistory", RpcError(500, "RPC_CALL_FAIL"), after=1, times=2)
    outcomes = []
    for _ in range(4):
        try:
            await send(history())
            outcomes.append("page")
        except errors.RpcCallFailError:
            outcomes.append("error")
    assert outcomes == ["page", "error", "error", "page"]
    assert rule.hits == 2


async def test_one_chat_can_be_refused(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.faults.refuse_chat(-1000000000005)
    channel = types.InputPeerChannel(5, 1)
    with pytest.raises(errors.ChannelPrivateError):
        await client(functions.messages.GetHistoryRequest(channel, 0, None, 0, 1, 0, 0, 0))
    with pytest.raises(errors.ChannelPrivateError):
        await client(functions.channels.GetFullChannelRequest(types.InputChannel(5, 1)))
    assert (await client(history())).messages
    server.faults.clear()
    assert (await client(functions.messages.GetHistoryRequest(channel, 0, None, 0, 1, 0, 0, 0))).messages


async def test_pages_can_be_cut_short(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.faults.cut_pages(7, times=1, when=lambda call, request: request.offset_id == 500)
    page = await client(history(20, offset_id=500))
    assert [m.id for m in page.messages] == list(range(499, 492, -1))
    assert len((await client(history(20, offset_id=500))).messages) == 20


async def test_a_method_can_hang_while_others_answer(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.faults.hang("messages.getHistory")
    asked = asyncio.ensure_future(client(history()))
    assert (await client.get_me()).id == tiny_world.account_id
    assert not asked.done()
    server.faults.clear()
    server.drop_connections()
    assert (await asked).messages  # Telethon asks again on the new connection


async def test_a_silent_server_answers_nothing(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.faults.silent = True
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(client(history()), 0.2)
    assert server.requests["messages.getHistory"] == 0
    server.faults.silent = False
    assert (await client(history())).messages  # on a new connection: the old one's stream is torn
    assert server.transports["full"] == 2


async def test_all_logins_can_end_at_once(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.faults.log_out("messages.getHistory", after=1)
    await client(history())
    for _ in range(2):
        with pytest.raises(errors.AuthKeyUnregisteredError):
            await client(history())


async def test_something_can_happen_between_two_pages(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)

    def post(call: Any, request: Any) -> None:
        call.world.messages += 1

    server.faults.before("messages.getHistory", post, after=1)
    assert [(await client(history(1))).messages[0].id for _ in range(3)] == [1000, 1001, 1001]


async def test_restarting_keeps_ports_keys_and_logins(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    before = server.info
    await server.restart()
    assert server.info == before
    assert (await client(history())).messages


async def test_a_restart_in_the_middle_of_a_call(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True, connection_retries=20)
    server.faults.restart("messages.getHistory", after=1, down=0.1)
    for _ in range(3):
        assert (await client(history())).messages
    assert server.requests["messages.getHistory"] == 4


async def test_an_answer_that_breaks_off_is_asked_for_again(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True, connection_retries=20)
    torn = server.faults.tear("messages.getHistory", after=1, times=2)
    for _ in range(3):
        assert (await client(history())).messages
    assert torn.hits == 2
    assert server.requests["messages.getHistory"] == 5


async def test_updates_are_pushed_to_those_who_want_them(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    listening = await raw_client(server.info, login=True)
    deaf = await raw_client(server.info, login=True, receive_updates=False)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    listening.add_event_handler(heard.put, events.Raw(types.UpdateConfig))
    assert (await deaf(history(1))).messages
    assert server.push(types.UpdateConfig()) == 1
    assert isinstance(await asyncio.wait_for(heard.get(), 5), types.UpdateConfig)


async def test_what_happens_in_the_world_is_pushed(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    client.add_event_handler(heard.put, events.Raw(types.UpdateConfig))
    (tell,) = tiny_world.listeners
    tell(types.UpdateShort(types.UpdateConfig(), datetime.now(UTC)))
    assert isinstance(await asyncio.wait_for(heard.get(), 5), types.UpdateConfig)
    await server.stop()
    assert tiny_world.listeners == []


async def test_wrappers_reach_the_handler(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    takeout = await client(functions.account.InitTakeoutSessionRequest(message_users=True))
    inner = functions.upload.GetFileHashesRequest(types.InputPeerPhotoFileLocation(ME, 1), 0)
    ranged = functions.InvokeWithMessagesRangeRequest(types.MessageRange(5, 9), inner)
    await client(
        functions.InvokeWithTakeoutRequest(takeout.id, functions.InvokeWithoutUpdatesRequest(ranged))
    )
    takeout_id, messages_range, no_updates, layer = tiny_world.seen
    assert (takeout_id, messages_range, no_updates) == (takeout.id, (5, 9), True)
    assert layer > 100
    assert server.log[-1] == "upload.getFileHashes"


async def test_a_call_can_wait_for_another(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    client = await raw_client((await demo_server(tiny_world)).info, login=True)
    answered = await client([history(1), history(2), history(3)], ordered=True)
    assert [len(page.messages) for page in answered] == [1, 2, 3]
    failing = functions.messages.GetMessagesRequest([])
    first, second = client._sender.send([failing, history(1)], ordered=True)
    with pytest.raises(errors.RPCError):
        await first
    with pytest.raises(errors.MsgWaitFailedError):
        await second


async def test_what_a_handler_raises_is_its_calls_error_alone(
    tiny_world: Any, demo_server: Any, raw_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = await raw_client((await demo_server(tiny_world)).info, login=True)
    with pytest.raises(errors.ServerError):
        await client._sender.send(functions.contacts.ResolveUsernameRequest("x"))
    assert "A handler failed" in caplog.text
    with pytest.raises(errors.BadRequestError, match="INPUT_METHOD_INVALID"):
        await client(functions.messages.SendMessageRequest(ME, "no", random_id=1))
    assert (await client(history())).messages


async def test_every_request_is_on_record(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.log.clear()
    await client(history())
    await client(functions.account.UpdateStatusRequest(offline=False))
    assert list(server.log) == ["messages.getHistory", "account.updateStatus"]
    assert server.requests["account.updateStatus"] == 1


async def test_large_answers_are_gzipped(
    tiny_world: Any, demo_server: Any, raw_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[int] = []
    unpack = GzipPacked.from_reader

    def counted(reader: Any) -> Any:
        packed = unpack(reader)
        unpacked.append(len(packed.data))
        return packed

    monkeypatch.setattr(GzipPacked, "from_reader", counted)
    server = await demo_server(tiny_world, knobs=Knobs(gzip_from=None))
    client = await raw_client(server.info, login=True)
    plain = await client(history(100))
    assert unpacked == []
    server.knobs = Knobs(gzip_from=4096)
    assert bytes(await client(history(100))) == bytes(plain)
    assert unpacked == [len(bytes(plain))]
    await client(history(1))
    assert len(unpacked) == 1


async def test_a_restart_waits_for_a_port_that_somebody_has_for_a_moment(
    tiny_world: Any, demo_server: Any
) -> None:
    server = await demo_server(tiny_world)
    restarting = asyncio.ensure_future(server.restart(down=0.2))
    await asyncio.sleep(0.1)
    with socket.create_server((server.host, server.ports[server.home_dc])):
        await asyncio.sleep(0.4)
        assert not restarting.done()
    await restarting
    _, writer = await asyncio.open_connection(server.host, server.ports[server.home_dc])
    writer.close()
    await writer.wait_closed()
