"""Settings: their defaults, what each takes, and that a bad one is told clearly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tobs_tui.config import (
    DcRoutingStrategy,
    LogLevel,
    ServerAddress,
    Settings,
    load_settings,
    machine_timezone,
)
from tobs_tui.errors import SettingsError
from tobs_tui.model import ExportFormat, MediaKind, NoteDeleted, NoteLayout


def load(**given: object) -> Settings:
    return load_settings(given, env_file=None, saved_file=Path("/nowhere/settings.env"))


def problem(**given: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**given)
    return str(caught.value)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_defaults_are_the_contracts() -> None:
    settings = load()
    assert (settings.api_id, settings.api_hash, settings.phone_number) == (None, None, None)
    assert settings.session_name == "tobs"
    assert settings.session_dir.name == "tobs-tui"
    assert settings.export_path == Path("export")
    assert settings.archive_dir == Path("export/.tobs")
    assert (settings.telegram_server, settings.telegram_public_key) == (None, None)
    assert settings.proxy_url is None
    assert settings.proxy is None
    assert settings.use_takeout is False
    assert settings.async_pipeline_enabled is True
    assert settings.async_pipeline_fetch_queue_size == 64
    assert settings.async_pipeline_process_queue_size == 256
    assert settings.shard_count == 4
    assert settings.dc_aware_routing_enabled is True
    assert settings.dc_routing_strategy is DcRoutingStrategy.SMART
    assert (settings.dc_prewarm_enabled, settings.dc_prewarm_timeout) == (True, 5.0)
    assert (settings.log_batch_interval, settings.log_level) == (5.0, LogLevel.INFO)
    assert settings.bloom_false_positive_rate == 0.01
    assert settings.session_gc_enabled is True
    assert (settings.session_gc_max_age_days, settings.session_gc_keep_last_n) == (30, 3)
    assert settings.shutdown_window == 5.0
    assert settings.media_kinds == frozenset(MediaKind)
    assert settings.media_max_file_size is None
    assert settings.timezone is None
    assert settings.note_layout is NoteLayout.DAILY
    assert settings.export_formats == (ExportFormat.MARKDOWN,)
    assert settings.note_deleted is NoteDeleted.TOMBSTONE
    assert settings.server_id == "telegram"


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("api_id", "12345", 12345),
        ("session_name", "work+me@home", "work+me@home"),
        ("archive_path", "/var/archive", Path("/var/archive")),
        ("use_takeout", "yes", True),
        ("async_pipeline_enabled", "FALSE", False),
        ("shard_count", "0", 0),
        ("dc_routing_strategy", "Round_Robin", DcRoutingStrategy.ROUND_ROBIN),
        ("dc_prewarm_timeout", "2.5", 2.5),
        ("log_level", "debug", LogLevel.DEBUG),
        ("log_batch_interval", "0.05", 0.05),
        ("media_kinds", "photo, Voice ,,photo", frozenset({MediaKind.PHOTO, MediaKind.VOICE})),
        ("media_kinds", "none", frozenset()),
        ("media_kinds", "ALL", frozenset(MediaKind)),
        ("media_kinds", [MediaKind.PHOTO], frozenset({MediaKind.PHOTO})),
        ("media_max_file_size", "10M", 10 * 1024 * 1024),
        ("media_max_file_size", "1.5g", 3 * 512 * 1024 * 1024),
        ("media_max_file_size", "500 KiB", 500 * 1024),
        ("media_max_file_size", "4096", 4096),
        ("media_max_file_size", "none", None),
        ("timezone", "Europe/Lisbon", "Europe/Lisbon"),
        ("note_layout", "Monthly", NoteLayout.MONTHLY),
        ("export_formats", "json,markdown,json", (ExportFormat.JSON, ExportFormat.MARKDOWN)),
        ("note_deleted", "keep", NoteDeleted.KEEP),
    ],
)
def test_text_becomes_the_value(name: str, given: Any, value: object) -> None:
    assert getattr(load(**{name: given}), name) == value


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("api_id", "abc", "not 'abc'"),
        ("api_id", "0", "api_id"),
        ("session_name", "../evil", "not '../evil'"),
        ("session_name", ".hidden", "letters"),
        ("export_path", "  ", "folder"),
        ("use_takeout", "perhaps", "true or false"),
        ("async_pipeline_fetch_queue_size", "0", "from 1 to 10000"),
        ("async_pipeline_process_queue_size", "many", "from 1 to 10000"),
        ("shard_count", "33", "from 0 to 32"),
        ("shard_count", "-1", "from 0 to 32"),
        ("dc_routing_strategy", "clever", "smart, sticky or round_robin"),
        ("dc_prewarm_timeout", "nan", "seconds"),
        ("log_batch_interval", "0", "from 0.05 to 3600"),
        ("log_level", "LOUD", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("bloom_false_positive_rate", "0", "0.5"),
        ("bloom_false_positive_rate", "0.6", "0.5"),
        ("session_gc_max_age_days", "0", "from 1"),
        ("session_gc_keep_last_n", "-1", "from 0"),
        ("shutdown_window", "inf", "from 0.5 to 60"),
        ("media_kinds", "photo,gif", "'gif' is none of them"),
        ("media_max_file_size", "10X", "10M"),
        ("media_max_file_size", "0", "10M"),
        ("media_max_file_size", "99999999999T", "10M"),
        ("timezone", "Mars/Olympus", "no such time zone"),
        ("timezone", "../../etc/passwd", "no such time zone"),
        ("timezone", "Europe", "no such time zone"),
        ("note_layout", "weekly", "daily, monthly or single"),
        ("export_formats", "pdf", "markdown and json"),
        ("export_formats", ",", "markdown and json"),
        ("note_deleted", "hide", "tombstone or keep"),
    ],
)
def test_a_bad_value_names_the_setting_and_what_it_takes(name: str, given: str, told: str) -> None:
    said = problem(**{name: given})
    assert said.startswith(f"{name.upper()} takes ")
    assert told in said
    assert "\n" not in said


def test_all_bad_settings_are_told_together_one_line_each() -> None:
    said = problem(shard_count="many", log_level="LOUD", telegram_server="localhost", timezone="Nowhere")
    assert [line.split(" ", 1)[0] for line in said.splitlines()] == [
        "TELEGRAM_SERVER",
        "SHARD_COUNT",
        "LOG_LEVEL",
        "TIMEZONE",
        "TELEGRAM_PUBLIC_KEY",
    ]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("api_hash", SecretStr("")),
        ("phone_number", "+1 call me 5550199"),
        ("proxy_url", "ftp://anna:pa55word@proxy:21"),
        ("proxy_url", "socks5://anna:pa55/word@proxy:1080"),
        ("proxy_url", "mtproxy://eepa55word@proxy:443"),
    ],
)
def test_a_bad_secret_is_never_shown(name: str, given: object) -> None:
    said = problem(**{name: given})
    assert said.startswith(f"{name.upper()} takes ")
    assert "not shown" in said
    assert "pa55" not in said
    assert "5550199" not in said


def test_a_bad_secret_is_in_no_traceback() -> None:
    with pytest.raises(SettingsError) as caught:
        load(proxy_url="ftp://anna:pa55word@proxy:21")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_hostile_value_is_told_without_its_control_characters() -> None:
    said = problem(log_level="\x1b]0;owned\x07\nFORGED LINE" * 20)
    assert "\x1b" not in said
    assert "\n" not in said
    assert len(said) < 400


def test_a_phone_number_loses_what_people_write_between_digits() -> None:
    settings = load(phone_number="+351 (912) 345-678")
    assert settings.phone_number is not None
    assert settings.phone_number.get_secret_value() == "+351912345678"
    assert "912" not in repr(settings)


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    settings = load(export_path="~/Notes/Telegram", session_dir="~/.tobs")
    assert settings.export_path == Path("/home/anna/Notes/Telegram")
    assert settings.archive_dir == Path("/home/anna/Notes/Telegram/.tobs")
    assert settings.session_dir == Path("/home/anna/.tobs")


def test_what_is_needed_for_the_api_is_named() -> None:
    with pytest.raises(SettingsError, match="API_ID and API_HASH are not set"):
        load().require_api()
    with pytest.raises(SettingsError, match="API_HASH is not set"):
        load(api_id="1").require_api()
    assert load(api_id="1", api_hash="a" * 32).require_api() == (1, "a" * 32)


def test_this_machines_time_zone_has_a_name() -> None:
    assert load(timezone=machine_timezone()).timezone == machine_timezone()


def test_a_server_address_is_host_and_port() -> None:
    assert str(ServerAddress("::1", 443)) == "[::1]:443"
    assert "not '127.0.0.1'" in problem(telegram_server="127.0.0.1")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().shard_count = 5
