"""The bytes of files: real ones of their kind, of the stated size, readable at any offset."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from tobs_tui.demo.world.content.jpeg import jpeg
from tobs_tui.demo.world.content.papers import pdf, text, zip_archive
from tobs_tui.demo.world.content.parts import Content, DiskPart, Filler, Part
from tobs_tui.demo.world.content.pictures import gif, png, tgs, webp
from tobs_tui.demo.world.content.sound import mp3, ogg
from tobs_tui.demo.world.content.video import mp4, webm
from tobs_tui.demo.world.files import FileSpec

KEPT = 24
"""Contents kept ready; each holds at most a few hundred kilobytes."""

_kept: OrderedDict[tuple[int, int, int], Content] = OrderedDict()


_MAKERS: dict[str, Callable[[FileSpec, int], Sequence[Part]]] = {
    "jpeg": jpeg,
    "png": png,
    "gif": gif,
    "webp": webp,
    "tgs": tgs,
    "mp4": mp4,
    "webm": webm,
    "ogg": ogg,
    "mp3": mp3,
    "pdf": pdf,
    "zip": zip_archive,
    "text": text,
}


def content_of(spec: FileSpec, file_id: int) -> Content:
    """The bytes of a file; the same description and id give the same bytes always."""
    key = (file_id, spec.size, spec.width)
    content = _kept.get(key)
    if content is None:
        content = _kept[key] = Content(_parts(spec, file_id), spec.size)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return content


def _parts(spec: FileSpec, file_id: int) -> Sequence[Part]:
    if spec.path is not None:
        return [DiskPart(spec.path, spec.size)]
    make = _MAKERS.get(spec.kind)
    return make(spec, file_id) if make else [Filler(spec.size, file_id)]


__all__ = ["Content", "content_of"]
