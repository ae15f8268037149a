"""What Telegram's error answers mean: for a person, for the governor, for the login."""

from __future__ import annotations

from typing import Any

import pytest
from telethon.errors import AuthKeyNotFound, rpc_message_to_error
from telethon.tl import functions
from telethon.tl.types import RpcError

from tobs_tui.errors import (
    ChatUnavailable,
    NotLoggedIn,
    RangeFailed,
    ServerUnreachable,
    SettingsError,
    TobsError,
)
from tobs_tui.telegram.rpc_errors import code_of, ends_login, flood_seconds, is_transient, translate


def answered(code: int, name: str) -> Any:
    request = functions.auth.SignInRequest("351000000000", "hash", "12345")
    return rpc_message_to_error(RpcError(code, name), request)


@pytest.mark.parametrize(
    ("code", "name", "seconds"),
    [
        (420, "FLOOD_WAIT_7", 7),
        (420, "FLOOD_PREMIUM_WAIT_3", 3),
        (420, "SLOWMODE_WAIT_12", 12),
        (420, "FLOOD_WAIT_0", 1),
        (420, "SOME_NEW_FLOOD", 10),
        (420, "TAKEOUT_INIT_DELAY_9000", None),
        (400, "CHANNEL_PRIVATE", None),
        (500, "INTERNAL", None),
    ],
)
def test_waits(code: int, name: str, seconds: float | None) -> None:
    assert flood_seconds(answered(code, name)) == seconds


@pytest.mark.parametrize(
    ("code", "name", "transient"),
    [
        (500, "RPC_CALL_FAIL", True),
        (500, "INTERDC_3_CALL_ERROR", True),
        (-503, "Timeout", True),
        (-500, "No workers running", True),
        (500, "SOMETHING", True),
        (501, "NOT_IMPLEMENTED", False),
        (400, "MSG_ID_INVALID", False),
        (401, "AUTH_KEY_UNREGISTERED", False),
    ],
)
def test_troubles_of_telegrams_own(code: int, name: str, transient: bool) -> None:
    assert is_transient(answered(code, name)) is transient


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        (401, "AUTH_KEY_UNREGISTERED", NotLoggedIn),
        (401, "SESSION_REVOKED", NotLoggedIn),
        (401, "USER_DEACTIVATED_BAN", NotLoggedIn),
        (406, "AUTH_KEY_DUPLICATED", NotLoggedIn),
        (400, "API_ID_INVALID", SettingsError),
        (400, "CHANNEL_PRIVATE", ChatUnavailable),
        (403, "CHANNEL_PUBLIC_GROUP_NA", ChatUnavailable),
        (400, "MSG_ID_INVALID", RangeFailed),
        (303, "USER_MIGRATE_4", RangeFailed),
    ],
)
def test_a_person_meets_few_kinds_and_clear_words(code: int, name: str, kind: type[TobsError]) -> None:
    error = translate(answered(code, name), "Family")
    assert type(error) is kind
    assert "351000000000" not in error.line()
    assert "12345" not in error.line()
    assert "\n" not in error.line()
    assert ends_login(answered(code, name)) is (kind is NotLoggedIn)


def test_what_is_none_of_telegrams_is_understood_too() -> None:
    assert type(translate(ConnectionResetError())) is ServerUnreachable
    assert type(translate(AuthKeyNotFound())) is NotLoggedIn
    assert type(translate(KeyError("x"))) is RangeFailed
    assert code_of(KeyError("x")) == ""
    assert flood_seconds(KeyError("x")) is None
    known = NotLoggedIn("as it is")
    assert translate(known) is known
