"""Logging in, step by step, and out again. Each step says what was not accepted, and by which field.

No text here holds a phone number, a code or a password.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from telethon import password as srp
from telethon import utils
from telethon.errors import RPCError
from telethon.tl import functions, types

from tobs_tui.errors import LoginFailed, NotLoggedIn, RangeFailed, TobsError, UsageError
from tobs_tui.telegram.governor import WaitTooLong
from tobs_tui.telegram.rpc_errors import code_of, translate
from tobs_tui.telegram.waits import span

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account

MOVES = 3
"""An account may be sent to another DC, and on from there, but not for ever."""
QR_RENEW_BEFORE = 1.0
QR_LOOK_EVERY = 1.0


class SentCode(Struct, frozen=True):
    """A code is on its way."""

    phone: str
    by: str
    """How it comes, in words that follow “sent”: `to your Telegram app`."""
    length: int | None = None
    """How many characters it has, where Telegram says so."""
    hash: str = ""
    """Telegram's name for this code."""

    def __repr__(self) -> str:
        return f"SentCode(by={self.by!r}, length={self.length})"


async def send_code(account: Account, phone: str) -> SentCode:
    """Have Telegram send a code to this phone number.

    :raises LoginFailed: `field="phone"`, when the number is not accepted.
    :raises SettingsError: when API_ID and API_HASH are not.
    """
    number = utils.parse_phone(phone.strip())
    if not number:
        raise LoginFailed(
            "This is no phone number", "Write it with its country code, as in +351 912 345 678", field="phone"
        )
    await account.renew_stale_key()
    api_id, api_hash = account.api
    request = functions.auth.SendCodeRequest(number, api_id, api_hash, types.CodeSettings())
    answer = await _ask_at_home(account, request, "phone")
    if not isinstance(answer, types.auth.SentCode):
        raise LoginFailed("Telegram sends no code to this number", "Log in with the QR code", field="phone")
    by, length = _delivery(answer.type)
    sent = SentCode(number, by, length, answer.phone_code_hash)
    account.pending_code = sent
    return sent


async def sign_in(account: Account, code: str) -> bool:
    """Log in with the code that was sent. False: the account has a password, which is needed too.

    :raises LoginFailed: `field="code"` when it is not accepted, `"phone"` for a number without account.
    """
    sent = account.pending_code
    if sent is None:
        raise LoginFailed("No code was asked for yet", "Give the phone number first", field="phone")
    typed = code.strip()
    if not typed:
        raise LoginFailed("The code is empty", field="code")
    digits = "".join(typed.split()).replace("-", "")
    request = functions.auth.SignInRequest(sent.phone, sent.hash, digits if digits.isdecimal() else typed)
    try:
        answer = await _ask(account, request, "code")
    except _PasswordNeeded:
        return False
    except _Moved as error:
        raise LoginFailed(
            "The account has moved meanwhile", "Give the number again", field="phone"
        ) from error
    if isinstance(answer, types.auth.AuthorizationSignUpRequired):
        raise LoginFailed(
            "This number has no Telegram account",
            "Make one in a Telegram app first, then log in here",
            field="phone",
        )
    await _finish(account, answer)
    return True


async def password_hint(account: Account) -> str:
    """The hint that the account's owner set for the password; empty when there is none."""
    return str((await _ask(account, functions.account.GetPasswordRequest(), "password")).hint or "")


async def check_password(account: Account, password: str) -> None:
    """Finish the login with the two-step verification password; it never leaves this machine (SRP).

    :raises LoginFailed: `field="password"`, when it is not accepted.
    """
    if not password:
        raise LoginFailed("The password is empty", field="password")
    challenge = await _ask(account, functions.account.GetPasswordRequest(), "password")
    try:
        # 100,000 rounds of PBKDF2: too long for the event loop.
        proof = await asyncio.to_thread(srp.compute_check, challenge, password)
    except ValueError as error:
        raise LoginFailed(
            "Telegram asks for the password in a way that is not supported", field="password"
        ) from error
    await _finish(account, await _ask(account, functions.auth.CheckPasswordRequest(proof), "password"))


