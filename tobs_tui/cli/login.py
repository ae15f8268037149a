"""`login` and `logout`: what is not given is asked for on a terminal, and never shown again."""

from __future__ import annotations

import asyncio
import getpass
import sys

from tobs_tui import logs, text
from tobs_tui.config import Settings
from tobs_tui.errors import LoginFailed, NotLoggedIn, UsageError
from tobs_tui.telegram.account import Account

TRIES = 3
"""How often a wrong code or password may be typed again."""


def log_in(settings: Settings, *, phone: str | None, code: str | None, password: str | None, qr: bool) -> int:
    """Log in and say as whom. 0 as well where one is logged in already."""
    return asyncio.run(_log_in(settings, phone, code, password, qr=qr))


def log_out(settings: Settings) -> int:
    return asyncio.run(_log_out(settings))


async def _log_in(
    settings: Settings, phone: str | None, code: str | None, password: str | None, *, qr: bool
) -> int:
    for secret in (phone, code, password):
        if secret:
            logs.redact(secret)
    async with await Account.connect(settings) as account:
        if await account.is_authorized():
            print(f"Logged in already as {_who(account)}.")
            return 0
        if qr:
            await _by_qr(account, password)
        else:
            await _by_code(account, settings, phone, code, password)
        print(f"Logged in as {_who(account)}. tobs only reads: it marks nothing as read and sends nothing.")
    return 0


async def _by_code(
    account: Account, settings: Settings, phone: str | None, code: str | None, password: str | None
) -> None:
    if phone is None and settings.phone_number is not None:
        phone = settings.phone_number.get_secret_value()
    sent = await account.send_code(phone or _ask("Phone number, with country code: ", "--phone"))
    given = code is not None
    for left in reversed(range(TRIES)):
        if code is None:
            code = _ask(f"Code, sent {sent.by}: ", "--code")
        try:
            if not await account.sign_in(code):
                await _by_password(account, password)
            return
        except LoginFailed as error:
            if given or not left or error.field != "code":
                raise
            print(error.line(), file=sys.stderr)
            code = None


async def _by_password(account: Account, password: str | None) -> None:
    given = password is not None
    for left in reversed(range(TRIES)):
        if password is None:
            password = _ask("Two-step verification password: ", "--password", hidden=True)
        try:
            await account.check_password(password)
            return
        except LoginFailed as error:
            if given or not left or error.field != "password":
                raise
            print(error.line(), file=sys.stderr)
            password = None


async def _by_qr(account: Account, password: str | None) -> None:
    import segno

    print("On your phone: Telegram > Settings > Devices > Link Desktop Device, then scan this.")
    login = await account.qr_login()
    while True:
        segno.make(login.url).terminal(sys.stdout, compact=True)
        sys.stdout.flush()
        accepted = await login.wait()
        if accepted is False:
            await _by_password(account, password)
        if accepted is not None:
            return
        print("That code has expired; here is a new one.")
        await login.recreate()


async def _log_out(settings: Settings) -> int:
    async with await Account.connect(settings) as account:
        if not await account.is_authorized():
            raise NotLoggedIn("Not logged in on this server", "There is nothing to log out")
        await account.log_out()
    print("Logged out; the session on the server and its file here are gone.")
    return 0


def _ask(prompt: str, option: str, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise UsageError(f"{option} is needed where there is no terminal to ask on")
    answer = getpass.getpass(prompt) if hidden else input(prompt)
    logs.redact(answer)
    return answer


def _who(account: Account) -> str:
    return text.for_terminal(account.owner.name or str(account.owner.account_id), 60)
