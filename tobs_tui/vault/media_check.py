"""Holds the media files of a vault against what the archive knows of them, and makes repairing possible.

A file that is done must stand under its name, of its size and with its content. One that a person moved
inside the vault is followed: wikilinks go by name. Nobody's file is ever deleted: what isn't as it should be
is moved aside before the right one comes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from tobs_tui.archive import Archive, ArchiveReader, FileFate, FileState, StoredFile
from tobs_tui.errors import VaultNotWritable
from tobs_tui.model import NoteKey
from tobs_tui.vault.media_files import digest_of
from tobs_tui.vault.media_names import PARTIAL_FOLDER, id_in
from tobs_tui.vault.names import EDITS_SUFFIX, MEDIA_FOLDER
from tobs_tui.vault.quantities import size
from tobs_tui.vault.writer import translated

NoteOf = Callable[[int, int | None], NoteKey]

ORPHANS_FOLDER = f"{MEDIA_FOLDER}/orphaned"
"""Where repairing puts files of ours that no row knows, relative to the vault; links to them hold."""

_PIECE = 500
_PART = re.compile(r"(?P<id>-?\d{1,20})(?:\.parts|\.whole)?\Z")
"""What `telegram.part_file` calls a file on its way, its journal, and one that came whole."""


class BadFile(Struct, frozen=True):
    """A file that the archive has as done and that isn't as it was when it came."""

    file_id: int
    path: str
    """Where it stands or should, relative to the vault."""
    what: str
    """`missing`, `short`, `altered` or `unreadable`."""
    words: str
    """The same for a person: the path, and what is wrong."""


def bad_files(reader: ArchiveReader, vault: Path, chat_ids: Iterable[int] | None = None) -> Iterator[BadFile]:
    """Give the files of these histories (or all) that are missing, short, altered or can't be read.

    Sizes are looked at first; the content of those that have theirs is read and hashed, as a stream.
    """
    elsewhere = _Elsewhere(vault)
    for file in reader.done_files(chat_ids):
        bad = _look_at(file, vault, elsewhere)
        # A run beside may have moved on: what is bad must be so by what the archive says now.
        if bad is not None and (now := reader.file(file.id)) is not None and now.state is FileState.DONE:
            if now != file:
                bad = _look_at(now, vault, elsewhere)
            if bad is not None:
                yield bad


def forget_missing(archive: Archive, vault: Path, note_of: NoteOf) -> int:
    """Make files unasked that somebody took out of the vault: no note links to them then. Returns how many.

    The folder is listed and nothing in it is looked at (100,000 files: 0.4 s); what is short or altered is
    found by `bad_files`. A file that was moved inside the vault is followed by its name.
    """
    there = set(_names_in(vault / MEDIA_FOLDER))
    elsewhere = _Elsewhere(vault)
    missing = (
        FileFate(file_id, FileState.UNASKED)
        for file_id, path, size in archive.done_paths()
        if not (_is_listed(path, there) or _stands(vault, (path, *elsewhere.find(Path(path).name)), size))
    )
    count = 0
    while piece := list(islice(missing, _PIECE)):
        archive.save_fates(piece, note_of)
        count += len(piece)
    return count


def orphans(reader: ArchiveReader, vault: Path) -> Iterator[str]:
    """Give the files in `media/` that have a name of our form and that no row knows, and second ones of ours.

    What a killed run placed and couldn't tell the archive any more is none: its row waits for it. Nor is what
    somebody else put under a name that ours would have had.
    """
    names = _names_in(vault / MEDIA_FOLDER)
    found = ((name, file_id) for name in names if (file_id := id_in(name)) is not None)
    while piece := list(islice(found, _PIECE)):
        known = reader.files_with(file_id for _, file_id in piece)
        for name, file_id in piece:
            path = f"{MEDIA_FOLDER}/{name}"
            if _is_strange(vault, path, known.get(file_id)):
                yield path


def mark_for_repair(archive: Archive, vault: Path, bad: Iterable[BadFile], note_of: NoteOf) -> set[int]:
    """Make bad files unasked, so that the next run fetches them; what stands there is moved aside first.

    Returns the histories whose messages show them.

    :raises VaultNotWritable: naming a file that can't be moved; it and those behind it stay bad.
    """
    histories: set[int] = set()
    found = iter(bad)
    while piece := list(islice(found, _PIECE)):
        for one in piece:
            if one.what != "missing":
                _move_aside(vault, one.path)
            histories.update(chat_id for chat_id, _ in archive.file_places(one.file_id))
        archive.save_fates([FileFate(one.file_id, FileState.UNASKED) for one in piece], note_of)
    return histories


