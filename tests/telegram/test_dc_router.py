"""Requests for files go to the DC that they are meant for, by the strategy asked for, with one login each."""

from __future__ import annotations

import asyncio
import logging
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.telegram.filing import (
    AWAY,
    EXPORT,
    FAR,
    GET_FILE,
    HOME,
    IMPORT,
    KIB,
    MIB,
    Filing,
    shut,
    until,
    with_dc,
)
from tobs_tui.config.values import DcRoutingStrategy
from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.wire.connection import DropConnection
from tobs_tui.demo.world.filed import files_of_sizes
from tobs_tui.errors import FileFailed, NotLoggedIn, ServerUnreachable
from tobs_tui.telegram import caller, dc_pool, dc_router, link
from tobs_tui.telegram.governor import Stopped

SMALL = files_of_sizes([10 * KIB] * 12, (AWAY,))


async def in_turn(filing: Filing, chats: tuple[int, ...]) -> list[int]:
    """Fetch one file for each of these chats, one after the other; gives the connections that were asked."""
    for number, chat_id in enumerate(chats, 1):
        await filing.fetch(await filing.file(number), chat_id=chat_id)
    return filing.seen.sessions


async def test_round_robin_takes_each_connection_in_turn(files_on: Any) -> None:
    filing = await files_on(SMALL, dc_routing_strategy=DcRoutingStrategy.ROUND_ROBIN)
    asked = await in_turn(filing, (1,) * 8)
    assert len(set(asked[:4])) == 4
    assert asked[4:] == asked[:4]


async def test_sticky_leaves_a_chat_with_its_connection(files_on: Any) -> None:
    filing = await files_on(SMALL, dc_routing_strategy=DcRoutingStrategy.STICKY)
    asked = await in_turn(filing, (1, 2, 1, 3, 2, 1, 3, 3))
    assert asked[0] == asked[2] == asked[5]
    assert asked[1] == asked[4]
    assert asked[3] == asked[6] == asked[7]
    assert len(set(asked)) == 3


async def test_smart_stays_with_the_warm_connection_while_it_is_not_full(files_on: Any) -> None:
    filing = await files_on(SMALL)
    assert len(set(await in_turn(filing, (1, 2, 3, 4, 5, 6)))) == 1
    assert filing.router.snapshot().of(AWAY).connections == 1


async def test_smart_opens_more_connections_for_what_is_large_and_shares_it_among_them(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([30 * MIB], (AWAY,)), knobs=Knobs(rtt_ms=50))
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert 2 <= filing.seen.connections(AWAY) <= dc_pool.LANES
    now = filing.router.snapshot().of(AWAY)
    assert (now.bytes, now.in_flight, now.connections) == (file.size, 0, filing.seen.connections(AWAY))


async def test_connections_are_kept_between_files_and_closed_with_the_router(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB] * 6, (AWAY, HOME)))
    for number in range(1, 7):
        await filing.fetch(await filing.file(number))
    assert filing.seen.connections(AWAY) == filing.seen.connections(HOME) == 1
    assert len(filing.server.connections) == 3, "the account's own, and one for files on each of two DCs"
    await filing.router.__aexit__()
    await asyncio.sleep(0.05)
    assert len(filing.server.connections) == 1
    with pytest.raises(Stopped):
        await filing.fetch(await filing.file(1))


async def test_a_login_is_brought_to_each_dc_once_and_never_home(files_on: Any, tmp_path: Path) -> None:
    specs = files_of_sizes([5 * KIB] * 9, (AWAY, FAR, HOME))
    first = await files_on(specs)
    brought: Counter[int] = Counter()
    first.server.faults.before(EXPORT, lambda call, request: brought.update((request.dc_id,)), times=None)
    files = [await first.file(number) for number in range(1, 10)]
    await asyncio.gather(*(first.fetch(file) for file in files))
    assert brought == {AWAY: 1, FAR: 1}
    await first.router.__aexit__()
    await first.account.close()

    second = await files_on(specs, server=first.server)
    for file in files:
        await second.fetch(file)
    assert brought == {AWAY: 1, FAR: 1}, "a later run has the logins on disk"
    assert first.server.requests[IMPORT] == 2
    kept = [path for path in (tmp_path / "sessions").iterdir() if path.name.endswith(".dcs")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600]


async def test_a_key_that_the_server_forgot_is_made_anew_once(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB, 40 * MIB], (AWAY,)))
    await filing.fetch(await filing.file(1))
    for key in filing.server.keyring.all():
        if key.dc_id == AWAY:
            filing.server.destroy_key(key)
    file = await filing.file(2)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert filing.server.requests[EXPORT] == 2


async def test_a_login_that_ended_on_another_dc_is_brought_there_again_once(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB, 8 * MIB], (AWAY,)))
    await filing.fetch(await filing.file(1))
    for key in filing.server.keyring.all():
        if key.dc_id == AWAY:
            filing.server.keyring.log_out(key)
    await filing.fetch(await filing.file(2))
    assert filing.server.requests[EXPORT] == filing.server.requests[IMPORT] == 2


