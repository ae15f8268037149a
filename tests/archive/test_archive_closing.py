"""An archive that is closed while threads still work on it: an abort waits for nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.archive.building import OWNER, batch, daily, group, message
from tobs_tui.archive import Archive, Indexer

# Found by torture with seed 2006: an aborted export left by signal 11, from within SQLite.
INDEXES_AND_CLOSES = """
import sys, threading, time
from pathlib import Path
from tobs_tui.archive import Indexer
folder = Path(sys.argv[1])
for tried in range(25):
    for left in folder.glob("search.db*"):
        left.unlink()
    indexer = Indexer.open(folder)
    def index():
        try:
            indexer.index_all()
        except Exception as error:
            print(type(error).__name__)
    thread = threading.Thread(target=index)
    thread.start()
    time.sleep(0.002 * tried)
    began = time.monotonic()
    indexer.close()
    assert time.monotonic() - began < 2
    thread.join()
"""


def test_an_index_that_is_closed_under_a_thread_crashes_nothing(tmp_path: Path) -> None:
    with Archive.open(tmp_path, OWNER) as archive:
        archive.save_chats([group(top_id=6000)])
        texts = ["tickets and keys and a word of no other message, " * 8 + str(n) for n in range(6001)]
        archive.commit(batch([message(n, text=texts[n]) for n in range(6000, 0, -1)]), daily)
    done = subprocess.run(
        [sys.executable, "-c", INDEXES_AND_CLOSES, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with Indexer.open(tmp_path) as indexer:
        indexer.index_all()
