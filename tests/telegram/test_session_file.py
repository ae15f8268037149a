"""The login on disk: private from its first byte, whole, of one server, held by one process."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from telethon.sessions import SQLiteSession

from tobs_tui.config import Settings
from tobs_tui.errors import SessionError
from tobs_tui.telegram.session_file import (
    FORMAT,
    VERSION,
    SessionFile,
    StoredLogin,
    encode_key,
    read_login,
    session_path,
)

KEY = bytes(range(256))


def settings(folder: Path, **more: Any) -> Settings:
    given: dict[str, Any] = {"api_id": 1, "api_hash": "0" * 32, "session_dir": folder / "sessions"}
    return Settings(**(given | more))


def login(**changes: Any) -> StoredLogin:
    stored = StoredLogin(
        format=FORMAT,
        version=VERSION,
        server="telegram",
        dc=2,
        host="149.154.167.51",
        port=443,
        key=encode_key(KEY),
        account=7,
    )
    return msgspec.structs.replace(stored, **changes)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Any:
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_a_login_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    file = SessionFile.hold(settings(tmp_path))
    assert file.login is None
    file.save(login(name="Ōe", takeout=5))
    file.close()
    again = SessionFile.hold(settings(tmp_path))
    assert again.login == login(name="Ōe", takeout=5)
    assert again.login.key_bytes == KEY
    again.close()


def test_file_and_folder_are_private_from_their_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    fsync = os.fsync

    def look(handle: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", look)
    file = SessionFile.hold(settings(tmp_path))
    file.save(login())
    folder = tmp_path / "sessions"
    assert seen == [0o600]
    assert mode(folder) == 0o700
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "tobs.session": 0o600,
        "tobs.session.lock": 0o600,
    }
    file.close()


def test_a_folder_and_file_that_others_could_read_are_closed_to_them(tmp_path: Path) -> None:
    file = SessionFile.hold(settings(tmp_path))
    file.save(login())
    file.close()
    (tmp_path / "sessions").chmod(0o755)
    file.path.chmod(0o644)
    SessionFile.hold(settings(tmp_path)).close()
    assert (mode(tmp_path / "sessions"), mode(file.path)) == (0o700, 0o600)


def test_a_folder_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("mine")
    file = SessionFile.hold(settings(tmp_path))
    file.save(login())
    file.close()
    assert mode(folder) == 0o755
    assert mode(file.path) == 0o600


def test_two_servers_have_two_files(tmp_path: Path) -> None:
    ours = settings(tmp_path)
    other = ours.model_copy(
        update={"telegram_public_key": (Path(__file__).parent / "data" / "key.pem").read_text()}
    )
    assert session_path(ours).name == "tobs.session"
    assert session_path(other).name.startswith("tobs@")
    assert session_path(other).parent == session_path(ours).parent


def test_a_file_of_another_server_is_refused(tmp_path: Path) -> None:
    file = SessionFile.hold(settings(tmp_path))
    file.save(login())
    file.close()
    file.path.write_bytes(msgspec.json.encode(login(server="key:0123456789abcdef")))
    with pytest.raises(SessionError, match="another server"):
        SessionFile.hold(settings(tmp_path))


@pytest.mark.parametrize("name", ["../tobs", "a/b", "..", ".", "a\\b", "nul\0"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    # `Settings` refuses these before; the file does not rely on that.
    with pytest.raises(SessionError, match="SESSION_NAME"):
        session_path(settings(tmp_path).model_copy(update={"session_name": name}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 500,
        b"{",
        b"[]",
        b'{"format": "tobs-tui session"}',
        b"x" * 1_000_000,
        msgspec.json.encode(login(key="AAAA")),
        msgspec.json.encode(login(key="not base64 at all")),
        msgspec.json.encode(login(format="something else")),
    ],
)
def test_a_damaged_file_is_told_and_left(tmp_path: Path, content: bytes) -> None:
    held = settings(tmp_path)
    SessionFile.hold(held).close()
    path = session_path(held)
    path.write_bytes(content)
    with pytest.raises(SessionError, match="damaged") as caught:
        SessionFile.hold(held)
    assert "tobs-tui login" in caught.value.fix
    assert path.read_bytes() == content
    path.unlink()
    SessionFile.hold(held).close()


def test_a_file_of_a_newer_version_is_told(tmp_path: Path) -> None:
    held = settings(tmp_path)
    SessionFile.hold(held).close()
    session_path(held).write_bytes(msgspec.json.encode(login(version=VERSION + 1)))
    with pytest.raises(SessionError, match="newer tobs-tui"):
        SessionFile.hold(held)


def test_another_programs_file_is_told_and_left(tmp_path: Path) -> None:
    held = settings(tmp_path)
    SessionFile.hold(held).close()
    path = session_path(held)
    foreign = SQLiteSession(str(path))
    foreign.save()
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(SessionError, match="another program"):
        SessionFile.hold(held)
    assert path.read_bytes() == before


def test_one_process_at_a_time_holds_it(tmp_path: Path) -> None:
    file = SessionFile.hold(settings(tmp_path))
    with pytest.raises(SessionError, match="Another tobs-tui"):
        SessionFile.hold(settings(tmp_path))
    script = (
        "import sys; from pathlib import Path; from tobs_tui.config import Settings\n"
        "from tobs_tui.telegram.session_file import SessionFile\n"
        "SessionFile.hold(Settings(api_id=1, api_hash='0' * 32, session_dir=Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "sessions")]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Another tobs-tui is using the login" in other.stderr
    file.close()
    file.close()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_file_that_cannot_be_replaced_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SessionFile.hold(settings(tmp_path))
    file.save(login())

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SessionError, match="No space left"):
        file.save(login(account=8))
    assert read_login(file.path) == login()
    assert sorted(path.name for path in file.path.parent.iterdir()) == ["tobs.session", "tobs.session.lock"]
    file.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file")
    with pytest.raises(SessionError, match="folder"):
        SessionFile.hold(settings(tmp_path))


def test_nothing_that_is_shown_holds_the_key() -> None:
    assert encode_key(KEY)[:20] not in repr(login())
