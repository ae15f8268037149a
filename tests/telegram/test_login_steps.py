"""Logging in by code, password and QR, and out: what is refused is told beside its field, without secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tobs_tui.demo.knobs import Knobs
from tobs_tui.demo.rpc import RpcError
from tobs_tui.errors import LoginFailed, NotLoggedIn, ServerUnreachable, SettingsError
from tobs_tui.telegram import caller, login
from tobs_tui.telegram.account import Account

PASSWORD = "correct horse"


async def test_code_and_password_log_in(demo_server: Any, small_world: Any, settings_for: Any) -> None:
    server = await demo_server(small_world, password=PASSWORD)
    async with await Account.connect(settings_for(server.info)) as account:
        sent = await account.send_code(server.info.phone)
        assert "app" in sent.by
        assert sent.length == len(server.info.code)
        assert not await account.sign_in(f" {server.info.code[:2]} {server.info.code[2:]} ")
        assert not await account.is_authorized()
        await account.password_hint()
        with pytest.raises(LoginFailed, match="password is not right") as caught:
            await account.check_password("wrong")
        assert caught.value.field == "password"
        await account.check_password(PASSWORD)
        assert await account.is_authorized()
    async with await Account.connect(settings_for(server.info)) as account:
        assert account.owner.account_id == 77


async def test_a_wrong_code_is_told_and_the_right_one_still_works(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    async with await Account.connect(settings_for(server.info)) as account:
        with pytest.raises(LoginFailed, match="No code was asked for"):
            await account.sign_in("11111")
        await account.send_code(server.info.phone)
        for code in ("", "   ", "99999", "x" * 5000):
            with pytest.raises(LoginFailed) as caught:
                await account.sign_in(code)
            assert caught.value.field == "code"
        assert await account.sign_in(server.info.code)


@pytest.mark.parametrize("phone", ["", "hello", "+1 202 555 0100"])
async def test_a_phone_number_that_does_not_fit_is_told(
    demo_server: Any, small_world: Any, settings_for: Any, phone: str
) -> None:
    server = await demo_server(small_world)
    async with await Account.connect(settings_for(server.info)) as account:
        with pytest.raises(LoginFailed) as caught:
            await account.send_code(phone)
            await account.sign_in(server.info.code)
        assert caught.value.field == "phone"
        assert "202" not in caught.value.line()


@pytest.mark.parametrize(
    ("method", "error", "field", "words"),
    [
        ("auth.sendCode", "PHONE_NUMBER_INVALID", "phone", "does not know such a phone number"),
        ("auth.sendCode", "PHONE_NUMBER_BANNED", "phone", "banned"),
        ("auth.sendCode", "PHONE_NUMBER_FLOOD", "phone", "too many codes"),
        ("auth.sendCode", "PHONE_PASSWORD_FLOOD", "phone", "Too many logins"),
        ("auth.sendCode", "SEND_CODE_UNAVAILABLE", "phone", "another code"),
        ("auth.sendCode", "SOMETHING_NEW", "phone", "SOMETHING_NEW"),
        ("auth.signIn", "PHONE_CODE_INVALID", "code", "not right"),
        ("auth.signIn", "PHONE_CODE_EXPIRED", "code", "expired"),
        ("auth.signIn", "PHONE_NUMBER_UNOCCUPIED", "phone", "no Telegram account"),
        ("auth.signIn", "SIGN_IN_FAILED", "code", "SIGN_IN_FAILED"),
    ],
)
async def test_each_refusal_has_its_field_and_words(
    demo_server: Any,
    small_world: Any,
    settings_for: Any,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    error: str,
    field: str,
    words: str,
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.0)
    server = await demo_server(small_world)
    server.faults.fail(method, RpcError(400, error), times=None)
    async with await Account.connect(settings_for(server.info)) as account:
        with pytest.raises(LoginFailed, match=words) as caught:
            await account.send_code(server.info.phone)
            await account.sign_in(server.info.code)
    line = caught.value.line()
    assert caught.value.field == field
    assert server.info.code not in line
    assert server.info.phone.lstrip("+") not in line


async def test_refused_api_credentials_are_a_setting(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    server.faults.fail("auth.sendCode", RpcError(400, "API_ID_PUBLISHED_FLOOD"))
    async with await Account.connect(settings_for(server.info)) as account:
        with pytest.raises(SettingsError, match="API_ID"):
            await account.send_code(server.info.phone)


async def test_a_flood_wait_is_told_and_not_slept_through(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    server.faults.fail("auth.sendCode", RpcError(420, "FLOOD_WAIT_18432"))
    async with await Account.connect(settings_for(server.info)) as account:
        for _ in range(2):
            async with asyncio.timeout(5):
                with pytest.raises(LoginFailed, match="5 h 08 min") as caught:
                    await account.send_code(server.info.phone)
            assert caught.value.field == "phone"
        assert server.requests["auth.sendCode"] == 1, "a wait that runs is not asked about again"


async def test_an_account_of_another_dc_is_followed_there(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world, home_dc=4)
    info = server.info
    settings = settings_for(info, telegram_server=f"127.0.0.1:{info.dcs[2]}", telegram_dc_id=2)
    async with await Account.connect(settings) as account:
        assert account.dc_id == 2
        await account.send_code(info.phone)
        assert await account.sign_in(info.code)
        assert account.dc_id == 4
    async with await Account.connect(settings) as account:
        assert account.owner.account_id == 77


async def test_a_qr_code_logs_in_when_it_is_scanned(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    async with await Account.connect(settings_for(server.info)) as account:
        qr = await account.qr_login()
        assert qr.url.startswith("tg://login?token=")
        first = qr.url
        assert await qr.wait(0.05) is None
        await qr.recreate()
        assert qr.url != first or qr.expires
        assert "token" not in repr(qr)
        waiting = asyncio.create_task(qr.wait(5))
        await asyncio.sleep(0)
        assert server.accept_qr()
        assert await waiting is True
        assert account.owner.account_id == 77
        assert await account.is_authorized()
    async with await Account.connect(settings_for(server.info)) as account:
        assert account.owner.account_id == 77


async def test_a_qr_code_scanned_while_the_connection_was_down_logs_in(
    demo_server: Any, small_world: Any, settings_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "QR_LOOK_EVERY", 0.05)
    server = await demo_server(small_world)
    async with await Account.connect(settings_for(server.info)) as account:
        qr = await account.qr_login()
        waiting = asyncio.create_task(qr.wait(5))
        await asyncio.sleep(0)
        server.drop_connections()
        assert server.accept_qr()
        assert await waiting is True


async def test_a_qr_code_of_an_account_with_a_password_needs_it_too(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world, password=PASSWORD, knobs=Knobs(qr_accept_after=0.05))
    async with await Account.connect(settings_for(server.info)) as account:
        qr = await account.qr_login()
        assert await qr.wait(5) is False
        await account.check_password(PASSWORD)
        assert account.owner.account_id == 77


async def test_a_qr_code_of_an_account_on_another_dc_is_followed(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world, home_dc=4, knobs=Knobs(qr_accept_after=0.05))
    info = server.info
    settings = settings_for(info, telegram_server=f"127.0.0.1:{info.dcs[2]}", telegram_dc_id=2)
    async with await Account.connect(settings) as account:
        qr = await account.qr_login()
        assert await qr.wait(5) is True
        assert account.dc_id == 4
        assert await account.is_authorized()


async def test_logging_out_ends_the_login_there_and_here(
    demo_server: Any, small_world: Any, settings_for: Any, logged_in: Any, tmp_path: Path
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    await account.log_out()
    assert server.requests["auth.logOut"] == 1
    assert not list((tmp_path / "sessions").glob("*.session"))
    assert not server.keyring.of_account(77)
    with pytest.raises(NotLoggedIn):
        _ = account.owner


async def test_logging_out_works_when_the_server_has_ended_the_login_before(
    demo_server: Any, small_world: Any, logged_in: Any, tmp_path: Path
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.revoke_logins()
    await account.log_out()
    assert not list((tmp_path / "sessions").glob("*.session"))


async def test_a_login_stays_when_the_server_cannot_be_told_of_its_end(
    demo_server: Any, small_world: Any, logged_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    await server.stop()
    with pytest.raises(ServerUnreachable):
        await account.log_out()
    assert list((tmp_path / "sessions").glob("*.session"))
