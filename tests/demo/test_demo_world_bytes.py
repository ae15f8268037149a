"""The generated world's files stay few and small enough to be exported whole, however many its messages."""

from __future__ import annotations

from typing import Any

import pytest
from telethon.extensions import BinaryReader

from tobs_tui.demo.world import World, generate_world
from tobs_tui.demo.world.content import content_of
from tobs_tui.demo.world.files import FileSpec, StoredFile
from tobs_tui.demo.world.history import History
from tobs_tui.demo.world.stamp import Slot

MB = 1_000_000
USES = {"photo", "video", "round", "voice", "audio", "animation", "document"}
SEEDS = (1, 7, 13)


def shown(history: History) -> list[tuple[int, int]]:
    """Index and file id of each file that a history's messages show, without reading the messages."""
    found = []
    for index in range(len(history)):
        for _, slot, argument in history.template_at(index).slots or ():
            if slot is Slot.FILE:
                found.append((index, history.file_id(index, argument & 7, argument >> 3)))
    return found


def distinct(world: World) -> list[StoredFile]:
    ids = {file_id for chat in world.dialogs() for _, file_id in shown(chat.history)}
    found = [world.files.find(file_id) for file_id in sorted(ids)]
    assert None not in found
    return [file for file in found if file is not None]


def largest(world: World) -> History:
    return max((chat.history for chat in world.chats.values()), key=len)


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_default_world_is_exported_in_a_coffee_break(seed: int) -> None:
    files = distinct(generate_world(seed=seed))
    sizes = sorted((file.spec.size for file in files), reverse=True)
    assert 60 * MB < sum(sizes) < 92 * MB
    assert 300 < len(files) < 450
    assert sizes[0] > 18 * MB
    assert 7 * MB < sizes[1] < 10 * MB
    assert sizes[2] < 2.5 * MB
    assert {file.spec.use for file in files} == USES
    assert len({file.dc for file in files}) == 4
    photos = sorted(file.spec.size for file in files if file.spec.use == "photo")
    assert photos[len(photos) // 10] > 25_000
    assert photos[-1] < 260_000


def test_twenty_times_the_messages_are_three_times_the_files() -> None:
    files = distinct(generate_world(messages=200_000))
    assert sum(file.spec.size for file in files) < 200 * MB
    assert len(files) < 1_500


@pytest.mark.slow
def test_a_million_messages_show_less_than_three_hundred_megabytes() -> None:
    files = distinct(generate_world(messages=1_000_000))
    assert sum(file.spec.size for file in files) < 300 * MB
    assert 1_000 < len(files) < 3_000


def test_a_file_shown_again_is_the_same_document_to_the_byte(world: World) -> None:
    history = largest(world)
    seen: dict[int, tuple[int, Any]] = {}
    again = 0
    for index, file_id in shown(history):
        message = BinaryReader(history.raw(index)).tgread_object()
        file: Any = getattr(message, "photo", None) or getattr(message, "document", None)
        if getattr(file, "id", None) != file_id:
            continue
        assert file.date <= message.date
        if file_id in seen:
            again += 1
            before, first = seen[file_id]
            assert history.ids[before] != message.id
            assert file.to_dict() == first.to_dict()
        seen[file_id] = index, file
    assert again > 200
    assert len(seen) > 150


def test_a_chat_whose_scenes_play_once_shows_each_file_once(world: World) -> None:
    for chat in world.dialogs():
        if chat.history is not largest(world):
            ids = [file_id for _, file_id in shown(chat.history)]
            assert len(ids) == len(set(ids)), chat.title
            assert not chat.history.files_before


def test_files_of_one_scene_differ_in_size_from_run_to_run(world: World) -> None:
    sizes = {file.spec.size for file in distinct(world) if file.spec.use == "photo"}
    assert len(sizes) > 50


def test_every_file_that_the_default_world_shows_holds_what_it_states(world: World) -> None:
    kinds: dict[tuple[str, int, int], FileSpec] = {}
    for file in distinct(world):
        key = (file.spec.kind, file.spec.width, file.spec.height)
        if file.spec.size < 3 * MB and file.spec.size < kinds.get(key, file.spec).size + 1:
            kinds[key] = file.spec
    for spec in kinds.values():
        data = content_of(spec, 99).read(0, spec.size)
        assert len(data) == spec.size
        if spec.kind == "jpeg":
            assert data[:3] == b"\xff\xd8\xff"
            assert data.rstrip(b"\0")[-2:] == b"\xff\xd9"
        if spec.kind == "mp4":
            assert {b"ftyp", b"moov", b"mdat"} <= {data[at : at + 4] for at in box_places(data)}


def box_places(data: bytes) -> list[int]:
    """Where the names of an MP4's boxes stand; the boxes fill it to the end."""
    at, found = 0, []
    while at < len(data):
        found.append(at + 4)
        at += int.from_bytes(data[at : at + 4], "big")
    assert at == len(data)
    return found
