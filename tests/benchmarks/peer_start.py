"""Starts a peer, unmodified, on the demo server; runs in the peer's own environment, with its Telethon.

    python peer_start.py login SERVER_JSON SESSION_FILE
    python peer_start.py run   SERVER_JSON MODULE:FUNCTION [ARGUMENT …]

`login` makes the session file that the peer will find: the address and DC in it are the demo's. `run` makes
Telethon know the server's RSA key and hands over to the peer's own entry point; what the process cost is
printed last, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.crypto import rsa


async def log_in(server: dict[str, Any], session: str) -> None:
    """Log in on the demo and keep the session in a file of Telethon's own kind."""
    client = TelegramClient(session, 1, "benchmark")
    client.session.set_dc(server["dc_id"], server["host"], server["port"])
    await client.connect()
    await client.send_code_request(server["phone"])
    await client.sign_in(server["phone"], server["code"])
    await client.disconnect()


def run(entry: str, arguments: list[str]) -> None:
    """Call the peer's own entry point as its console script would, and tell what it cost."""
    module, _, function = entry.partition(":")
    main = getattr(import_module(module), function)
    sys.argv = [module, *arguments]
    began = time.perf_counter()
    try:
        code = main()
    except SystemExit as left:
        code = left.code
    seconds = time.perf_counter() - began
    sys.stdout.flush()
    if code:
        raise SystemExit(code)
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "cpu_s": time.process_time(), "peak_mb": peak}))


if __name__ == "__main__":
    what, told, *rest = sys.argv[1:]
    demo = json.loads(told)
    for old in (False, True):
        rsa.add_key(Path(demo["public_key"]).read_text(), old=old)
    if what == "login":
        asyncio.run(log_in(demo, rest[0]))
    else:
        run(rest[0], rest[1:])
