"""The Textual app: modes, the keys that work everywhere, one timer, and leaving.

It shows what its `Host` tells and asks it for what a person wants; the engine lives outside and outlives
a crash in here. Leaving goes through the `ShutdownManager`, so that `q`, Ctrl+Q, Ctrl+C and signals mean
the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from msgspec.structs import replace
from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.widgets import Input

from tobs_tui.errors import TobsError
from tobs_tui.export.job import Target
from tobs_tui.text import for_terminal
from tobs_tui.ui import themes, words
from tobs_tui.ui.actions import EVERYWHERE, bindings
from tobs_tui.ui.commands import commands_of
from tobs_tui.ui.log_keeper import LogKeeper
from tobs_tui.ui.ports import Host, Link, LoginView, Order, Reach, RunView, Step
from tobs_tui.ui.screens.base import MainScreen
from tobs_tui.ui.screens.chats import ChatsScreen
from tobs_tui.ui.spacing_marks import measure_as_terminals_do
from tobs_tui.ui.widgets.top_line import TopView

if TYPE_CHECKING:
    from tobs_tui.export.report import RunReport
    from tobs_tui.ui.pace import Pace

TICK_S = 0.25
PATIENCE_S, MOST_PATIENCE_S = 5.0, 60.0
"""Seconds until the first try to connect again, and between later ones at the most."""
FEW_CHATS = 5
"""Of fewer chats, the share of chats says little about the share of messages."""


def _run_screen() -> Screen[Any]:
    from tobs_tui.ui.screens.run import RunScreen

    return RunScreen()


def _archive_screen() -> Screen[Any]:
    from tobs_tui.ui.screens.archive import ArchiveScreen

    return ArchiveScreen()


def _login_screen() -> Screen[Any]:
    from tobs_tui.ui.screens.login import LoginScreen

    return LoginScreen()


class TobsApp(App[None]):
    """Four modes; each keeps what was done in it while another is shown."""

    TITLE = "tobs"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (170, "-vast")]  # noqa: RUF012
    BINDINGS: ClassVar[list[Any]] = bindings(EVERYWHERE)
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "chats": ChatsScreen,
        "run": _run_screen,
        "archive": _archive_screen,
        "login": _login_screen,
    }

    def __init__(
        self,
        host: Host,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        theme: str = themes.DEFAULT,
        on_theme: Callable[[str], None] | None = None,
    ) -> None:
        measure_as_terminals_do()
        super().__init__()
        self.host = host
        self.clock = clock
        self.wall = wall
        self.login = LoginView(Step.DONE)
        self.log_lines = LogKeeper(host.batcher)
        self._last_order: Order | None = None
        self._goes_on_later = False
        self._been_in = False
        self._next_try_at: float | None = None
        self._trying, self._tries = False, 0
        self._seen_report: RunReport | None = None
        self._on_theme = on_theme
        for own in themes.OURS:
            self.register_theme(own)
        self.theme = theme if theme in self.available_themes else themes.DEFAULT

    async def on_mount(self) -> None:
        await self.switch_mode("chats")
        self.set_interval(TICK_S, self.refresh_now)
        self.theme_changed_signal.subscribe(self, lambda theme: self._on_theme and self._on_theme(theme.name))
        # What it imports would hold up the first paint.
        self.screen.call_after_refresh(self._connect_beside)

    def _connect_beside(self) -> None:
        self.run_worker(cast("Any", self.connect), group="connect", exclusive=True)

    async def connect(self) -> None:
        """Connect, and show the chats or ask for what a login needs."""
        try:
            login = await self.host.start()
        except TobsError as error:
            self.tell(error)
            self.refresh_now()
            return
        self.logged_in(login)

    def logged_in(self, login: LoginView) -> None:
        """Go where a login leads to: on with it, or to the chats."""
        self.login = login
        self._been_in = self._been_in or login.step is Step.DONE
        if login.step is not Step.DONE:
            self.switch_mode("login")
            return
        if self._goes_on_later and self._last_order is not None:
            self._goes_on_later = False
            self._begin(self._last_order)
            return
        if self.current_mode != "chats":
            self.switch_mode("chats")
        self.call_after_refresh(self._load_chats)

    def _load_chats(self) -> None:
        if isinstance(self.screen, ChatsScreen):
            self.screen.load()

    def reconnect(self) -> None:
        """Try to connect again now."""
        if self._next_try_at is None:
            self._connect_beside()
        else:
            self._next_try_at = self.clock()

    def _try_again_when_due(self, link: Link) -> None:
        """Offline with nothing running: try by itself, with more patience each time."""
        if link.reach is not Reach.OFFLINE or self.host.running():
            self._next_try_at = None
            self._tries = 0 if link.reach is Reach.CONNECTED else self._tries
        elif self._trying:
            return
        elif self._next_try_at is None:
            self._next_try_at = self.clock() + min(MOST_PATIENCE_S, PATIENCE_S * 2**self._tries)
        elif self.clock() >= self._next_try_at:
            self._next_try_at, self._trying = None, True
            self._tries = min(self._tries + 1, 9)
            self.run_worker(cast("Any", self._try_again), group="connect", exclusive=True)

    async def _try_again(self) -> None:
        try:
            login = await self.host.retry()
        except (TobsError, OSError):
            # Told when it was lost; the line on top counts to the next try.
            return
        finally:
            self._trying = False
        if not self._been_in or login.step is not Step.DONE:
            self.logged_in(login)

    def ask_options(self, wanted: tuple[tuple[Target, ...], int, bool]) -> None:
        """Ask how these chats shall be exported, then begin."""
        from tobs_tui.ui.screens.options import OptionsScreen

        targets, messages, certain = wanted
        self.push_screen(OptionsScreen(targets, messages, certain=certain), self._begin)

    def _begin(self, order: Order | None) -> None:
        if order is None:
            return
        try:
            self.host.begin(order)
        except TobsError as error:
            self.tell(error)
            return
        self._last_order = order
        self.switch_mode("run")

    def go_on(self) -> None:
        """Do the last order again: it fetches only what is missing. Signed out, sign in first."""
        if self.host.link().reach is Reach.SIGNED_OUT:
            self._goes_on_later = True
            self.reconnect()
        else:
            self._begin(self._last_order)

    def open_note(self, note: Path, *, obsidian: bool = False) -> None:
        """Open a note with the person's own program, in a window or on this terminal."""
        self.run_worker(cast("Any", partial(self._open_note, note, obsidian)), group="open", exclusive=True)

    async def _open_note(self, note: Path, obsidian: bool) -> None:
        try:
            program = self.host.program_for(note, obsidian=obsidian)
        except TobsError as error:
            self.tell(error)
            return
        if program.in_terminal:
            with self.suspend():
                editor = await asyncio.create_subprocess_exec(*program.words)
                await editor.wait()
            return
        nothing = asyncio.subprocess.DEVNULL
        await asyncio.create_subprocess_exec(
            *program.words, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )

    @cached_property
    def pace(self) -> Pace:
        """Goes on whichever screen is seen, so that a minute's course has no gaps."""
        from tobs_tui.ui.pace import Pace

        return Pace()

    @property
    def speed(self) -> float | None:
        """Requests a second that a run has had."""
        return self.host.speed

    def refresh_now(self) -> None:
        """Show one picture of everything on the screen that is seen; leave when leaving is due."""
        if self._exit or not self.is_running:
            return
        shutdown = self.host.shutdown
        if shutdown.aborted or (shutdown.draining and not self.host.running()):
            self.exit()
            return
        # Settings that are read, or given at a first run, bring another one.
        self.log_lines.follow(self.host.batcher)
        link, run = self.host.link(), self.host.run()
        self._try_again_when_due(link)
        if run is not None:
            self.pace.take(run, self.clock())
        for screen in reversed(self.screen_stack):
            if isinstance(screen, MainScreen) and screen.ready:
                screen.show_top(self._top(link, run))
                screen.tick(self.clock())
                return

    def tell(self, error: TobsError) -> None:
        """Say what went wrong and what to do."""
        self.notify(
            for_terminal(error.fix, 300),
            title=for_terminal(error.what, 200),
            severity="error",
            timeout=8,
            markup=False,
        )

    def action_mode(self, mode: str) -> None:
        if self.login.step is not Step.DONE and mode != "archive":
            self.switch_mode("login")
        else:
            self.switch_mode(mode)

    def action_step_back(self) -> None:
        screen = self.screen
        if isinstance(screen, MainScreen) and screen.go_back():
            return
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.current_mode not in ("chats", "login"):
            self.action_mode("chats")

    def action_help(self) -> None:
        from tobs_tui.ui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            about = getattr(self.screen, "ABOUT", "")
            self.push_screen(HelpScreen(self.screen, about))

    def action_leave(self, source: str) -> None:
        """Leave; while a run goes on, ask for its safe end, and within the window for an end at once."""
        if self.host.running():
            self.host.shutdown.request(source)
            self.refresh_now()
        else:
            self.exit()

    def action_interrupt(self) -> None:
        """Ctrl+C: copy what is selected; leave when nothing is."""
        selected = self.screen.get_selected_text()
        if selected is None and isinstance(self.focused, Input):
            selected = self.focused.selected_text
        if selected:
            self.copy_to_clipboard(selected)
            self.notify("Copied", timeout=2, markup=False)
        else:
            self.action_leave("Ctrl+C")

    async def action_quit(self) -> None:
        self.action_leave("Ctrl+Q")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from commands_of(screen)
        yield SystemCommand(
            "Theme", "Choose the colours, among them the terminal's own.", self.action_change_theme
        )

    def _top(self, link: Link, run: RunView | None) -> TopView:
        if self._next_try_at is not None:
            link = replace(link, next_try_s=max(0.0, self._next_try_at - self.clock()))
        return TopView(
            mode=self.current_mode or "",
            link=link,
            vault=words.at_home(self.host.vault) if self.host.vault.name else "",
            run=self._run_words(run),
        )

    def _run_words(self, run: RunView | None) -> str:
        """How far the run is; that it has ended, until somebody looks."""
        if run is not None and self.host.running():
            return _share(run)
        report = self.host.report()
        if self.current_mode == "run":
            self._seen_report = report
        return "ended" if report is not None and report is not self._seen_report else ""

    @property
    def connected(self) -> bool:
        return self.host.link().reach is Reach.CONNECTED

    def _fatal_error(self) -> None:
        from rich.segment import Segments
        from rich.traceback import Traceback

        # Textual's own shows local variables, which may hold a password.
        self.bell()
        trace = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(trace, self.console.options)))
        self._close_messages_no_wait()


def run_share(run: RunView) -> float | None:
    """How much of a run is done; None while nobody can tell.

    By messages, and by bytes when only files are still to come. While some chat's messages are unknown, by
    how much of each chat is settled, and by the messages that are known where these tell less: a bar that
    small chats have filled would go back when a large one is counted.
    """
    of_messages = None
    if run.expected is not None:
        of_messages = min(1.0, run.messages / run.expected) if run.expected else 1.0
    if run.phase == "files" and run.files is not None and run.files.bytes_total:
        of_bytes = min(1.0, run.files.bytes_done / run.files.bytes_total)
        # Where fetching was given up, files are not all that is missing.
        return of_bytes if of_messages is None else min(of_bytes, of_messages)
    if of_messages is not None:
        return of_messages
    if len(run.chats) < FEW_CHATS:
        return None
    known = sum(max(chat.done, chat.total or 0) for chat in run.chats)
    settled = sum(chat.share or 0.0 for chat in run.chats) / len(run.chats)
    return min(settled, run.messages / known if known else 1.0) or None


def _share(run: RunView) -> str:
    part = run_share(run)
    return "" if part is None else words.share(part)
