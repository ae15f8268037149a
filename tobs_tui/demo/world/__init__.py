"""The data behind the demo server: generated from a seed, or loaded from Telegram Desktop exports."""

from __future__ import annotations

from tobs_tui.demo.world.desktop import load_world
from tobs_tui.demo.world.generate import generate_world
from tobs_tui.demo.world.world import Folder, Remapped, World

__all__ = ["Folder", "Remapped", "World", "generate_world", "load_world"]
