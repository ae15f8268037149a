"""Media files put in place: whole, synced, under a name that nobody else's file has.

A file comes in `media/.partial` and takes its name by one step that replaces nothing. What of this was done
when a run was killed, the next one finds and takes for its own, by comparing content.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from tobs_tui.archive import Archive, FileState, StoredFile
from tobs_tui.model import NoteKey
from tobs_tui.vault.media_names import MediaNames
from tobs_tui.vault.writer import refusal, same_content, sync_folder, translated

NoteOf = Callable[[int, int | None], NoteKey]

_NO_LINKS = frozenset(
    number
    for name in ("EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES", "EINVAL")
    if (number := getattr(errno, name, None)) is not None
)
"""What file systems answer that have no hard links (exFAT, some network drives)."""


class MediaShelf:
    """Keeps finished files of one vault, and tells the archive. Safe in several threads."""

    def __init__(self, archive: Archive, vault: Path, note_of: NoteOf) -> None:
        self.names = MediaNames(archive, vault)
        self._archive = archive
        self._vault = vault
        self._note_of = note_of

    def keep(self, file: StoredFile, part: Path) -> str:
        """Put a file that has come whole in its place, and make it done; returns its path in the vault.

        To be called in a thread: it reads the whole file for its digest.

        :raises DiskFull: :raises VaultNotWritable: naming the file; `part` is still there.
        """
        digest = digest_of(part)
        for path in self.names.paths(file):
            try:
                place(part, self._vault / path)
            except FileExistsError:
                continue
            break
        self._archive.save_file_state(file.id, FileState.DONE, self._note_of, path=path, digest=digest)
        return path


def digest_of(path: Path) -> str:
    """Return a hash (SHA-256, hex) of a file's content, read as a stream.

    :raises VaultNotWritable: it can't be read.
    """
    with translated(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(part: Path, final: Path) -> None:
    """Give a finished file its name: synced, in one step, replacing nothing. `part` is no more then.

    A file of the same content that stands there already is taken for this one.

    :raises FileExistsError: the name is another file's; both are as they were.
    :raises DiskFull: :raises VaultNotWritable: as their classes say.
    """
    with translated(final):
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        final.parent.mkdir(parents=True, exist_ok=True)
    try:
        _link(part, final)
    except FileExistsError:
        with translated(final):
            is_same = final.is_file() and not final.is_symlink() and same_content(final, part)
        if not is_same:
            raise
    except OSError as error:
        raise refusal(final, error) from error
    sync_folder(final.parent)
    with translated(part):
        part.unlink(missing_ok=True)


def _link(part: Path, final: Path) -> None:
    """Give `part` a second name; where there are no such, its name alone."""
    try:
        os.link(part, final, follow_symlinks=False)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
    else:
        return
    # Between the look and the rename somebody could still take the name: without links there is no better.
    if os.path.lexists(final):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
    part.rename(final)
