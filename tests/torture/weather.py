"""Faults by dice at a running demo server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

from tests.torture.changes import Changes
from tests.torture.plan import Weather
from tobs_tui.demo.rpc import Call, RpcError
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.wire.connection import DropConnection

TICK = 0.05
"""Seconds between two throws for what happens by itself."""

READING = {"messages.getHistory", "messages.search", "upload.getFile"}

TROUBLE = (
    (500, "RPC_CALL_FAIL"),
    (500, "RPC_MCGET_FAIL"),
    (500, "INTERNAL_SERVER_ERROR"),
    (-503, "Timeout"),
    (500, "No workers running"),
)


class Takeouts:
    """The takeout sessions that the program ever used; one whose answer was lost it can't know."""

    def __init__(self) -> None:
        self.used: set[int] = set()

    def see(self, call: Call, request: object = None) -> None:
        """Look at a call; also a hook for faults."""
        if call.takeout_id is not None:
            self.used.add(call.takeout_id)


@asynccontextmanager
async def weather(
    server: DemoServer, plan: Weather, changes: Changes, rate: float, dice: Random, takeouts: Takeouts
) -> AsyncIterator[None]:
    """While the block runs, the server behaves so and the world changes `rate` times a second."""
    knobs = server.knobs
    server.knobs = replace(knobs, rtt_ms=plan.rtt_ms, flood=plan.flood_rate, flood_wait=1)
    _let_fall(server, plan, dice, takeouts)
    restarts: set[asyncio.Task[None]] = set()
    events = asyncio.create_task(_blow(server, plan, changes, rate, dice, restarts))
    try:
        yield
    finally:
        events.cancel()
        await asyncio.wait({events})
        if restarts:
            await asyncio.wait(restarts)
        server.knobs = knobs
        server.faults.clear()
        if not events.cancelled():
            events.result()


def _let_fall(server: DemoServer, plan: Weather, dice: Random, takeouts: Takeouts) -> None:
    """What falls on calls."""

    def one_of(call: Call, request: Any) -> Any:
        takeouts.see(call)
        return _strike(server, plan, dice, call)

    if plan.lost:
        server.faults.hang("messages.getHistory", times=plan.lost, after=dice.randrange(1, 30))
    server.faults.before(None, one_of, times=None)
    if plan.short:
        for method in ("messages.getHistory", "messages.search"):
            server.faults.cut_pages(
                dice.choice([3, 20, 60]), method=method, when=lambda *_: dice.random() < plan.short
            )
    if plan.refused:
        chat_id = dice.choice([chat.id for chat in server.world.chats.values() if not chat.hidden])
        server.faults.refuse_chat(chat_id, after=dice.randrange(3))


def _strike(server: DemoServer, plan: Weather, dice: Random, call: Call) -> Any:
    throw = dice.random()
    if throw < plan.any_call:
        return dice.choice([_trouble, _drop, _tear])(call, dice)
    if call.method not in READING:
        return None
    if call.method == "upload.getFile" and dice.random() < plan.stale:
        server.world.files.expire_references()
    throw = dice.random()
    for share, act in (
        (plan.flood, _flood),
        (plan.trouble, _trouble),
        (plan.drop, _drop),
        (plan.torn, _tear),
        (plan.slow, _wait),
    ):
        if throw < share:
            return act(call, dice)
        throw -= share
    return None


def _flood(call: Call, dice: Random) -> None:
    premium = call.method == "upload.getFile" and dice.random() < 0.5
    raise RpcError(420, "FLOOD_PREMIUM_WAIT_1" if premium else "FLOOD_WAIT_1")


def _trouble(call: Call, dice: Random) -> None:
    raise RpcError(*dice.choice(TROUBLE))


def _drop(call: Call, dice: Random) -> None:
    raise DropConnection


def _tear(call: Call, dice: Random) -> None:
    call.torn = True


def _wait(call: Call, dice: Random) -> Any:
    return asyncio.sleep(dice.random())


async def _blow(
    server: DemoServer,
    plan: Weather,
    changes: Changes,
    rate: float,
    dice: Random,
    restarts: set[asyncio.Task[None]],
) -> None:
    """What happens by itself. A restart under way outlives it, in `restarts`."""
    due = 0.0
    # A client notices after half a minute: more than one would be all that a run sees.
    silences = 1
    while True:
        await asyncio.sleep(TICK)
        due += rate * TICK
        while due >= 1:
            due -= 1
            changes.change()
        if server.connections and dice.random() < plan.cut * TICK:
            dice.choice(list(server.connections)).abort()
        if dice.random() < plan.restart * TICK:
            restart = asyncio.create_task(server.restart(dice.uniform(0, 0.5)))
            restarts.add(restart)
            await asyncio.shield(restart)
        if silences and dice.random() < plan.silence * TICK:
            silences -= 1
            server.faults.silent = True
            await asyncio.sleep(dice.random())
            server.faults.silent = False
