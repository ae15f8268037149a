"""The 2FA password: account.getPassword and auth.checkPassword. https://core.telegram.org/api/srp"""

from __future__ import annotations

import secrets

from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.login.desk import Puzzle
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.wire.handshake import DH_GENERATOR, DH_PRIME


@method(functions.account.GetPasswordRequest, before_login=True)
async def get_password(call: Call, request: functions.account.GetPasswordRequest) -> TLObject:
    if call.account is None and not call.session.key.awaits_password:
        raise RpcError(401, "AUTH_KEY_UNREGISTERED")
    new_algo = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
        salt1=secrets.token_bytes(8), salt2=secrets.token_bytes(16), g=DH_GENERATOR, p=_p()
    )
    common = {
        "new_algo": new_algo,
        "new_secure_algo": types.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000(secrets.token_bytes(8)),
        "secure_random": secrets.token_bytes(256),
    }
    verifier = await call.server.verifier()
    if verifier is None:
        return types.account.Password(**common)
    b, public = verifier.challenge()
    srp_id = secrets.randbits(62)
    call.server.desk.puzzles.put(srp_id, Puzzle(b, public))
    return types.account.Password(
        **common,
        has_password=True,
        current_algo=types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            salt1=verifier.salt1, salt2=verifier.salt2, g=DH_GENERATOR, p=_p()
        ),
        srp_B=public.to_bytes(256, "big"),
        srp_id=srp_id,
        hint="the demo's password",
    )


@method(functions.auth.CheckPasswordRequest, before_login=True)
async def check_password(call: Call, request: functions.auth.CheckPasswordRequest) -> TLObject:
    key = call.session.key
    if call.account is None and not key.awaits_password:
        raise RpcError(401, "AUTH_KEY_UNREGISTERED")
    verifier = await call.server.verifier()
    check = request.password
    if verifier is None or not isinstance(check, types.InputCheckPasswordSRP):
        raise RpcError(400, "PASSWORD_HASH_INVALID")
    puzzle = call.server.desk.puzzles.pop(check.srp_id)
    if puzzle is None:
        raise RpcError(400, "SRP_ID_INVALID")
    if not verifier.proves(puzzle.secret, puzzle.public, check.A, check.M1):
        raise RpcError(400, "PASSWORD_HASH_INVALID")
    return call.server.log_in(key, password_given=True)


def _p() -> bytes:
    return DH_PRIME.to_bytes(256, "big")