class QrLogin:
    """A login by QR code: show `url` and `wait`; once it has expired, `recreate` makes another."""

    def __init__(self, account: Account, wall: Callable[[], float] = time.time) -> None:
        self._account = account
        self._wall = wall
        self._pushed = asyncio.Event()
        self._watched: Any = None
        self.url = ""
        """What the QR code says."""
        self.expires = 0.0
        """Unix seconds; from then on the code is void."""
        self._done = False
        self._password_needed = False

    async def recreate(self) -> None:
        """Make a new code. It may be that the old one was accepted meanwhile: `wait` will tell."""
        self._pushed.clear()
        try:
            await self._take(await self._export())
        except _PasswordNeeded:
            self._password_needed = True

    async def wait(self, timeout: float | None = None) -> bool | None:
        """Wait until the code is accepted, at most until it expires.

        True: logged in. False: accepted, and the account has a password, which `check_password` takes.
        None: not accepted in time; `recreate`, show the new `url`, and wait again.

        :raises LoginFailed: when Telegram refuses the login.
        """
        if self._done or self._password_needed:
            return self._done
        left = max(0.0, self.expires - self._wall() - QR_RENEW_BEFORE)
        try:
            async with asyncio.timeout(left if timeout is None else min(left, timeout)):
                await self._told()
        except TimeoutError:
            return None
        self._pushed.clear()
        try:
            await self._take(await self._export())
        except _PasswordNeeded:
            self._password_needed = True
        if self._done or self._password_needed:
            return self._done
        return None

    async def _told(self) -> None:
        """Wait for the news of an acceptance, or for a connection on which it may have been missed."""
        link = await self._account.wire.connect()
        with link.updates.listening(self._see):
            while not self._pushed.is_set() and link.alive:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(QR_LOOK_EVERY):
                        await self._pushed.wait()

    def _see(self, update: Any) -> None:
        inner = [update.update] if isinstance(update, types.UpdateShort) else getattr(update, "updates", [])
        if any(isinstance(one, types.UpdateLoginToken) for one in inner):
            self._pushed.set()

    async def _export(self) -> Any:
        api_id, api_hash = self._account.api
        request = functions.auth.ExportLoginTokenRequest(api_id, api_hash, [])
        return await _ask_at_home(self._account, request, "qr")

    async def _take(self, answer: Any) -> None:
        if isinstance(answer, types.auth.LoginTokenMigrateTo):
            await self._account.move_to(answer.dc_id)
            answer = await _ask(self._account, functions.auth.ImportLoginTokenRequest(answer.token), "qr")
        if isinstance(answer, types.auth.LoginTokenSuccess):
            await _finish(self._account, answer.authorization)
            self._done = True
            return
        token = base64.urlsafe_b64encode(answer.token).decode("ascii").rstrip("=")
        self.url = f"tg://login?token={token}"
        self.expires = answer.expires.timestamp()

    def __repr__(self) -> str:
        return "QrLogin()"


async def qr_login(account: Account) -> QrLogin:
    """Begin a login by QR code. The connection takes updates meanwhile: they tell that it was accepted."""
    await account.renew_stale_key()
    await account.with_updates(True)
    login = QrLogin(account)
    await login.recreate()
    return login


