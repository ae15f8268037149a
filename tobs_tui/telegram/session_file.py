"""The login on disk: one small file for each account and server, private, whole, and held by one process.

Made with mode 0600 from its first byte and replaced whole, so that there is neither a readable moment nor a
torn file. It opens the account: its key enters no log and no other file. Workers get the key in memory.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from tobs_tui.errors import SessionError

if TYPE_CHECKING:
    from tobs_tui.config import Settings

FORMAT = "tobs-tui session"
VERSION = 1
SUFFIX = ".session"
LOCK_SUFFIX = ".lock"
NEW_SUFFIX = ".new"
DC_KEYS_SUFFIX = ".dcs"
"""Of the file beside a login that holds its keys on other DCs (`dc_keys.py`); it goes with its login."""
KEY_BYTES = 256
SIZE_LIMIT = 64 * 1024
"""More than any of ours; anything larger is foreign and is not read."""


class TakeoutScope(Struct, frozen=True):
    """What a takeout session was begun for."""

    flags: frozenset[str] = frozenset()
    """The names of the flags that were set, as Telegram has them."""
    file_size: int = 0
    """The largest file that may be asked for, in bytes; 0 for none."""

    def holds(self, other: TakeoutScope) -> bool:
        """Whether all that the other is for can be done in this one."""
        return other.flags <= self.flags and other.file_size <= self.file_size


class StoredLogin(Struct, frozen=True, kw_only=True):
    """What the file holds."""

    format: str
    version: int
    server: str
    """`settings.server_id` of the server that it belongs to."""
    dc: int
    host: str
    port: int
    key: str = ""
    """The authorization key in base64; empty before the first connection."""
    account: int = 0
    """The account's user id; 0 until somebody logged in."""
    name: str = ""
    takeout: int = 0
    """A takeout session that was begun and not yet ended."""
    takeout_scope: TakeoutScope | None = None
    """What for; None where it is not known."""
    salt: int = 0
    time_offset: int = 0

    def __repr__(self) -> str:
        return f"StoredLogin(server={self.server!r}, dc={self.dc}, account={self.account})"

    @property
    def key_bytes(self) -> bytes | None:
        return base64.b64decode(self.key) if self.key else None


def encode_key(key: bytes | None) -> str:
    return base64.b64encode(key).decode("ascii") if key else ""


def session_path(settings: Settings) -> Path:
    """Where the login of these settings lives: another server's has another name.

    :raises SessionError: when SESSION_NAME is no plain file name.
    """
    name = settings.session_name
    if not name or name in (".", "..") or {"/", "\\", "\0"} & set(name) or name != Path(name).name:
        raise SessionError("SESSION_NAME is no plain file name", "Use letters, digits, - and _")
    tag = "" if settings.server_id == "telegram" else "@" + settings.server_id.removeprefix("key:")
    return settings.session_dir / f"{name}{tag}{SUFFIX}"


