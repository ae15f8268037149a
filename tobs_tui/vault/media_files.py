"""Media files put in place: whole, synced, under a name that nobody else's file has.

A file comes in `media/.partial` and takes its name by one step that replaces nothing. What of this was done
when a run was killed, the next one finds and takes for its own, by comparing content.
"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from tobs_tui.archive import ArchiveReader, FileFate, FileState, StoredFile
from tobs_tui.vault.media_names import MediaNames
from tobs_tui.vault.writer import refusal, same_content, sync_folder, translated

_NO_LINKS = frozenset(
    number
    for name in ("EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES", "EINVAL")
    if (number := getattr(errno, name, None)) is not None
)
"""What file systems answer that have no hard links (exFAT, some network drives)."""


class MediaShelf:
    """Where the finished files of one vault go. Safe in several threads."""

    def __init__(self, archive: ArchiveReader, vault: Path) -> None:
        self.names = MediaNames(archive, vault)
        self._vault = vault

    def put(self, file: StoredFile, part: Path) -> FileFate:
        """Put a file that has come whole in its place; returns what the archive is to be told of it.

        To be called in a thread: it reads the whole file for its digest. Killed before the archive is told,
        the file is taken over when it has come again.

        :raises DiskFull: :raises VaultNotWritable: naming the file; `part` is still there.
        """
        digest = digest_of(part)
        for path in self.names.paths(file):
            try:
                place(part, self._vault / path)
            except FileExistsError:
                continue
            break
        return FileFate(file.id, FileState.DONE, path=path, digest=digest)


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
