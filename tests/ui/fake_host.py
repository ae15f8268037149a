"""A host with frozen numbers: the screen's own port, played without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from tobs_tui.errors import LoginFailed, UsageError
from tobs_tui.export.chat_run import ChatProgress, ChatState
from tobs_tui.export.gauges import StageSnapshot
from tobs_tui.export.report import ChatReport, ReportedError, RunReport, RunStatus, StageReport
from tobs_tui.logs import LogBatcher
from tobs_tui.model import Chat, ChatType, File, MediaKind, Message, Person, PersonKind, Reaction, Topic
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.ui.ports import (
    ExportOptions,
    FilesView,
    FolderState,
    Found,
    Kinds,
    LargeFileView,
    Link,
    LoginView,
    Order,
    Preset,
    Preview,
    Program,
    QrCode,
    Query,
    Reach,
    RunView,
    Saved,
    Side,
    Standing,
    Step,
    Stretch,
    WorkerView,
)

NOW = 1_736_080_263.0
"""Sunday 5 January 2025, 12:31:03 UTC."""

DAY = 86_400


def chats() -> tuple[Chat, ...]:
    """Seven chats as screens.md draws them."""
    now = int(NOW)
    lisbon, trains, rust = -1_000_000_000_001, -1_000_000_000_002, -1_000_000_000_003
    return (
        Chat(
            id=lisbon,
            type=ChatType.SUPERGROUP,
            title="Trip to Lisbon",
            unread=3,
            top_id=48_240,
            messages=12_408,
            last_date=now,
            folders=("Travel",),
        ),
        Chat(
            id=trains,
            type=ChatType.CHANNEL,
            title="Portugal Trains",
            username="cptrains",
            unread=48,
            top_id=36_000,
            messages=33_110,
            last_date=now - 1_740,
            folders=("Travel",),
        ),
        Chat(
            id=11,
            type=ChatType.PERSON,
            title="Anna Petrova",
            username="annap",
            messages=8_204,
            top_id=90_000,
            last_date=now - 2_640,
        ),
        Chat(
            id=rust,
            type=ChatType.FORUM,
            title="Rust Lisboa",
            unread=1_902,
            top_id=210_400,
            last_date=now - 3_060,
        ),
        Chat(id=-21, type=ChatType.GROUP, title="Family", messages=30_582, last_date=now - DAY),
        Chat(id=-22, type=ChatType.GROUP, title="Old flat", messages=3_120, last_date=now - 5 * DAY),
        Chat(
            id=-23,
            type=ChatType.GROUP,
            title="Book club",
            unread=12,
            last_date=now - 40 * DAY,
            no_access="the channel is private",
        ),
    )


STANDINGS = {
    -1_000_000_000_001: Standing(saved=11_876, top=47_708, share=1.0),
    -1_000_000_000_002: Standing(saved=15_050, top=36_000, share=0.455),
    11: Standing(saved=8_204, top=90_000, share=1.0),
    -22: Standing(saved=3_120, top=0, share=1.0, since=1_704_067_200),
}

PEOPLE = {
    1: Person(id=1, kind=PersonKind.USER, name="Anna Petrova"),
    2: Person(id=2, kind=PersonKind.USER, name="Boris Li"),
}


def messages(chat_id: int) -> tuple[Message, ...]:
    """Three, newest first."""
    date = int(NOW) - 1_740
    photo = File(id=9, kind=MediaKind.PHOTO, size=240_000, dc=2, access_hash=1, reference=b"", date=date)
    return (
        Message(
            chat_id=chat_id,
            id=103,
            date=date,
            sender_id=2,
            text="Strike on Tuesday: the 11:05 to Porto runs, the 14:30 does not.",
            media=photo,
            reactions=(Reaction("👍", 18), Reaction("😢", 4)),
        ),
        Message(chat_id=chat_id, id=102, date=date - 300, sender_id=1, text="Are the tickets booked?"),
        Message(chat_id=chat_id, id=101, date=date - DAY, sender_id=2, text="Morning!"),
    )


def stage(
    name: str, *, items: int = 12_400, queued: int = 0, capacity: int = 64, busy: float = 3.0
) -> StageSnapshot:
    """One stage half-way."""
    return StageSnapshot(
        name=name,
        items=items,
        units=items // 100,
        failed=0,
        queued=queued,
        capacity=capacity,
        high_water=queued,
        workers=4 if name == "fetch" else 1,
        busy_s=busy,
        wait_s=1.0,
        p50_s=0.152 if name == "fetch" else 0.0021,
        p95_s=0.390 if name == "fetch" else 0.0082,
    )


def run_view(**changes: object) -> RunView:
    """A run at 25 %."""
    view = RunView(
        phase="fetching",
        elapsed_s=31.0,
        messages=12_400,
        expected=49_200,
        chats=(
            ChatProgress(
                id=-1_000_000_000_001,
                title="Trip to Lisbon",
                state=ChatState.DONE,
                done=12_408,
                total=12_408,
                new=532,
                share=1.0,
            ),
            ChatProgress(
                id=-1_000_000_000_002,
                title="Portugal Trains",
                state=ChatState.RUNNING,
                done=26_918,
                total=33_110,
                new=11_868,
                share=0.66,
            ),
            ChatProgress(
                id=-21, title="Family", state=ChatState.QUEUED, done=0, total=30_582, new=0, share=None
            ),
        ),
        stages=(
            stage("fetch", queued=3, capacity=4, busy=77.0),
            stage("process", capacity=64, busy=0.3),
            stage("write", queued=1, capacity=256, busy=0.6),
            replace(
                stage("media", items=96, queued=118, capacity=512, busy=980.0),
                workers=36,
                failed=1,
                units=96,
                p50_s=0.9,
                p95_s=4.2,
            ),
        ),
        workers=(
            WorkerView(
                number=1,
                state="fetching",
                dc=4,
                chat_id=-1_000_000_000_002,
                low=13_546,
                high=18_060,
                done=3_110,
            ),
            WorkerView(
                number=2,
                state="waiting",
                dc=4,
                wait_s=1.2,
                chat_id=-1_000_000_000_002,
                low=9_031,
                high=13_545,
                done=2_960,
            ),
            WorkerView(
                number=3,
                state="reconnecting",
                dc=4,
                tries=2,
                chat_id=-1_000_000_000_002,
                low=4_516,
                high=9_030,
                done=2_890,
            ),
            WorkerView(number=4, state="idle", dc=4),
        ),
        worker_count=4,
        files=FilesView(
            done=96,
            total=1_240,
            failed=1,
            bytes_done=214_000_000,
            bytes_total=1_900_000_000,
            by_dc=((2, 14), (4, 3)),
            large=(LargeFileView("ponte.mp4", -1_000_000_000_002, 31_000_000, 84_000_000),),
        ),
        limit="as fast as Telegram allows: 4 requests/s, more workers would not help",
    )
    return replace(view, **changes)


def report(status: RunStatus = RunStatus.DRAINED) -> RunReport:
    """The run of screens.md, stopped after 36 s."""
    return RunReport(
        status=status,
        chats=(
            ChatReport(
                id=-1_000_000_000_001,
                title="Trip to Lisbon",
                state="complete",
                new=532,
                updated=4,
                deleted=1,
                total=12_408,
                failed=0,
                notes=41,
                expected=12_408,
            ),
            ChatReport(
                id=-1_000_000_000_002,
                title="Portugal Trains",
                state="incomplete",
                new=11_868,
                updated=0,
                deleted=0,
                total=26_918,
                failed=1,
                notes=132,
                expected=33_110,
            ),
            ChatReport(
                id=-21,
                title="Family",
                state="not yet",
                new=0,
                updated=0,
                deleted=0,
                total=0,
                failed=0,
                notes=0,
                expected=30_582,
            ),
        ),
        messages_new=12_400,
        requests=131,
        flood_wait_s=4.0,
        media_files=96,
        media_bytes=214_000_000,
        elapsed_s=36.2,
        stages={"fetch": StageReport(12_400, 77.0, 3.0, 4)},
        phases={},
        errors=(
            ReportedError(
                "Portugal Trains",
                "12 May 2019 20:14, video 84 MB: gone from Telegram",
                "Its note says so; nothing to do",
            ),
        ),
        vault="/home/anna/Notes/Telegram",
        exit_code=status.exit_code,
    )


class FakeHost:
    """Implements `Host`. What tests want to see differently, they set."""

    timezone = "UTC"

    def __init__(
        self,
        *,
        shown_chats: Sequence[Chat] | None = None,
        login: LoginView | None = None,
        window: float = 5.0,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.clock = clock or (lambda: 0.0)
        self.shutdown = ShutdownManager(window, clock=self.clock)
        self.batcher = LogBatcher(5.0, clock=self.clock, wall=lambda: NOW)
        self.reached = Link(Reach.CONNECTED)
        self.all_chats = tuple(chats() if shown_chats is None else shown_chats)
        self.login = login or LoginView(Step.DONE, name="Anna")
        self.all_standings: Mapping[int, Standing] = dict(STANDINGS)
        self.view: RunView | None = None
        self.last_report: RunReport | None = None
        self.is_running = False
        self.orders: list[Order] = []
        self.kept: list[Preset] = [Preset("Everything", ExportOptions())]
        self.asked: list[str] = []
        self.opened: list[Path] = []
        self.speed: float | None = None
        self.free = 40_000_000_000

    @property
    def vault(self) -> Path:
        return Path("/home/anna/Notes/Telegram")

    def link(self) -> Link:
        return self.reached

    async def start(self) -> LoginView:
        return self.login

    async def retry(self) -> LoginView:
        self.asked.append("retry")
        return self.login

    def try_demo(self) -> None:
        self.asked.append("demo")

    async def give_api(self, api_id: str, api_hash: str) -> LoginView:
        if not api_id.isdigit():
            raise LoginFailed("The API id is a number", field="api_id")
        self.asked.append("api")
        return LoginView(Step.PHONE, api_id=api_id, api_kept_in="~/.config/tobs-tui")

    async def give_phone(self, phone: str) -> LoginView:
        self.asked.append("phone")
        return LoginView(
            Step.CODE,
            api_id="1234567",
            api_kept_in="~/.config/tobs-tui",
            phone="+351 ••• ••• 89",
            code_by="to your Telegram app",
        )

    async def give_code(self, code: str) -> LoginView:
        if code != "12345":
            raise LoginFailed("not the code Telegram sent", field="code")
        return LoginView(Step.PASSWORD, phone="+351 ••• ••• 89", password_hint="the cat")

    async def give_password(self, password: str) -> LoginView:
        if password != "secret":
            raise LoginFailed("not the password", field="password")
        return LoginView(Step.DONE, name="Anna")

    async def qr_code(self) -> QrCode:
        return QrCode("tg://login?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NOW + 30)

    async def qr_scanned(self) -> LoginView | None:
        await asyncio.Event().wait()
        return None

    async def chats(self, progress: Callable[[int], None]) -> tuple[Chat, ...]:
        progress(len(self.all_chats))
        return self.all_chats

    async def standings(self) -> Mapping[int, Standing]:
        return self.all_standings

    async def count(self, chat: Chat) -> int:
        self.asked.append(f"count {chat.id}")
        return 207_000

    async def topics(self, chat: Chat) -> tuple[Topic, ...]:
        return (Topic(1, "General"), Topic(7, "Jobs"))

    async def preview(self, chat: Chat) -> Preview:
        self.asked.append(f"preview {chat.id}")
        return Preview(messages(chat.id), PEOPLE, Kinds(photos=2_114, videos=96))

    async def kinds(self, chat: Chat) -> Kinds | None:
        return Kinds(photos=2_114, videos=96)

    def options(self) -> ExportOptions:
        return ExportOptions(folder=str(self.vault))

    def presets(self) -> tuple[Preset, ...]:
        return tuple(self.kept)

    def save_preset(self, preset: Preset) -> None:
        self.kept.append(preset)

    async def look_at_folder(self, folder: str) -> FolderState:
        return FolderState(folder, self.free)

    def check_date(self, date: str) -> int | None:
        if not date:
            return None
        if date != "2025-01-05":
            raise UsageError(f"{date!r} is no date", "Write it as 2025-01-05")
        return 1_736_035_200

    def begin(self, order: Order) -> None:
        self.orders.append(order)
        self.is_running = True
        self.view = run_view()

    def running(self) -> bool:
        return self.is_running

    def run(self) -> RunView | None:
        if self.view is None or not self.shutdown.draining:
            return self.view
        return replace(self.view, phase="stopping", window_s=self.shutdown.window_left())

    def report(self) -> RunReport | None:
        return self.last_report

    def stop_run(self) -> None:
        self.asked.append("stop")

    def set_paused(self, paused: bool) -> None:
        self.asked.append("pause" if paused else "resume")
        if self.view is not None:
            self.view = replace(self.view, phase="paused" if paused else "fetching")

    def set_workers(self, count: int) -> None:
        self.asked.append(f"workers {count}")

    async def saved(self) -> Sequence[Saved]:
        return [
            Saved(chat, self.all_standings[chat.id], folder=chat.title, oldest=1_600_000_000)
            for chat in self.all_chats
            if chat.id in self.all_standings
        ]

    async def search(self, query: Query) -> Sequence[Found]:
        return (
            [
                Found(
                    11,
                    "Anna Petrova",
                    102,
                    int(NOW) - 2_040,
                    "Anna Petrova",
                    "Are the tickets booked?",
                    ((8, 15),),
                )
            ]
            if "tick" in query.text
            else []
        )

    async def read(self, chat_id: int, *, at: int | None = None, which: Side = Side.AROUND) -> Stretch:
        return Stretch(tuple(reversed(messages(chat_id))), PEOPLE)

    async def note_of(self, chat_id: int, message_id: int | None = None) -> Path | None:
        return self.vault / "Trip to Lisbon" / "Trip to Lisbon 2025-01-05.md"

    def program_for(self, note: Path, *, obsidian: bool = False) -> Program:
        self.opened.append(note)
        return Program(("true",))
