"""Which program opens a note here: the window system's own, Obsidian, or an editor in the terminal."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from tobs_tui.errors import UsageError
from tobs_tui.ui.ports import Program


def program_for(note: Path, vault: Path, *, obsidian: bool) -> Program:
    """What opens a note of a vault. :raises UsageError: nothing here does."""
    target = f"obsidian://open?path={quote(str(note), safe='')}" if obsidian else str(note)
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    has_windows = sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if has_windows and shutil.which(opener):
        return Program((opener, target))
    if obsidian:
        raise UsageError("No window system here to open Obsidian in", f"Open the folder {vault} as a vault")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    words = editor.split() if editor else [next(filter(shutil.which, ("less", "more", "vi")), "")]
    if not words[0]:
        raise UsageError("No program here opens a note", "Set EDITOR to one")
    return Program((*words, target), in_terminal=True)
