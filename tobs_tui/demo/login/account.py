"""The account's own affairs: where it is logged in, takeout sessions, its online status.

https://core.telegram.org/api/takeout
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.keyring import AuthKey
from tobs_tui.demo.rpc import Call, RpcError, method


@method(functions.account.GetAuthorizationsRequest)
async def get_authorizations(call: Call, request: functions.account.GetAuthorizationsRequest) -> TLObject:
    keys = [k for k in call.server.keyring.of_account(call.account or 0) if k.dc_id == call.dc_id]
    return types.account.Authorizations(
        authorization_ttl_days=180,
        authorizations=[_authorization(key, current=key is call.session.key) for key in keys],
    )


@method(functions.account.ResetAuthorizationRequest)
async def reset_authorization(call: Call, request: functions.account.ResetAuthorizationRequest) -> bool:
    for key in call.server.keyring.of_account(call.account or 0):
        if _hash(key) == request.hash and key is not call.session.key:
            call.server.keyring.log_out(key)
            return True
    raise RpcError(400, "HASH_INVALID")


@method(functions.account.InitTakeoutSessionRequest)
async def init_takeout_session(call: Call, request: functions.account.InitTakeoutSessionRequest) -> TLObject:
    server = call.server
    if request.files and not request.file_max_size:
        raise RpcError(400, "TAKEOUT_FILE_MAX_SIZE_EMPTY")
    if wait := server.takeout_wait():
        raise RpcError(420, f"TAKEOUT_INIT_DELAY_{wait}")
    takeout_id = secrets.randbits(62)
    server.keyring.open_takeout(takeout_id, call.account or 0)
    return types.account.Takeout(takeout_id)


@method(functions.account.FinishTakeoutSessionRequest)
async def finish_takeout_session(call: Call, request: functions.account.FinishTakeoutSessionRequest) -> bool:
    if call.takeout_id is None:
        raise RpcError(403, "TAKEOUT_REQUIRED")
    call.server.keyring.close_takeout(call.takeout_id)
    return True


@method(functions.account.UpdateStatusRequest)
async def update_status(call: Call, request: functions.account.UpdateStatusRequest) -> bool:
    """Taken, as Telegram does; the log tells on a client that should only read."""
    return True


def _hash(key: AuthKey) -> int:
    return int.from_bytes(key.id, "little", signed=True)


def _authorization(key: AuthKey, *, current: bool) -> TLObject:
    return types.Authorization(
        hash=0 if current else _hash(key),
        current=current,
        device_model=key.client.device,
        platform="",
        system_version=key.client.system,
        api_id=key.client.api_id,
        app_name="demo",
        app_version=key.client.version,
        date_created=datetime.fromtimestamp(key.created, UTC),
        date_active=datetime.fromtimestamp(key.active or key.created, UTC),
        ip="127.0.0.1",
        country="",
        region="",
    )
