"""Telegram's error answers -> the errors that a person can meet; and which of them mean wait, or try again.

No text here repeats what was sent: requests can hold phone numbers, codes and password proofs.
"""

from __future__ import annotations

import re

from telethon import errors as telethon_errors
from telethon.errors import RPCError

from tobs_tui.errors import (
    ChatUnavailable,
    NotLoggedIn,
    RangeFailed,
    ServerUnreachable,
    SettingsError,
    TobsError,
)

_WAIT = re.compile(
    r"^(?:FLOOD_WAIT|FLOOD_PREMIUM_WAIT|SLOWMODE_WAIT|FLOOD_TEST_PHONE_WAIT|FLOOD_SKIP_FAILED_WAIT)_(\d+)$"
)
FLOOD_WITHOUT_SECONDS = 10.0
"""How long an error 420 that names no time is waited out."""

_CHAT_GONE = {
    "CHANNEL_PRIVATE": "it is private, or the account was removed from it",
    "CHANNEL_INVALID": "Telegram does not know it any more",
    "CHANNEL_BANNED": "Telegram has blocked it",
    "CHAT_ID_INVALID": "Telegram does not know it any more",
    "CHAT_FORBIDDEN": "the account was removed from it",
    "CHAT_ADMIN_REQUIRED": "only its admins may read it",
    "CHANNEL_PUBLIC_GROUP_NA": "it is not available",
    "USER_NOT_PARTICIPANT": "the account is not in it",
    "USER_BANNED_IN_CHANNEL": "the account is banned in it",
    "PEER_ID_INVALID": "Telegram does not know it any more",
    "USER_ID_INVALID": "Telegram does not know this person any more",
    "INPUT_USER_DEACTIVATED": "the account behind it was deleted",
    "CHAT_RESTRICTED": "Telegram restricts it",
    "TOPIC_DELETED": "the topic was deleted",
    "TOPIC_ID_INVALID": "it has no such topic",
    "PEER_ID_NOT_SUPPORTED": "Telegram does not let it be read",
    "CHANNEL_MONOFORUM_UNSUPPORTED": "Telegram does not let it be read",
    "FROZEN_PARTICIPANT_MISSING": "the account is frozen",
}
_LOGIN_GONE = {
    "AUTH_KEY_UNREGISTERED": "Not logged in on this server",
    "AUTH_KEY_INVALID": "The login is not valid any more",
    "AUTH_KEY_PERM_EMPTY": "The login is not valid any more",
    "SESSION_REVOKED": "The login was ended from another device",
    "SESSION_EXPIRED": "The login has expired",
    "USER_DEACTIVATED": "Telegram has deleted this account",
    "USER_DEACTIVATED_BAN": "Telegram has banned this account",
    "PHONE_NUMBER_BANNED": "Telegram has banned this account",
}
DUPLICATED = "AUTH_KEY_DUPLICATED"
LOGIN_AGAIN = "Log in again with `tobs-tui login`"


def code_of(error: BaseException) -> str:
    """Telegram's own name of an error, `CHANNEL_PRIVATE`; empty when it is none of Telegram's."""
    if not isinstance(error, RPCError):
        return ""
    answered = getattr(getattr(error, "request", None), "error_name", "")
    if answered:
        return str(answered)
    message = str(getattr(error, "message", None) or "")
    return message if message not in _CLASS_MESSAGES else _NAMES.get(type(error), message)


