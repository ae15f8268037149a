"""What the server remembers over restarts, kills and several processes on one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from telethon import errors, functions
from telethon.errors import AuthKeyNotFound
from telethon.sessions import MemorySession

from tobs_tui.demo.keyring import FILE, Keyring
from tobs_tui.demo.wire.envelope import SecretKey


def fresh() -> SecretKey:
    return SecretKey(os.urandom(256))


async def test_a_new_server_on_the_same_port_knows_its_clients(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    first = await demo_server(tiny_world)
    client = await raw_client(first.info, login=True, connection_retries=50)
    await first.stop()
    second = await demo_server(tiny_world, port=first.info.port)
    assert second is not first
    assert second.info.public_key.read_bytes() == first.info.public_key.read_bytes()
    assert (await client.get_me()).id == tiny_world.account_id
    assert second.requests["auth.signIn"] == 0


async def test_two_servers_on_one_folder_share_their_clients(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    one, two = await demo_server(tiny_world), await demo_server(tiny_world)
    here = await raw_client(one.info)
    session = MemorySession()
    session.set_dc(two.info.dc_id, two.info.host, two.info.port)
    session.auth_key = here.session.auth_key
    there = await raw_client(two.info, session=session)
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await there(functions.updates.GetStateRequest())
    await here.send_code_request(one.info.phone)
    await here.sign_in(one.info.phone, one.info.code)
    assert await there(functions.updates.GetStateRequest())


async def test_a_key_nobody_knows_is_answered_with_404(
    tiny_world: Any, demo_server: Any, raw_client: Any, tmp_path: Path
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True, auto_reconnect=False)
    session = client.session
    await server.stop()
    stranger = await demo_server(tiny_world, state_dir=tmp_path / "other-state")
    session.set_dc(stranger.info.dc_id, stranger.info.host, stranger.info.port)
    with pytest.raises(AuthKeyNotFound):
        await (await raw_client(stranger.info, session=session, auto_reconnect=False)).get_me()


async def test_a_destroyed_key_is_forgotten(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True, auto_reconnect=False)
    key_id = client.session.auth_key.key_id.to_bytes(8, "little")
    assert server.keyring.find(key_id, server.home_dc)
    await client(functions.DestroyAuthKeyRequest())
    assert server.keyring.find(key_id, server.home_dc) is None


async def test_forgotten_keys_are_met_as_unknown(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.forget_keys()
    with pytest.raises(AuthKeyNotFound):
        await client.get_me()


async def test_a_key_belongs_to_one_dc(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    session = client.session
    session.set_dc(4, server.info.host, server.info.dcs[4])
    with pytest.raises(AuthKeyNotFound):
        await (await raw_client(server.info, session=session, auto_reconnect=False)).get_me()


def test_the_file_is_private_and_says_who_is_logged_in(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "state")
    key = ring.add(fresh(), 2, 5, 100)
    ring.log_in(key, 77)
    ring.open_takeout(9, 77)
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600

    again = Keyring(tmp_path / "state")
    found = again.find(key.id, 2)
    assert found is not None
    assert (found.account, found.created, found.secret.value) == (77, 100, key.secret.value)
    assert again.takeouts == {9: 77}
    again.log_out(found)
    again.close_takeout(9)
    ring.refresh()
    assert key.account is None
    assert ring.takeouts == {}


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    first = ring.add(fresh(), 2, 5, 100)
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"key":"00')
    second = Keyring(tmp_path).add(fresh(), 2, 5, 100)
    again = Keyring(tmp_path)
    assert again.find(first.id, 2)
    assert again.find(second.id, 2)


def test_servers_on_one_folder_learn_from_each_other(tmp_path: Path) -> None:
    one, two = Keyring(tmp_path), Keyring(tmp_path)
    ours, theirs = one.add(fresh(), 2, 5, 1), two.add(fresh(), 2, 5, 1)
    two.log_in(theirs, 77)
    found = one.find(theirs.id, 2)
    assert found is not None
    assert found.account == 77
    assert two.find(ours.id, 2)


WRITER = """
import os, sys
from pathlib import Path
from tobs_tui.demo.keyring import Keyring
from tobs_tui.demo.wire.envelope import SecretKey
from tobs_tui.demo.wire.server_key import ServerKey
folder = Path(sys.argv[1])
ring = Keyring(folder)
for n in range(200):
    ring.log_in(ring.add(SecretKey(os.urandom(256)), 2, 0, n), 77)
print(ServerKey.load_or_make(folder).fingerprint)
"""


def test_processes_on_one_folder_do_not_harm_each_other(tmp_path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = {process.communicate(timeout=60)[0] for process in running}
    assert len(told) == 1
    assert all(process.returncode == 0 for process in running)
    assert len(Keyring(tmp_path).of_account(77)) == 400


async def test_ending_a_login_ends_it_everywhere(tiny_world: Any, demo_server: Any, raw_client: Any) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True)
    server.revoke_logins()
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.updates.GetStateRequest())
    assert Keyring(server.server_key.public_path.parent).of_account(tiny_world.account_id) == []
