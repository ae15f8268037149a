"""Unmodified Telethon on the whole server: lists, histories, files of other DCs, updates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest
from telethon import errors, events
from telethon.tl import functions, types

from tests.demo.asking import ask, peer, titled
from tobs_tui.demo.methods.files import check_part
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.world import World, generate_world
from tobs_tui.demo.world.chat import Chat

StartServer = Callable[..., Awaitable[DemoServer]]
MakeClient = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def shared_world() -> World:
    return generate_world(messages=1_200)


@pytest.fixture
async def client(shared_world: World, demo_server: StartServer, raw_client: MakeClient) -> Any:
    server = await demo_server(shared_world)
    return await raw_client(server.info, login=True)


def with_media(world: World, chat: Chat, kind: Any, home: int, *, elsewhere: bool) -> Any:
    """A message whose photo or document lives on the home DC, or on another."""
    for message_id in chat.history.ids:
        message = world.message(chat.id, message_id)
        file: Any = getattr(message.media, "photo", None) or getattr(message.media, "document", None)
        if isinstance(file, kind) and (file.dc_id != home) is elsewhere and not message.web_preview:
            return message
    raise AssertionError("no such message")


async def test_telethon_lists_and_reads_everything(client: Any, shared_world: World) -> None:
    dialogs = await client.get_dialogs()
    assert {dialog.id for dialog in dialogs} == {chat.id for chat in shared_world.dialogs()}
    rust = next(dialog for dialog in dialogs if "Rust" in dialog.name)
    read = [message.id async for message in client.iter_messages(rust, limit=None, wait_time=0)]
    assert read == list(reversed(titled(shared_world, "Rust").history.ids))
    upwards = [
        message.id async for message in client.iter_messages(rust, limit=None, wait_time=0, reverse=True)
    ]
    assert upwards == list(reversed(read))
    photos = await client.get_messages(rust, limit=None, filter=types.InputMessagesFilterPhotos)
    assert photos and all(message.photo for message in photos)


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("kind", [types.Photo, types.Document])
async def test_a_file_arrives_whole_from_whichever_dc(
    client: Any, shared_world: World, kind: type, elsewhere: bool
) -> None:
    town = titled(shared_world, "Internacional")
    wanted = with_media(shared_world, town, kind, 2, elsewhere=elsewhere)
    chat = await client.get_input_entity(peer(shared_world, town))
    message = await client.get_messages(chat, ids=wanted.id)
    data = await client.download_media(message, file=bytes)
    assert len(data) == message.file.size
    document = types.InputDocumentFileLocation if kind is types.Document else types.InputPhotoFileLocation
    file = message.media.photo if kind is types.Photo else message.media.document
    thumb = file.sizes[-1].type if kind is types.Photo else ""
    location = document(file.id, file.access_hash, file.file_reference, thumb)
    hashes = await ask(shared_world, functions.upload.GetFileHashesRequest(location, 0), dc_id=file.dc_id)
    for each in hashes:
        assert sha256(data[each.offset : each.offset + each.limit]).digest() == each.hash


async def test_expired_references_are_renewed_by_asking_for_the_message(
    client: Any, shared_world: World
) -> None:
    town = titled(shared_world, "Internacional")
    wanted = with_media(shared_world, town, types.Document, 2, elsewhere=False)
    chat = await client.get_input_entity(peer(shared_world, town))
    message = await client.get_messages(chat, ids=wanted.id)
    shared_world.files.expire_references()
    file = message.media.document
    location = types.InputDocumentFileLocation(file.id, file.access_hash, file.file_reference, "")
    with pytest.raises(errors.FileReferenceExpiredError):
        await client(functions.upload.GetFileRequest(location, 0, 4096))
    fresh = await client.get_messages(chat, ids=wanted.id)
    assert fresh.media.document.file_reference != file.file_reference
    assert len(await client.download_media(fresh, file=bytes)) == fresh.file.size


async def test_references_can_expire_after_a_number_of_parts(shared_world: World) -> None:
    files = shared_world.files
    files.uses_of_reference = 3
    begin = files.epoch
    for _ in range(7):
        files.used()
    files.uses_of_reference = None
    assert files.epoch == begin + 2


async def test_files_are_refused_under_wrong_names(shared_world: World) -> None:
    town = titled(shared_world, "Internacional")
    file = with_media(shared_world, town, types.Photo, 2, elsewhere=False).photo
    other = with_media(shared_world, town, types.Photo, 2, elsewhere=True).photo
    size = file.sizes[-1].type
    wrong = [
        (types.InputPhotoFileLocation(file.id, 1, file.file_reference, size), "FILE_ID_INVALID"),
        (types.InputPhotoFileLocation(file.id, file.access_hash, b"", size), "FILE_REFERENCE_EMPTY"),
        (types.InputPhotoFileLocation(file.id, file.access_hash, b"old", size), "FILE_REFERENCE_EXPIRED"),
        (
            types.InputPhotoFileLocation(file.id, file.access_hash, file.file_reference, "z"),
            "FILE_ID_INVALID",
        ),
        (
            types.InputDocumentFileLocation(file.id, file.access_hash, file.file_reference, ""),
            "FILE_ID_INVALID",
        ),
        (
            types.InputPhotoFileLocation(other.id, other.access_hash, other.file_reference, "m"),
            "FILE_MIGRATE_",
        ),
        (types.InputTakeoutFileLocation(), "LOCATION_INVALID"),
    ]
    for location, error in wrong:
        with pytest.raises(RpcError, match=error):
            await ask(shared_world, functions.upload.GetFileRequest(location, 0, 4096))


@pytest.mark.parametrize(
    ("offset", "limit", "error"),
    [
        (0, 1024 * 1024, None),
        (512 * 1024, 512 * 1024, None),
        (4096, 4096, None),
        (100, 4096, "OFFSET_INVALID"),
        (-4096, 4096, "OFFSET_INVALID"),
        (0, 5000, "LIMIT_INVALID"),
        (0, 0, "LIMIT_INVALID"),
        (0, 2 * 1024 * 1024, "LIMIT_INVALID"),
        (0, 12288, "LIMIT_INVALID"),
        (768 * 1024, 512 * 1024, "LIMIT_INVALID"),
    ],
)
def test_parts_follow_the_rules(offset: int, limit: int, error: str | None) -> None:
    if error is None:
        check_part(offset, limit, precise=None)
        return
    with pytest.raises(RpcError, match=error):
        check_part(offset, limit, precise=None)


def test_precise_parts_may_be_finer() -> None:
    check_part(1024, 3 * 1024, precise=True)
    with pytest.raises(RpcError, match="OFFSET_INVALID"):
        check_part(1000, 1024, precise=True)


async def test_posts_reach_a_listening_client(demo_server: StartServer, raw_client: MakeClient) -> None:
    world = generate_world(messages=60)
    server = await demo_server(world)
    client = await raw_client(server.info, login=True)
    await client.get_dialogs()
    town, anna = titled(world, "Internacional"), titled(world, "Anna")
    heard: asyncio.Queue[Any] = asyncio.Queue()
    client.add_event_handler(heard.put, events.NewMessage())
    client.add_event_handler(heard.put, events.MessageDeleted())
    world.post(town.id, "good morning", sender=anna.id)
    event = await asyncio.wait_for(heard.get(), 10)
    assert event.raw_text == "good morning"
    world.post(anna.id, "psst", sender=anna.id)
    assert (await asyncio.wait_for(heard.get(), 10)).raw_text == "psst"
    gone = anna.history.top
    world.delete(anna.id, [gone])
    assert (await asyncio.wait_for(heard.get(), 10)).deleted_ids == [gone]


async def test_takeout_ranges_read_all_private_messages(client: Any, shared_world: World) -> None:
    anna = titled(shared_world, "Anna")
    takeout_id = (await client(functions.account.InitTakeoutSessionRequest(message_users=True))).id

    async def inside(request: Any) -> Any:
        return await client(functions.InvokeWithTakeoutRequest(takeout_id, request))

    ranges = await inside(functions.messages.GetSplitRangesRequest())
    seen = []
    for each in ranges:
        below = 0
        while True:
            inner = functions.messages.GetHistoryRequest(
                peer(shared_world, anna), below, None, 0, 100, 0, 0, 0
            )
            page = await inside(functions.InvokeWithMessagesRangeRequest(each, inner))
            if not page.messages or isinstance(page.messages[0], types.MessageEmpty):
                break
            seen += [message.id for message in page.messages]
            below = seen[-1]
    assert sorted(seen) == list(anna.history.ids)
    # Who asks for no range learns of the newest one alone; who asks for one outside of a takeout, of nothing.
    whole = functions.messages.GetHistoryRequest(peer(shared_world, anna), 0, None, 0, 100, 0, 0, 0)
    newest = [number for number in anna.history.ids if number >= ranges[-1].min_id]
    unranged = (await inside(whole)).messages
    told = [message.id for message in unranged if not isinstance(message, types.MessageEmpty)]
    assert told == newest[-100:][::-1]
    with pytest.raises(errors.TakeoutRequiredError):
        await client(functions.InvokeWithMessagesRangeRequest(ranges[0], whole))
