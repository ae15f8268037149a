"""The layers that settings come from, read in order; what is wrong told at once; what was asked once, kept.

First wins: options, the environment, `.env` of the folder one stands in, `settings.env` of the user's
config folder (0600), defaults.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import platformdirs
from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from tobs_tui import text
from tobs_tui.config.settings import Settings
from tobs_tui.config.values import machine_timezone
from tobs_tui.errors import SettingsError
from tobs_tui.model import MediaKind

HIDDEN, NOTHING = "••••", "—"
_SECRETS = frozenset({"api_hash", "phone_number", "proxy_url"})
_SHOWN_WIDTH = 160

_Layer = tuple[str, Mapping[str, Any]]


def load_settings(
    overrides: Mapping[str, object] | None = None,
    env_file: Path | None = Path(".env"),
    saved_file: Path | None = None,
) -> Settings:
    """Read and validate all layers.

    :param overrides: options by field name; None means "not given", an empty text "none at all".
    :param saved_file: instead of the user's own `settings.env`.
    :raises SettingsError: one line for each bad setting: its name, what was given (no secret), what it takes.
    """
    layers: list[_Layer] = [
        ("option", _unset_where_empty(_options(overrides or {}))),
        ("environment", _own(EnvSettingsSource(Settings)())),
        (".env", _file_layer(env_file) if env_file else {}),
        ("saved", _file_layer(saved_file or saved_settings_file())),
    ]
    given: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        for name in layer.keys() - given.keys():
            given[name], origins[name] = layer[name], origin
    settings = _validated({name: value for name, value in given.items() if value is not None}, origins)
    settings._origins.update(origins)
    return settings


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Return each setting's name, value as text (secrets hidden) and origin, in the contract's order.

    The origin is `option`, `environment`, `.env`, `saved` or `default`.
    """
    return [(name.upper(), _shown(settings, name), settings.origin(name)) for name in Settings.model_fields]


def saved_settings_file() -> Path:
    """Return the path of what the screen asked once; it may not exist."""
    return platformdirs.user_config_path("tobs-tui", appauthor=False) / "settings.env"


def save_settings(settings: Mapping[str, str], file: Path | None = None) -> Path:
    """Keep settings for later runs, beside what is kept already, readable by this user alone.

    :param settings: text by field name; an empty one is forgotten.
    :raises SettingsError: a value is not what its setting takes, or the file can't be written.
    """
    target = file or saved_settings_file()
    merged = {**_file_layer(target), **_options(settings)}
    kept = {name: value for name, value in merged.items() if value}
    _validated(kept, {})
    lines = "".join(f"{name.upper()}={_quoted(value)}\n" for name, value in kept.items())
    try:
        _replace_privately(target, "# Kept by tobs-tui; .env and the environment win.\n" + lines)
    except OSError as error:
        raise SettingsError(f"{target} can't be written: {error.strerror}") from error
    return target


def _options(overrides: Mapping[str, object]) -> dict[str, Any]:
    unknown = overrides.keys() - Settings.model_fields.keys()
    if unknown:
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    return {name: value for name, value in overrides.items() if value is not None}


def _unset_where_empty(options: Mapping[str, Any]) -> dict[str, Any]:
    """Mark as None the options that take a setting back; only one that may be none can be."""
    may_be_none = {name for name, field in Settings.model_fields.items() if field.default is None}
    return {name: None if value == "" and name in may_be_none else value for name, value in options.items()}


def _own(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Keep our settings that have a value, without the blanks around it."""
    stripped = {name.lower(): value.strip() for name, value in layer.items() if isinstance(value, str)}
    return {name: value for name, value in stripped.items() if value and name in Settings.model_fields}


def _file_layer(file: Path) -> dict[str, Any]:
    try:
        if not file.exists():
            return {}
        # Nothing is interpolated: a password with ${ in it is meant as it stands.
        return _own(dotenv_values(file, encoding="utf-8-sig", interpolate=False))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is no UTF-8 text") from error
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}") from error


def _validated(given: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    lines = _missing_partners(given)
    settings = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems = {str(problem["loc"][0]): problem for problem in reversed(error.errors(include_url=False))}
        names = [name for name in Settings.model_fields if name in problems]
        lines = [_problem(name, given[name], problems[name], origins.get(name)) for name in names] + lines
    if settings is None or lines:
        # Without its cause: pydantic's error holds the value of a secret.
        raise SettingsError("\n".join(lines)) from None
    return settings


def _missing_partners(given: Mapping[str, Any]) -> list[str]:
    if "telegram_server" in given and "telegram_public_key" not in given:
        return ["TELEGRAM_PUBLIC_KEY is not set: TELEGRAM_SERVER needs that server's RSA key, a PEM file"]
    lonely = [name.upper() for name in ("telegram_dc_id", "telegram_public_key") if name in given]
    if lonely and "telegram_server" not in given:
        return [f"TELEGRAM_SERVER is not set: without it, {' and '.join(lonely)} can't be used"]
    return []


def _problem(name: str, given: object, problem: Any, origin: str | None) -> str:
    extra = Settings.model_fields[name].json_schema_extra
    takes = extra["takes"] if isinstance(extra, dict) else ""
    secret = name in _SECRETS or "-----BEGIN" in str(given)
    shown = "what was given (not shown)" if secret else repr(text.for_terminal(str(given), _SHOWN_WIDTH))
    reason = str(problem.get("ctx", {}).get("error", "")) if problem["type"] == "value_error" else ""
    because = f": {text.for_terminal(reason, _SHOWN_WIDTH)}" if reason else ""
    return f"{name.upper()} takes {takes}, not {shown}{because}" + (f" (from: {origin})" if origin else "")


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name == "archive_path":
        value = settings.archive_dir
    elif name == "telegram_public_key" and value is not None:
        value = settings.server_id
    elif name == "timezone" and value is None:
        value = f"{machine_timezone()} (this machine's)"
    elif name == "telegram_dc_id" and settings.telegram_server is None:
        value = None
    if isinstance(value, SecretStr):
        return HIDDEN
    return NOTHING if value is None else text.for_terminal(_worded(value), _SHOWN_WIDTH)


def _worded(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, frozenset):
        return ",".join(kind for kind in MediaKind if kind in value) or "none"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value.value if isinstance(value, Enum) else value)


def _quoted(value: object) -> str:
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _replace_privately(target: Path, content: str) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".settings-")  # 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
