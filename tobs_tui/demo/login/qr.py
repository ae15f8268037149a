"""Login by QR code. https://core.telegram.org/api/qr-login

The client shows a token; `DemoServer.accept_qr` (or another client's acceptLoginToken) stands for the
phone that scans it; the client hears updateLoginToken and asks again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.login.code import check_api
from tobs_tui.demo.rpc import Call, RpcError, method


@method(functions.auth.ExportLoginTokenRequest, before_login=True, any_dc=True)
async def export_login_token(call: Call, request: functions.auth.ExportLoginTokenRequest) -> TLObject:
    check_api(request.api_id, request.api_hash)
    server, key = call.server, call.session.key
    accepted = server.desk.accepted_token(key.id)
    if accepted is None:
        token = server.desk.show_token(key.id, call.now())
        server.qr_shown()
        return types.auth.LoginToken(datetime.fromtimestamp(token.expires, UTC), token.value)
    if call.dc_id != server.home_dc:
        return types.auth.LoginTokenMigrateTo(server.home_dc, accepted.value)
    server.desk.tokens.pop(accepted.value)
    return types.auth.LoginTokenSuccess(server.log_in(key))


@method(functions.auth.ImportLoginTokenRequest, before_login=True)
async def import_login_token(call: Call, request: functions.auth.ImportLoginTokenRequest) -> TLObject:
    token = call.server.desk.tokens.get(request.token)
    if token is None or not token.accepted:
        raise RpcError(400, "AUTH_TOKEN_INVALIDX")
    call.server.desk.tokens.pop(request.token)
    if token.expires < call.now():
        raise RpcError(400, "AUTH_TOKEN_EXPIRED")
    return types.auth.LoginTokenSuccess(call.server.log_in(call.session.key))


@method(functions.auth.AcceptLoginTokenRequest)
async def accept_login_token(call: Call, request: functions.auth.AcceptLoginTokenRequest) -> TLObject:
    token = call.server.desk.tokens.get(request.token)
    if token is None:
        raise RpcError(400, "AUTH_TOKEN_INVALIDX")
    if token.expires < call.now():
        raise RpcError(400, "AUTH_TOKEN_EXPIRED")
    if token.accepted:
        raise RpcError(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
    return call.server.accept_token(token)
