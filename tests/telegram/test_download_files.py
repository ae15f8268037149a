"""A file comes whole and right, or it is said why not: sizes, stale references, wrong answers, full disks."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types

from tests.telegram.filing import AWAY, FAR, GET_FILE, HASHES, HOME, KIB, MIB, Filing
from tobs_tui.demo.rpc import REGISTRY, Call, RpcError
from tobs_tui.demo.world.filed import files_of_sizes, photo_of
from tobs_tui.errors import DiskFull, FileFailed, FileGone
from tobs_tui.model import Chat, ChatType, File, MediaKind
from tobs_tui.telegram import caller
from tobs_tui.telegram.file_references import fresh_file
from tobs_tui.telegram.file_requests import PART
from tobs_tui.telegram.governor import Stopped

SIZES = (1, 4095, 4096, 100_000, PART - 1, PART, PART + 1, 2 * PART, 3 * PART - 5, 3 * PART + 4096)


async def test_files_of_all_sizes_come_whole_with_as_few_requests_as_can_be(files_on: Any) -> None:
    filing = await files_on(files_of_sizes(SIZES, (AWAY, HOME, FAR)))
    files = [await filing.file(number) for number in range(1, len(SIZES) + 1)]
    found = await asyncio.gather(*(filing.fetch(file) for file in files))
    assert all(filing.is_whole(file) for file in files)
    assert [each.size for each in found] == list(SIZES)
    assert [len(filing.seen.offsets(file)) for file in files] == [-(-size // PART) for size in SIZES]
    assert filing.server.requests[HASHES] == 0, "files of that size are not worth twice the requests"
    assert filing.bytes == sum(SIZES)
    assert filing.leftovers() == set()


async def test_an_empty_file_is_a_file(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([0], (HOME,)))
    file = await filing.file(1)
    assert (await filing.fetch(file)).size == 0
    assert filing.path(file).read_bytes() == b""


async def test_parts_keep_to_telegrams_rules_and_ask_for_no_cdn(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * MIB + 77], (AWAY,)))
    asked: list[Any] = []
    filing.server.faults.before(GET_FILE, lambda call, request: asked.append(request), times=None)
    await filing.fetch(await filing.file(1))
    assert all(request.offset % 4096 == 0 and MIB % request.limit == 0 for request in asked)
    assert all(request.offset // MIB == (request.offset + request.limit - 1) // MIB for request in asked)
    assert not any(request.cdn_supported or request.precise for request in asked)


async def test_samples_of_large_files_are_held_against_telegrams_hashes(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([20 * MIB + 1], (AWAY,)))
    asked: list[int] = []
    filing.server.faults.before(HASHES, lambda call, request: asked.append(request.offset), times=None)
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert sorted(offset // MIB for offset in asked) == [0, 16, 20]


async def test_a_large_file_that_comes_altered_is_not_taken(files_on: Any, monkeypatch: Any) -> None:
    filing = await files_on(files_of_sizes([11 * MIB], (AWAY,)))
    alter(monkeypatch, lambda request, data: flipped(data) if request.offset == PART else data)
    file = await filing.file(1)
    with pytest.raises(FileFailed, match="altered"):
        await filing.fetch(file)


async def test_a_part_that_comes_altered_once_is_fetched_again(files_on: Any, monkeypatch: Any) -> None:
    filing = await files_on(files_of_sizes([11 * MIB], (AWAY,)))
    once = [10 * MIB]

    def spoil(request: Any, data: bytes) -> bytes:
        if request.offset not in once:
            return data
        once.remove(request.offset)
        return flipped(data)

    alter(monkeypatch, spoil)
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)


@pytest.mark.parametrize("error", [RpcError(400, "INPUT_METHOD_INVALID_1"), RpcError(500, "INTERNAL")])
async def test_a_server_without_hashes_is_worked_around(
    files_on: Any, monkeypatch: Any, error: RpcError
) -> None:
    monkeypatch.setattr(caller, "FIRST_PAUSE", 0.01)
    filing = await files_on(files_of_sizes([11 * MIB], (AWAY,)))
    filing.server.faults.fail(HASHES, error, times=None)
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)


@pytest.mark.parametrize("name", ["FILE_REFERENCE_EXPIRED", "FILE_REFERENCE_INVALID", "FILE_REFERENCE_EMPTY"])
async def test_a_stale_reference_is_refreshed_once_for_all_parts(files_on: Any, name: str) -> None:
    filing = await files_on(files_of_sizes([9 * MIB], (AWAY,)))
    file = await filing.file(1)
    stale = file.reference
    filing.server.faults.fail(
        GET_FILE,
        RpcError(400, name),
        times=None,
        after=3,
        when=lambda call, request: request.location.file_reference == stale,
    )
    filing.world.files.expire_references()
    filing.world.files.epoch -= 1
    fresh = msgspec.structs.replace(file, reference=filing.world.files.reference_of(2))

    async def refresh() -> File:
        filing.refreshed += 1
        await asyncio.sleep(0.05)
        return fresh  # type: ignore[no-any-return]

    await filing.downloads.download(
        file, filing.path(file), chat_id=1, refresh=refresh, on_bytes=lambda count: None
    )
    assert filing.is_whole(file)
    assert filing.refreshed == 1


async def test_references_that_expire_again_and_again_do_not_stop_a_file(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([24 * MIB, 5 * KIB], (AWAY,)))
    file = await filing.file(1)
    filing.world.files.uses_of_reference = 5
    await filing.fetch(file, message_id=1)
    assert filing.is_whole(file)
    assert filing.refreshed >= 4


async def test_a_message_that_no_longer_shows_the_file_means_that_it_is_gone(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([3 * MIB], (AWAY,)))
    file = await filing.file(1)
    filing.world.files.expire_references()
    with pytest.raises(FileGone, match="No message"):
        await filing.fetch(file)


async def test_a_file_that_telegram_does_not_know_is_looked_for_once_and_gone(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB], (AWAY,)))
    file = await filing.file(1)
    filing.server.faults.fail(GET_FILE, RpcError(400, "FILE_ID_INVALID"), times=None)
    with pytest.raises(FileGone, match="FILE_ID_INVALID"):
        await filing.fetch(file, message_id=1)
    assert filing.refreshed == 1


async def test_references_that_never_hold_are_given_up(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB], (AWAY,)))
    file = await filing.file(1)
    filing.server.faults.fail(GET_FILE, RpcError(400, "FILE_REFERENCE_EXPIRED"), times=None)
    with pytest.raises(FileFailed, match="reference"):
        await filing.fetch(file, message_id=1)
    assert filing.refreshed == 3


async def test_broken_connections_cost_the_parts_on_them_and_no_others(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([20 * MIB], (AWAY,)))
    filing.server.faults.drop(GET_FILE, after=7)
    filing.server.faults.tear(GET_FILE, after=12)
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert 42 <= len(filing.seen.parts) <= 80
    assert filing.bytes == file.size


async def test_trouble_of_telegrams_own_passes(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([4 * MIB], (AWAY,)))
    filing.server.faults.fail(GET_FILE, RpcError(-503, "Timeout"), times=2)
    filing.server.faults.fail(GET_FILE, RpcError(500, "RPC_CALL_FAIL"), times=1)
    file = await filing.file(1)
    await filing.fetch(file)
    assert filing.is_whole(file)


async def test_a_refusal_names_itself_and_the_next_file_comes(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB, 5 * KIB], (AWAY,)))
    filing.server.faults.fail(GET_FILE, RpcError(400, "SOMETHING_NEW"))
    with pytest.raises(FileFailed, match="SOMETHING_NEW"):
        await filing.fetch(await filing.file(1))
    await filing.fetch(await filing.file(2))


async def test_parts_that_are_refused_together_say_it_once(files_on: Any, caplog: Any) -> None:
    filing = await files_on(files_of_sizes([30 * MIB], (AWAY,)))
    filing.server.faults.fail(GET_FILE, RpcError(400, "SOMETHING_NEW"), times=None)
    with pytest.raises(FileFailed, match="SOMETHING_NEW"):
        await filing.fetch(await filing.file(1))
    gc.collect()
    await asyncio.sleep(0)
    assert "never retrieved" not in caplog.text


async def test_new_references_that_expire_before_their_turn_are_no_reason_to_give_up(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB], (AWAY,)))
    file = await filing.file(1)

    def expire(call: Call, request: Any) -> None:
        filing.world.files.expire_references()

    filing.server.faults.before(GET_FILE, expire, times=8)
    await filing.fetch(file, message_id=1)
    assert filing.is_whole(file)
    assert filing.refreshed == 8


def flipped(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + data[1:]


def alter(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Let the server answer upload.getFile with `change(request, bytes)`: other bytes, or a TL object."""
    constructor = next(number for number, known in REGISTRY.items() if known.name == GET_FILE)
    known = REGISTRY[constructor]

    async def altered(call: Call, request: Any) -> Any:
        answer: Any = await known.handler(call, request)
        data = BinaryReader(answer).tgread_object().bytes
        found = change(request, data)
        return (
            found if not isinstance(found, bytes) else types.upload.File(types.storage.FileJpeg(), 0, found)
        )

    monkeypatch.setitem(REGISTRY, constructor, replace(known, handler=altered))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda request, data: data[:-8] if request.offset == MIB else data,
        lambda request, data: b"" if request.offset == MIB else data,
        lambda request, data: data + b"more" if request.offset == 2 * MIB else data,
    ],
    ids=["short", "empty", "long"],
)
async def test_a_part_of_another_length_is_no_part(files_on: Any, monkeypatch: Any, wrong: Any) -> None:
    filing = await files_on(files_of_sizes([2 * MIB + 100], (AWAY,)))
    alter(monkeypatch, wrong)
    file = await filing.file(1)
    with pytest.raises(FileFailed, match="bytes"):
        await filing.fetch(file)