async def test_a_dc_that_takes_no_login_costs_its_files_and_nothing_else(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB] * 4, (AWAY, FAR)))
    away = {"when": lambda call, request: call.dc_id == AWAY}
    filing.server.faults.fail(GET_FILE, RpcError(401, "AUTH_KEY_UNREGISTERED"), times=None, **away)
    for _ in range(2):
        with pytest.raises(ServerUnreachable, match=f"DC {AWAY} does not take"):
            await filing.fetch(await filing.file(1))
    assert filing.server.requests[EXPORT] == 2, "once, once again, and then not for every file"
    await filing.fetch(await filing.file(2))
    assert await filing.account.is_authorized()


@pytest.mark.parametrize("error", [RpcError(400, "METHOD_INVALID"), RpcError(500, "INTERNAL")])
async def test_a_server_of_one_dc_has_the_files_of_all(
    files_on: Any, monkeypatch: pytest.MonkeyPatch, error: RpcError
) -> None:
    """Such a server may know no way to another DC, though its files name some."""
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.01)
    filing = await files_on(files_of_sizes([5 * KIB] * 4, (HOME,)))
    filing.server.faults.fail(EXPORT, error, times=None)
    for number in range(1, 5):
        file = with_dc(await filing.file(number), (AWAY, 203)[number % 2])
        await filing.fetch(file)
        assert filing.is_whole(file)
    assert filing.server.requests[EXPORT] <= 5, "asked once, and not for every file"
    assert filing.server.requests[GET_FILE] == 4


async def test_a_dc_that_is_down_is_waited_for_once_by_all_its_files(
    files_on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dc_router, "GIVE_UP_AFTER", 1.0)
    filing = await files_on(files_of_sizes([5 * KIB] * 7, (AWAY,)))
    files = [await filing.file(number) for number in range(1, 8)]
    shut(filing.server, AWAY)
    began = asyncio.get_running_loop().time()
    came = await asyncio.gather(*(filing.fetch(file) for file in files[:6]), return_exceptions=True)
    assert {type(error) for error in came} == {ServerUnreachable}
    with pytest.raises(ServerUnreachable, match=f"DC {AWAY}"):
        await filing.fetch(files[6])
    assert asyncio.get_running_loop().time() - began < 2.0


async def test_a_dc_that_goes_down_later_is_waited_for_once_too(
    files_on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dc_router, "GIVE_UP_AFTER", 1.0)
    filing = await files_on(files_of_sizes([5 * KIB] * 41, (AWAY,)))
    first, *files = [await filing.file(number) for number in range(1, 42)]
    await filing.fetch(first)
    shut(filing.server, AWAY)
    filing.server.faults.drop(GET_FILE, times=None)
    began = asyncio.get_running_loop().time()
    came = await asyncio.gather(*(filing.fetch(file) for file in files[:40]), return_exceptions=True)
    assert {type(error) for error in came} == {ServerUnreachable}
    assert asyncio.get_running_loop().time() - began < 2.0


async def test_a_dc_that_stands_and_gives_no_file_is_waited_for_once(
    files_on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dc_router, "ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.01)
    filing = await files_on(files_of_sizes([5 * KIB] * 9, (AWAY,)))
    *files, later = [await filing.file(number) for number in range(1, 10)]
    filing.server.faults.hang(GET_FILE, when=lambda call, request: call.dc_id == AWAY)
    came = await asyncio.gather(*(filing.fetch(file) for file in files), return_exceptions=True)
    assert {type(error) for error in came} == {ServerUnreachable}
    began, asked = asyncio.get_running_loop().time(), filing.server.requests[GET_FILE]
    with pytest.raises(ServerUnreachable, match=f"DC {AWAY} answers nothing"):
        await filing.fetch(later)
    assert asyncio.get_running_loop().time() - began < 0.3
    assert filing.server.requests[GET_FILE] == asked


async def test_a_part_whose_answer_was_lost_is_asked_again_once_all_is_silent(
    files_on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SILENCE", 0.3)
    filing = await files_on(files_of_sizes([5 * KIB] * 3, (AWAY,)))
    files = [await filing.file(number) for number in range(1, 4)]
    filing.server.faults.hang(GET_FILE, times=2)
    async with asyncio.timeout(10):  # a part may otherwise take two minutes
        await asyncio.gather(*(filing.fetch(file) for file in files))
    assert all(filing.is_whole(file) for file in files)


async def test_a_request_that_breaks_its_connections_is_one_files_trouble(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB] * 40, (AWAY,)))
    poison, *others = [await filing.file(number) for number in range(1, 41)]

    async def break_off(call: Any, request: Any) -> None:
        await asyncio.sleep(0.1)
        raise DropConnection

    filing.server.faults.before(
        GET_FILE, break_off, times=None, when=lambda call, request: request.location.id == poison.id
    )

    async def fetch_others() -> None:
        for file in others:
            await filing.fetch(file)

    around = asyncio.create_task(fetch_others())
    with pytest.raises(FileFailed, match="breaks again and again"):
        await filing.fetch(poison)
    await around
    assert all(filing.is_whole(file) for file in others)


