"""Taking a login to another DC: auth.exportAuthorization there, auth.importAuthorization here.

https://core.telegram.org/api/datacenter#authorization
"""

from __future__ import annotations

import secrets

from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.rpc import Call, RpcError, method


@method(functions.auth.ExportAuthorizationRequest, any_dc=True)
async def export_authorization(call: Call, request: functions.auth.ExportAuthorizationRequest) -> TLObject:
    if request.dc_id == call.dc_id or not call.server.serves(request.dc_id):
        raise RpcError(400, "DC_ID_INVALID")
    assert call.account is not None
    proof = secrets.token_bytes(96)
    call.server.desk.exports.put((request.dc_id, call.account, proof), (call.account, call.session.key.id))
    return types.auth.ExportedAuthorization(call.account, proof)


@method(functions.auth.ImportAuthorizationRequest, before_login=True, any_dc=True)
async def import_authorization(call: Call, request: functions.auth.ImportAuthorizationRequest) -> TLObject:
    exported = call.server.desk.exports.pop((call.dc_id, request.id, request.bytes))
    if exported is None:
        raise RpcError(400, "AUTH_BYTES_INVALID")
    account, parent = exported
    call.server.keyring.log_in(call.session.key, account, parent=parent)
    return types.auth.Authorization(user=call.server.world.account_user())
