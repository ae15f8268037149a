"""A world from Telegram Desktop's JSON exports: a file, or a folder with several."""

from __future__ import annotations

from tobs_tui.demo.world.desktop.load import load_world

__all__ = ["load_world"]
