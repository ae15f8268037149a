"""Opens the screen and owns what is around it: the loop, signals, what stays on stdout afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tobs_tui import logs
from tobs_tui.cli.screen.host import Overrides, ScreenHost
from tobs_tui.cli.screen.terminal import lasting_terminal, spare_lost_terminal
from tobs_tui.errors import UsageError
from tobs_tui.export.report import RunStatus

if TYPE_CHECKING:
    from tobs_tui.cli.demo import DemoOptions
    from tobs_tui.config import Settings
    from tobs_tui.telegram.account import Account

CRASHED = 1
COLLECTS_AFTER_S = 0.5
"""The first paint is past by then; until then garbage is not looked for (`cli.main` turned that off)."""
DEMO_VAULT = Path("demo-vault")


def open_screen() -> int:
    """The screen on the configured account. Returns the last run's exit code."""
    _need_terminal()
    host = ScreenHost(_load)
    code = _show(host)
    if host.wants_demo:
        return open_demo()
    return code


def open_demo(options: DemoOptions | None = None, out: Path = DEMO_VAULT) -> int:
    """The screen on a world of invented chats, served by a process of its own."""
    _need_terminal()
    demo = _Demo(options, out)
    host = ScreenHost(demo.load, sign_in=demo.sign_in, keeps_options=False)
    demo.host = host
    return _show(host)


class _Demo:
    """Starts the demo's server when the settings are asked for, which is after the first paint."""

    def __init__(self, options: DemoOptions | None, out: Path) -> None:
        self.host: ScreenHost | None = None
        self._options = options
        self._out = out.absolute()
        self._ready: dict[str, str] = {}

    def load(self, more: Overrides) -> Settings:
        from tobs_tui.cli.demo import DemoOptions, demo_settings, running_server

        if not self._ready and self.host is not None:
            options = self._options or DemoOptions()
            self._ready = self.host.resources.enter_context(running_server(options))
        return demo_settings(self._ready, self._out, more)

    async def sign_in(self, account: Account) -> None:
        await account.send_code(self._ready["phone"])
        if not await account.sign_in(self._ready["code"]):
            await account.check_password(self._ready["password"])


def _load(more: Overrides) -> Settings:
    from tobs_tui.config import load_settings

    return load_settings(more)


def _show(host: ScreenHost) -> int:
    with lasting_terminal():
        crashed = asyncio.run(_run(host))
    spare_lost_terminal()
    report = host.report()
    if report is not None:
        from tobs_tui.cli.summary import print_summary

        with contextlib.suppress(BrokenPipeError, OSError):
            print_summary(report, from_screen=True)
    code = report.exit_code if report is not None else 0
    if report is not None and report.status is RunStatus.ABORTED:
        # A thread may still be inside a file operation; whoever aborted doesn't wait for it.
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        logs.GlobalBatcher.close()
        os._exit(code)
    logs.GlobalBatcher.close()
    return CRASHED if crashed and not code else code


async def _run(host: ScreenHost) -> bool:
    """Show the screen until it is left; then end the run and the connection. Returns whether it crashed."""
    from tobs_tui.ui.app import TobsApp

    asyncio.get_running_loop().call_later(COLLECTS_AFTER_S, gc.enable)
    with host.shutdown.signals(asyncio.get_running_loop()):
        leave = host.shutdown.subscribe(lambda _state: _on_hangup(host))
        app = TobsApp(host, theme=host.kept.theme, on_theme=host.kept.keep_theme)
        try:
            await app.run_async()
        finally:
            leave()
            await host.close()
    return bool(app.return_code)


def _on_hangup(host: ScreenHost) -> None:
    if host.shutdown.source == "SIGHUP":
        spare_lost_terminal()


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The screen needs a terminal",
            "Without one, use `tobs-tui export` and the other commands; --help lists them",
        )
