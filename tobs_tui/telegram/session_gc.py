"""Which session files stay and which go, and why; and taking away those that go.

It knows its own files by name and content. It never touches the login that the settings name, one that
another process holds, an account's last login, or a file that it did not make. A login that goes is ended on
the server first, where that is the settings' own and no file that stays holds the same login.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from telethon.errors import AuthKeyNotFound, RPCError
from telethon.tl import functions

from tobs_tui.errors import ServerUnreachable, SessionError, SettingsError
from tobs_tui.telegram.identity import identity_of
from tobs_tui.telegram.link import Link
from tobs_tui.telegram.sender import DcKey, WrongKey
from tobs_tui.telegram.servers import DcAddress, server_of
from tobs_tui.telegram.session_file import (
    DC_KEYS_SUFFIX,
    LOCK_SUFFIX,
    NEW_SUFFIX,
    SUFFIX,
    StoredLogin,
    read_login,
    session_path,
    starts_like_ours,
)

if TYPE_CHECKING:
    from tobs_tui.config import Settings

DAY_S = 24 * 3600.0
LOG_OUT_TIMEOUT = 5.0
ALONG = ("-journal", "-wal", "-shm", DC_KEYS_SUFFIX)
"""What a database or we keep beside a login; it goes with the login."""

_log = logging.getLogger("tobs_tui.telegram")
_UNFINISHED = re.compile(
    rf"{re.escape(SUFFIX)}(?:{re.escape(DC_KEYS_SUFFIX)})?\.[0-9a-f]{{8}}{re.escape(NEW_SUFFIX)}$"
)


class Role(StrEnum):
    LOGIN = "login"
    UNFINISHED = "unfinished"
    """A login that was being written when its process ended."""
    DC_KEYS = "dc_keys"
    """A login's keys on other DCs; stays and goes with it."""
    LOCK = "lock"
    """The lock of a login that is gone."""
    FOREIGN = "foreign"
    """Looks like a session and is not ours."""


@dataclass(frozen=True, slots=True)
class SessionFile:
    """One file of the session folder, and what is to become of it."""

    path: Path
    role: Role
    account: int | None
    """Whose login it is; None where it is nobody's."""
    last_used: float
    """Unix seconds."""
    keep: bool
    why: str
    logs_out: bool = False
    """Whether taking it away ends its login on the server."""
    planned_at: float = 0.0


def plan(settings: Settings, *, now: float) -> list[SessionFile]:
    """Every session file of the folder with its fate, the last used first. Changes nothing."""
    folder = settings.session_dir
    active = session_path(settings)
    logins: list[tuple[Path, StoredLogin, float]] = []
    dc_keys: list[tuple[Path, float]] = []
    files: list[SessionFile] = []
    for path in _session_files(folder):
        used = _last_used(path)
        if path.name.endswith(SUFFIX + DC_KEYS_SUFFIX):
            dc_keys.append((path, used))
        elif path.name.endswith(SUFFIX):
            login = _ours(path)
            if login is None:
                files.append(SessionFile(path, Role.FOREIGN, None, used, True, "it is not ours"))
            else:
                logins.append((path, login, used))
        else:
            files.append(_leftover(path, used))
    files += _judged(logins, active, settings, now)
    fates = {file.path: file.keep for file in files}
    files += [_beside(path, used, fates) for path, used in dc_keys]
    files = [replace(file, planned_at=now) for file in files]
    return sorted(files, key=lambda file: (-file.last_used, file.path.name))


async def collect(settings: Settings, files: Iterable[SessionFile]) -> tuple[SessionFile, ...]:
    """Take away what the plan lets go; gives what is gone.

    Each is looked at once more before: what came into use since stays, and a login whose account has lost
    the others meanwhile.
    """
    gone = []
    for file in sorted(files, key=lambda file: file.role is Role.DC_KEYS):
        if file.keep:
            continue
        try:
            if await asyncio.to_thread(_still_goes, settings, file) and await _take_away(settings, file):
                gone.append(file)
        except OSError as error:
            _log.warning("the session file %s could not be deleted: %s", file.path.name, error.strerror)
    return tuple(gone)