async def test_a_key_used_from_two_places_ends_everything(files_on: Any) -> None:
    filing = await files_on(SMALL)
    filing.server.faults.fail(GET_FILE, RpcError(406, "AUTH_KEY_DUPLICATED"))
    with pytest.raises(NotLoggedIn, match="two places"):
        await filing.fetch(await filing.file(1))
    with pytest.raises(NotLoggedIn):
        await filing.account.call(object(), of="history")


@pytest.mark.parametrize("name", ["FLOOD_WAIT_2", "FLOOD_PREMIUM_WAIT_2"])
async def test_a_flood_holds_back_the_files_of_its_dc_alone(files_on: Any, name: str) -> None:
    filing = await files_on(files_of_sizes([5 * KIB] * 4, (AWAY, FAR)))
    files = [await filing.file(number) for number in range(1, 5)]
    filing.server.faults.fail(GET_FILE, RpcError(420, name), when=lambda call, request: call.dc_id == AWAY)
    told: asyncio.Queue[str] = asyncio.Queue()
    filing.account.governor.on_wait = lambda kind, until: told.put_nowait(kind)
    held = asyncio.create_task(filing.fetch(files[0]))
    assert await told.get() == f"files:{AWAY}"
    async with asyncio.timeout(1.9):
        await filing.fetch(files[1])
        await filing.file(3)
    assert not held.done()
    await held
    assert told.empty()
    assert 1.5 < filing.account.flood_wait_s < 2.5


async def test_a_far_dc_is_prewarmed_beside_what_runs_and_within_its_time(files_on: Any) -> None:
    filing = await files_on(SMALL, dc_prewarm_timeout=10)
    before = filing.account.requests
    await filing.router.prewarm_workers([AWAY, HOME, AWAY, 0])
    assert filing.account.requests == before, "nothing was waited for"
    await until(lambda: filing.server.requests[IMPORT] > 0)
    await until(lambda: all(dc.connections for dc in filing.router.snapshot().by_dc))
    assert {dc.dc for dc in filing.router.snapshot().by_dc} == {HOME, AWAY}
    exports, connections = filing.server.requests[EXPORT], len(filing.server.connections)
    await filing.fetch(await filing.file(1))
    assert (filing.server.requests[EXPORT], len(filing.server.connections)) == (exports, connections)
    assert filing.seen.connections(AWAY) == 1


async def test_prewarming_gives_up_in_its_time_and_only_says_so(
    files_on: Any, caplog: pytest.LogCaptureFixture
) -> None:
    filing = await files_on(SMALL, dc_prewarm_timeout=0.2)
    filing.server.faults.hang(EXPORT)
    with caplog.at_level(logging.INFO, "tobs_tui.telegram"):
        await filing.router.prewarm_workers([AWAY, 77])
        await until(lambda: caplog.text.count("not connected to beforehand") == 2)
    filing.server.faults.clear()
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)


async def test_prewarming_can_be_turned_off(files_on: Any) -> None:
    filing = await files_on(SMALL, dc_prewarm_enabled=False)
    await filing.router.prewarm_workers([AWAY])
    await asyncio.sleep(0.2)
    assert filing.router.snapshot().by_dc == ()


async def test_without_awareness_files_are_asked_for_at_home_and_followed(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB, 3 * MIB], (AWAY,)), dc_aware_routing_enabled=False)
    small, large = await filing.file(1), await filing.file(2)
    assert (await filing.fetch(small)).dc == AWAY
    assert [dc for dc, _id, _offset in filing.seen.parts] == [HOME, AWAY]
    await filing.fetch(large)
    assert filing.is_whole(large)
    await filing.fetch(small)
    assert filing.seen.parts[-1][0] == AWAY, "where it lives is remembered"


async def test_with_awareness_home_is_not_asked_for_what_lives_elsewhere(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB] * 6, (AWAY, FAR)))
    for number in range(1, 7):
        await filing.fetch(await filing.file(number))
    assert {dc for dc, _id, _offset in filing.seen.parts} == {AWAY, FAR}
    assert len(filing.seen.parts) == 6
    assert filing.moves == []


async def test_a_file_that_moved_is_followed_and_told(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([3 * MIB], (AWAY,)))
    file = with_dc(await filing.file(1), FAR)
    found = await filing.fetch(file)
    assert (found.dc, filing.moves) == (AWAY, [AWAY])
    assert filing.is_whole(file)
