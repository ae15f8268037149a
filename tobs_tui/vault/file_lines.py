"""Files in a message: shown where they were downloaded, named with the reason where they weren't."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from tobs_tui.archive.values import NOTHING_ASKED, FileState, StoredFile
from tobs_tui.model import File, MediaKind
from tobs_tui.vault.escape import escape_line, escape_name, one_line
from tobs_tui.vault.quantities import counted, duration, size
from tobs_tui.vault.quotes import KIND_WORDS
from tobs_tui.vault.scene import Scene

IMAGES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".bmp", ".svg", ".webp", ".avif"))
SOUNDS_AND_FILMS = frozenset(
    ".ogg .mp3 .m4a .wav .flac .webm .3gp .mp4 .mov .mkv .ogv".split()  # noqa: SIM905
)
"""What Obsidian plays where it is embedded."""

WIDTH, ALBUM_WIDTH, STICKER_WIDTH = 480, 240, 160
"""Pixels that an image may take, when the file is wider."""

_UNSAID = frozenset((MediaKind.PHOTO, MediaKind.STICKER))
"""Kinds that need no word once they are seen."""
_PLURAL = {MediaKind.AUDIO: "audio files", MediaKind.VOICE: "voice messages", MediaKind.STICKER: "stickers"}


def is_here(file: File, scene: Scene) -> bool:
    """Whether the file was downloaded."""
    return _path(file, scene) is not None


def file_remark(file: File, scene: Scene) -> str | None:
    """What the sender's line says of a file: its kind, length and size, and why it isn't here."""
    here = is_here(file, scene)
    otherwise = _told_otherwise(file, scene) if here else None
    said = [_kind(file)]
    if file.duration and file.kind is not MediaKind.STICKER:
        said.append(duration(file.duration))
    if otherwise is not None:
        said.append(otherwise)
    elif file.kind is MediaKind.DOCUMENT or (
        not here and file.size > 0 and file.kind is not MediaKind.STICKER
    ):
        said.append(size(file.size))
    if file.ttl is not None:
        said.append("self-destructing")
    if here:
        return None if file.kind in _UNSAID and len(said) == 1 else ", ".join(said)
    return ", ".join([*said, why_missing(scene.files.get(file.id))])


def file_line(file: File, scene: Scene, *, width: int = WIDTH) -> str | None:
    """The line that shows a file: an embed, a link, a name, a sticker's emoji; None when there is nothing."""
    title = _title(file)
    path = _path(file, scene)
    if path is None:
        return title
    kind = path.suffix.lower()
    if kind in IMAGES:
        limit = STICKER_WIDTH if file.kind is MediaKind.STICKER else width
        wide = file.width is not None and file.width > limit
        return f"![[{path.name}|{limit}]]" if wide else f"![[{path.name}]]"
    if kind in SOUNDS_AND_FILMS:
        return f"![[{path.name}]]"
    if file.kind is MediaKind.STICKER and title:
        return title
    return f"[[{path.name}]]"


def album_remarks(files: Sequence[File], members: int, scene: Scene) -> list[str]:
    """What the sender's line says of an album: how many, and what of it isn't here."""
    by_reason: dict[str, list[File]] = {}
    for file in files:
        if not is_here(file, scene):
            by_reason.setdefault(why_missing(scene.files.get(file.id)), []).append(file)
    whole = f"album of {members}"
    if len(by_reason) == 1:
        reason, missing = by_reason.popitem()
        return [f"{whole}: {_together(missing, reason)}"]
    return [whole, *(_alone_or_together(missing, reason, scene) for reason, missing in by_reason.items())]


def _alone_or_together(missing: Sequence[File], reason: str, scene: Scene) -> str:
    alone = file_remark(missing[0], scene) if len(missing) == 1 else None
    return alone or _together(missing, reason)


def _together(missing: Sequence[File], reason: str) -> str:
    """`3 photos, 1 video, 276 KB, not downloaded: over the limit of 30 KB`."""
    kinds: dict[MediaKind, int] = {}
    for file in missing:
        kinds[file.kind] = kinds.get(file.kind, 0) + 1
    what = [counted(count, KIND_WORDS[kind], _PLURAL.get(kind)) for kind, count in kinds.items()]
    return f"{', '.join(what)}, {size(sum(file.size for file in missing))}, {reason}"


def album_line(files: Sequence[File], scene: Scene) -> list[str]:
    """The lines that show an album: its pictures side by side, each other file on its own."""
    shown = [line for file in files if (line := file_line(file, scene, width=ALBUM_WIDTH))]
    embeds = [line for line in shown if line.startswith("![[")]
    others = [line for line in shown if not line.startswith("![[")]
    return [*([" ".join(embeds)] if embeds else []), *others]


def why_missing(stored: StoredFile | None) -> str:
    """Why a file isn't here: `not downloaded: over the limit of 50 MB`."""
    if stored is None:
        return "not downloaded"
    reason = escape_name(stored.reason) if stored.reason else ""
    match stored.state:
        case FileState.UNASKED:
            return "not downloaded yet"
        case FileState.GONE:
            return f"gone from Telegram{reason and ': ' + reason}"
        case FileState.OTHER_KIND if reason == NOTHING_ASKED:
            return "not downloaded"
        case FileState.OTHER_KIND:
            return f"not downloaded: {reason or 'not among the kinds asked for'}"
        case FileState.TOO_LARGE:
            return f"not downloaded: over the limit {limit_words(stored.reason)}"
    return f"not downloaded: {reason or 'it failed'}"


def limit_words(limit: str | None) -> str:
    """The limit of size that left a file out, as the archive keeps it (bytes): `of 50 MB`."""
    return f"of {size(int(limit)).replace('.0 ', ' ')}" if limit and limit.isdecimal() else "of size"


def _path(file: File, scene: Scene) -> PurePosixPath | None:
    """Where a file stands; None where it isn't done."""
    stored = scene.files.get(file.id)
    if stored is None or stored.state is not FileState.DONE or stored.path is None:
        return None
    return PurePosixPath(stored.path)


def _told_otherwise(file: File, scene: Scene) -> str | None:
    """What is said of a file that is not as long as its message says; a photo's size there is a hint only."""
    stored = scene.files.get(file.id)
    if stored is None or file.thumb is not None or file.size <= 0 or stored.size == file.size:
        return None
    is_like, told = size(stored.size), size(file.size)
    if is_like == told:
        is_like, told = f"{stored.size:,} bytes", f"{file.size:,}"
    return f"{is_like}, its message says {told}"


def _kind(file: File) -> str:
    return "spoiler " + KIND_WORDS[file.kind] if file.spoiler else KIND_WORDS[file.kind]


def _title(file: File) -> str | None:
    """The file's own name, where it has one that says more than its kind."""
    if file.kind is MediaKind.STICKER:
        return escape_line(one_line(file.emoji)) if file.emoji else None
    if file.kind is MediaKind.AUDIO and (file.title or file.performer):
        return escape_line(one_line(" – ".join(filter(None, (file.performer, file.title))), 200))
    if file.name and file.kind in (MediaKind.DOCUMENT, MediaKind.AUDIO):
        return escape_line(one_line(file.name, 200)) or None
    return None