async def run_gc(settings: Settings, *, now: float) -> tuple[SessionFile, ...]:
    """Plan and collect, where the settings want it; for the background, at start."""
    if not settings.session_gc_enabled:
        return ()
    return await collect(settings, await asyncio.to_thread(plan, settings, now=now))


def _judged(
    logins: list[tuple[Path, StoredLogin, float]], active: Path, settings: Settings, now: float
) -> list[SessionFile]:
    """The fate of each login, by account: the last ones stay however old they are."""
    of_account: dict[tuple[str, int], list[tuple[Path, StoredLogin, float]]] = defaultdict(list)
    judged = []
    for path, login, used in logins:
        if login.account:
            of_account[login.server, login.account].append((path, login, used))
        else:
            keep, why = _in_use(path, active) or (False, "nobody ever logged in with it")
            judged.append(SessionFile(path, Role.LOGIN, None, used, keep, why))
    kept_anyway = max(1, settings.session_gc_keep_last_n)
    for (_server, account), its_logins in of_account.items():
        newest_first = sorted(its_logins, key=lambda each: -each[2])
        for place, (path, _login, used) in enumerate(newest_first):
            keep, why = _in_use(path, active) or _by_age(
                place, kept_anyway, (now - used) / DAY_S, settings.session_gc_max_age_days
            )
            judged.append(SessionFile(path, Role.LOGIN, account, used, keep, why))
    return [_with_its_end(file, logins, judged, settings) for file in judged]


def _with_its_end(
    file: SessionFile,
    logins: list[tuple[Path, StoredLogin, float]],
    judged: list[SessionFile],
    settings: Settings,
) -> SessionFile:
    """A login that goes, with whether it is ended on the server."""
    if file.keep or file.account is None:
        return file
    login = next(login for path, login, _ in logins if path == file.path)
    staying = {each.path for each in judged if each.keep}
    if login.server != settings.server_id:
        end = "it is of another server, which is not asked to end it"
    elif any(path in staying and other.key == login.key for path, other, _ in logins):
        end = "a file that stays holds the same login, so it is not ended"
    else:
        return replace(file, logs_out=True, why=f"{file.why}; it is logged out, too")
    return replace(file, why=f"{file.why}; {end}")


def _still_goes(settings: Settings, file: SessionFile) -> bool:
    """Whether a plan of now lets a file go as that one did."""
    if file.role is Role.DC_KEYS:
        return True  # its login has gone just now; whether it has is seen under that one's lock
    return any(
        (each.path, each.role, each.last_used, each.keep) == (file.path, file.role, file.last_used, False)
        for each in plan(settings, now=file.planned_at)
    )


def _in_use(path: Path, active: Path) -> tuple[bool, str] | None:
    if path == active:
        return True, "it is the login of these settings"
    if _is_held(path):
        return True, "another process uses it"
    return None


def _by_age(place: int, kept_anyway: int, days: float, most_days: int) -> tuple[bool, str]:
    if place == 0:
        return True, "it is the last login of its account"
    if place < kept_anyway:
        return True, f"it is one of the last {kept_anyway} logins of its account"
    if days <= most_days:
        return True, f"it was used within the last {most_days} days"
    return False, f"not used for {int(days)} days, and its account has {kept_anyway} newer logins"


def _beside(path: Path, used: float, fates: Mapping[Path, bool]) -> SessionFile:
    """Keys of other DCs have their login's fate."""
    login_path = _login_path(path)
    keep = fates.get(login_path)
    if keep is None:
        held = _is_held(login_path)
        why = "another process uses its login" if held else "its login is gone"
        return SessionFile(path, Role.DC_KEYS, None, used, held, why)
    why = "it stays with its login" if keep else "it goes with its login"
    return SessionFile(path, Role.DC_KEYS, None, used, keep, why)


def _leftover(path: Path, used: float) -> SessionFile:
    login_path = _login_path(path)
    if _is_held(login_path):
        return SessionFile(path, _role(path), None, used, True, "another process uses its login")
    if path.name.endswith(LOCK_SUFFIX):
        return SessionFile(path, Role.LOCK, None, used, False, "its login is gone")
    return SessionFile(path, Role.UNFINISHED, None, used, False, "left behind by a run that was killed")