def read_login(path: Path) -> StoredLogin | None:
    """What a session file holds; None when there is none.

    :raises SessionError: when it can't be read, is damaged, or is not ours.
    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SessionError(f"The session file {path} can't be read: {error.strerror}") from error
    if data.startswith(b"SQLite format 3\0"):
        raise SessionError(
            f"The session file {path} was made by another program (or another version of it)",
            "Choose another SESSION_NAME and log in there; this file is left as it is",
        )
    try:
        login = msgspec.json.decode(data, type=StoredLogin)
        if login.format == FORMAT and login.version > VERSION:
            raise SessionError(
                f"The session file {path} was written by a newer tobs-tui",
                "Update tobs-tui, or choose another SESSION_NAME and log in there",
            )
        if login.format != FORMAT or (login.key and len(login.key_bytes or b"") != KEY_BYTES):
            raise ValueError("no login of ours")
    except (msgspec.MsgspecError, ValueError, binascii.Error) as error:
        raise SessionError(
            f"The session file {path} is damaged",
            f"Move it away and log in again with `tobs-tui login` (it held {len(data)} bytes)",
        ) from error
    return login


def private_folder(folder: Path) -> None:
    """Make the folder, 0700 from the start; one of ours that others can look into is closed to them.

    :raises SessionError: when it can't be made.
    """
    try:
        _make_private(folder)
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & 0o077 and all(_is_ours(entry.name) for entry in folder.iterdir()):
            folder.chmod(0o700)
    except OSError as error:
        raise SessionError(
            f"The session folder {folder} can't be used: {error.strerror}",
            "Set SESSION_DIR to a folder that you may write to",
        ) from error


def _make_private(folder: Path) -> None:
    if folder.is_dir():
        return
    if not folder.parent.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _is_ours(name: str) -> bool:
    return SUFFIX in name


class SessionFile:
    """One login, held while it is open. `save` replaces it whole."""

    def __init__(self, path: Path, server: str, lock: FileLock, login: StoredLogin | None) -> None:
        self.path = path
        self._server = server
        self._lock = lock
        self.login = login

    @classmethod
    def hold(cls, settings: Settings) -> SessionFile:
        """Open and lock the login of these settings; there need not be one yet.

        :raises SessionError: when another process holds it, or it is damaged or of another server.
        """
        path = session_path(settings)
        private_folder(path.parent)
        lock = FileLock(f"{path}{LOCK_SUFFIX}", timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise SessionError(
                f"Another tobs-tui is using the login {path.name}",
                "Wait until it has finished, or give this one another SESSION_NAME",
            ) from None
        except OSError as error:
            raise SessionError(
                f"The session folder {path.parent} can't be written: {error.strerror}",
                "Set SESSION_DIR to a folder that you may write to",
            ) from error
        try:
            login = read_login(path)
            if login is not None and login.server != settings.server_id:
                raise SessionError(
                    f"The session file {path} belongs to another server ({login.server}, not "
                    f"{settings.server_id})",
                    "Choose another SESSION_NAME",
                )
            if login is not None:
                _close_to_others(path)
        except BaseException:
            lock.release()
            raise
        return cls(path, settings.server_id, lock, login)

    def save(self, login: StoredLogin) -> None:
        """Put the login on disk, whole or not at all.

        :raises SessionError: when it can't be written.
        """
        if login.server != self._server:
            raise SessionError(f"The login is of another server than {self.path} is for")
        try:
            replace_private(self.path, msgspec.json.format(msgspec.json.encode(login), indent=1))
        except OSError as error:
            raise SessionError(f"The session file {self.path} can't be written: {error.strerror}") from error
        self.login = login

    def touch(self) -> None:
        """Note that the login was used now; session GC goes by it."""
        with contextlib.suppress(OSError):
            os.utime(self.path)

    def remove(self) -> None:
        """Delete the login from disk, and its keys on other DCs."""
        self.login = None
        try:
            self.path.unlink(missing_ok=True)
            self.path.with_name(self.path.name + DC_KEYS_SUFFIX).unlink(missing_ok=True)
        except OSError as error:
            raise SessionError(f"The session file {self.path} can't be deleted: {error.strerror}") from error

    def close(self) -> None:
        """Let other processes have it. Does nothing the second time."""
        self._lock.release()


def replace_private(path: Path, data: bytes) -> None:
    """Put a file that only its owner may read in place, whole or not at all. :raises OSError:"""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}{NEW_SUFFIX}")
    try:
        _write_private(new, data)
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _write_private(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _close_to_others(path: Path) -> None:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        with contextlib.suppress(OSError):
            path.chmod(0o600)


def starts_like_ours(path: Path) -> bool:
    """Whether a file, perhaps cut short, is the beginning of a login of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_HEAD))
    except OSError:
        return False
    return head == _HEAD[: len(head)]


_HEAD = msgspec.json.format(f'{{"format":"{FORMAT}"}}'.encode(), indent=1)[: len(FORMAT) + 10]
"""How each of our files begins, up to its first value."""
