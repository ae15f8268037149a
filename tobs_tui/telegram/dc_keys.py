"""The account's keys and logins on DCs other than its own: one private file beside the session file.

A login is brought to another DC by `auth.exportAuthorization` at home and `auth.importAuthorization` there,
once: Telegram answers those who ask again and again with waits of half an hour. What is kept belongs to one
login at home; with another one there it is void.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from tobs_tui.errors import SessionError
from tobs_tui.telegram.sender import DcKey
from tobs_tui.telegram.session_file import (
    DC_KEYS_SUFFIX,
    FORMAT,
    KEY_BYTES,
    SIZE_LIMIT,
    encode_key,
    replace_private,
)

DC_FORMAT = f"{FORMAT}: other DCs"
DC_VERSION = 1

_log = logging.getLogger("tobs_tui.telegram")


class StoredDcKey(Struct, frozen=True, kw_only=True):
    """One DC's key as the file holds it."""

    key: str
    salt: int = 0
    time_offset: int = 0
    logged_in: bool = False

    def __repr__(self) -> str:
        return f"StoredDcKey(logged_in={self.logged_in})"


class StoredDcKeys(Struct, frozen=True, kw_only=True):
    """What the file holds."""

    format: str
    version: int
    home: str
    """The fingerprint of the login at home that all of it was exported from."""
    dcs: dict[int, StoredDcKey] = {}


@dataclass(slots=True)
class DcLogin:
    """The account on one other DC. Shared by all connections to it."""

    key: DcKey = field(default_factory=DcKey)
    logged_in: bool = False


class DcKeys:
    """All of them, for one login at home."""

    def __init__(self, path: Path, home_key: bytes | None) -> None:
        self._path = path
        self._home = fingerprint(home_key)
        self._logins = _read(path, self._home)
        self._saving = asyncio.Lock()

    def of(self, dc_id: int) -> DcLogin:
        """The login on a DC; a new one, without a key, where there is none yet."""
        return self._logins.setdefault(dc_id, DcLogin())

    def begin_anew(self, dc_id: int) -> None:
        """Forget the key of a DC: the server does not know it any more."""
        login = self.of(dc_id)
        login.logged_in = False
        login.key.key, login.key.salt, login.key.time_offset = None, 0, 0

    async def save(self) -> None:
        """Put all on disk, whole; where that fails, the next run has to ask for them again."""
        async with self._saving:
            data = msgspec.json.format(msgspec.json.encode(self._stored()), indent=1)
            try:
                await asyncio.to_thread(replace_private, self._path, data)
            except OSError as error:
                _log.warning("the keys of other DCs could not be kept: %s", error.strerror)

    def _stored(self) -> StoredDcKeys:
        dcs = {
            dc_id: StoredDcKey(
                key=encode_key(login.key.key),
                salt=login.key.salt,
                time_offset=login.key.time_offset,
                logged_in=login.logged_in,
            )
            for dc_id, login in self._logins.items()
            if login.key.key
        }
        return StoredDcKeys(format=DC_FORMAT, version=DC_VERSION, home=self._home, dcs=dcs)


def fingerprint(key: bytes | None) -> str:
    """What tells one login from another without telling its key."""
    return hashlib.sha256(b"tobs-tui" + (key or b"")).hexdigest()[:32]


def dc_keys_path(session: Path) -> Path:
    """Where the keys of other DCs are kept that belong to a session file."""
    return session.with_name(session.name + DC_KEYS_SUFFIX)


def _read(path: Path, home: str) -> dict[int, DcLogin]:
    """What the file holds for this login; nothing where it is missing, damaged or another's."""
    try:
        stored = read_dc_keys(path)
    except SessionError as error:
        _log.warning("%s", error.what)
        return {}
    if stored is None or stored.home != home:
        return {}
    with contextlib.suppress(OSError):
        path.chmod(0o600)
    return _logins(stored.dcs)


def read_dc_keys(path: Path) -> StoredDcKeys | None:
    """What a file of DC keys holds; None when there is none.

    :raises SessionError: when it can't be read, is damaged, or is not ours.
    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        stored = msgspec.json.decode(data, type=StoredDcKeys)
        if len(data) > SIZE_LIMIT or stored.format != DC_FORMAT or stored.version != DC_VERSION:
            raise ValueError("no file of ours")
        if any(len(base64.b64decode(dc.key, validate=True)) != KEY_BYTES for dc in stored.dcs.values()):
            raise ValueError("no keys")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SessionError(f"The keys of other DCs can't be read: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise SessionError(
            "The file with the keys of other DCs is damaged; they are asked for anew"
        ) from error
    return stored


def _logins(dcs: Mapping[int, StoredDcKey]) -> dict[int, DcLogin]:
    return {
        dc_id: DcLogin(DcKey(base64.b64decode(dc.key), dc.salt, dc.time_offset), dc.logged_in)
        for dc_id, dc in dcs.items()
    }
