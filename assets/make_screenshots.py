"""Draws the README's pictures from the app's own scenes: SVG by Textual, and PNG by `rsvg-convert`.

python assets/make_screenshots.py
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.ui import scenes  # noqa: E402

SIZE = (120, 36)
PICTURES = {
    "chats": scenes.chats_scene,
    "options": scenes.options_scene,
    "run": scenes.run_scene,
    "summary": scenes.summary_scene,
    "archive": scenes.archive_scene,
}


async def draw(name: str) -> Path:
    """One scene as SVG."""
    app, play = PICTURES[name]()
    async with app.run_test(size=SIZE) as pilot:
        await play(pilot)
        drawn = app.export_screenshot(title="tobs-tui")
    # Renderers other than browsers drop the blanks at the beginning of a text otherwise.
    file = HERE / f"{name}.svg"
    file.write_text(drawn.replace("<text ", '<text xml:space="preserve" '), encoding="utf-8")
    return file


def main() -> None:
    renderer = shutil.which("rsvg-convert")
    for name in PICTURES:
        file = asyncio.run(draw(name))
        if renderer:
            picture = file.with_suffix(".png")
            subprocess.run([renderer, "-w", "1600", str(file), "-o", str(picture)], check=True)
        print(file)


if __name__ == "__main__":
    main()
