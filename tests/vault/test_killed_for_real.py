"""A publishing process that is killed at any instant, again and again, ends in the same vault."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vault.shelf import Shelf, message
from tobs_tui.model import Reply

_PROGRAM = """
import sys
from pathlib import Path
from tests.vault.shelf import Shelf
shelf = Shelf(Path(sys.argv[1]))
print("ready", flush=True)
shelf.publish()
shelf.close()
"""


def filled(folder: Path) -> Shelf:
    shelf = Shelf(folder)
    shelf.chat()
    shelf.add([message(n, day=n % 300, reply=Reply(message_id=max(1, n - 7))) for n in range(1, 3000)])
    return shelf


@pytest.mark.slow
def test_kills_leave_no_trace(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    whole.publish()
    filled(tmp_path / "killed").close()
    chance = random.Random(5)
    ended = False
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            process.wait(chance.uniform(0.0, 0.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        ended = ended or process.returncode == 0
    killed = Shelf(tmp_path / "killed")
    report = killed.publish()
    assert (report.kept_edits, report.problems) == ((), ())
    assert killed.files() == whole.files()
    assert list(killed.archive.dump()) == list(whole.archive.dump())
    for shelf in (whole, killed):
        shelf.close()
