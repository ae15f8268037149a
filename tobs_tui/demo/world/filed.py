"""A world of given files: one channel, a message for each, their bytes made where they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from telethon.tl import types

from tobs_tui.demo.world.chance import mix64
from tobs_tui.demo.world.chat import Chat, Kind
from tobs_tui.demo.world.files import FileSpec
from tobs_tui.demo.world.media import document_media, tl_document, tl_photo
from tobs_tui.demo.world.ownstamp import OwnStamp
from tobs_tui.demo.world.people import Person
from tobs_tui.demo.world.template import About, fixed_template
from tobs_tui.demo.world.world import World

CHANNEL, ACCOUNT = 1_400_000_001, 7_100_000_001
FIRST_DATE = 1_736_078_400
"""5 January 2025, 12:00 UTC; a message a minute from then on."""


def files_of_sizes(sizes: Sequence[int], dcs: Sequence[int]) -> list[FileSpec]:
    """Documents of these sizes, dealt to the DCs in turn."""
    return [
        FileSpec(
            "bytes", size, "application/octet-stream", name=f"{number}.bin", dc=dcs[(number - 1) % len(dcs)]
        )
        for number, size in enumerate(sizes, 1)
    ]


def small_sizes(count: int, low: int, high: int, seed: int = 1) -> list[int]:
    """So many sizes between two, smaller ones more often, as people's files are."""
    draw = Random(seed)
    return [int(low * (high / low) ** draw.random()) for _ in range(count)]


def world_of_files(specs: Sequence[FileSpec], *, seed: int = 1) -> World:
    """A world with one channel, whose messages 1, 2, 3 … show these files."""
    world = World(ACCOUNT, mix64(seed * 0x1_0001 + 11))
    world.people.add(Person(ACCOUNT, "Sam", "Rivers", "samrivers", world.phone, contact=True))
    chat = world.add_chat(Kind.CHANNEL, CHANNEL, "Files")
    chat.broadcast = True
    chat.date = FIRST_DATE
    for spec in specs:
        post_file(world, chat, spec)
    return world


def post_file(world: World, chat: Chat, spec: FileSpec, *, caption: str = "") -> int:
    """A new message of a channel that shows this file; its id."""
    message_id = chat.history.top + 1
    date = FIRST_DATE + 60 * message_id
    stamp = OwnStamp(chat.history, message_id, date, (spec,))
    if spec.use == "photo":
        media: object = types.MessageMediaPhoto(photo=tl_photo(spec, stamp.file(0), date, world.files))
    else:
        media = document_media(spec, tl_document(spec, stamp.file(0), date, world.files))
    message = types.Message(
        id=message_id, peer_id=chat.peer, date=date, message=caption, post=True, media=media
    )
    tag = "photo" if spec.use == "photo" else "document"
    chat.history.append(message_id, date, fixed_template(message, About(caption, 0, tags=frozenset((tag,)))))
    return message_id


def photo_of(size: int, *, dc: int = 0, width: int = 1280, height: int = 960) -> FileSpec:
    """A photo whose largest size has so many bytes."""
    sizes = (("m", 320, 240, min(size, 9_000)), ("y", width, height, size))
    spec = FileSpec("jpeg", size, "image/jpeg", width, height, use="photo", sizes=sizes)
    return replace(spec, dc=dc)
