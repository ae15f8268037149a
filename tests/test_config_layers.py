"""Where a setting comes from: options, environment, `.env`, what was saved; origins are told right."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from tobs_tui.config import Settings, describe, load_settings, save_settings
from tobs_tui.errors import SettingsError

EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def origins(settings: Settings) -> dict[str, tuple[str, str]]:
    return {name: (value, origin) for name, value, origin in describe(settings)}


def test_options_win_over_environment_over_env_file_over_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings({"shard_count": "1", "log_level": "ERROR", "note_layout": "single", "session_name": "kept"})
    Path(".env").write_text("SHARD_COUNT=2\nLOG_LEVEL=WARNING\nNOTE_LAYOUT=monthly\n")
    monkeypatch.setenv("SHARD_COUNT", "3")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    shown = origins(load_settings({"shard_count": 5, "media_kinds": None}))
    assert shown["SHARD_COUNT"] == ("5", "option")
    assert shown["LOG_LEVEL"] == ("DEBUG", "environment")
    assert shown["NOTE_LAYOUT"] == ("monthly", ".env")
    assert shown["SESSION_NAME"] == ("kept", "saved")
    assert shown["MEDIA_KINDS"][1] == "default"


def test_a_value_equal_to_the_default_still_tells_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARD_COUNT", "4")
    assert origins(load_settings())["SHARD_COUNT"] == ("4", "environment")


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("API_ID=77\nPROXY_URL=\nTIMEZONE=   \n")
    monkeypatch.setenv("API_ID", "")
    shown = origins(load_settings())
    assert shown["API_ID"] == ("77", ".env")
    assert shown["PROXY_URL"] == ("—", "default")
    assert shown["TIMEZONE"][1] == "default"


def test_foreign_keys_and_spellings_of_env_files_are_taken_calmly() -> None:
    Path(".env").write_bytes(
        b"\xef\xbb\xbfDATABASE_URL=postgres://x\r\nexport api_id = 5 # mine\r\n"
        b"EXPORT_PATH='~/a b'\r\nnonsense\r\n"
        b'PROXY_URL="socks5://u:${HOME}@h:1"\r\n'
    )
    settings = load_settings()
    assert settings.api_id == 5
    assert settings.export_path == Path("~/a b").expanduser()
    assert settings.proxy is not None
    assert settings.proxy.password == "${HOME}"


def test_secrets_are_hidden_in_what_is_shown() -> None:
    settings = load_settings(
        {"api_hash": "0123456789abcdef", "phone_number": "+351912345678", "proxy_url": "http://u:pa55@h:8080"}
    )
    shown = origins(settings)
    assert {shown[name] for name in ("API_HASH", "PHONE_NUMBER", "PROXY_URL")} == {("••••", "option")}
    assert "pa55" not in repr(settings)
    assert "pa55" not in repr(settings.proxy)
    assert isinstance(settings.api_hash, SecretStr)


def test_every_setting_is_described_in_words() -> None:
    shown = origins(load_settings({"media_kinds": "none", "media_max_file_size": "1K", "use_takeout": "1"}))
    assert list(shown) == [name.upper() for name in Settings.model_fields]
    assert shown["MEDIA_KINDS"] == ("none", "option")
    assert shown["MEDIA_MAX_FILE_SIZE"] == ("1024", "option")
    assert shown["USE_TAKEOUT"] == ("true", "option")
    assert shown["API_ID"] == ("—", "default")
    assert shown["ARCHIVE_PATH"] == ("export/.tobs", "default")
    assert shown["EXPORT_FORMATS"] == ("markdown", "default")
    assert shown["TELEGRAM_DC_ID"] == ("—", "default")


def test_a_hostile_value_is_shown_without_its_control_characters() -> None:
    value, _ = origins(load_settings({"export_path": "a\x1b[2Jb\u202ec"}))["EXPORT_PATH"]
    assert value == "a␛[2Jbc"


def test_the_bad_line_of_a_file_says_which_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SHARD_COUNT=lots\n")
    with pytest.raises(SettingsError, match=r"^SHARD_COUNT takes .*, not 'lots' \(from: \.env\)$"):
        load_settings()


def test_an_env_file_that_is_no_text_is_named() -> None:
    Path(".env").write_bytes(b"API_ID=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"^\.env is no UTF-8 text$"):
        load_settings()


def test_an_unknown_option_is_a_programmers_error() -> None:
    with pytest.raises(TypeError, match="colour"):
        load_settings({"colour": "red"})


def test_saved_settings_are_private_and_merged() -> None:
    file = save_settings({"api_id": "1", "api_hash": r"it's \ ${HOME} # odd"})
    save_settings({"api_id": "", "export_path": "/vault"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = load_settings()
    assert settings.api_id is None
    assert settings.export_path == Path("/vault")
    assert settings.api_hash is not None
    assert settings.api_hash.get_secret_value() == r"it's \ ${HOME} # odd"
    assert [path.name for path in file.parent.iterdir()] == ["settings.env"]


def test_nothing_bad_is_saved() -> None:
    file = save_settings({"api_id": "1"})
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="API_ID takes"):
        save_settings({"api_id": "one"})
    assert file.read_bytes() == before


def test_the_example_documents_exactly_the_models_settings_and_their_defaults() -> None:
    documented: dict[str, str] = {}
    explained = False
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.removeprefix("# ").partition("=")
        if equals and name.isupper() and name.replace("_", "").isalpha():
            assert explained, f"{name} stands there without a word"
            assert name not in documented, f"{name} stands there twice"
            documented[name] = value
        else:
            explained = line.startswith("# ") and not line.startswith("# ---")
    assert set(documented) == {name.upper() for name in Settings.model_fields}
    filled = {name.lower(): value for name, value in documented.items() if value}
    dc_id = filled.pop("telegram_dc_id")
    defaults = load_settings()
    assert load_settings(filled).model_dump() == defaults.model_dump()
    assert int(dc_id) == defaults.telegram_dc_id
    for name, field in Settings.model_fields.items():
        if documented[name.upper()] == "":
            assert getattr(defaults, name) is None or name == "session_dir", field


def test_the_example_works_as_it_stands() -> None:
    Path(".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_settings().model_dump() == load_settings(env_file=None).model_dump()


def test_media_kinds_are_told_in_the_contracts_order() -> None:
    assert origins(load_settings())["MEDIA_KINDS"][0] == (
        "photo,video,audio,voice,video_note,document,sticker,animation"
    )


def test_an_empty_option_takes_a_setting_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_URL", "socks5://h:1")
    monkeypatch.setenv("EXPORT_PATH", "/vault")
    settings = load_settings({"proxy_url": ""})
    assert settings.proxy_url is None
    assert origins(settings)["PROXY_URL"] == ("—", "option")
    with pytest.raises(SettingsError, match="EXPORT_PATH takes"):
        load_settings({"export_path": ""})


def test_the_origin_of_one_setting_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTE_LAYOUT", "daily")
    settings = load_settings()
    assert (settings.origin("note_layout"), settings.origin("timezone")) == ("environment", "default")


def test_all_that_must_not_be_logged_is_named() -> None:
    settings = load_settings(
        {"api_hash": "h4sh", "phone_number": "+351 912 345 678", "proxy_url": "http://u:p%40ss@h:1"}
    )
    assert settings.secrets == ("h4sh", "+351912345678", "http://u:p%40ss@h:1", "u", "p@ss")
    assert load_settings({"proxy_url": "mtproxy://" + "ab" * 16 + "@h:1"}).secrets[1:] == ("ab" * 16,)
    assert load_settings().secrets == ()


def test_what_cannot_be_saved_or_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"settings\.env can't be written: "):
        save_settings({"api_id": "1"}, tmp_path / "file" / "settings.env")
    (tmp_path / "folder" / "settings.env").mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"settings\.env can't be written: "):
        save_settings({"api_id": "1"}, tmp_path / "folder" / "settings.env")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["settings.env"]