def put_orphans_aside(vault: Path, paths: Iterable[str]) -> int:
    """Move orphans into a folder of their own, where links to them still hold; returns how many.

    :raises VaultNotWritable: naming a file that can't be moved.
    """
    count = 0
    for path in paths:
        target = vault / ORPHANS_FOLDER / Path(path).name
        with translated(vault / path):
            target.parent.mkdir(parents=True, exist_ok=True)
            (vault / path).rename(_free(target, ""))
        count += 1
    return count


def clean_parts(reader: ArchiveReader, vault: Path) -> int:
    """Delete what partial downloads left behind of files that none will ask for again; returns how many.

    Those are done, gone, unknown, or shown by deleted messages alone.
    """
    folder = vault / PARTIAL_FOLDER
    found = ((name, int(part["id"])) for name in _names_in(folder) if (part := _PART.match(name)))
    count = 0
    for piece in iter(lambda: list(islice(found, _PIECE)), []):
        known = reader.files_with(file_id for _, file_id in piece)
        for name, file_id in piece:
            if not _is_to_come(reader, known.get(file_id)):
                with translated(folder / name):
                    (folder / name).unlink(missing_ok=True)
                count += 1
    return count


def _is_to_come(reader: ArchiveReader, file: StoredFile | None) -> bool:
    if file is None or file.state in (FileState.DONE, FileState.GONE):
        return False
    return any(reader.live_of(chat_id, (message_id,)) for chat_id, message_id in reader.file_places(file.id))


class _Elsewhere:
    """The files of a vault by name; read once, when the first isn't where it was."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._paths: dict[str, list[str]] | None = None

    def find(self, name: str) -> Sequence[str]:
        if self._paths is None:
            self._paths = {}
            for folder, folders, files in os.walk(self._vault):
                folders[:] = sorted(one for one in folders if not one.startswith("."))
                where = Path(folder).relative_to(self._vault)
                if where == Path(MEDIA_FOLDER):
                    continue
                for one in files:
                    if id_in(one) is not None:
                        self._paths.setdefault(one, []).append((where / one).as_posix())
        return self._paths.get(name, ())


def _is_listed(path: str, names: Container[str]) -> bool:
    folder, _, name = path.rpartition("/")
    return folder == MEDIA_FOLDER and name in names


def _stands(vault: Path, paths: Iterable[str], size: int) -> bool:
    """Whether a file of this size has one of these paths."""
    for path in paths:
        try:
            if (vault / path).stat().st_size == size:
                return True
        except OSError:
            continue
    return False


def _look_at(file: StoredFile, vault: Path, elsewhere: _Elsewhere) -> BadFile | None:
    assert file.path is not None
    bad = _look(file, file.path, vault)
    if bad is None or bad.what != "missing":
        return bad
    for path in elsewhere.find(Path(file.path).name):
        bad = _look(file, path, vault)
        if bad is None:
            return None
    return bad


def _look(file: StoredFile, path: str, vault: Path) -> BadFile | None:
    target = vault / path
    try:
        there = target.stat().st_size if target.is_file() else None
    except OSError:
        there = None
    if there is None:
        return BadFile(file.id, path, "missing", f"{path} is missing")
    if there < file.size:
        return BadFile(file.id, path, "short", f"{path} is short: {size(there)} of {size(file.size)}")
    if there > file.size:
        return BadFile(file.id, path, "altered", f"{path} was altered")
    try:
        if file.digest is not None and digest_of(target) != file.digest:
            return BadFile(file.id, path, "altered", f"{path} was altered")
    except VaultNotWritable as error:
        return BadFile(file.id, path, "unreadable", f"{path} can't be read: {error.__cause__}")
    return None


def _is_strange(vault: Path, path: str, file: StoredFile | None) -> bool:
    if file is None:
        return True
    if file.state is not FileState.DONE:
        # One that a later run left out, by kind or size, waits like the others until it is asked for again.
        return file.state is FileState.GONE
    return path != file.path and _look(file, path, vault) is None


def _names_in(folder: Path) -> Iterator[str]:
    """The names of a folder's files, in no order: there may be a million."""
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        yield from (entry.name for entry in entries if entry.is_file(follow_symlinks=False))


def _move_aside(vault: Path, path: str) -> None:
    """Keep a file that was altered under a name of its own."""
    target = vault / path
    with translated(target):
        if os.path.lexists(target):
            target.rename(_free(target, EDITS_SUFFIX))


def _free(target: Path, suffix: str) -> Path:
    """A name with a suffix before its ending, and a number where that is taken."""
    stem, number = f"{target.stem}{suffix}", 1
    while True:
        again = f" {number}" if number > 1 else ""
        candidate = target.with_name(f"{stem}{again}{target.suffix}")
        if not os.path.lexists(candidate):
            return candidate
        number += 1