def flood_seconds(error: BaseException) -> float | None:
    """The seconds that Telegram asks to wait; None when the error asks for no wait."""
    if not isinstance(error, RPCError):
        return None
    if isinstance(
        error,
        (
            telethon_errors.FloodWaitError,
            telethon_errors.FloodPremiumWaitError,
            telethon_errors.SlowModeWaitError,
            telethon_errors.FloodTestPhoneWaitError,
        ),
    ):
        # FLOOD_WAIT_0 has been seen on test servers; asking again at once only repeats it.
        return max(1.0, float(error.seconds))
    match = _WAIT.match(code_of(error))
    if match:
        return max(1.0, float(match[1]))
    if isinstance(error, telethon_errors.FloodError) and not isinstance(
        error, (telethon_errors.TakeoutInitDelayError, telethon_errors.TwoFaConfirmWaitError)
    ):
        code = code_of(error)
        if code.startswith(("TAKEOUT_INIT_DELAY", "2FA_CONFIRM_WAIT", "STORY_SEND_FLOOD")):
            return None
        return FLOOD_WITHOUT_SECONDS
    return None


def is_transient(error: BaseException) -> bool:
    """Whether Telegram has trouble of its own, so that the same request may well work in a moment."""
    if isinstance(error, (telethon_errors.ServerError, telethon_errors.TimedOutError)):
        return True
    if not isinstance(error, RPCError):
        return False
    if error.code is not None and abs(int(error.code)) >= 500 and abs(int(error.code)) != 501:
        return True
    name = code_of(error)
    return name.startswith(
        ("RPC_CALL_FAIL", "RPC_MCGET_FAIL", "INTERDC_", "MSG_WAIT_FAILED", "CONNECTION_NOT_INITED", "TIMEOUT")
    )


def is_unknown_method(error: BaseException) -> bool:
    """Whether the server does not have what was asked of it."""
    return code_of(error).startswith(("INPUT_METHOD_INVALID", "METHOD_INVALID", "NOT_IMPLEMENTED"))


def ends_login(error: BaseException) -> bool:
    """Whether after this error no request of the account can work any more."""
    name = code_of(error)
    return name in _LOGIN_GONE or name == DUPLICATED or isinstance(error, telethon_errors.AuthKeyNotFound)


def translate(error: BaseException, chat: str = "") -> TobsError:
    """The error that a person can meet for what Telegram answered; `chat` is the title of the chat asked."""
    if isinstance(error, TobsError):
        return error
    name = code_of(error)
    of_chat = f"“{chat}”" if chat else "The chat"
    if name == DUPLICATED:
        return NotLoggedIn(
            "Telegram ended this login because it was used from two places at once (AUTH_KEY_DUPLICATED)",
            f"Use a session on one machine and by one way (proxy) only. {LOGIN_AGAIN}",
        )
    if name in _LOGIN_GONE:
        return NotLoggedIn(f"{_LOGIN_GONE[name]} ({name})", LOGIN_AGAIN)
    if isinstance(error, telethon_errors.AuthKeyNotFound):
        return NotLoggedIn("The server does not know this login any more", LOGIN_AGAIN)
    if name.startswith("API_ID_"):
        return SettingsError(
            "Telegram does not accept API_ID and API_HASH",
            "Both are on https://my.telegram.org under “API development tools”",
        )
    if name in _CHAT_GONE:
        return ChatUnavailable(f"{of_chat} can't be read: {_CHAT_GONE[name]} ({name})")
    if isinstance(error, RPCError):
        if isinstance(error, telethon_errors.ForbiddenError):
            return ChatUnavailable(f"{of_chat} can't be read: Telegram refuses it ({name or error.code})")
        return RangeFailed(f"Telegram answered with an error: {name or error.code}")
    if isinstance(error, (OSError, TimeoutError)):
        return ServerUnreachable(
            "The connection to the server is lost", "Check the network, then start again"
        )
    return RangeFailed(f"Telegram's answer can't be understood ({type(error).__name__})")


def _names() -> dict[type, str]:
    from telethon.errors.rpcerrorlist import rpc_errors_dict

    return {cls: name for name, cls in rpc_errors_dict.items()}


_NAMES = _names()
_CLASS_MESSAGES = frozenset(
    str(cls.message) for cls in telethon_errors.rpcbaseerrors.base_errors.values() if cls.message
)
"""What `RPCError.message` holds on the classes that stand for one error each: no error's name."""