def _session_files(folder: Path) -> list[Path]:
    """Files that may be ours by name, without the locks of logins that are there."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    except OSError:
        return []
    return [path for path in paths if _counts(path)]


def _counts(path: Path) -> bool:
    if _UNFINISHED.search(path.name) or path.name.endswith(SUFFIX + DC_KEYS_SUFFIX):
        return starts_like_ours(path)
    if path.name.endswith(SUFFIX + LOCK_SUFFIX):
        return _is_lonely_lock(path)
    return path.name.endswith(SUFFIX)


def _is_lonely_lock(path: Path) -> bool:
    # Ours are empty and for their owner alone; the login that one was for is gone.
    facts = path.stat()
    for_owner_alone = os.name == "nt" or not stat.S_IMODE(facts.st_mode) & 0o077
    return facts.st_size == 0 and for_owner_alone and not _login_path(path).exists()


def _login_path(path: Path) -> Path:
    """The login that a lock or an unfinished file belongs to."""
    return path.with_name(path.name[: path.name.rindex(SUFFIX) + len(SUFFIX)])


def _role(path: Path) -> Role:
    if path.name.endswith(SUFFIX):
        return Role.LOGIN
    if path.name.endswith(SUFFIX + DC_KEYS_SUFFIX):
        return Role.DC_KEYS
    return Role.LOCK if path.name.endswith(LOCK_SUFFIX) else Role.UNFINISHED


def _ours(path: Path) -> StoredLogin | None:
    try:
        return read_login(path)
    except SessionError:
        return None


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _lock_of(login_path: Path) -> FileLock:
    return FileLock(f"{login_path}{LOCK_SUFFIX}", timeout=0, mode=0o600)


def _is_held(login_path: Path) -> bool:
    """Whether a process has this login open. Makes no lock where there is none."""
    if not Path(f"{login_path}{LOCK_SUFFIX}").exists():
        return False
    try:
        with _lock_of(login_path):
            return False
    except (Timeout, OSError):
        return True


async def _take_away(settings: Settings, file: SessionFile) -> bool:
    """Delete one file and what goes along, if it is still as it was when that was decided."""
    login_path = _login_path(file.path)
    lock = _lock_of(login_path)
    try:
        lock.acquire()
    except (Timeout, OSError):
        return False
    try:
        if file.role is Role.DC_KEYS:
            if login_path.exists():
                return False
        elif file.role is not Role.LOCK:
            if _last_used(file.path) != file.last_used or login_path == session_path(settings) == file.path:
                return False
            login = _ours(file.path) if file.role is Role.LOGIN else None
            if file.role is Role.LOGIN and login is None:
                return False
            if login is not None and file.logs_out:
                await _log_out(settings, login)
        _delete(file, login_path)
    finally:
        lock.release()
    return True


def _delete(file: SessionFile, login_path: Path) -> None:
    if file.role is not Role.LOCK:
        for end in ("", *ALONG):
            file.path.with_name(file.path.name + end).unlink(missing_ok=True)
    if not login_path.exists():
        Path(f"{login_path}{LOCK_SUFFIX}").unlink(missing_ok=True)


async def _log_out(settings: Settings, login: StoredLogin) -> None:
    """End a login on the server, if that can be done quickly."""
    link: Link | None = None
    try:
        server = server_of(settings)
        address = server.home
        if login.dc != server.home.dc_id:
            address = DcAddress(login.dc, login.host, login.port)
        key = DcKey(login.key_bytes, login.salt, login.time_offset)
        link = Link(identity_of(settings, server.keys), address, key)
        await link.open(timeout=LOG_OUT_TIMEOUT)
        await link.call(functions.auth.LogOutRequest(), timeout=LOG_OUT_TIMEOUT)
    except (
        OSError,
        TimeoutError,
        RPCError,
        AuthKeyNotFound,
        WrongKey,
        ServerUnreachable,
        SettingsError,
    ) as error:
        _log.info("an old login could not be ended on the server (%s)", type(error).__name__)
    finally:
        if link is not None:
            with contextlib.suppress(OSError):
                await link.close()
