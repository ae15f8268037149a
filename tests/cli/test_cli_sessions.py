"""`sessions` says why each file stays or goes and takes away when told; a run does it beside itself."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tobs_tui.cli.housekeeping import collecting_sessions
from tobs_tui.cli.sessions import show_sessions
from tobs_tui.config import Settings
from tobs_tui.telegram.session_file import FORMAT, VERSION, StoredLogin, encode_key, private_folder

DAY = 24 * 3600.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    private_folder(tmp_path / "sessions")
    given: dict[str, Any] = {
        "api_id": 1,
        "api_hash": "0" * 32,
        "session_dir": tmp_path / "sessions",
        "session_gc_keep_last_n": 1,
        "timezone": "UTC",
    }
    return Settings(**given)


def put(settings: Settings, name: str, *, account: int = 7, days: float = 0.0) -> Path:
    """A login of another server, so that nobody is asked to end it."""
    path = settings.session_dir / f"{name}.session"
    login = StoredLogin(
        format=FORMAT,
        version=VERSION,
        server="key:elsewhere",
        dc=2,
        host="127.0.0.1",
        port=1,
        key=encode_key(name.encode().ljust(256, b"k")),
        account=account,
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(login), indent=1))
    used = time.time() - days * DAY
    os.utime(path, (used, used))
    return path


def test_a_dry_run_tells_and_takes_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    put(settings, "new")
    old = put(settings, "old", days=99)
    assert show_sessions(settings, gc=True, dry_run=True, as_json=False) == 0
    told = capsys.readouterr().out
    assert "the last login of its account" in told
    assert "goes" in told
    assert "not used for 99 days" in told
    assert old.exists()
    assert show_sessions(settings, gc=True, dry_run=True, as_json=True) == 0
    files = {Path(each["path"]).name: each for each in json.loads(capsys.readouterr().out)}
    assert {name: (each["keep"], each["gone"]) for name, each in files.items()} == {
        "new.session": (True, False),
        "old.session": (False, False),
    }


def test_collecting_says_what_is_gone(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    put(settings, "new")
    old = put(settings, "old", days=99)
    assert show_sessions(settings, gc=True, dry_run=False, as_json=True) == 0
    files = {Path(each["path"]).name: each for each in json.loads(capsys.readouterr().out)}
    assert [name for name, each in files.items() if each["gone"]] == ["old.session"]
    assert not old.exists()
    leftover = put(settings, "never", account=0)
    assert show_sessions(settings, gc=True, dry_run=False, as_json=False) == 0
    assert "gone" in capsys.readouterr().out
    assert not leftover.exists()


async def test_a_run_collects_beside_itself(settings: Settings) -> None:
    leftover = put(settings, "never", account=0)
    async with collecting_sessions(settings):
        async with asyncio.timeout(10):
            while leftover.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
