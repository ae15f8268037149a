"""What a vault keeps from its first export on: time zone and layout, and asking before they change."""

from __future__ import annotations

import sys

from tobs_tui.archive import Archive, ArchiveReader
from tobs_tui.config import Settings, machine_timezone
from tobs_tui.errors import UsageError
from tobs_tui.model import NoteLayout
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.publisher import Publisher

_TIMEZONE, _LAYOUT = "timezone", "layout"


def kept_timezone(settings: Settings, archive: ArchiveReader) -> str:
    """The time zone of the vault's notes; before the first export, of the settings."""
    return archive.meta(_TIMEZONE) or settings.timezone or machine_timezone()


def kept_calendar(settings: Settings, archive: ArchiveReader) -> Calendar:
    """Which note a moment belongs to, by the time zone and layout that the vault was begun with."""
    layout = NoteLayout(archive.meta(_LAYOUT) or settings.note_layout)
    return Calendar(kept_timezone(settings, archive), layout)


def open_publisher(settings: Settings, archive: Archive) -> Publisher:
    """The publisher of this vault; from now on it keeps its time zone and layout."""
    calendar = kept_calendar(settings, archive)
    archive.set_meta(_TIMEZONE, calendar.timezone)
    archive.set_meta(_LAYOUT, calendar.layout.value)
    return Publisher(
        archive,
        settings.export_path,
        calendar,
        deleted=settings.note_deleted,
        formats=settings.export_formats,
    )


def settle_changes(settings: Settings, archive: Archive, *, yes: bool) -> bool:
    """Change a vault's layout or time zone when that was asked for and is meant; whether it was.

    All notes come out anew then; their links from a person's own notes no longer hold.

    :raises UsageError: nobody is there to ask, and `yes` was not given.
    """
    changed = False
    for key, name, wanted in (
        (
            _LAYOUT,
            "layout",
            settings.note_layout.value if settings.origin("note_layout") != "default" else None,
        ),
        (_TIMEZONE, "time zone", settings.timezone),
    ):
        kept = archive.meta(key)
        if wanted is None or kept is None or kept == wanted:
            continue
        if not yes:
            _ask(
                f"The vault's {name} is {kept}. With {wanted} every note is published anew, and links to "
                f"them from your own notes may break",
                name,
                kept,
            )
        archive.set_meta(key, wanted)
        archive.mark_all_dirty(note_of=kept_calendar(settings, archive).note_of)
        changed = True
    return changed


def _ask(question: str, name: str, kept: str) -> None:
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(f"{question}.", file=sys.stderr)
        print("Change it? [y/N] ", end="", file=sys.stderr, flush=True)
        if input().strip().lower() in ("y", "yes"):
            return
    raise UsageError(question, f"Add --yes if that is meant, or leave the {name} at {kept}")
