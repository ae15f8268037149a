"""The server of the export benchmark: a demo world that every contender can read, until stdin ends.

    python -m tests.benchmarks.history_server STATE_FOLDER --messages 100000 --rtt-ms 50

tg-archive stops at an answer to a story and at a document that destroyed itself, which it does not know. So
the few of the largest chat are replaced by another of its messages: what is compared is speed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from array import array
from pathlib import Path

from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.serve import serve
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.world import World, generate_world


def readable_by_all(world: World) -> World:
    """The world, its largest chat changed."""
    history = max(world.chats.values(), key=lambda each: len(each.history)).history
    first = {body: index for index, body in reversed(list(enumerate(history.bodies)))}
    unknown = {body for body, index in first.items() if not _is_known(history.raw(index))}
    plain = next(
        body
        for body, index in sorted(first.items())
        if body not in unknown and history.template_at(index).slots is None
    )
    history.bodies = array("i", [plain if body in unknown else body for body in history.bodies])
    return world


def _is_known(raw: bytes) -> bool:
    message = BinaryReader(raw).tgread_object()
    media = getattr(message, "media", None)
    gone = isinstance(media, types.MessageMediaDocument) and media.document is None
    return not gone and not isinstance(message.reply_to, types.MessageReplyStoryHeader)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rtt-ms", type=float, default=0)
    options = parser.parse_args()
    world = readable_by_all(generate_world(messages=options.messages, chats=12))
    server = DemoServer(world, knobs=Knobs(rtt_ms=options.rtt_ms), state_dir=options.state)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    asyncio.run(serve(server))


def _leave_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
