"""A login's steps for the screen: what was typed goes to Telegram, and what is secret goes nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tobs_tui import logs
from tobs_tui.errors import LoginFailed, SettingsError
from tobs_tui.ui.ports import LoginView, QrCode, Step

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account
    from tobs_tui.telegram.login import QrLogin


class LoginSteps:
    """The steps of one account that nobody is logged in to yet."""

    def __init__(self, account: Account, api_id: str, kept_in: str) -> None:
        self._account = account
        self._api_id = api_id
        self._kept_in = kept_in
        self._phone = ""
        self._qr: QrLogin | None = None

    def view(self, step: Step, **more: str) -> LoginView:
        return LoginView(
            step, api_id=self._api_id, api_kept_in=self._kept_in, phone=_hidden(self._phone), **more
        )

    async def give_phone(self, phone: str) -> LoginView:
        logs.redact(phone)
        sent = await self._account.send_code(phone)
        self._phone = sent.phone
        return self.view(Step.CODE, code_by=sent.by)

    async def give_code(self, code: str) -> LoginView:
        logs.redact(code)
        if await self._account.sign_in(code):
            return self._done()
        return await self._password()

    async def give_password(self, password: str) -> LoginView:
        logs.redact(password)
        await self._account.check_password(password)
        return self._done()

    async def qr_code(self) -> QrCode:
        if self._qr is None:
            self._qr = await self._account.qr_login()
        else:
            await self._qr.recreate()
        return QrCode(self._qr.url, self._qr.expires)

    async def qr_scanned(self) -> LoginView | None:
        if self._qr is None:
            return None
        accepted = await self._qr.wait()
        if accepted is None:
            return None
        return self._done() if accepted else await self._password()

    async def _password(self) -> LoginView:
        return self.view(Step.PASSWORD, password_hint=await self._account.password_hint())

    def _done(self) -> LoginView:
        return self.view(Step.DONE, name=self._account.owner.name)


def keep_api(api_id: str, api_hash: str) -> Path:
    """Check both and keep them for later runs. :raises LoginFailed: one of them is not what it should be."""
    from tobs_tui.config import save_settings

    logs.redact(api_hash)
    if not api_id.isdigit():
        raise LoginFailed("The API id is a number", "my.telegram.org shows it as api_id", field="api_id")
    if len(api_hash) != 32 or not all(sign in "0123456789abcdefABCDEF" for sign in api_hash):
        raise LoginFailed("The API hash is 32 letters a to f and digits", field="api_hash")
    try:
        return save_settings({"api_id": api_id, "api_hash": api_hash})
    except SettingsError as error:
        raise LoginFailed(error.what, error.fix, field="api_id") from error


def _hidden(phone: str) -> str:
    """`+351 ••• ••• 89`."""
    digits = phone.removeprefix("+")
    if len(digits) < 6:
        return "•••" if digits else ""
    return f"+{digits[:-9] or digits[:1]} ••• ••• {digits[-2:]}"
