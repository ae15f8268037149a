"""One writer to an archive at a time, told by a lock file that ends with its process.

Readers need no lock. The process id beside the lock is a hint for people and never an authority.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

from tobs_tui.errors import ArchiveBusy

# Told as a notice instead.
warnings.filterwarnings("ignore", message="flock not supported", category=UserWarning)


class WriterLock:
    """Held from `acquire` to `release`, or to the end of the process, however it comes."""

    def __init__(self, folder: Path, name: str = "archive") -> None:
        self._folder = folder
        self._name = name
        self._hint = folder / f"{name}.pid"
        self._lock = FileLock(str(folder / f"{name}.lock"), timeout=0, mode=0o600, thread_local=False)

    def acquire(self) -> None:
        """:raises ArchiveBusy: another process (or another part of this one) holds it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise ArchiveBusy(
                f"The {self._name} in {self._folder} is being written by another run{self._holder()}",
                "Wait for it to end, or stop it; reading it meanwhile is fine",
            ) from error
        try:
            self._write_hint()
        except BaseException:
            self._lock.release()
            raise

    @property
    def notice(self) -> str | None:
        """What a person should know of how it is held; None where locks work."""
        if not isinstance(self._lock, SoftFileLock):
            return None
        return (
            f"Files can't be locked in {self._folder} (a network drive?), so a marker file keeps a second "
            "run away. ARCHIVE_PATH can put the archive on a local disk"
        )

    def release(self) -> None:
        """Safe to call twice."""
        if not self._lock.is_locked:
            return
        self._hint.unlink(missing_ok=True)
        self._lock.release()

    def _write_hint(self) -> None:
        with os.fdopen(os.open(self._hint, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(str(os.getpid()))

    def _holder(self) -> str:
        try:
            pid = self._hint.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""
        return f" (process {pid})" if pid.isdecimal() else ""
