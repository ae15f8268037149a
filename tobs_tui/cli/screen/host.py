"""`Host` with the real engine: settings, account, archive and runs, on the screen's own event loop.

Only what the first paint needs is imported at the top; the rest is, in a thread, when the screen starts.
What is more than a few lines of a method is in its neighbours.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tobs_tui import logs
from tobs_tui.cli.screen import chosen, opener
from tobs_tui.cli.screen.kept import Keeper, Kept
from tobs_tui.cli.screen.questions import Questions
from tobs_tui.errors import NotLoggedIn, ServerUnreachable, TobsError, UsageError
from tobs_tui.export.report import RunReport
from tobs_tui.model import Chat, Topic
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.ui.ports import (
    ExportOptions,
    FolderState,
    Found,
    Kinds,
    Link,
    LoginView,
    Order,
    Preset,
    Preview,
    Program,
    Progress,
    QrCode,
    Query,
    Reach,
    RunView,
    Saved,
    Side,
    Standing,
    Step,
    Stretch,
)

if TYPE_CHECKING:
    from tobs_tui.cli.housekeeping import Housekeeping
    from tobs_tui.cli.screen.archive import ArchiveRoom
    from tobs_tui.cli.screen.login import LoginSteps
    from tobs_tui.cli.screen.run import ScreenRun
    from tobs_tui.config import Settings
    from tobs_tui.telegram.account import Account

Overrides = Mapping[str, object]
HEAVY = (
    "tobs_tui.config",
    "tobs_tui.telegram.account",
    "tobs_tui.cli.screen.archive",
    "tobs_tui.cli.screen.run",
    "tobs_tui.ui.screens.run",
)
DRAIN_WITHIN = 12.0
"""Seconds after which a drain that does not end is left; what is committed is safe."""


class ScreenHost:
    """Owns the account, the archive's reader and the run. `close` ends all of them.

    :param load: gives the settings with some fields set as by options. It may block.
    :param sign_in: given for the demo: logs a fresh account in by itself.
    """

    def __init__(
        self,
        load: Callable[[Overrides], Settings],
        *,
        sign_in: Callable[[Account], object] | None = None,
        kept: Kept | None = None,
        keeps_options: bool = True,
    ) -> None:
        self.shutdown = ShutdownManager()
        self.timezone = "UTC"
        self.wants_demo = False
        self.kept = Keeper(kept, with_options=keeps_options)
        self.resources = ExitStack()
        """What ends with the screen: the demo's server, say."""
        self._load = load
        self._sign_in = sign_in
        self._link = Link(Reach.STARTING)
        self._settings: Settings | None = None
        self._account: Account | None = None
        self._archive: ArchiveRoom | None = None
        self._steps: LoginSteps | None = None
        self._run: ScreenRun | None = None
        self._housekeeping: Housekeeping | None = None
        self._questions = Questions(lambda: self._known_account, self._signed_out)
        self._seen: RunReport | None = None

    # Starting

    @property
    def batcher(self) -> logs.LogBatcher:
        return logs.GlobalBatcher.get()

    @property
    def vault(self) -> Path:
        return self._settings.export_path.absolute() if self._settings is not None else Path()

    @property
    def speed(self) -> float | None:
        return self._run.requests_a_second if self._run is not None else None

    def link(self) -> Link:
        account = self._account
        if self._link.reach is not Reach.CONNECTED or account is None:
            return self._link
        if self._run is not None and not self._run.done:
            # Its workers have connections of their own.
            return Link(Reach.OFFLINE, "no way to Telegram") if self._run.offline else self._link
        wire = account.wire
        if not wire.state.connected and wire.state.tries:
            return Link(Reach.OFFLINE, wire.state.problem)
        if wire.link is not None and not wire.link.alive:
            return Link(Reach.OFFLINE, "the connection ended")
        return self._link

    async def start(self) -> LoginView:
        await asyncio.to_thread(_import_all)
        self._link = Link(Reach.CONNECTING)
        if self._settings is None:
            try:
                self._take_settings(await asyncio.to_thread(self._load, {}))
            except TobsError as error:
                self._link = Link(Reach.OFFLINE, error.line())
                raise
        return await self._connect()

    async def retry(self) -> LoginView:
        account = self._account
        if account is None or self._link.reach is not Reach.CONNECTED:
            return await self.start()
        await account.wire.connect()
        return LoginView(Step.DONE, name=account.owner.name)

    def try_demo(self) -> None:
        self.wants_demo = True

    def _take_settings(self, settings: Settings) -> None:
        from tobs_tui.cli.running import begin_log
        from tobs_tui.cli.screen.archive import ArchiveRoom

        self._settings = settings
        self.shutdown.window = settings.shutdown_window
        begin_log(settings)
        self._archive = ArchiveRoom(settings)

    async def _connect(self) -> LoginView:
        from tobs_tui.telegram.account import Account

        settings = self._known_settings
        self.timezone = await self._known_archive.timezone()
        if settings.api_id is None or settings.api_hash is None:
            self._link = Link(Reach.NOBODY)
            return LoginView(Step.API)
        self._steps = None
        if self._account is not None:
            await self._account.close()
            self._account = None
        try:
            self._account = account = await Account.connect(settings)
            self._keep_house(settings)
            authorized = await account.is_authorized()
            if not authorized and self._sign_in is not None:
                await asyncio.ensure_future(_awaited(self._sign_in(account)))
                authorized = True
        except ServerUnreachable as error:
            self._link = Link(Reach.OFFLINE, error.what)
            raise
        except TobsError as error:
            self._link = Link(Reach.OFFLINE, error.line())
            raise
        if authorized:
            self._link = Link(Reach.CONNECTED)
            return LoginView(Step.DONE, name=account.owner.name)
        self._link = Link(Reach.NOBODY)
        return self._login().view(Step.PHONE)

    def _keep_house(self, settings: Settings) -> None:
        from tobs_tui.cli.housekeeping import Housekeeping

        if self._housekeeping is None:
            self._housekeeping = Housekeeping()
        self._housekeeping.begin(settings)

    @property
    def _known_settings(self) -> Settings:
        if self._settings is None:
            raise UsageError("Still starting")
        return self._settings

    @property
    def _known_archive(self) -> ArchiveRoom:
        if self._archive is None:
            raise UsageError("Still starting")
        return self._archive

    @property
    def _known_account(self) -> Account:
        if self._account is None:
            raise ServerUnreachable("Not connected", "Press r to try again")
        return self._account

    # Login

    def _login(self) -> LoginSteps:
        from tobs_tui.cli.screen.login import LoginSteps

        if self._steps is None:
            settings = self._known_settings
            origin = settings.origin("api_id")
            kept_in = "~/.config/tobs-tui" if origin == "saved" else origin
            self._steps = LoginSteps(self._known_account, str(settings.api_id), kept_in)
        return self._steps

    async def give_api(self, api_id: str, api_hash: str) -> LoginView:
        from tobs_tui.cli.screen.login import keep_api

        await asyncio.to_thread(keep_api, api_id, api_hash)
        self._take_settings(await asyncio.to_thread(self._load, {}))
        return await self._connect()

    async def give_phone(self, phone: str) -> LoginView:
        return await self._login().give_phone(phone)

    async def give_code(self, code: str) -> LoginView:
        return self._logged_in(await self._login().give_code(code))

    async def give_password(self, password: str) -> LoginView:
        return self._logged_in(await self._login().give_password(password))

    async def qr_code(self) -> QrCode:
        return await self._login().qr_code()

    async def qr_scanned(self) -> LoginView | None:
        scanned = await self._login().qr_scanned()
        return None if scanned is None else self._logged_in(scanned)

    def _logged_in(self, view: LoginView) -> LoginView:
        if view.step is Step.DONE:
            self._link = Link(Reach.CONNECTED)
        return view

    # Chats

    async def chats(self, progress: Progress) -> tuple[Chat, ...]:
        return await self._questions.chats(progress)

    async def standings(self) -> Mapping[int, Standing]:
        return await self._known_archive.standings()

    async def count(self, chat: Chat) -> int:
        return await self._questions.count(chat)

    async def topics(self, chat: Chat) -> tuple[Topic, ...]:
        return await self._questions.topics(chat)

    async def preview(self, chat: Chat) -> Preview:
        return await self._questions.preview(chat)

    async def kinds(self, chat: Chat) -> Kinds | None:
        return await self._questions.kinds(chat)

    def _signed_out(self) -> None:
        self._link = Link(Reach.SIGNED_OUT)

    # Options

    def options(self) -> ExportOptions:
        return chosen.offered(self._known_settings, self.kept.options)

    def presets(self) -> tuple[Preset, ...]:
        return self.kept.presets

    def save_preset(self, preset: Preset) -> None:
        self.kept.keep_preset(preset)

    async def look_at_folder(self, folder: str) -> FolderState:
        path, free, problem = await asyncio.to_thread(chosen.look_at, folder)
        archive = self._known_settings.archive_dir if path == self.vault else path / ".tobs"
        layout = None if problem else await self._known_archive.kept_layout(archive)
        return FolderState(str(path), free, problem, layout)

    def check_date(self, date: str) -> int | None:
        from tobs_tui.cli.arguments import parse_date

        return parse_date(date or None, "The day", self.timezone)

    # Runs

    def begin(self, order: Order) -> None:
        from tobs_tui.cli.screen.run import ScreenRun

        if self.running():
            raise UsageError("An export runs already", "Wait for its end, or stop it with s")
        options = order.options
        settings = self._load(chosen.overrides(options, self.vault))
        self._settings = settings
        self._known_archive.settings = settings
        self.kept.keep_options(options)
        self._run = ScreenRun(
            order,
            settings,
            self._known_account,
            self.shutdown,
            lambda timezone: chosen.span(options, timezone),
            self._questions.counts,
        )

    def running(self) -> bool:
        return self._run is not None and not self._run.done

    def run(self) -> RunView | None:
        return self._run.view() if self._run is not None else None

    def report(self) -> RunReport | None:
        report = self._run.report if self._run is not None else None
        if report is not None and report is not self._seen:
            self._seen = report
            if report.exit_code == NotLoggedIn.exit_code:
                self._signed_out()
        return report

    def stop_run(self) -> None:
        if self._run is not None:
            self._run.stop()

    def set_paused(self, paused: bool) -> None:
        if self._run is not None:
            self._run.set_paused(paused)

    def set_workers(self, count: int) -> None:
        if self._run is not None:
            self._run.set_workers(count)

    # The archive

    async def saved(self) -> Sequence[Saved]:
        return await self._known_archive.saved()

    async def search(self, query: Query) -> Sequence[Found]:
        return await self._known_archive.search(query)

    async def read(self, chat_id: int, *, at: int | None = None, which: Side = Side.AROUND) -> Stretch:
        return await self._known_archive.read(chat_id, at, which)

    async def note_of(self, chat_id: int, message_id: int | None = None) -> Path | None:
        return await self._known_archive.note_of(chat_id, message_id)

    def program_for(self, note: Path, *, obsidian: bool = False) -> Program:
        return opener.program_for(note, self.vault, obsidian=obsidian)

    # The end

    async def close(self) -> None:
        """End the run (safely, unless aborted), the connection and the rest."""
        try:
            if self._run is not None:
                if not self._run.done:
                    self.shutdown.drain("the screen's end")
                await self._run.ended(DRAIN_WITHIN)
            if self._housekeeping is not None and not self.shutdown.aborted:
                await self._housekeeping.end()
            if self._account is not None and not self.shutdown.aborted:
                await self._account.close()
            if not self.shutdown.aborted:
                for failure in await self.shutdown.run_cleanup():
                    logs.error("cleanup %s: %s", failure.name, failure.reason)
        finally:
            if self._archive is not None:
                self._archive.close()
            self.resources.close()


def _import_all() -> None:
    for name in HEAVY:
        importlib.import_module(name)


async def _awaited(work: Any) -> None:
    await work
