"""Logins as a client meets them: code, password, QR, other DCs, and every way of getting it wrong."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from telethon import errors, functions, types
from telethon.sessions import MemorySession

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.login.srp import Verifier

PASSWORD = "correct horse — лошадь 马"


async def test_a_stranger_is_told_so(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    client = await raw_client((await demo_server(tiny_world)).info)
    assert not await client.is_user_authorized()
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.messages.GetHistoryRequest(types.InputPeerSelf(), 0, None, 0, 1, 0, 0, 0))


async def test_phones_that_cannot_be(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    for phone in ("", "12", "call me", "0049123456789"):
        with pytest.raises(errors.PhoneNumberInvalidError):
            await client(functions.auth.SendCodeRequest(phone, 1, "x", types.CodeSettings()))
    with pytest.raises(errors.ApiIdInvalidError):
        await client(functions.auth.SendCodeRequest(server.info.phone, 0, "", types.CodeSettings()))


async def test_codes_that_do_not_fit(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    phone = server.info.phone
    sent = await client.send_code_request(phone)
    with pytest.raises(errors.PhoneCodeInvalidError):
        await client.sign_in(phone, "00000")
    with pytest.raises(errors.PhoneCodeEmptyError):
        await client(functions.auth.SignInRequest(phone, sent.phone_code_hash, ""))
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client(functions.auth.SignInRequest(phone, "another hash", server.info.code))
    assert (await client.sign_in(phone, server.info.code)).id == tiny_world.account_id


async def test_a_code_grows_old(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    clock = {"ahead": 0.0}
    server = await demo_server(tiny_world, clock=lambda: time.time() + clock["ahead"])
    client = await raw_client(server.info)
    await client.send_code_request(server.info.phone)
    clock["ahead"] = 10_000  # far enough for Telethon to be told of it, and to set its clock
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(server.info.phone, server.info.code)


async def test_five_wrong_codes_end_the_attempt(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    sent = await client.send_code_request(server.info.phone)
    for _ in range(5):
        with pytest.raises(errors.PhoneCodeInvalidError):
            await client(functions.auth.SignInRequest(server.info.phone, sent.phone_code_hash, "1"))
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(server.info.phone, server.info.code)


async def test_resent_and_cancelled_codes(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    phone, code = server.info.phone, server.info.code
    first = (await client.send_code_request(phone)).phone_code_hash
    second = (await client(functions.auth.ResendCodeRequest(phone, first))).phone_code_hash
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client(functions.auth.SignInRequest(phone, first, code))
    assert await client(functions.auth.CancelCodeRequest(phone, second))
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client(functions.auth.SignInRequest(phone, second, code))


async def test_a_number_without_an_account(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    await client.send_code_request("+420777888999")
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await client.sign_in("+420777888999", server.info.code)


async def test_logging_out_ends_the_login(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    assert await client.is_user_authorized()
    await client(functions.auth.LogOutRequest())
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.updates.GetStateRequest())
    assert server.keyring.of_account(tiny_world.account_id) == []


async def test_the_password_is_proved_not_told(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world, password=PASSWORD)
    client = await raw_client(server.info)
    await client.send_code_request(server.info.phone)
    with pytest.raises(errors.SessionPasswordNeededError):
        await client.sign_in(server.info.phone, server.info.code)
    assert not await client.is_user_authorized()
    with pytest.raises(errors.PasswordHashInvalidError):
        await client.sign_in(password="wrong")
    assert (await client.sign_in(password=PASSWORD)).id == tiny_world.account_id


async def test_a_password_alone_opens_nothing(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    client = await raw_client((await demo_server(tiny_world, password=PASSWORD)).info)
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client.sign_in(password=PASSWORD)


async def test_an_answer_to_a_puzzle_counts_once(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world, password=PASSWORD)
    client = await raw_client(server.info)
    await client.send_code_request(server.info.phone)
    with pytest.raises(errors.SessionPasswordNeededError):
        await client.sign_in(server.info.phone, server.info.code)
    check = types.InputCheckPasswordSRP(srp_id=5, A=bytes(256), M1=bytes(32))
    with pytest.raises(errors.SrpIdInvalidError):
        await client(functions.auth.CheckPasswordRequest(check))


def test_a_proof_with_a_degenerate_a_is_refused() -> None:
    verifier = Verifier.of("x")
    b, public = verifier.challenge()
    for a in (bytes(256), (1).to_bytes(256, "big"), bytes(300)):
        assert not verifier.proves(b, public, a, bytes(32))


async def test_an_accepted_qr_code_logs_in(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    assert not server.accept_qr()
    shown = await client.qr_login()
    assert shown.url.startswith("tg://login?token=")
    waiting = asyncio.ensure_future(shown.wait(10))
    await asyncio.sleep(0)
    assert server.accept_qr(shown.token)
    assert (await waiting).id == tiny_world.account_id
    assert await client.is_user_authorized()


async def test_a_qr_code_that_accepts_itself(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world, knobs=Knobs(qr_accept_after=0.05))
    client = await raw_client(server.info)
    assert (await (await client.qr_login()).wait(10)).id == tiny_world.account_id


async def test_a_qr_login_still_asks_for_the_password(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world, password=PASSWORD, knobs=Knobs(qr_accept_after=0.05))
    client = await raw_client(server.info)
    with pytest.raises(errors.SessionPasswordNeededError):
        await (await client.qr_login()).wait(10)
    assert (await client.sign_in(password=PASSWORD)).id == tiny_world.account_id


async def test_another_client_accepts_the_qr_code(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    phone = await raw_client(server.info, login=True)
    client = await raw_client(server.info)
    shown = await client.qr_login()
    waiting = asyncio.ensure_future(shown.wait(10))
    await phone(functions.auth.AcceptLoginTokenRequest(shown.token))
    assert (await waiting).id == tiny_world.account_id
    with pytest.raises(errors.AuthTokenInvalidxError):
        await phone(functions.auth.AcceptLoginTokenRequest(b"no such token"))


async def test_clients_at_another_dc_are_sent_home(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    session = MemorySession()
    session.set_dc(4, server.info.host, server.info.dcs[4])
    client = await raw_client(server.info, session=session, login=True)
    assert client.session.dc_id == server.home_dc
    assert (await client.get_me()).id == tiny_world.account_id


async def test_a_qr_login_at_another_dc_is_sent_home(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world, knobs=Knobs(qr_accept_after=0.05))
    session = MemorySession()
    session.set_dc(1, server.info.host, server.info.dcs[1])
    client = await raw_client(server.info, session=session)
    assert (await (await client.qr_login()).wait(10)).id == tiny_world.account_id
    assert client.session.dc_id == server.home_dc


async def test_a_borrowed_sender_is_logged_in_at_the_other_dc(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    sender = await client._borrow_exported_sender(4)
    location = types.InputPeerPhotoFileLocation(types.InputPeerSelf(), 1)
    file = await client._call(sender, functions.upload.GetFileRequest(location, 0, 4096))
    assert file.bytes == bytes((4,)) * 16
    with pytest.raises(errors.UserMigrateError) as caught:
        await sender.send(functions.users.GetUsersRequest([types.InputUserSelf()]))
    assert caught.value.new_dc == server.home_dc
    await client(functions.auth.LogOutRequest())
    with pytest.raises(errors.AuthKeyUnregisteredError):  # a login elsewhere ends with the one it came from
        await sender.send(functions.upload.GetFileRequest(location, 0, 4096))
    await client._return_exported_sender(sender)


async def test_authorisations_go_only_where_they_may(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    for dc_id in (server.home_dc, 9):
        with pytest.raises(errors.DcIdInvalidError):
            await client(functions.auth.ExportAuthorizationRequest(dc_id))
    exported = await client(functions.auth.ExportAuthorizationRequest(4))
    with pytest.raises(errors.AuthBytesInvalidError):  # made for DC 4, brought to DC 2
        await client(functions.auth.ImportAuthorizationRequest(exported.id, exported.bytes))


async def test_logins_are_listed_and_can_be_ended(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    one = await raw_client(server.info, login=True, device_model="First")
    two = await raw_client(server.info, login=True, device_model="Second")
    listed = (await two(functions.account.GetAuthorizationsRequest())).authorizations
    assert [(a.device_model, a.current) for a in listed] == [("First", False), ("Second", True)]
    assert await two(functions.account.ResetAuthorizationRequest(listed[0].hash))
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await one(functions.updates.GetStateRequest())


async def test_a_takeout_begins_is_used_and_ends(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    async with client.takeout() as takeout:
        assert len(await takeout.get_messages("me", limit=3)) == 3
        open_id = takeout.session.takeout_id
        assert open_id in server.keyring.takeouts
    assert server.keyring.takeouts == {}
    assert server.wrappers["invokeWithTakeout"] == 2
    with pytest.raises(errors.TakeoutInvalidError):
        await client(functions.InvokeWithTakeoutRequest(open_id, functions.updates.GetStateRequest()))
    with pytest.raises(errors.TakeoutRequiredError):
        await client(functions.account.FinishTakeoutSessionRequest())


async def test_a_takeout_waits_for_its_approval(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world, knobs=Knobs(takeout_delay=3600))
    client = await raw_client(server.info, login=True)
    with pytest.raises(errors.TakeoutInitDelayError) as caught:
        await client(functions.account.InitTakeoutSessionRequest(message_users=True))
    assert 3599 <= caught.value.seconds <= 3600
    server.allow_takeout()
    assert (await client(functions.account.InitTakeoutSessionRequest(message_users=True))).id


async def test_the_server_describes_itself(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    config = await client(functions.help.GetConfigRequest())
    assert {o.id: o.port for o in config.dc_options} == server.info.dcs
    assert {o.ip_address for o in config.dc_options} == {"127.0.0.1"}
    assert config.this_dc == server.home_dc
    assert (await client(functions.help.GetNearestDcRequest())).nearest_dc == server.home_dc
    assert (await client(functions.help.GetAppConfigRequest(0))).config.value == []
    assert (await client(functions.help.GetCdnConfigRequest())).public_keys == []
