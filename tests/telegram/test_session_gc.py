"""Session files: those that need not stay go, and never one that somebody needs or that is not ours."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from telethon.sessions import SQLiteSession

from tobs_tui.cli.screen.host import ScreenHost
from tobs_tui.config import Settings
from tobs_tui.telegram import session_gc
from tobs_tui.telegram.session_file import (
    FORMAT,
    VERSION,
    SessionFile,
    StoredLogin,
    encode_key,
    private_folder,
    session_path,
)
from tobs_tui.telegram.session_gc import Role, collect, plan, run_gc

NOW = 1_800_000_000.0
DAY = 24 * 3600.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "sessions"
    private_folder(folder)
    # Nobody listens there: logging out of old logins fails at once.
    given: dict[str, Any] = {
        "api_id": 1,
        "api_hash": "0" * 32,
        "session_dir": folder,
        "telegram_server": "127.0.0.1:1",
        "telegram_public_key": (Path(__file__).parent / "data" / "key.pem").read_text(),
    }
    return Settings(**given)


def put(settings: Settings, name: str, *, account: int = 7, days: float = 0.0, **more: Any) -> Path:
    """A login in the folder, last used so many days ago."""
    path = settings.session_dir / f"{name}.session"
    login = StoredLogin(
        format=FORMAT,
        version=VERSION,
        server=more.pop("server", settings.server_id),
        dc=2,
        host="127.0.0.1",
        port=1,
        key=encode_key((name if more.pop("own_key", True) else "shared").encode().ljust(256, b"k")),
        account=account,
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(login), indent=1))
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


def fates(settings: Settings) -> dict[str, bool]:
    return {file.path.name: file.keep for file in plan(settings, now=NOW)}


def names(settings: Settings) -> set[str]:
    return {path.name for path in settings.session_dir.iterdir() if not path.name.endswith(".lock")}


async def test_old_logins_go_beyond_the_last_of_their_account(settings: Settings) -> None:
    for number, days in enumerate((1, 40, 50, 60, 70)):
        put(settings, f"a{number}", days=days)
    put(settings, "other", account=8, days=900)
    assert fates(settings) == {
        "a0.session": True,
        "a1.session": True,
        "a2.session": True,
        "a3.session": False,
        "a4.session": False,
        "other.session": True,
    }
    gone = await collect(settings, plan(settings, now=NOW))
    assert {file.path.name for file in gone} == {"a3.session", "a4.session"}
    assert names(settings) == {"a0.session", "a1.session", "a2.session", "other.session"}
    assert not list(settings.session_dir.glob("a3*"))


def test_young_logins_stay_however_many(settings: Settings) -> None:
    for number in range(9):
        put(settings, f"a{number}", days=number)
    assert all(fates(settings).values())


def test_the_last_login_stays_even_when_none_is_to_be_kept(settings: Settings) -> None:
    settings = settings.model_copy(update={"session_gc_keep_last_n": 0})
    put(settings, "a", days=400)
    put(settings, "b", days=500)
    put(settings, "elsewhere", days=600, server="telegram")
    assert fates(settings) == {"a.session": True, "b.session": False, "elsewhere.session": True}


async def test_the_active_login_stays_however_old(settings: Settings) -> None:
    for number in range(4):
        put(settings, f"a{number}", days=31 + number)
    active = put(settings, session_path(settings).name.removesuffix(".session"), days=400)
    assert fates(settings)[active.name]
    await collect(settings, plan(settings, now=NOW))
    assert active.exists()


async def test_a_login_that_became_its_accounts_last_stays(settings: Settings) -> None:
    settings = settings.model_copy(update={"session_gc_keep_last_n": 1})
    newest = put(settings, "newest", days=40)
    old = put(settings, "old", days=50)
    older = put(settings, "older", days=60)
    files = plan(settings, now=NOW)
    newest.unlink()
    gone = await collect(settings, files)
    assert [file.path for file in gone] == [older]
    assert old.exists(), "it was to go while the newest was there"


async def test_a_login_that_a_staying_file_holds_too_is_not_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    async def note(_settings: Settings, login: StoredLogin) -> None:
        ended.append(login.key)

    monkeypatch.setattr(session_gc, "_log_out", note)
    settings = settings.model_copy(update={"session_gc_keep_last_n": 1})
    put(settings, "used", own_key=False)
    put(settings, "copied", days=70, own_key=False)
    own = put(settings, "own", days=80)
    elsewhere = put(settings, "elsewhere", days=90, account=9, server="telegram")
    put(settings, "elsewhere too", account=9, server="telegram")
    own_key = msgspec.json.decode(own.read_bytes())["key"]
    why = {file.path.name: file.why for file in plan(settings, now=NOW)}
    assert "not ended" in why["copied.session"]
    assert "logged out" in why["own.session"]
    assert "another server" in why["elsewhere.session"]
    assert len(await collect(settings, plan(settings, now=NOW))) == 3
    assert ended == [own_key]
    assert not elsewhere.exists()


async def test_a_login_that_a_process_holds_stays(settings: Settings) -> None:
    for number in range(4):
        put(settings, f"a{number}", days=31 + number)
    old = put(settings, f"old@{settings.server_id.removeprefix('key:')}", days=400)
    files = plan(settings, now=NOW)
    assert not next(file for file in files if file.path == old).keep
    held = SessionFile.hold(settings.model_copy(update={"session_name": "old"}))
    assert held.path == old
    assert fates(settings)[old.name], "told beforehand"
    await collect(settings, files)
    assert old.exists(), "and when it came into use after the plan"
    held.close()


async def test_a_login_used_after_the_plan_stays(settings: Settings) -> None:
    for number in range(4):
        put(settings, f"a{number}", days=31 + number)
    files = plan(settings, now=NOW)
    os.utime(settings.session_dir / "a3.session", (NOW, NOW))
    assert await collect(settings, files) == ()


async def test_leftovers_of_ours_go_at_once(settings: Settings) -> None:
    folder = settings.session_dir
    put(settings, "never", account=0)
    (folder / "tobs.session.0123abcd.new").write_bytes(b'{\n "format": "tobs-tui sess')
    (folder / "tobs.session.0123abce.new").write_bytes(b"")
    (folder / "gone.session.lock").touch(0o600)
    put(settings, "a")
    gone = await collect(settings, plan(settings, now=NOW))
    assert {file.role for file in gone} == {Role.LOGIN, Role.UNFINISHED, Role.LOCK}
    assert sorted(path.name for path in folder.iterdir() if "a.session" not in path.name) == []


async def test_what_is_not_ours_stays(settings: Settings) -> None:
    folder = settings.session_dir
    settings = settings.model_copy(update={"session_gc_keep_last_n": 0})
    foreign = SQLiteSession(str(folder / "telethon.session"))
    foreign.save()
    foreign.close()
    (folder / "text.session").write_text("mine")
    (folder / "tobs.session.0123abcd.new").write_text("mine too")
    (folder / "tobs.session.backup").write_text("and mine")
    (folder / "x.session.lock").write_text("somebody's")
    (folder / "y.session.lock").touch(0o644)
    (folder / "a.session-wal").write_text("alone")
    (folder / "sub.session").mkdir()
    target = folder.parent / "elsewhere"
    target.write_bytes(put(settings, "copied", account=0).read_bytes())
    (folder / "copied.session").unlink()
    (folder / "link.session").symlink_to(target)
    for path in folder.iterdir():
        os.utime(path, (NOW - 900 * DAY, NOW - 900 * DAY))
    before = sorted(path.name for path in folder.iterdir())
    assert await collect(settings, plan(settings, now=NOW)) == ()
    assert sorted(path.name for path in folder.iterdir()) == before
    told = {file.path.name: file.why for file in plan(settings, now=NOW)}
    assert told == {"telethon.session": "it is not ours", "text.session": "it is not ours"}


async def test_what_a_database_keeps_beside_goes_along(settings: Settings) -> None:
    for number in range(3):
        put(settings, f"a{number}", days=number)
    old = put(settings, "old", days=99)
    for end in ("-journal", "-wal", "-shm", ".dcs"):
        old.with_name(old.name + end).touch()
        (settings.session_dir / f"a0.session{end}").touch()
    await collect(settings, plan(settings, now=NOW))
    assert not list(settings.session_dir.glob("old*"))
    assert len(list(settings.session_dir.glob("a0.session*"))) == 5


def test_looking_changes_nothing(settings: Settings) -> None:
    put(settings, "a", days=1)
    put(settings, "b", account=0)
    before = {path.name: path.stat().st_mtime for path in settings.session_dir.iterdir()}
    plan(settings, now=NOW)
    assert {path.name: path.stat().st_mtime for path in settings.session_dir.iterdir()} == before
    assert plan(settings.model_copy(update={"session_dir": Path("/nowhere/at/all")}), now=NOW) == []


async def test_it_can_be_switched_off(settings: Settings) -> None:
    put(settings, "never", account=0)
    assert await run_gc(settings.model_copy(update={"session_gc_enabled": False}), now=NOW) == ()
    assert len(await run_gc(settings, now=NOW)) == 1


async def test_a_login_that_goes_is_ended_on_the_server(
    demo_server: Any, small_world: Any, logged_in: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    for name in ("one", "two"):
        await (await logged_in(server, session_name=name)).close()
    assert len(server.keyring.of_account(77)) == 2
    settings = settings_for(server.info, session_name="two", session_gc_keep_last_n=0)
    one = session_path(settings_for(server.info, session_name="one"))
    used = session_path(settings).stat().st_mtime
    os.utime(one, (used - 99 * DAY, used - 99 * DAY))
    gone = await run_gc(settings, now=used)
    assert [file.path for file in gone] == [one]
    assert len(server.keyring.of_account(77)) == 1
    assert (await logged_in(server, session_name="two")).owner.account_id == 77


async def test_an_unreachable_server_does_not_keep_a_login(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_gc, "LOG_OUT_TIMEOUT", 0.2)
    settings = settings.model_copy(update={"session_gc_keep_last_n": 0})
    put(settings, "a")
    put(settings, "b", days=40)
    assert len(await run_gc(settings, now=NOW)) == 1


async def test_the_screen_collects_once_it_is_connected(
    demo_server: Any, small_world: Any, logged_in: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    await (await logged_in(server, session_name="mine")).close()
    settings = settings_for(server.info, session_name="mine")
    leftover = put(settings, "never", account=0)
    host = ScreenHost(lambda _more: settings)
    try:
        await host.start()
        async with asyncio.timeout(10):
            while leftover.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await host.close()
    assert session_path(settings).exists()