async def log_out(account: Account) -> None:
    """End the login on the server, then delete it here, even when the server has ended it already.

    :raises ServerUnreachable: when the server can't be asked; the login then stays.
    """
    try:
        await account.call(functions.auth.LogOutRequest(), of="closing")
    except NotLoggedIn:
        pass
    except RPCError as error:
        if code_of(error) not in ("AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "SESSION_EXPIRED"):
            raise translate(error) from error
    await account.forget_login()


class _PasswordNeeded(Exception):
    """The code was right; the account has a password."""


async def _finish(account: Account, authorization: Any) -> None:
    account.pending_code = None
    account.logged_in(authorization.user)
    await account.with_updates(False)


async def _ask_at_home(account: Account, request: Any, field: str) -> Any:
    """Ask, and follow where Telegram says that the number's account lives."""
    for _ in range(MOVES):
        try:
            return await _ask(account, request, field)
        except _Moved as moved:
            await account.move_to(moved.dc_id)
    raise LoginFailed("Telegram sends this number from one data centre to the other", field=field)


class _Moved(Exception):
    def __init__(self, dc_id: int) -> None:
        super().__init__(f"DC {dc_id}")
        self.dc_id = dc_id


async def _ask(account: Account, request: Any, field: str) -> Any:
    try:
        return await account.call(request, of="auth", patience=0.0)
    except WaitTooLong as error:
        raise _too_often(error.seconds, field) from error
    except RPCError as error:
        new_dc = getattr(error, "new_dc", None)
        if new_dc:
            raise _Moved(int(new_dc)) from error
        if code_of(error) == "SESSION_PASSWORD_NEEDED":
            raise _PasswordNeeded from error
        raise _refusal(error, field) from error
    except (NotLoggedIn, RangeFailed) as error:
        raise LoginFailed(error.what, "Try again", field=field) from error


_REFUSED = {
    "PHONE_NUMBER_INVALID": (
        "phone",
        "Telegram does not know such a phone number",
        "Write it with its country code",
    ),
    "PHONE_NUMBER_BANNED": (
        "phone",
        "Telegram has banned this phone number",
        "Ask Telegram: recover@telegram.org",
    ),
    "PHONE_NUMBER_FLOOD": ("phone", "This number asked for too many codes today", "Try again tomorrow"),
    "PHONE_NUMBER_UNOCCUPIED": (
        "phone",
        "This number has no Telegram account",
        "Make one in a Telegram app first, then log in here",
    ),
    "PHONE_PASSWORD_FLOOD": ("phone", "Too many logins were tried with this number", "Try again tomorrow"),
    "PHONE_PASSWORD_PROTECTED": ("phone", "This number is protected by a password", ""),
    "SEND_CODE_UNAVAILABLE": (
        "phone",
        "Telegram can't send this number another code now",
        "Use the code that you got, or the QR code, or try again later",
    ),
    "PHONE_CODE_INVALID": ("code", "The code is not right", "Type it as Telegram sent it"),
    "PHONE_CODE_EMPTY": ("code", "The code is empty", ""),
    "PHONE_CODE_EXPIRED": ("code", "The code has expired", "Ask for a new one"),
    "PHONE_CODE_HASH_EMPTY": ("code", "The code has expired", "Ask for a new one"),
    "PASSWORD_HASH_INVALID": (
        "password",
        "The password is not right",
        "It is the one of two-step verification",
    ),
    "SRP_ID_INVALID": ("password", "The password could not be checked", "Type it again"),
    "SRP_PASSWORD_CHANGED": ("password", "The password was changed just now", "Type the new one"),
    "AUTH_TOKEN_EXPIRED": ("qr", "The QR code has expired", "Scan the new one"),
    "AUTH_TOKEN_INVALID": ("qr", "The QR code is not valid any more", "Scan the new one"),
    "AUTH_TOKEN_ALREADY_ACCEPTED": ("qr", "The QR code was used already", "Scan the new one"),
    "AUTH_RESTART": ("phone", "Telegram wants the login to begin anew", "Give the phone number again"),
}


def _refusal(error: RPCError, field: str) -> TobsError:
    known = _REFUSED.get(code_of(error))
    if known:
        return LoginFailed(known[1], known[2], field=known[0])
    translated = translate(error)
    if isinstance(translated, UsageError):
        return translated
    return LoginFailed(
        f"Telegram does not let this login go on ({code_of(error) or error.code})", field=field
    )


def _too_often(seconds: float, field: str) -> LoginFailed:
    return LoginFailed(
        f"Too many tries: Telegram asks to wait {span(seconds)}", "Try again then", field=field
    )


def _delivery(kind: Any) -> tuple[str, int | None]:
    words = {
        types.auth.SentCodeTypeApp: "to your Telegram app",
        types.auth.SentCodeTypeSms: "by SMS",
        types.auth.SentCodeTypeCall: "by a phone call",
        types.auth.SentCodeTypeFlashCall: "by a call that hangs up",
        types.auth.SentCodeTypeMissedCall: "by a missed call: its last digits are the code",
        types.auth.SentCodeTypeEmailCode: "by e-mail",
        types.auth.SentCodeTypeFragmentSms: "to fragment.com",
    }
    return words.get(type(kind), "by Telegram"), getattr(kind, "length", None)
