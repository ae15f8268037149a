"""Plain Telethon on the demo server: the loop that everything is held against, and `iter_messages`.

    python -m tests.benchmarks.telethon_loops bare|iter|iter-wait PHONE CODE CHAT_ID LIMIT OUTPUT

Where the server is says the environment, as for the product. LIMIT 0 reads all. What it cost comes as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl.functions.messages import GetHistoryRequest

from tests.benchmarks.contenders import peak_megabytes


async def bare(client: Any, peer: Any, limit: int, _output: Path) -> dict[str, float]:
    """GetHistoryRequest, 100 messages at a time, counted only."""
    offset = messages = pages = 0
    waited = 0.0
    while True:
        began = time.perf_counter()
        page = await client(
            GetHistoryRequest(
                peer, offset_id=offset, offset_date=None, add_offset=0, limit=100, max_id=0, min_id=0, hash=0
            )
        )
        waited += time.perf_counter() - began
        if not page.messages:
            break
        pages += 1
        messages += len(page.messages)
        offset = page.messages[-1].id
        if 0 < limit <= messages:
            break
    return {"messages": messages, "in_flight": 1, "page_s": waited / max(1, pages)}


async def iterate(client: Any, peer: Any, limit: int, output: Path, **waiting: int) -> dict[str, float]:
    """`iter_messages` over all, one line written a message."""
    messages = 0
    with output.open("w", encoding="utf-8") as file:
        # Without a limit of its own, as an export is written: with a small one it would not wait.
        async for message in client.iter_messages(peer, **waiting):
            line = [message.id, message.date.isoformat(), message.sender_id, message.message]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            messages += 1
            if 0 < limit <= messages:
                break
    return {"messages": messages, "in_flight": 1}


async def without_wait(client: Any, peer: Any, limit: int, output: Path) -> dict[str, float]:
    return await iterate(client, peer, limit, output, wait_time=0)


LOOPS = {"bare": bare, "iter": without_wait, "iter-wait": iterate}


async def main(loop: str, phone: str, code: str, chat_id: int, limit: int, output: Path) -> None:
    host, _, port = os.environ["TELEGRAM_SERVER"].rpartition(":")
    session = MemorySession()
    session.set_dc(int(os.environ["TELEGRAM_DC_ID"]), host, int(port))
    client = TelegramClient(session, 1, "benchmark", receive_updates=False)
    await client.connect()
    await client.send_code_request(phone)
    await client.sign_in(phone, code)
    async for dialog in client.iter_dialogs():
        if dialog.id == chat_id:
            peer = dialog.input_entity
            break
    started = time.perf_counter()
    told = await LOOPS[loop](client, peer, limit, output)
    seconds = time.perf_counter() - started
    cost = {"seconds": seconds, "cpu_s": time.process_time(), "peak_mb": peak_megabytes()}
    print(json.dumps(told | cost))
    await client.disconnect()


if __name__ == "__main__":
    rsa.add_key(Path(os.environ["TELEGRAM_PUBLIC_KEY"]).read_text(), old=True)
    kind, number, secret, chat, most, written = sys.argv[1:]
    asyncio.run(main(kind, number, secret, int(chat), int(most), Path(written)))