async def test_a_redirect_to_the_cdn_is_said_clearly(files_on: Any, monkeypatch: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB], (AWAY,)))
    redirect = types.upload.FileCdnRedirect(203, b"token", b"k" * 32, b"v" * 32, [])
    alter(monkeypatch, lambda request, data: redirect)
    with pytest.raises(FileFailed, match="CDN"):
        await filing.fetch(await filing.file(1))


@pytest.mark.parametrize("told", [90_000, 150_000, 0])
async def test_a_photo_ends_where_the_server_ends_it(files_on: Any, told: int) -> None:
    filing = await files_on([photo_of(120_000, dc=AWAY)])
    file = msgspec.structs.replace(await filing.file(1), size=told)
    assert file.kind is MediaKind.PHOTO
    assert (await filing.fetch(file)).size == 120_000
    assert filing.is_whole(file)
    assert len(filing.seen.parts) == (2 if told else 1)


async def test_a_photo_that_is_cut_short_is_not_taken(files_on: Any, monkeypatch: Any) -> None:
    filing = await files_on([photo_of(120_000, dc=AWAY)])
    alter(
        monkeypatch,
        lambda request, data: data if request.offset else data[: min(60_000, request.limit - 4096)],
    )
    with pytest.raises(FileFailed, match="whole"):
        await filing.fetch(await filing.file(1))


