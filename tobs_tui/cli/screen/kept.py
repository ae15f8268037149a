"""What the screen was asked once: the theme, the last export's options, presets. A file of the user's own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import msgspec
import platformdirs
from msgspec import Struct
from msgspec.structs import replace

from tobs_tui import logs
from tobs_tui.errors import SettingsError
from tobs_tui.model import MediaKind
from tobs_tui.ui.ports import ExportOptions, Preset

TEXT_AND_PHOTOS = frozenset({MediaKind.PHOTO, MediaKind.VOICE, MediaKind.STICKER})

FIRST_PRESETS = (
    Preset("Everything, files up to 50 MB", ExportOptions()),
    Preset("Text and photos", ExportOptions(media=TEXT_AND_PHOTOS)),
    Preset("Text alone", ExportOptions(media=frozenset())),
    Preset("Everything, files of any size", ExportOptions(max_file_size=None)),
)


class Kept(Struct, frozen=True):
    """The file's content."""

    theme: str = "tobs"
    options: ExportOptions | None = None
    presets: tuple[Preset, ...] = ()


def kept_file() -> Path:
    return platformdirs.user_config_path("tobs-tui", appauthor=False) / "screen.json"


def load(file: Path | None = None) -> Kept:
    """Read it; a missing or broken one is as none."""
    try:
        return msgspec.json.decode((file or kept_file()).read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError):
        return Kept()


def save(kept: Kept, file: Path | None = None) -> None:
    """Replace it whole. :raises SettingsError: it can't be written."""
    target = file or kept_file()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".screen-")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(msgspec.json.format(msgspec.json.encode(kept)))
            Path(temporary).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise SettingsError(f"{target} can't be written: {error.strerror}") from error


class Keeper:
    """Owns what is kept and writes each change at once. One that can't be written is told in the log alone.

    :param with_options: whether the last export's options are kept, too.
    """

    def __init__(self, kept: Kept | None = None, *, with_options: bool = True) -> None:
        self._kept = kept or load()
        self._with_options = with_options

    @property
    def theme(self) -> str:
        return self._kept.theme

    @property
    def options(self) -> ExportOptions | None:
        return self._kept.options if self._with_options else None

    @property
    def presets(self) -> tuple[Preset, ...]:
        return (*FIRST_PRESETS, *self._kept.presets)

    def keep_theme(self, theme: str) -> None:
        if theme != self._kept.theme:
            self._keep(replace(self._kept, theme=theme))

    def keep_options(self, options: ExportOptions) -> None:
        if self._with_options:
            self._keep(replace(self._kept, options=options))

    def keep_preset(self, preset: Preset) -> None:
        """Add it; it replaces one of the same name."""
        others = tuple(one for one in self._kept.presets if one.name != preset.name)
        self._keep(replace(self._kept, presets=(*others, preset)))

    def _keep(self, kept: Kept) -> None:
        self._kept = kept
        try:
            save(kept)
        except SettingsError as error:
            logs.warning("%s", error.line())
