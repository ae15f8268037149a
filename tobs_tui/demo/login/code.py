"""Login by phone and code, and log out. https://core.telegram.org/api/auth"""

from __future__ import annotations

import re

from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.login.desk import MAX_ATTEMPTS
from tobs_tui.demo.rpc import Call, RpcError, method

CODE_LENGTH = 5


@method(functions.auth.SendCodeRequest, before_login=True, any_dc=True)
async def send_code(call: Call, request: functions.auth.SendCodeRequest) -> TLObject:
    check_api(request.api_id, request.api_hash)
    phone = digits_of(request.phone_number)
    # Telegram knows each number's home DC; ours is everybody's.
    if call.dc_id != call.server.home_dc:
        raise RpcError(303, f"PHONE_MIGRATE_{call.server.home_dc}")
    return _sent(call.server.desk.send_code(phone, call.now()))


@method(functions.auth.ResendCodeRequest, before_login=True)
async def resend_code(call: Call, request: functions.auth.ResendCodeRequest) -> TLObject:
    phone = digits_of(request.phone_number)
    if call.server.desk.codes.pop((phone, request.phone_code_hash)) is None:
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    return _sent(call.server.desk.send_code(phone, call.now()))


@method(functions.auth.CancelCodeRequest, before_login=True)
async def cancel_code(call: Call, request: functions.auth.CancelCodeRequest) -> bool:
    phone = digits_of(request.phone_number)
    if call.server.desk.codes.pop((phone, request.phone_code_hash)) is None:
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    return True


@method(functions.auth.SignInRequest, before_login=True)
async def sign_in(call: Call, request: functions.auth.SignInRequest) -> TLObject:
    desk, server = call.server.desk, call.server
    phone = digits_of(request.phone_number)
    if not request.phone_code:
        raise RpcError(400, "PHONE_CODE_EMPTY")
    sent = desk.codes.get((phone, request.phone_code_hash))
    if sent is None or sent.expires < call.now():
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    if request.phone_code != server.code:
        sent.attempts += 1
        if sent.attempts >= MAX_ATTEMPTS:
            desk.codes.pop((phone, request.phone_code_hash))
        raise RpcError(400, "PHONE_CODE_INVALID")
    desk.codes.pop((phone, request.phone_code_hash))
    if phone != server.phone_digits:
        return types.auth.AuthorizationSignUpRequired()
    return server.log_in(call.session.key)


@method(functions.auth.LogOutRequest, before_login=True, any_dc=True)
async def log_out(call: Call, request: functions.auth.LogOutRequest) -> TLObject:
    call.server.keyring.log_out(call.session.key)
    return types.auth.LoggedOut()


def check_api(api_id: int, api_hash: str) -> None:
    """Any pair that looks like one of my.telegram.org is taken."""
    if api_id <= 0 or not api_hash:
        raise RpcError(400, "API_ID_INVALID")


def digits_of(phone: str) -> str:
    """A number in international form, as digits. :raises RpcError: it can't be one."""
    digits = re.sub(r"[\s()+-]", "", phone)
    if not re.fullmatch(r"[1-9][0-9]{6,14}", digits):
        raise RpcError(400, "PHONE_NUMBER_INVALID")
    return digits


def _sent(code_hash: str) -> TLObject:
    return types.auth.SentCode(
        type=types.auth.SentCodeTypeApp(CODE_LENGTH), phone_code_hash=code_hash, timeout=60
    )
