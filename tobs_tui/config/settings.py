"""The one model of all settings; its fields are the settings of the contract, in lower case.

Frozen. `Settings(...)` takes what it is given and reads nothing; `layers.load_settings` reads the layers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tobs_tui.config import values
from tobs_tui.config.server import Proxy, PublicKey, ServerAddress
from tobs_tui.config.values import DcRoutingStrategy, LogLevel
from tobs_tui.errors import SettingsError
from tobs_tui.model import ExportFormat, MediaKind, NoteDeleted, NoteLayout

_MEDIA_KINDS = ",".join(MediaKind)
_FOLDER = "the path of a folder"


def _setting(default: object, takes: str) -> Any:
    return Field(default, json_schema_extra={"takes": takes})


def _whole(default: int, low: int, high: int, unit: str = "") -> Any:
    takes = f"a whole number from {low} to {high}{unit}"
    return Field(default, ge=low, le=high, json_schema_extra={"takes": takes})


def _seconds(default: float, low: float, high: float) -> Any:
    takes = f"seconds, from {low:g} to {high:g}"
    return Field(default, ge=low, le=high, allow_inf_nan=False, json_schema_extra={"takes": takes})


def _switch(default: bool) -> Any:
    return _setting(default, "true or false")


class Settings(BaseSettings):
    """Every setting of the program, validated."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        enable_decoding=False,
        env_ignore_empty=True,
        validate_default=False,
    )

    api_id: Annotated[int | None, Field(gt=0, lt=1 << 31)] = _setting(
        None, "the number that my.telegram.org shows as api_id"
    )
    api_hash: Annotated[SecretStr | None, Field(min_length=1)] = _setting(
        None, "the 32 hex digits that my.telegram.org shows as api_hash"
    )
    phone_number: Annotated[SecretStr | None, BeforeValidator(values.phone_number)] = _setting(
        None, "a phone number in international form, such as +351912345678"
    )

    session_name: Annotated[str, BeforeValidator(values.session_name)] = _setting(
        "tobs", "a name of at most 64 letters, digits and . _ @ + -"
    )
    session_dir: Annotated[Path, BeforeValidator(values.path)] = Field(
        default_factory=lambda: platformdirs.user_data_path("tobs-tui", appauthor=False),
        json_schema_extra={"takes": _FOLDER},
    )
    export_path: Annotated[Path, BeforeValidator(values.path)] = _setting(Path("export"), _FOLDER)
    archive_path: Annotated[Path | None, BeforeValidator(values.path)] = _setting(None, _FOLDER)

    telegram_server: Annotated[ServerAddress | None, BeforeValidator(values.server_address)] = _setting(
        None, "host:port, such as 127.0.0.1:4430 or [::1]:4430"
    )
    telegram_dc_id: int = _whole(2, 1, 32767)
    telegram_public_key: Annotated[str | None, BeforeValidator(values.public_key)] = _setting(
        None, "a PEM file with the server's RSA public key, or the PEM itself"
    )
    proxy_url: Annotated[SecretStr | None, BeforeValidator(values.proxy_url)] = _setting(
        None, "socks5://, http:// (both may hold user:password@) or mtproxy://SECRET@host:port"
    )

    use_takeout: bool = _switch(False)
    async_pipeline_enabled: bool = _switch(True)
    async_pipeline_fetch_queue_size: int = _whole(64, 1, 10_000, " (pages)")
    async_pipeline_process_queue_size: int = _whole(256, 1, 10_000, " (batches)")
    shard_count: int = _whole(4, 0, 32)
    dc_aware_routing_enabled: bool = _switch(True)
    dc_routing_strategy: Annotated[DcRoutingStrategy, BeforeValidator(values.lower)] = _setting(
        DcRoutingStrategy.SMART, "smart, sticky or round_robin"
    )
    dc_prewarm_enabled: bool = _switch(True)
    dc_prewarm_timeout: float = _seconds(5.0, 0.1, 300)

    log_batch_interval: float = _seconds(5.0, 0.05, 3600)
    log_level: Annotated[LogLevel, BeforeValidator(values.upper)] = _setting(
        LogLevel.INFO, "DEBUG, INFO, WARNING, ERROR or CRITICAL"
    )
    bloom_false_positive_rate: float = Field(
        0.01,
        ge=1e-6,
        le=0.5,
        allow_inf_nan=False,
        json_schema_extra={"takes": "a share from 0.000001 to 0.5"},
    )
    session_gc_enabled: bool = _switch(True)
    session_gc_max_age_days: int = _whole(30, 1, 36_500, " (days)")
    session_gc_keep_last_n: int = _whole(3, 0, 1000)
    shutdown_window: float = _seconds(5.0, 0.5, 60)

    media_kinds: Annotated[frozenset[MediaKind], BeforeValidator(values.media_kinds)] = _setting(
        frozenset(MediaKind), f"all, none, or a comma list of {_MEDIA_KINDS}"
    )
    media_max_file_size: Annotated[int | None, BeforeValidator(values.size)] = _setting(
        None, "a size such as 500K, 10M or 2G, or none"
    )
    timezone: Annotated[str | None, BeforeValidator(values.time_zone)] = _setting(
        None, "a time zone's name, such as Europe/Lisbon or UTC"
    )
    note_layout: Annotated[NoteLayout, BeforeValidator(values.lower)] = _setting(
        NoteLayout.DAILY, "daily, monthly or single"
    )
    export_formats: Annotated[tuple[ExportFormat, ...], BeforeValidator(values.export_formats)] = _setting(
        (ExportFormat.MARKDOWN,), "a comma list of markdown and json"
    )
    note_deleted: Annotated[NoteDeleted, BeforeValidator(values.lower)] = _setting(
        NoteDeleted.TOMBSTONE, "tombstone or keep"
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    """Where each field that isn't at its default came from: `option`, `environment`, `.env`, `saved`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave reading to `load_settings`, which must know each value's origin."""
        return (init_settings,)

    def origin(self, name: str) -> str:
        """Return where a field's value came from: `option`, `environment`, `.env`, `saved` or `default`."""
        return self._origins.get(name, "default")

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that must not be logged, a proxy's credentials one by one."""
        held = (self.api_hash, self.phone_number, self.proxy_url)
        proxy = self.proxy
        parts = (proxy.username, proxy.password, proxy.secret) if proxy else ()
        return (*(one.get_secret_value() for one in held if one), *(part for part in parts if part))

    @property
    def archive_dir(self) -> Path:
        """The folder of the archive, its filters and locks."""
        return self.archive_path or self.export_path / ".tobs"

    @property
    def server_id(self) -> str:
        """What a session and an archive belong to: `telegram`, or `key:` and a public key's fingerprint.

        A server keeps its id when its address changes.
        """
        if self.telegram_public_key is None:
            return "telegram"
        return f"key:{PublicKey.parse(self.telegram_public_key).fingerprint}"

    @property
    def proxy(self) -> Proxy | None:
        """`proxy_url`, taken apart."""
        return Proxy.parse(self.proxy_url.get_secret_value()) if self.proxy_url else None

    def require_api(self) -> tuple[int, str]:
        """Return the API id and hash. :raises SettingsError: one is missing; it says which."""
        if self.api_id is None or self.api_hash is None:
            missing = [name.upper() for name in ("api_id", "api_hash") if getattr(self, name) is None]
            names = " and ".join(missing)
            raise SettingsError(
                f"{names} {'are' if len(missing) > 1 else 'is'} not set",
                "Get both at https://my.telegram.org, and put them into .env",
            )
        return self.api_id, self.api_hash.get_secret_value()
