"""GlobalBatcher: one for the process, with the standard library's logging behind it; nothing lost at exit."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tobs_tui import logs
from tobs_tui.logs import GlobalBatcher, Line, LogBatcher
from tobs_tui.logs.bridge import Bridge

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    heard: list[Line] = []
    GlobalBatcher.configure(60, "INFO").subscribe(heard.append)
    yield heard
    GlobalBatcher.close()


def told(heard: list[Line]) -> list[tuple[int, str]]:
    GlobalBatcher.get().flush()
    return [(line.level, line.text) for line in heard]


def test_before_it_is_configured_events_go_nowhere() -> None:
    GlobalBatcher.close()
    logs.debug("nobody hears")
    logs.info("nobody hears")
    logs.note("nobody hears")
    logs.warning("nobody hears")
    logs.error("nobody hears")
    assert GlobalBatcher.get().open_batch() == ()


def test_the_shorthands_reach_it(lines: list[Line]) -> None:
    logs.debug("detail")
    logs.info("page fetched")
    logs.info("page fetched")
    logs.note("%s: complete", "Family")
    logs.warning("slow")
    logs.error("broken")
    assert told(lines) == [
        (logging.INFO, "page fetched ×2"),
        (logging.INFO, "Family: complete"),
        (logging.WARNING, "slow"),
        (logging.ERROR, "broken"),
    ]


def test_foreign_logging_comes_in_counted_and_named(lines: list[Line]) -> None:
    sender = logging.getLogger("telethon.network.mtprotosender")
    sender.info("Connecting to %s", "127.0.0.1")
    sender.warning("Server sent a very old message with ID %d", 5)
    logging.getLogger("tobs_tui.shutdown").info("drains")
    logging.getLogger("tobs_tui.shutdown").info("drains")
    logging.getLogger("other%d.x").warning("100 % done")
    assert told(lines) == [
        (logging.WARNING, "telethon: Server sent a very old message with ID 5"),
        (logging.INFO, "drains ×2"),
        (logging.WARNING, "other%d: 100 % done"),
    ]


@pytest.mark.parametrize(
    ("message", "args", "text"),
    [
        ("%s of %s", ("half",), "odd%%: %s of %s (half)"),
        ("%(a)s and %(b)s", ({"a": 1, "b": 2},), "odd%: 1 and 2"),
        ("%(a)s and %(b)s", ({"a": 1},), "odd%: %(a)s and %(b)s"),
    ],
)
def test_records_that_fit_badly_are_shown(message: str, args: Any, text: str) -> None:
    batcher = LogBatcher(60)
    heard: list[Line] = []
    batcher.subscribe(heard.append)
    Bridge(batcher).handle(logging.LogRecord("odd%.x", logging.ERROR, "x.py", 1, message, args, None))
    assert [line.text for line in heard] == [text]


def test_a_traceback_stays_in_its_line(lines: list[Line]) -> None:
    try:
        raise ZeroDivisionError("100 % zero")
    except ZeroDivisionError:
        logging.getLogger("asyncio").exception("task %s failed at 100 %%", "fetch")
        logging.getLogger("asyncio").exception("task failed at 100 %")
    texts = [text for _, text in told(lines)]
    assert [text.split("⏎")[0] for text in texts] == [
        "asyncio: task fetch failed at 100 %",
        "asyncio: task failed at 100 %",
    ]
    assert all(text.endswith("⏎ZeroDivisionError: 100 % zero") for text in texts)


def test_warnings_come_in(lines: list[Line]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("odd thing", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    ((level, text),) = told(lines)
    assert level == logging.WARNING
    assert "UserWarning: odd thing" in text


def test_closing_gives_logging_back_as_it_was() -> None:
    root, telethon = logging.getLogger(), logging.getLogger("telethon")
    before = list(root.handlers), telethon.level
    GlobalBatcher.configure(60, logging.DEBUG)
    assert telethon.level == logging.INFO
    GlobalBatcher.configure(60, logging.ERROR)
    assert telethon.level == logging.ERROR
    GlobalBatcher.close()
    assert (list(root.handlers), telethon.level) == before


def test_a_new_configuration_delivers_what_the_former_held(tmp_path: Path) -> None:
    GlobalBatcher.configure(60, "INFO", tmp_path / "one.log")
    logs.info("page fetched")
    GlobalBatcher.configure(60, "INFO", tmp_path / "two.log")
    logs.info("page fetched")
    logs.info("page fetched")
    GlobalBatcher.close()
    assert (tmp_path / "one.log").read_text().endswith("info     page fetched\n")
    assert (tmp_path / "two.log").read_text().endswith("info     page fetched ×2\n")


def test_without_a_file_that_opens_logging_goes_on(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="directory"):
        GlobalBatcher.configure(60, "INFO", tmp_path)
    heard: list[Line] = []
    GlobalBatcher.get().subscribe(heard.append)
    logs.warning("still heard")
    GlobalBatcher.close()
    assert [line.text for line in heard] == ["still heard"]


@pytest.mark.parametrize("end", ["pass", "raise SystemExit(3)", "1 / 0"])
def test_nothing_is_lost_when_the_process_ends(tmp_path: Path, end: str) -> None:
    program = f"""
import sys
from pathlib import Path
from tobs_tui import logs
logs.GlobalBatcher.configure(60, "INFO", Path(sys.argv[1]))
for _ in range(12): logs.info("page fetched")
{end}
"""
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "tobs.log")],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert (tmp_path / "tobs.log").read_text().endswith("info     page fetched ×12\n")
