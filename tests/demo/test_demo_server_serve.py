"""`demo serve`'s helper: one JSON line, a server until a signal, and a port that may be taken."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tobs_tui.demo.serve import running, serve
from tobs_tui.demo.server import DemoServer


class Line(io.StringIO):
    """Tells when something was printed."""

    def __init__(self) -> None:
        super().__init__()
        self.printed = asyncio.Event()

    def flush(self) -> None:
        self.printed.set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_a_signal(
    number: signal.Signals, tiny_world: Any, raw_client: Any, server_key_file: Path
) -> None:
    server = DemoServer(tiny_world, state_dir=server_key_file.parent, password="secret")
    out = Line()
    task = asyncio.ensure_future(serve(server, out=out))
    await out.printed.wait()
    told = json.loads(out.getvalue())
    assert told == {
        "host": "127.0.0.1",
        "port": server.info.port,
        "dc_id": 2,
        "public_key": str(server.info.public_key),
        "phone": "+42010001",
        "code": "22222",
        "password": "secret",
    }
    assert (await raw_client(server.info)).is_connected()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(task, 5)
    with pytest.raises(OSError):
        await asyncio.open_connection(told["host"], told["port"])


async def test_a_taken_port_is_an_error_that_leaves_nothing_open(tiny_world: Any, demo_server: Any) -> None:
    first = await demo_server(tiny_world)
    second = DemoServer(tiny_world, state_dir=first.server_key.public_path.parent)
    with pytest.raises(OSError):
        async with running(second, first.info.port):
            pass
    assert second._listeners == []


async def test_other_dcs_move_aside_when_their_port_is_taken(tiny_world: Any, demo_server: Any) -> None:
    first = await demo_server(tiny_world)
    home = first.info.port
    await first.stop()
    blocker = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", home + 1)
    async with blocker:
        server = await demo_server(tiny_world, port=home)
        assert server.info.port == home
        assert home + 1 not in server.info.dcs.values()
        assert len(set(server.info.dcs.values())) == 5
