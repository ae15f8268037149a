"""Keys of other DCs: one private file beside its login, void with another login, gone with it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.telegram.filing import AWAY, EXPORT, FAR, KIB
from tobs_tui.config import Settings
from tobs_tui.demo.world.filed import files_of_sizes
from tobs_tui.telegram.dc_keys import DcKeys, dc_keys_path, fingerprint
from tobs_tui.telegram.session_file import SessionFile, session_path
from tobs_tui.telegram.session_gc import Role, collect, plan

HOME_KEY, OTHER_KEY = b"h" * 256, b"o" * 256


async def kept(path: Path, home: bytes = HOME_KEY) -> DcKeys:
    """A file with a login on one DC, and a key without login on another."""
    keys = DcKeys(path, home)
    keys.of(AWAY).key.key = b"k" * 256
    keys.of(AWAY).key.salt = 77
    keys.of(AWAY).logged_in = True
    keys.of(FAR).key.key = b"f" * 256
    await keys.save()
    return keys


async def test_what_is_kept_comes_back_whole_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "tobs.session.dcs"
    await kept(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = DcKeys(path, HOME_KEY)
    assert (again.of(AWAY).key.key, again.of(AWAY).key.salt, again.of(AWAY).logged_in) == (
        b"k" * 256,
        77,
        True,
    )
    assert not again.of(FAR).logged_in
    assert again.of(5000).key.key is None


async def test_another_login_at_home_makes_them_void(tmp_path: Path) -> None:
    path = tmp_path / "tobs.session.dcs"
    await kept(path)
    assert DcKeys(path, OTHER_KEY).of(AWAY).key.key is None
    assert fingerprint(HOME_KEY) != fingerprint(OTHER_KEY)
    assert HOME_KEY.hex() not in path.read_text()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\xff" * 100,
        lambda data: json.dumps(json.loads(data) | {"dcs": {"4": {"key": "aGk="}}}).encode(),
        lambda data: json.dumps(json.loads(data) | {"version": 99}).encode(),
        lambda data: data + b" " * 100_000,
    ],
    ids=["empty", "cut", "binary", "short-key", "newer", "huge"],
)
async def test_a_damaged_file_counts_as_none_and_says_no_key(
    tmp_path: Path, damage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tobs.session.dcs"
    await kept(path)
    path.write_bytes(damage(path.read_bytes()))
    assert DcKeys(path, HOME_KEY).of(AWAY).key.key is None
    assert "a2tra2" not in caplog.text


async def test_no_key_shows_in_what_might_be_logged(tmp_path: Path) -> None:
    keys = await kept(tmp_path / "tobs.session.dcs")
    assert "kkkk" not in repr(keys.of(AWAY))
    assert "a2tra2" not in repr(keys._stored())


async def test_logging_out_takes_them_along(files_on: Any, tmp_path: Path) -> None:
    filing = await files_on(files_of_sizes([5 * KIB], (AWAY,)))
    await filing.fetch(await filing.file(1))
    sessions = tmp_path / "sessions"
    assert any(path.name.endswith(".dcs") for path in sessions.iterdir())
    await filing.account.log_out()
    assert {path.suffix for path in sessions.iterdir()} <= {".lock"}


async def test_a_new_login_brings_its_own(files_on: Any) -> None:
    specs = files_of_sizes([5 * KIB], (AWAY,))
    first = await files_on(specs)
    await first.fetch(await first.file(1))
    await first.router.__aexit__()
    first.server.revoke_logins()
    await first.account.close()
    second = await files_on(specs, server=first.server)
    await second.fetch(await second.file(1))
    assert second.server.requests[EXPORT] == 2


async def test_they_stay_and_go_with_their_login(
    settings_for: Any, demo_server: Any, small_world: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    settings = settings_for(server.info)
    session = SessionFile.hold(settings)
    session.close()
    path = session_path(settings)
    lonely = dc_keys_path(path.with_name("old.session"))
    await kept(dc_keys_path(path))
    await kept(lonely)
    foreign = path.with_name("theirs.session.dcs")
    foreign.write_bytes(b"something of somebody else")
    assert dc_keys_fates(settings) == {dc_keys_path(path): False, lonely: False}
    account = await logged_in(server)
    assert dc_keys_fates(settings) == {dc_keys_path(path): True, lonely: False}
    gone = await collect(settings, plan(settings, now=0))
    assert [file.path for file in gone if file.role is Role.DC_KEYS] == [lonely]
    assert dc_keys_path(path).exists()
    assert foreign.exists()
    await account.close()


def dc_keys_fates(settings: Settings) -> dict[Path, bool]:
    return {file.path: file.keep for file in plan(settings, now=0) if file.role is Role.DC_KEYS}
