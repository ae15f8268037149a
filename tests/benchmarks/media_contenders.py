"""One contender of the media benchmark, in a process of its own: fetches files and prints what that cost.

    python -m tests.benchmarks.media_contenders ours SERVER_JSON FOLDER --what big --strategy smart
    python -m tests.benchmarks.media_contenders telethon SERVER_JSON FOLDER --what small --files 200

What is timed begins with a connected, logged-in client that has the messages, and ends with the last file
whole on disk. `first` is the time until a 5 KB file's first byte on a DC that nothing was asked of before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders import peak_megabytes

CONNECT_S = 1.5
"""Seconds that prewarming gets before the files are asked for, as the first pages of history give it."""


@dataclass(frozen=True)
class Order:
    """What to fetch, and how."""

    server: dict[str, Any]
    folder: Path
    what: str
    files: int
    strategy: str
    prewarm: bool

    @property
    def public_key(self) -> str:
        return Path(self.server["public_key"]).read_text()


class Cost:
    """Seconds and CPU seconds between two moments."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def told(self, files: int, size: int, **more: object) -> dict[str, object]:
        return {
            "files": files,
            "bytes": size,
            "seconds": time.perf_counter() - self._began,
            "cpu_s": time.process_time() - self._cpu,
            "peak_mb": peak_megabytes(),
            **more,
        }


async def telethon(order: Order) -> dict[str, object]:
    """Telethon's own way: `client.download_media`, one file after the other."""
    from telethon import TelegramClient
    from telethon.crypto import rsa
    from telethon.sessions import MemorySession

    server = order.server
    rsa.add_key(order.public_key, old=False)
    session = MemorySession()
    session.set_dc(server["dc_id"], server["host"], server["port"])
    client = TelegramClient(session, 1, "benchmark", receive_updates=False)
    await client.connect()
    await client.send_code_request(server["phone"])
    await client.sign_in(server["phone"], server["code"])
    messages = []
    async for dialog in client.iter_dialogs():
        ids = list(range(1, order.files + 2))
        for at in range(0, len(ids), 100):
            messages += await client.get_messages(dialog.input_entity, ids=ids[at : at + 100])
    chosen = messages[:1] if order.what == "big" else messages[1:]
    cost = Cost()
    for number, message in enumerate(chosen):
        await client.download_media(message, str(order.folder / str(number)))
    told = cost.told(len(chosen), sum(message.document.size for message in chosen))
    check(order.folder / str(number) for number in range(len(chosen)))
    await client.disconnect()
    return told


def check(paths: Any) -> None:
    """No contender is credited with a file that is not there."""
    assert all(path.stat().st_size > 0 for path in paths)


async def ours(order: Order) -> dict[str, object]:
    """This product: its router and its downloads, as many files at once as the export has under way."""
    from tobs_tui.config import Settings
    from tobs_tui.telegram.account import Account

    server = order.server
    settings = Settings.model_validate(
        {
            "api_id": 1,
            "api_hash": "benchmark",
            "session_dir": order.folder / "sessions",
            "telegram_server": f"{server['host']}:{server['port']}",
            "telegram_dc_id": server["dc_id"],
            "telegram_public_key": server["public_key"],
            "dc_routing_strategy": order.strategy,
            "dc_prewarm_enabled": order.prewarm,
        }
    )
    async with await Account.connect(settings) as account:
        if not await account.is_authorized():
            await account.send_code(server["phone"])
            await account.sign_in(server["code"])
        return await _ours(order, account, settings)


async def _ours(order: Order, account: Any, settings: Any) -> dict[str, object]:
    from tobs_tui.telegram.dc_router import DCRouter
    from tobs_tui.telegram.download import FileDownloads

    files = await _files(account, order.files + 1)
    chosen = files[:1] if order.what == "big" else files[1:]
    if order.what == "first":
        away = next(file for file in chosen if file.dc != account.dc_id)
        chosen = [away]
    async with DCRouter(account, settings) as router:
        downloads = FileDownloads(account, router)
        if order.prewarm:
            await router.prewarm_workers({file.dc for file in chosen})
            await asyncio.sleep(CONNECT_S)
        cost = Cost()
        paths = await _fetch_all(downloads, chosen, order.folder)
        told = cost.told(len(chosen), sum(file.size for file in chosen))
    check(paths)
    return told


async def _files(account: Any, count: int) -> list[Any]:
    """The files of the channel's messages, oldest first."""
    from tobs_tui.telegram.chats import list_chats
    from tobs_tui.telegram.convert import convert_page
    from tobs_tui.telegram.sharded import ShardedTelegramManager

    chat = (await list_chats(account))[0]
    files: list[Any] = []
    below = count + 1
    async with ShardedTelegramManager(account, 1) as manager:
        while below > 1:
            page = convert_page(await manager.workers[0].page(chat, below, 100))
            files += [message.media for message in page.messages]
            below = min(message.id for message in page.messages)
    return files[::-1]


async def _fetch_all(downloads: Any, files: Sequence[Any], folder: Path) -> list[Path]:
    """Where each of them stands then."""
    from tobs_tui.telegram.download import AT_ONCE

    queue = iter(files)
    paths: list[Path] = []

    async def gone() -> None:
        return None

    async def work() -> None:
        for file in queue:
            part = folder / str(file.id)
            came = await downloads.download(file, part, chat_id=1, refresh=gone, on_bytes=lambda count: None)
            paths.append(came.path)

    async with asyncio.TaskGroup() as workers:
        for _ in range(min(len(files), AT_ONCE * len({file.dc for file in files}))):
            workers.create_task(work())
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("who", choices=("ours", "telethon"))
    parser.add_argument("server", type=json.loads)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--what", choices=("big", "small", "first"), required=True)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--strategy", default="smart")
    parser.add_argument("--prewarm", action="store_true")
    parser.add_argument("--profile", type=Path)
    given = vars(parser.parse_args())
    who, profile = given.pop("who"), given.pop("profile")
    order = Order(**given)
    work = ours(order) if who == "ours" else telethon(order)
    if profile is None:
        print(json.dumps(asyncio.run(work)))
        return
    import cProfile

    with cProfile.Profile() as profiler:
        print(json.dumps(asyncio.run(work)))
    profiler.dump_stats(profile)


if __name__ == "__main__":
    main()
