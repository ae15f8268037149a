"""Which server the account lives on: its addresses, DC by DC, and the RSA keys that it must prove to hold.

One `Server` for each account: neither the DC list nor the keys of one server are ever used with another,
though Telethon keeps both for the whole process.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telethon.crypto import rsa as telethon_rsa

from tobs_tui.config.server import PublicKey
from tobs_tui.errors import ServerUnreachable

if TYPE_CHECKING:
    from tobs_tui.config import Settings

TELEGRAM_KEYS = frozenset(telethon_rsa._server_keys)
"""Fingerprints of Telegram's own keys, which Telethon brings along."""

TELEGRAM_HOST, TELEGRAM_PORT, TELEGRAM_DC = "149.154.167.51", 443, 2
"""Where a new login begins; Telegram sends it on to the account's own DC."""


@dataclass(frozen=True, slots=True)
class DcAddress:
    """Where one DC listens."""

    dc_id: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def ipv6(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).version == 6
        except ValueError:
            return False


class Server:
    """One server's addresses and keys. The list of DCs is learned from each `help.getConfig`."""

    def __init__(self, server_id: str, home: DcAddress, keys: frozenset[int]) -> None:
        self.id = server_id
        self.home = home
        self.keys = keys
        self._options: dict[int, list[DcAddress]] = {}

    def learn(self, config: Any) -> None:
        """Take the server's own list of DCs from its `help.Config`, if it has one."""
        options: dict[int, list[DcAddress]] = {}
        for option in config.dc_options if config is not None else ():
            if option.cdn or option.media_only or option.tcpo_only:
                continue
            address = DcAddress(option.id, option.ip_address, option.port)
            options.setdefault(option.id, []).append(address)
        if options:
            self._options = options

    def address(self, dc_id: int) -> DcAddress:
        """Where to reach a DC, in the address family that the account has used so far.

        :raises ServerUnreachable: when the server names no such DC.
        """
        if dc_id == self.home.dc_id:
            return self.home
        candidates = self._options.get(dc_id, [])
        for candidate in candidates:
            if candidate.ipv6 == self.home.ipv6:
                return candidate
        raise ServerUnreachable(
            f"The server at {self.home} names no address of its DC {dc_id} that could be reached",
            "Check TELEGRAM_SERVER and TELEGRAM_DC_ID",
        )

    def knows(self, dc_id: int) -> bool:
        return dc_id == self.home.dc_id or dc_id in self._options


def server_of(settings: Settings) -> Server:
    """The server that the settings name: Telegram itself, or another with a key of its own."""
    dc_id = settings.telegram_dc_id
    if settings.telegram_server is None:
        return Server(settings.server_id, DcAddress(TELEGRAM_DC, TELEGRAM_HOST, TELEGRAM_PORT), TELEGRAM_KEYS)
    home = DcAddress(dc_id, settings.telegram_server.host, settings.telegram_server.port)
    if settings.telegram_public_key is None:
        return Server(settings.server_id, home, TELEGRAM_KEYS)
    return Server(settings.server_id, home, frozenset({register_key(settings.telegram_public_key)}))


def register_key(pem: str) -> int:
    """Make a server's RSA public key (PKCS#1 PEM) known to Telethon; gives its fingerprint."""
    telethon_rsa.add_key(pem, old=False)
    fingerprint = int(PublicKey.parse(pem).fingerprint, 16)
    return fingerprint - (1 << 64) if fingerprint >> 63 else fingerprint
