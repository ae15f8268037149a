"""How one setting's text becomes its value: sizes, lists, paths, keys, phone numbers, time zones.

Each function takes what a person wrote, or the value itself, and raises ValueError with a reason that
holds nothing secret. What a setting takes in words stands with it in `settings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import SecretStr

from tobs_tui.config.server import Proxy, PublicKey, ServerAddress
from tobs_tui.model import ExportFormat, MediaKind

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_KEY_FILE_LIMIT = 64_000

_Kind = TypeVar("_Kind", bound=StrEnum)


class DcRoutingStrategy(StrEnum):
    """How file downloads choose among connections."""

    SMART = "smart"
    STICKY = "sticky"
    ROUND_ROBIN = "round_robin"


class LogLevel(StrEnum):
    """The names that `LOG_LEVEL` takes; `logging.getLevelNamesMapping()` knows their numbers."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


def machine_timezone() -> str:
    """Return the name of this machine's time zone, or `UTC` where it has none that is known."""
    try:
        return time_zone(tzlocal.get_localzone_name())
    except (ValueError, KeyError, OSError):
        return "UTC"


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def size(value: object) -> int | None:
    """Read bytes, or `10M` = 10 MiB with K, M, G, T; `none` is no limit."""
    if value is None or lower(value) == "none":
        return None
    found = _SIZE.fullmatch(str(value))
    if found is None:
        raise ValueError
    number = int(float(found[1]) * _SIZE_UNITS[found[2].lower()])
    if not 1 <= number < 1 << 63:
        raise ValueError
    return number


def media_kinds(value: object) -> frozenset[MediaKind]:
    """Read a comma list of kinds, `all` or `none`."""
    if lower(value) == "all":
        return frozenset(MediaKind)
    if lower(value) == "none":
        return frozenset()
    return frozenset(_listed(MediaKind, value))


def export_formats(value: object) -> tuple[ExportFormat, ...]:
    """Read a comma list of formats, each once, in the order given."""
    formats = tuple(_listed(ExportFormat, value))
    if not formats:
        raise ValueError
    return formats


def path(value: object) -> Path:
    """Read a path; `~` is the person's home folder."""
    if not str(value).strip() or "\0" in str(value):
        raise ValueError
    try:
        return Path(str(value)).expanduser()
    except RuntimeError as error:
        raise ValueError("there is no home folder for ~") from error


def server_address(value: object) -> ServerAddress:
    return value if isinstance(value, ServerAddress) else ServerAddress.parse(str(value))


def public_key(value: object) -> str:
    """Return a key as PKCS#1 PEM, from a PEM or from the file that the setting names."""
    given = str(value)
    pem = given if "-----BEGIN" in given else _file_text(path(given))
    return PublicKey.parse(pem).pem


def proxy_url(value: object) -> SecretStr:
    url = _revealed(value)
    Proxy.parse(url)
    return SecretStr(url)


def phone_number(value: object) -> SecretStr:
    """Return a phone number's digits, and its plus where it has one."""
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", _revealed(value))
    if not re.fullmatch(r"\+?[0-9]{5,20}", digits):
        raise ValueError
    return SecretStr(digits)


def session_name(value: object) -> str:
    """Return a name that is a file name on any system."""
    if not re.fullmatch(r"\w[\w.@+-]{0,63}", str(value)):
        raise ValueError
    return str(value)


def time_zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, KeyError, OSError) as error:
        raise ValueError("there is no such time zone") from error


def _listed(kinds: type[_Kind], value: object) -> list[_Kind]:
    if not isinstance(value, str | Iterable):
        raise ValueError
    names = value.split(",") if isinstance(value, str) else [str(item) for item in value]
    return list(dict.fromkeys(_member(kinds, name.strip().lower()) for name in names if name.strip()))


def _member(kinds: type[_Kind], name: str) -> _Kind:
    try:
        return kinds(name)
    except ValueError:
        raise ValueError(f"{name!r} is none of them") from None


def _revealed(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _file_text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_KEY_FILE_LIMIT).decode("latin-1")
    except FileNotFoundError as error:
        raise ValueError("there is no such file") from error
    except OSError as error:
        raise ValueError(f"the file can't be read ({error.strerror})") from error