@pytest.mark.parametrize("most", [100_000, 128 * KIB])
async def test_a_server_that_gives_less_at_once_is_asked_for_less(
    files_on: Any, monkeypatch: Any, most: int
) -> None:
    filing = await files_on([*files_of_sizes([MIB + 77], (AWAY,)), photo_of(300_000, dc=AWAY)])
    alter(monkeypatch, lambda request, data: data[:most])
    for number in (1, 2):
        file = await filing.file(number)
        await filing.fetch(file)
        assert filing.is_whole(file)


async def test_a_server_that_refuses_large_parts_is_asked_for_small_ones(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([MIB + 77, 5 * KIB], (AWAY,)))
    filing.server.faults.fail(
        GET_FILE, RpcError(400, "LIMIT_INVALID"), times=None, when=lambda _, request: request.limit > 64 * KIB
    )
    for number in (1, 2):
        file = await filing.file(number)
        await filing.fetch(file)
        assert filing.is_whole(file)


async def test_a_full_disk_is_told_as_such(files_on: Any, monkeypatch: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB, 3 * MIB], (AWAY,)))
    small, large = await filing.file(1), await filing.file(2)

    def full(*_given: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        for file in (small, large):
            with pytest.raises(DiskFull, match="No space"):
                await filing.fetch(file)
    await filing.fetch(large)
    assert filing.is_whole(large)


async def test_a_file_that_is_too_large_for_the_disk_is_that_files_trouble_alone(
    files_on: Any, monkeypatch: Any
) -> None:
    filing = await files_on(files_of_sizes([3 * MIB], (AWAY,)))
    real = os.pwrite

    def pwrite(handle: int, data: Any, offset: int) -> int:
        if offset >= MIB:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return real(handle, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(FileFailed, match="larger than a file may be"):
        await filing.fetch(await filing.file(1))


async def test_stopping_keeps_the_parts_that_came(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([30 * MIB], (AWAY,)))
    file = await filing.file(1)
    filing.server.faults.before(GET_FILE, lambda call, request: filing.account.governor.stop(), after=6)
    with pytest.raises(Stopped):
        await filing.fetch(file)
    asked = len(filing.seen.parts)
    came = filing.bytes
    assert 0 < came < file.size
    assert came % PART == 0
    filing.account.governor.resume()
    filing.bytes = 0
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert filing.bytes == file.size
    assert len(filing.seen.parts) - asked == (file.size - came) // PART


async def test_files_are_asked_for_inside_a_takeout(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([5 * KIB, 5 * KIB], (AWAY, HOME)))
    takeouts: list[int | None] = []
    filing.server.faults.before(GET_FILE, lambda call, request: takeouts.append(call.takeout_id), times=None)
    files = [await filing.file(1), await filing.file(2)]
    filing.server.keyring.open_takeout(4711, filing.world.account_id)
    filing.account.enter_takeout(4711)
    for file in files:
        await filing.fetch(file)
    assert takeouts == [4711, 4711]


async def test_a_fresh_file_is_the_one_of_that_id_in_that_message(files_on: Any) -> None:
    filing: Filing = await files_on(files_of_sizes([5 * KIB, 6 * KIB], (AWAY,)))
    file = await filing.file(1)
    filing.world.files.expire_references()
    again = await fresh_file(filing.account, filing.chat, 1, file.id)
    assert again is not None
    assert (again.id, again.access_hash) == (file.id, file.access_hash)
    assert again.reference != file.reference
    assert await fresh_file(filing.account, filing.chat, 2, file.id) is None
    assert await fresh_file(filing.account, filing.chat, 99, file.id) is None
    elsewhere = Chat(id=5, type=ChatType.PERSON, title="Nobody", access_hash=1)
    assert await fresh_file(filing.account, elsewhere, 1, file.id) is None
