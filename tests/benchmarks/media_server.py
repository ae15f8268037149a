"""The server of the media benchmark: one large file and many small ones on three DCs, until stdin ends.

python -m tests.benchmarks.media_server STATE_FOLDER --big 200000000 --files 2000 --rtt-ms 50
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from pathlib import Path

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.serve import serve
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.world.filed import files_of_sizes, small_sizes, world_of_files

DCS = (4, 5, 2)
"""Two in three files live on another DC than the account's own (2), the large one (the first) too."""
SMALL = (5_000, 500_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--big", type=int, default=200_000_000)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rtt-ms", type=float, default=0)
    options = parser.parse_args()
    sizes = [options.big, *small_sizes(options.files, *SMALL)]
    world = world_of_files(files_of_sizes(sizes, DCS))
    server = DemoServer(world, knobs=Knobs(rtt_ms=options.rtt_ms), state_dir=options.state)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    asyncio.run(serve(server))


def _leave_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
