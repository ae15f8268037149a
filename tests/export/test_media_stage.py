"""Files beside the history: whole, once, under their names, whatever the way looks like."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.export.media_truth import (
    asked_by,
    dated,
    digest_at_server,
    files_of,
    lose_one,
    on_disk,
    shown_at,
    truth_of,
)
from tests.telegram.filing import shut
from tobs_tui.archive import ArchiveReader
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world.filed import files_of_sizes, world_of_files
from tobs_tui.export.job import Span
from tobs_tui.export.report import RunStatus
from tobs_tui.model import MediaKind
from tobs_tui.telegram import dc_router
from tobs_tui.telegram.file_requests import PART
from tobs_tui.vault.verify import verify

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

ALL = frozenset(MediaKind)
SMALL = frozenset({MediaKind.PHOTO, MediaKind.VOICE, MediaKind.STICKER, MediaKind.ANIMATION})
"""Kinds whose files come quickly."""
STICKERS = frozenset({MediaKind.STICKER})


async def test_every_file_arrives_whole_and_once_and_the_second_run_fetches_none(lab: MakeLab) -> None:
    one = await lab(messages=400)
    report = await one.run(media=ALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one)
    assert report.media_files == len(files_of(one))
    assert report.media_bytes == sum(file.size for file in files_of(one))
    assert report.stages["media"].items == report.media_files
    asked = one.server.requests["upload.getFile"]
    again = await one.run(media=ALL)
    assert again.status is RunStatus.COMPLETE
    assert (again.media_files, one.server.requests["upload.getFile"]) == (0, asked)


async def test_a_file_that_many_chats_show_is_fetched_once_and_linked_in_all(lab: MakeLab) -> None:
    one = await lab(messages=300)
    report = await one.run(media=STICKERS)
    assert report.status is RunStatus.COMPLETE
    places = shown_at(one)
    shared = [file_id for file_id, chats in places.items() if len(chats) > 1]
    assert shared
    names = {file.id: str(file.path) for file in files_of(one) if file.path}
    assert one.server.requests["upload.getFile"] == len(names)
    notes = b"\n".join(one.notes().values()).decode()
    for file_id in shared:
        assert notes.count(names[file_id].removeprefix("media/")) >= len(places[file_id])


async def test_references_that_expire_again_and_again_are_refreshed(lab: MakeLab) -> None:
    one = await lab(messages=300)
    one.world.files.uses_of_reference = 20
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one, SMALL)


async def test_references_that_grew_old_since_are_refreshed_many_at_once(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run()
    one.world.files.expire_references()
    before = Counter(one.server.requests)
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one, SMALL)
    asked = Counter(one.server.requests) - before
    refreshes = asked["messages.getMessages"] + asked["channels.getMessages"]
    assert 0 < refreshes < report.media_files / 3


async def test_a_flood_on_one_dc_holds_back_its_files_alone(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run()
    busy = Counter(file.dc for file in files_of(one)).most_common(1)[0][0]
    one.server.faults.fail(
        "upload.getFile",
        RpcError(420, "FLOOD_WAIT_2"),
        times=1,
        after=3,
        when=lambda call, _: call.dc_id == busy,
    )
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert report.flood_wait_s >= 2
    assert on_disk(one) == truth_of(one, SMALL)


async def test_dropped_connections_lose_no_file(lab: MakeLab) -> None:
    one = await lab(messages=300)
    for _ in range(6):
        one.server.faults.drop("upload.getFile", times=1, after=9)
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one, SMALL)


async def test_what_is_asked_for_later_comes_without_fetching_messages_again(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run()
    assert not (one.settings.export_path / "media").exists()
    assert any(b"not downloaded" in note for note in one.notes().values())
    nothing_new = await asked_by(one, frozenset())
    photos = frozenset({MediaKind.PHOTO})
    assert await asked_by(one, photos, max_file_size=50_000) == nothing_new
    some = on_disk(one)
    assert some == truth_of(one, photos, 50_000)
    assert any(b"over the limit of" in note for note in one.notes().values())
    assert await asked_by(one, SMALL) == nothing_new
    assert on_disk(one) == truth_of(one, SMALL)
    assert some.items() <= on_disk(one).items()


async def test_dates_limit_the_files_too(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run()
    dates = sorted(date for date, _ in dated(one))
    since, until = dates[len(dates) // 3], dates[2 * len(dates) // 3]
    report = await one.run(media=SMALL, span=Span(since, until))
    assert report.status is RunStatus.COMPLETE, report.errors
    wanted = {file.id for date, file in dated(one) if since <= date < until and file.kind in SMALL}
    assert set(on_disk(one)) == wanted


async def test_a_file_that_telegram_lost_is_told_once_and_stops_no_other(lab: MakeLab) -> None:
    one = await lab(messages=300)
    lost = lose_one(one)
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.INCOMPLETE
    told = [error for error in report.errors if "gone from Telegram" in error.what]
    assert len(told) == len(report.errors) == 1
    assert told[0].fix == "Its note says so; nothing to do"
    truth = truth_of(one, SMALL)
    del truth[lost()]
    assert on_disk(one) == truth
    assert any(b"gone from Telegram" in note for note in one.notes().values())
    again = await one.run(media=SMALL)
    assert (again.status, again.errors) == (RunStatus.COMPLETE, ())


async def test_a_refused_file_is_named_and_tried_again(lab: MakeLab) -> None:
    one = await lab(messages=300)
    rule = one.server.faults.fail(
        "upload.getFile", RpcError(400, "FILE_WHATEVER"), times=None, when=lambda call, _: call.dc_id == 5
    )
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.INCOMPLETE
    refused = {file.id for file in files_of(one) if file.dc == 5 and file.kind in SMALL}
    assert rule.hits >= len(refused) > 0
    assert sum(chat.files_failed for chat in report.chats) == len(refused) == len(report.errors)
    assert on_disk(one) == {id_: hash_ for id_, hash_ in truth_of(one, SMALL).items() if id_ not in refused}
    one.server.faults.clear()
    assert (await one.run(media=SMALL)).status is RunStatus.COMPLETE
    assert on_disk(one) == truth_of(one, SMALL)


async def test_somebody_elses_files_of_the_same_names_stay(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run(media=SMALL)
    names = {file.id: str(file.path) for file in files_of(one) if file.path}
    other = await lab(server=one.server, vault="other")
    for name in names.values():
        theirs = other.settings.export_path / name
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_bytes(b"mine" + (one.settings.export_path / name).read_bytes()[4:])
    report = await other.run(media=SMALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    for name in names.values():
        assert (other.settings.export_path / name).read_bytes().startswith(b"mine")
    done = [file for file in files_of(other) if file.path]
    assert {file.id for file in done} == set(names)
    for file in done:
        content = (other.settings.export_path / str(file.path)).read_bytes()
        assert sha256(content).hexdigest() == digest_at_server(one, file.id)
    with ArchiveReader.open(other.settings.archive_dir) as archive:
        checks = verify(archive, other.settings.export_path)
    assert [check.problems for check in checks if check.problems] == []


async def test_too_little_room_is_told_before_the_files_come(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=300)
    monkeypatch.setattr(
        "tobs_tui.export.media_room.shutil.disk_usage", lambda path: SimpleNamespace(free=20_000_000)
    )
    report = await one.run(media=ALL)
    assert (report.status, report.exit_code) == (RunStatus.FAILED, 1)
    assert any("don't fit" in error.what and "--max-file-size" in error.fix for error in report.errors)
    assert any("of them kept for notes" in error.what for error in report.errors)
    one.assert_holds_all()
    assert report.media_bytes < 20_000_000


async def test_a_full_disk_ends_the_run_and_the_next_goes_on(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=300)
    await one.run()
    real, left = os.pwrite, 3_000_000

    def pwrite(handle: int, data: bytes | memoryview, offset: int) -> int:
        nonlocal left
        left -= len(data)
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data, offset)

    with monkeypatch.context() as patched:
        patched.setattr("os.pwrite", pwrite)
        report = await one.run(media=SMALL)
    assert (report.status, report.exit_code) == (RunStatus.FAILED, 1)
    assert any("No space left" in error.what for error in report.errors)
    assert len(report.errors) == 1
    report = await one.run(media=SMALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one, SMALL)


def bytes_done(lab: Lab) -> int:
    media = lab.exporter.snapshot().media if lab.exporter is not None else None
    return media.bytes_done if media is not None else 0


async def test_a_stop_leaves_a_large_file_half_way_and_the_next_run_goes_on(lab: MakeLab) -> None:
    one = await lab(messages=300)
    video = frozenset({MediaKind.VIDEO})
    await one.run()
    largest = max(file.size for file in files_of(one) if file.kind is MediaKind.VIDEO)
    one.server.faults.slow("upload.getFile", 0.05)
    loop = asyncio.get_running_loop()

    async def stop_half_way() -> None:
        while bytes_done(one) < 20_000_000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        one.shutdown.request("test")

    stopping = loop.create_task(stop_half_way())
    began = loop.time()
    report = await one.run(media=video)
    await stopping
    assert report.status is RunStatus.DRAINED
    assert loop.time() - began < 60
    assert (one.settings.export_path / "media" / ".partial").exists()
    parts = one.server.requests["upload.getFile"]
    one.server.faults.clear()
    report = await one.run(media=video)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one, video)
    whole = sum(-(-file.size // PART) for file in files_of(one) if file.kind is MediaKind.VIDEO)
    assert one.server.requests["upload.getFile"] <= whole + 8
    assert parts > 10
    assert largest > 20_000_000


async def test_a_pause_holds_files_too(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run()
    one.server.faults.slow("upload.getFile", 0.02)
    run = asyncio.ensure_future(one.run(media=SMALL))
    while not one.server.requests["upload.getFile"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert one.exporter is not None
    one.exporter.pause()
    await asyncio.sleep(0.4)
    asked = one.server.requests["upload.getFile"]
    await asyncio.sleep(0.3)
    assert one.server.requests["upload.getFile"] == asked
    assert one.exporter.paused
    one.exporter.resume()
    assert (await run).status is RunStatus.COMPLETE
    assert on_disk(one) == truth_of(one, SMALL)


async def test_a_file_placed_and_not_yet_told_is_taken_over(lab: MakeLab) -> None:
    one = await lab(messages=300)
    await one.run(media=SMALL)
    truth = on_disk(one)
    # As a kill between the two leaves it: the file stands there, the archive does not know.
    with sqlite3.connect(one.settings.archive_dir / "archive.db") as archive:
        archive.execute("UPDATE files SET state='unasked', path=NULL, digest=NULL WHERE state='done'")
    archive.close()
    assert (await one.run(media=SMALL)).status is RunStatus.COMPLETE
    assert on_disk(one) == truth


async def test_a_file_that_moved_to_a_dc_that_is_down_costs_no_other(
    lab: MakeLab, demo_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dc_router, "GIVE_UP_AFTER", 0.6)
    server = await demo_server(world_of_files(files_of_sizes([5_000] * 80, (4,))))
    one = await lab(server=server)
    await one.run()
    moved = sorted(file.id for file in files_of(one))[::20]
    server.faults.fail(
        "upload.getFile",
        RpcError(303, "FILE_MIGRATE_5"),
        times=None,
        when=lambda call, request: call.dc_id == 4 and request.location.id in moved,
    )
    shut(server, 5)
    report = await one.run(media=ALL)
    assert report.status is RunStatus.INCOMPLETE
    assert report.media_files == 76
    assert len(report.errors) == len(moved) == 4
    assert all("DC 5, which could not be reached" in error.what for error in report.errors)


async def test_a_folder_that_cant_be_written_is_told_and_no_note_tells_where_it_is(lab: MakeLab) -> None:
    one = await lab(messages=300)
    one.settings.export_path.mkdir()
    (one.settings.export_path / "media").write_text("mine")
    report = await one.run(media=SMALL)
    assert (report.status, report.exit_code) == (RunStatus.FAILED, 1)
    assert any("can be written into" in error.fix for error in report.errors)
    assert any(b"can't be written here" in note for note in one.notes().values())
    assert not any(bytes(one.settings.export_path) in note for note in one.notes().values())
    (one.settings.export_path / "media").unlink()
    assert (await one.run(media=SMALL)).status is RunStatus.COMPLETE
    assert on_disk(one) == truth_of(one, SMALL)
