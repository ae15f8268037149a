"""The server's memory of its clients: auth keys, who is logged in on them, open takeouts.

Kept in an append-only file (0600) of one JSON record a line, so that a server killed at any instant and
started again on the same folder still knows them, and several servers on one folder don't harm each
other: a line goes out in one write, a torn one is skipped, lines of others are read when they are missed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from telethon.tl.alltlobjects import LAYER

from tobs_tui.demo.wire.envelope import SecretKey

FILE = "keys.jsonl"


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """What initConnection told of a client."""

    api_id: int = 0
    device: str = ""
    system: str = ""
    version: str = ""


@dataclass(slots=True, eq=False)
class AuthKey:
    """One auth key of one DC, with the login on it. What is not said to be kept ends with the process."""

    secret: SecretKey
    dc_id: int
    created: int
    account: int | None = None
    """Kept. The user id logged in on this key."""
    parent: bytes | None = None
    """Kept. The id of the key that this login was exported from, at another DC."""
    awaits_password: bool = False
    """The code (or the QR token) was right, the 2FA password is missing."""
    layer: int = LAYER
    client: ClientInfo = field(default_factory=ClientInfo)
    first_salt: int | None = None
    active: int = 0

    @property
    def id(self) -> bytes:
        return self.secret.id


class Keyring:
    """All keys of all DCs of this server."""

    def __init__(self, folder: Path) -> None:
        self.takeouts: dict[int, int] = {}
        """Open takeout sessions: id -> account."""
        self._path = folder / FILE
        self._keys: dict[bytes, AuthKey] = {}
        self._read = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        self.refresh()

    def find(self, key_id: bytes, dc_id: int) -> AuthKey | None:
        """The key of this id, if this DC knows it. Other DCs' keys are unknown to it, as at Telegram."""
        key = self._keys.get(key_id)
        if key is None:
            self.refresh()
            key = self._keys.get(key_id)
        return key if key is not None and key.dc_id == dc_id else None

    def knows(self, key_id: bytes) -> bool:
        return key_id in self._keys

    def all(self) -> list[AuthKey]:
        return list(self._keys.values())

    def of_account(self, account: int) -> list[AuthKey]:
        """The keys that this account is logged in on, oldest first."""
        return [key for key in self._keys.values() if key.account == account]

    def add(self, secret: SecretKey, dc_id: int, first_salt: int, now: int) -> AuthKey:
        key = AuthKey(secret, dc_id, now, first_salt=first_salt)
        self._append({"key": secret.value.hex(), "dc": dc_id, "at": now})
        self._keys[key.id] = key
        return key

    def log_in(self, key: AuthKey, account: int, *, parent: bytes | None = None) -> None:
        """Bind an account to a key; `parent` is the key that the login was exported from."""
        key.account = account
        key.parent = parent
        key.awaits_password = False
        self._append({"id": key.id.hex(), "account": account, "parent": parent and parent.hex()})

    def log_out(self, key: AuthKey) -> None:
        """End the login of a key, and with it those that were exported from it."""
        for each in [key, *(k for k in self._keys.values() if k.parent == key.id)]:
            each.account = each.parent = None
            each.awaits_password = False
            self._append({"id": each.id.hex(), "account": None})

    def forget(self, key: AuthKey) -> None:
        self._keys.pop(key.id, None)
        self._append({"id": key.id.hex(), "forgotten": True})

    def open_takeout(self, takeout_id: int, account: int) -> None:
        self.takeouts[takeout_id] = account
        self._append({"takeout": takeout_id, "account": account})

    def close_takeout(self, takeout_id: int) -> None:
        self.takeouts.pop(takeout_id, None)
        self._append({"takeout": takeout_id, "account": None})

    def refresh(self) -> None:
        """Read what was appended since the last look, by this or another process."""
        if self._path.stat().st_size <= self._read:
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for record in _records(data[:whole]):
            self._apply(record)

    def _apply(self, record: dict[str, object]) -> None:
        match record:
            case {"key": str(value), "dc": int(dc_id), "at": int(created)}:
                secret = SecretKey(bytes.fromhex(value))
                self._keys.setdefault(secret.id, AuthKey(secret, dc_id, created))
            case {"id": str(key_id), "forgotten": True}:
                self._keys.pop(bytes.fromhex(key_id), None)
            case {"id": str(key_id), "account": int() | None as account}:
                if key := self._keys.get(bytes.fromhex(key_id)):
                    parent = record.get("parent")
                    key.account = account
                    key.parent = bytes.fromhex(parent) if isinstance(parent, str) else None
            case {"takeout": int(takeout_id), "account": int() | None as account}:
                if account is None:
                    self.takeouts.pop(takeout_id, None)
                else:
                    self.takeouts[takeout_id] = account

    def _append(self, record: dict[str, object]) -> None:
        # The newline in front ends a line that a killed process left torn.
        line = f"\n{json.dumps(record, separators=(',', ':'))}\n".encode()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def _records(data: bytes) -> Iterator[dict[str, object]]:
    for line in data.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # empty, or torn by a kill
        if isinstance(record, dict):
            yield record
