"""Takes the README's pictures from the running app on the embedded server: SVG by Textual, and PNG.

    python assets/make_screenshots.py

A flow as a person goes through it: three chats are marked, exported and read, on a server 200 ms away. PNG
needs `rsvg-convert` (Debian: librsvg2-bin) and fonts for the world's scripts (fonts-noto-core, -cjk,
-color-emoji).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tobs_tui.cli.demo import DemoOptions, demo_settings, running_server  # noqa: E402
from tobs_tui.cli.screen.host import ScreenHost  # noqa: E402
from tobs_tui.ui.app import TobsApp  # noqa: E402
from tobs_tui.ui.ports import Reach  # noqa: E402

SIZE = (120, 36)
MARKED = ("Trip to Lisbon", "Portugal Trains: comments", "Lisboa Internacional")


async def take_all(ready: dict[str, Any]) -> None:
    """Go through the flow, and stop for a picture at each screen."""
    vault = Path.home() / "Notes" / "Telegram"
    host = ScreenHost(
        lambda more: demo_settings(ready, vault, more),
        sign_in=lambda account: _sign_in(account, ready),
        keeps_options=False,
    )
    app = TobsApp(host)
    async with app.run_test(size=SIZE) as pilot:
        await _until(lambda: host.link().reach is Reach.CONNECTED)
        await asyncio.sleep(2)
        for title in MARKED:
            await pilot.press("slash", *_keys(title), "enter")
            await asyncio.sleep(0.5)
            await pilot.press("space", "escape")
            await asyncio.sleep(0.5)
        await asyncio.sleep(2.5)
        _take(app, "chats")
        await pilot.press("enter")
        await asyncio.sleep(2.5)
        _take(app, "options")
        await pilot.press("enter")
        await _until(lambda: host.running() and host.run().messages > 24_000)
        _take(app, "run")
        await _until(lambda: not host.running())
        await asyncio.sleep(2.5)
        _take(app, "summary")
        await pilot.press("3")
        await asyncio.sleep(2.5)
        _take(app, "archive")
    await host.close()


async def _sign_in(account: Any, ready: dict[str, Any]) -> None:
    await account.send_code(ready["phone"])
    await account.sign_in(ready["code"])


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _keys(title: str) -> list[str]:
    return ["space" if letter == " " else "colon" if letter == ":" else letter for letter in title]


def _take(app: TobsApp, name: str) -> None:
    file = HERE / f"{name}.svg"
    # Renderers other than browsers drop the blanks at the beginning of a text otherwise.
    drawn = app.export_screenshot(title="tobs-tui").replace("<text ", '<text xml:space="preserve" ')
    file.write_text(drawn, encoding="utf-8")
    if renderer := shutil.which("rsvg-convert"):
        subprocess.run([renderer, "-w", "1600", str(file), "-o", str(file.with_suffix(".png"))], check=True)
    print(file)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["HOME"] = folder
        with running_server(DemoOptions(messages=40_000, rtt_ms=200)) as ready:
            asyncio.run(take_all(ready))


if __name__ == "__main__":
    main()
