"""Blocks of messages gathered into the files of one note.

Messages come in order and in pieces, each with the scene that was read for it; a file is given out when it is
full or when nothing more comes, so that a note of any length takes the memory of one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from tobs_tui.model import NoteLayout
from tobs_tui.vault.albums import Group
from tobs_tui.vault.calendar import Calendar, day_in_words
from tobs_tui.vault.message_block import message_block
from tobs_tui.vault.note import Part
from tobs_tui.vault.scene import Order, Scene


@dataclass(frozen=True, slots=True)
class Piece:
    """Some groups of messages in order, and what their lines need to know."""

    groups: list[Group]
    scene: Scene


def parts(pieces: Iterable[Piece], calendar: Calendar, starts: list[Order]) -> Iterator[tuple[Part, bool]]:
    """Give a note's files in order, each with whether it is the last.

    `starts` is filled with where further parts begin; the scenes should share it.
    """
    with_days = calendar.layout is not NoteLayout.DAILY
    part = Part(1)
    day: date | None = None
    for piece in pieces:
        scene = replace(piece.scene, part=part.number, named=part.named)
        for group in piece.groups:
            first = group[0].message
            block = message_block(group, scene).encode()
            heading = b""
            if with_days and day != (today := calendar.day(first.date)):
                day = today
                heading = f"## {day_in_words(today)}".encode()
            if part.is_full(block):
                yield part, False
                starts.append(scene.order_of(first))
                part = Part(part.number + 1)
                scene = replace(scene, part=part.number, named=part.named)
                # Once more: a link to what is now another file has its name.
                block = message_block(group, scene).encode()
            if heading:
                part.add(heading)
            part.add(block)
            _count(part, group, scene)
    if part.messages:
        yield part, True


def _count(part: Part, group: Group, scene: Scene) -> None:
    part.messages += len(group)
    for stored in group:
        if stored.message.action is None:
            part.wrote(scene.sender(stored.message))
