"""What a person chooses for an export: settings as options to choose among, and choices as settings again.

Comes before the first paint, so that `Settings` are used here and not imported.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tobs_tui.export.job import Span
from tobs_tui.model import MediaKind
from tobs_tui.ui.ports import ExportOptions

if TYPE_CHECKING:
    from tobs_tui.config import Settings


def offered(settings: Settings, last: ExportOptions | None) -> ExportOptions:
    """What a person starts from: the last options or the settings, without dates, in the settings' folder."""
    options = last or ExportOptions(
        media=settings.media_kinds,
        layout=settings.note_layout,
        formats=settings.export_formats,
        takeout=settings.use_takeout,
    )
    if settings.origin("media_max_file_size") != "default":
        options = replace(options, max_file_size=settings.media_max_file_size)
    return replace(options, since="", until="", folder=str(settings.export_path.absolute()))


def overrides(options: ExportOptions, vault: Path) -> dict[str, object]:
    """The settings' fields that the options set. Another folder than `vault` has an archive of its own."""
    folder = Path(options.folder).expanduser().absolute()
    given: dict[str, object] = {
        "media_kinds": ",".join(kind for kind in MediaKind if kind in options.media) or "none",
        "media_max_file_size": str(options.max_file_size) if options.max_file_size is not None else "none",
        "note_layout": options.layout.value,
        "export_formats": ",".join(options.formats),
        "use_takeout": options.takeout,
        "export_path": folder,
    }
    if folder != vault:
        given["archive_path"] = folder / ".tobs"
    return given


def span(options: ExportOptions, timezone: str) -> Span:
    """The days that were typed. :raises UsageError: one can't be read."""
    from tobs_tui.cli.arguments import parse_date

    return Span(
        parse_date(options.since or None, "The first day", timezone),
        parse_date(options.until or None, "The last day", timezone),
    )


def look_at(folder: str) -> tuple[Path, int | None, str]:
    """The whole path, free bytes where it is or would be, and why it can't be used. It may block."""
    path = Path(folder).expanduser().absolute()
    there = next((parent for parent in (path, *path.parents) if parent.exists()), None)
    if there is None:
        return path, None, f"{path} can't be made"
    if not there.is_dir():
        return path, None, f"{there} is no folder"
    if not os.access(there, os.W_OK):
        return path, None, f"{there} can't be written to"
    return path, shutil.disk_usage(there).free, ""
