"""What a client needs to know of a running demo server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a client needs to know of a running server."""

    host: str
    port: int
    dc_id: int
    public_key: Path
    phone: str
    code: str
    password: str | None
    dcs: dict[int, int]
    """Port by DC id."""
    proxy_secret: str
    """Every port is an MTProxy too, for clients that know this secret (hex)."""

    def line(self) -> dict[str, object]:
        """What `demo serve` prints as JSON."""
        return {
            "host": self.host,
            "port": self.port,
            "dc_id": self.dc_id,
            "public_key": str(self.public_key),
            "phone": self.phone,
            "code": self.code,
            "password": self.password,
        }
