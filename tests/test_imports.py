"""Who imports whom: a run without a screen loads no Textual, and imports run downward only."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCREENLESS = ["cli", "config", "shutdown", "text", "logs", "archive", "telegram", "vault", "export", "demo"]


def modules_loaded_by(name: str) -> set[str]:
    """Import every module below `name` in a fresh interpreter, and return what is loaded then."""
    program = f"""
import importlib, pkgutil, sys
module = importlib.import_module({name!r})
for found in pkgutil.walk_packages(getattr(module, "__path__", []), {name + "."!r}):
    importlib.import_module(found.name)
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("room", SCREENLESS)
def test_a_run_without_a_screen_loads_no_textual(room: str) -> None:
    name = f"tobs_tui.{room}"
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"there is no {name} yet")
    loaded = modules_loaded_by(name)
    assert name in loaded
    assert not {module for module in loaded if module.partition(".")[0] == "textual"}


@pytest.mark.parametrize("room", ["config", "shutdown", "text", "logs", "archive", "vault"])
def test_rooms_below_telegram_load_no_telethon(room: str) -> None:
    assert "telethon" not in modules_loaded_by(f"tobs_tui.{room}")


def test_imports_run_downward_only() -> None:
    if importlib.util.find_spec("importlinter") is None:
        pytest.skip("import-linter is of the dev extra")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
