"""The names of media files: `media/2025-01-05 holiday 5310423899123456742.jpg`.

The date of the file (in the vault's time zone), its name or kind, its whole id: so a name follows from the
file alone and is the same whatever came first. It is safe on every system and in a wikilink, and unique
without regard to case. Where somebody else's file has the name, ours takes a number behind its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tobs_tui.archive import ArchiveReader, FileState, StoredFile
from tobs_tui.model import NoteLayout
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.media_endings import parted
from tobs_tui.vault.names import MEDIA_FOLDER, safe_name, seen

PARTIAL_FOLDER = f"{MEDIA_FOLDER}/.partial"
"""Where files are while they come, relative to the vault."""

_NAME_BYTES = 80
"""Of the sender's name for the file: with all else about 130, which encrypted folders take too."""
_LONGEST = 2048
"""Characters looked at, from either end of a name."""
_OURS = re.compile(
    r"\d{4,5}-\d\d-\d\d .+ (?P<id>\d{1,20})(?: \(\d+\))?\.[a-z0-9]{1,12}(?:\.[a-z0-9]{1,4})?\Z"
)
_IDS = 2**64


class MediaNames:
    """Gives the names of one vault's media files."""

    def __init__(self, archive: ArchiveReader, vault: Path) -> None:
        self._vault = vault
        self._calendar = Calendar(archive.meta("timezone") or "UTC", NoteLayout.DAILY)

    def path_of(self, file: StoredFile) -> str:
        """Return where a file stands, or may be put: relative to the vault, with `/`.

        A file of the same size that stands at its name may be this one, of a run that was killed before
        it could say so. `media_files.place` compares them; where they differ, the next of `paths` is its.
        """
        return next(self.paths(file))

    def paths(self, file: StoredFile) -> Iterator[str]:
        """Give the path of a file that is here; else all that may be its, the best first, without end."""
        if file.state is FileState.DONE and file.path is not None:
            yield file.path
            return
        base, ending = self._base(file)
        for number in count(1):
            again = f" ({number})" if number > 1 else ""
            path = f"{MEDIA_FOLDER}/{base}{again}{ending}"
            if self._may_be(path, file):
                yield path

    def _base(self, file: StoredFile) -> tuple[str, str]:
        sent = file.name or ""
        if len(sent) > 2 * _LONGEST:
            sent = sent[:_LONGEST] + sent[-_LONGEST:]
        stem, ending = parted(seen(sent), file.kind, file.mime)
        name = safe_name(stem, file.kind.value.replace("_", " "), _NAME_BYTES)
        return f"{self._calendar.day(file.date).isoformat()} {name} {file.id % _IDS}", ending

    def _may_be(self, path: str, file: StoredFile) -> bool:
        target = self._vault / path
        if target.is_symlink():
            return False
        try:
            there = target.stat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return target.is_file() and there.st_size == file.size


def id_in(name: str) -> int | None:
    """Return the id of the file that a name of our form is for; None for any other name."""
    found = _OURS.match(name)
    if found is None:
        return None
    number = int(found["id"])
    return number - _IDS if number >= _IDS // 2 else number
