"""Files where something is wrong with the folder, the disk or the server."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.export.media_truth import files_of, on_disk, shown_at, truth_of
from tests.telegram.filing import shut
from tobs_tui.archive import ArchiveReader
from tobs_tui.demo.methods import files as demo_files
from tobs_tui.demo.world.content import content_of
from tobs_tui.demo.world.filed import files_of_sizes, world_of_files
from tobs_tui.export import full_disk
from tobs_tui.export.media_room import SPARED
from tobs_tui.export.report import RunStatus
from tobs_tui.model import MediaKind
from tobs_tui.telegram import dc_router
from tobs_tui.telegram.file_requests import PART
from tobs_tui.vault.verify import verify

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

ALL = frozenset(MediaKind)


async def test_a_part_file_of_full_size_is_not_taken_for_whole_when_a_power_cut_took_its_journal(
    lab: MakeLab, demo_server: Any
) -> None:
    one = await lab(server=await demo_server(world_of_files(files_of_sizes([2 * PART + 9], (4,)))))
    await one.run()
    (file,) = files_of(one)
    part = one.settings.export_path / "media" / ".partial" / str(file.id)
    part.parent.mkdir(parents=True)
    # The last part was written and the first ones were not: a file with a hole, of the right size.
    part.write_bytes(bytes(file.size))
    report = await one.run(media=ALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one)


async def test_a_folder_that_cant_be_written_is_told_once_with_the_number_of_files(
    lab: MakeLab, demo_server: Any
) -> None:
    one = await lab(server=await demo_server(world_of_files(files_of_sizes([900] * 30, (4, 5)))))
    one.settings.export_path.mkdir()
    (one.settings.export_path / "media").write_text("mine")
    report = await one.run(media=ALL)
    assert (report.status, report.exit_code) == (RunStatus.FAILED, 1)
    (error,) = report.errors
    told = re.match(r"(\d+) files could not be put into the vault", error.what)
    assert told is not None
    assert 5 <= int(told[1]) <= 30  # as many as were met before it was told
    assert [(chat.state, chat.files_failed) for chat in report.chats] == [("incomplete", 30)]


async def test_files_of_a_dc_that_is_down_leave_their_chat_incomplete(
    lab: MakeLab, demo_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dc_router, "GIVE_UP_AFTER", 0.6)
    one = await lab(server=await demo_server(world_of_files(files_of_sizes([900] * 30, (4, 5)))))
    shut(one.server, 5)
    report = await one.run(media=ALL)
    assert report.status is RunStatus.INCOMPLETE
    (error,) = report.errors
    assert "DC 5 could not be reached: 15 files were" in error.what
    assert [(chat.state, chat.files, chat.files_failed) for chat in report.chats] == [("incomplete", 15, 15)]


async def test_a_file_that_many_chats_show_needs_room_once(
    lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(messages=300)
    stickers = frozenset({MediaKind.STICKER})
    await one.run(media=stickers)
    places, sizes = shown_at(one), {file.id: file.size for file in files_of(one)}
    needed = sum(sizes[file_id] for file_id in places)
    assert sum(sizes[file_id] * len(chats) for file_id, chats in places.items()) > needed
    monkeypatch.setattr(
        "tobs_tui.export.media_room.shutil.disk_usage", lambda path: SimpleNamespace(free=SPARED + needed)
    )
    other = await lab(server=one.server, vault="other")
    await other.run()
    other.server.faults.slow("upload.getFile", 0.3, times=12)
    report = await other.run(media=stickers)
    assert report.status is RunStatus.COMPLETE, report.errors


async def test_a_file_that_somebody_took_away_comes_again_or_is_no_link_any_more(lab: MakeLab) -> None:
    one = await lab(messages=300)
    stickers = frozenset({MediaKind.STICKER})
    await one.run(media=stickers)
    truth, notes = on_disk(one), one.notes()
    file_id, chats = max(shown_at(one).items(), key=lambda shown: len(shown[1]))
    assert len(chats) > 1
    path = next(str(file.path) for file in files_of(one) if file.id == file_id)
    moved = next(str(file.path) for file in files_of(one) if file.path and file.id != file_id)
    asked = one.server.requests["upload.getFile"]

    # Wikilinks go by name: a file that was moved inside the vault is still there.
    (one.settings.export_path / "Album").mkdir()
    there = (one.settings.export_path / moved).rename(one.settings.export_path / "Album" / Path(moved).name)
    (one.settings.export_path / path).unlink()
    report = await one.run(media=stickers)
    assert (report.status, report.media_files) == (RunStatus.COMPLETE, 1)
    assert any("1 file that had been fetched" in notice for notice in report.notices)
    assert one.server.requests["upload.getFile"] == asked + 1
    there.rename(one.settings.export_path / moved)
    assert on_disk(one) == truth
    assert one.notes() == notes

    (one.settings.export_path / path).unlink()
    await one.run()
    assert not any(Path(path).name.encode() in note for note in one.notes().values())
    assert any(Path(moved).name.encode() in note for note in one.notes().values())


async def test_a_file_that_ends_elsewhere_than_told_is_kept_once_two_runs_found_the_same_end(
    lab: MakeLab, demo_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, had = [3000, 3 * PART + 9, 700, 2 * PART], [2500, PART + 77, 9000, 2 * PART]
    one = await lab(server=await demo_server(world_of_files(files_of_sizes(told, (4, 5)))))
    located = demo_files._located

    def ends_elsewhere(call: Any, location: Any) -> Any:
        file, spec, _ = located(call, location)
        spec = replace(spec, size=had[told.index(spec.size)])
        return file, spec, content_of(spec, file.id)

    monkeypatch.setattr(demo_files, "_located", ends_elsewhere)
    first = await one.run(media=ALL)
    assert first.status is RunStatus.INCOMPLETE
    assert sum("of it, and its message says" in error.what for error in first.errors) == 3
    assert (first.media_files, len(first.errors)) == (1, 3)
    second = await one.run(media=ALL)
    assert (second.status, second.media_files) == (RunStatus.COMPLETE, 3), second.errors
    done = {str(file.path): file.size for file in files_of(one)}
    assert sorted(done.values()) == sorted(had)
    assert all((one.settings.export_path / path).stat().st_size == size for path, size in done.items())
    (note,) = (note for name, note in one.notes().items() if "2025-01-05" in name)
    assert note.count(b"its message says") == 3
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        checks = verify(archive, one.settings.export_path)
    assert [check.problems for check in checks if check.problems] == []


async def test_files_wait_for_space_where_somebody_can_free_it_and_then_all_come(
    lab: MakeLab, demo_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await lab(server=await demo_server(world_of_files(files_of_sizes([3 * PART, 900] * 12, (4, 5)))))
    monkeypatch.setattr(full_disk, "LOOK_FIRST", 0.5)
    real, is_full = os.pwrite, True

    def pwrite(handle: int, data: bytes | memoryview, offset: int) -> int:
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data, offset)

    monkeypatch.setattr("os.pwrite", pwrite)
    run = asyncio.create_task(one.run(media=ALL, waits_for_space=True))
    async with asyncio.timeout(20):
        while one.exporter is None or not one.exporter.snapshot().disk_full:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    one.exporter.resume()  # too soon: it waits once more
    await asyncio.sleep(0.3)
    assert one.exporter.paused
    is_full = False  # and nobody says so: the free space is looked at
    report = await run
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one)
