"""Running the server for somebody else: `demo serve`, and a server around a block of code."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TextIO

from tobs_tui.demo.server import DemoServer, ServerInfo


@asynccontextmanager
async def running(server: DemoServer, port: int = 0) -> AsyncIterator[ServerInfo]:
    """The server runs while the block does.

    :raises OSError: the port is taken.
    """
    info = await server.start(port)
    try:
        yield info
    finally:
        await server.stop()


async def serve(server: DemoServer, *, port: int = 0, out: TextIO | None = None) -> None:
    """Run until SIGINT or SIGTERM; prints one JSON line when ready.

    :raises OSError: the port is taken.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    out = out or sys.stdout
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        async with running(server, port) as info:
            print(json.dumps(info.line()), file=out, flush=True)
            await stopped.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
