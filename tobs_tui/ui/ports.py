"""What the screen asks of whoever runs it, and the values that pass between them.

The command line implements `Host` with the real engine, tests with frozen numbers. Everything here is
quick to import: it comes before the first paint. Methods that wait are coroutines, and may be cancelled;
what goes wrong comes as `TobsError`, in words for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from tobs_tui.export.job import Target
from tobs_tui.model import Chat, ExportFormat, MediaKind, Message, NoteLayout, Person, Topic
from tobs_tui.shutdown import ShutdownManager

if TYPE_CHECKING:
    from tobs_tui.export.chat_run import ChatProgress
    from tobs_tui.export.gauges import StageSnapshot
    from tobs_tui.export.report import RunReport
    from tobs_tui.logs import LogBatcher

FIFTY_MB = 50 << 20


class Reach(StrEnum):
    """How the account's server is reached."""

    STARTING = "starting"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    OFFLINE = "offline"
    SIGNED_OUT = "signed out"
    """The login was ended from elsewhere."""
    NOBODY = "not logged in"


class Link(Struct, frozen=True):
    """The connection at one instant."""

    reach: Reach
    detail: str = ""
    """Why there is none, or which try this is."""
    next_try_s: float | None = None


class Step(StrEnum):
    """What a login still needs."""

    API = "api"
    PHONE = "phone"
    CODE = "code"
    PASSWORD = "password"
    DONE = "done"


class LoginView(Struct, frozen=True):
    """How far a login is. No secret stands in it."""

    step: Step
    api_id: str = ""
    api_kept_in: str = ""
    phone: str = ""
    """With its middle hidden."""
    code_by: str = ""
    """How the code comes, in words after “sent”."""
    password_hint: str = ""
    name: str = ""
    """Who was logged in."""


class QrCode(Struct, frozen=True):
    url: str
    expires_at: float
    """Unix seconds."""


class Standing(Struct, frozen=True):
    """How a chat stands in the archive."""

    saved: int = 0
    """Messages of it in the archive."""
    top: int = 0
    """The newest id that was asked for."""
    newest: int | None = None
    """When the newest saved message was sent."""
    share: float = 0.0
    """How much of what was asked for is settled."""
    since: int | None = None
    """Only messages from then on were asked for."""
    failed: int = 0


class Kinds(Struct, frozen=True):
    """What Telegram counts of a chat; None where it doesn't."""

    photos: int | None = None
    videos: int | None = None
    files: int | None = None
    voices: int | None = None


class Preview(Struct, frozen=True):
    """A chat's newest messages, newest first."""

    messages: tuple[Message, ...] = ()
    people: Mapping[int, Person] = {}
    kinds: Kinds | None = None


class ExportOptions(Struct, frozen=True, kw_only=True):
    """How an export shall be done; what a preset keeps."""

    since: str = ""
    """A date as it was typed; empty for the beginning."""
    until: str = ""
    media: frozenset[MediaKind] = frozenset(MediaKind)
    max_file_size: int | None = FIFTY_MB
    layout: NoteLayout = NoteLayout.DAILY
    formats: tuple[ExportFormat, ...] = (ExportFormat.MARKDOWN,)
    folder: str = ""
    takeout: bool = False


class Preset(Struct, frozen=True):
    name: str
    options: ExportOptions


class FolderState(Struct, frozen=True):
    """What is known of a vault's folder before a run begins."""

    path: str
    free_bytes: int | None = None
    problem: str = ""
    """Why it can't be used; empty when it can."""
    kept_layout: NoteLayout | None = None
    """The layout that a vault there was begun with."""


class Order(Struct, frozen=True):
    """What a person asks to be exported."""

    targets: tuple[Target, ...]
    options: ExportOptions


class WorkerView(Struct, frozen=True, kw_only=True):
    """One worker client at one instant."""

    number: int
    state: str
    """`fetching`, `waiting`, `reconnecting` or `idle`."""
    dc: int = 0
    tries: int = 0
    wait_s: float = 0.0
    chat_id: int | None = None
    low: int = 0
    high: int = 0
    """The ids that it reads; 0 when it holds no range."""
    done: int = 0
    """Ids of that range that are settled."""


class LargeFileView(Struct, frozen=True):
    """A large file under way. `done` and `size` are bytes."""

    name: str
    chat_id: int
    done: int
    size: int


class FilesView(Struct, frozen=True):
    """The media of a run."""

    done: int = 0
    total: int | None = None
    """As far as their messages are known."""
    failed: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    by_dc: tuple[tuple[int, int], ...] = ()
    """How many files of each DC are under way."""
    large: tuple[LargeFileView, ...] = ()


class RunView(Struct, frozen=True, kw_only=True):
    """A run at one instant; nothing in it changes later."""

    phase: str
    """`opening` (the archive), `fetching`, `files` (only files are still to come), `publishing`, `paused`,
    `stopping` or `done`."""
    elapsed_s: float
    messages: int
    """Messages fetched by this run, and what it found saved already."""
    expected: int | None
    """About how many there are; None while unknown."""
    chats: tuple[ChatProgress, ...]
    stages: tuple[StageSnapshot, ...]
    workers: tuple[WorkerView, ...] = ()
    worker_count: int = 0
    files: FilesView | None = None
    flood_s: float = 0.0
    """Seconds that Telegram asked to wait, and that are left."""
    pace_s: float = 0.0
    """Seconds until the next request may go, by what was learned of the limits."""
    requests: int = 0
    limit: str = ""
    """What bounds the run now, in words; empty when nothing does."""
    silent_s: float = 0.0
    """Seconds since the server last answered, while an answer is awaited."""
    silent_dc: int = 0
    reconnecting: int = 0
    """Which try; 0 while connected."""
    window_s: float = 0.0
    """Seconds in which another request aborts; 0 when none would."""
    in_pipe_pages: int = 0
    """Pages that are asked for, or fetched and not yet read."""
    in_pipe_messages: int = 0
    """Messages that are read and not yet written."""
    errors: int = 0
    problem: str = ""
    """What stops the run until somebody does something, in words with what to do."""


class Saved(Struct, frozen=True):
    """One chat of the archive."""

    chat: Chat
    standing: Standing
    folder: str | None = None
    oldest: int | None = None


class Query(Struct, frozen=True):
    """What a search of the archive looks for."""

    text: str
    chat_id: int | None = None
    sender: str = ""
    since: str = ""
    until: str = ""


class Found(Struct, frozen=True):
    """One message that a search found."""

    chat_id: int
    chat: str
    message_id: int
    date: int
    sender: str
    text: str
    marks: tuple[tuple[int, int], ...] = ()


class Stretch(Struct, frozen=True):
    """Neighbouring messages of one saved chat, oldest first."""

    messages: tuple[Message, ...]
    people: Mapping[int, Person]
    deleted: frozenset[int] = frozenset()
    older: bool = False
    newer: bool = False
    note: str = ""
    """The note that holds the first of them, as a path."""


class Side(StrEnum):
    """Which messages beside one."""

    AROUND = "around"
    OLDER = "older"
    NEWER = "newer"


class Program(Struct, frozen=True):
    """A program to start, and whether it needs the terminal for itself."""

    words: tuple[str, ...]
    in_terminal: bool = False


Progress = Callable[[int], None]


class Host(Protocol):
    """Whoever runs the screen: owns the account, the engine and the archive."""

    shutdown: ShutdownManager
    """The program's own; a run in progress follows it."""
    timezone: str

    @property
    def batcher(self) -> LogBatcher:
        """Where the log comes from; another one once the settings are read."""

    @property
    def speed(self) -> float | None:
        """Requests a second, as a run measured them; None before the first."""

    @property
    def vault(self) -> Path:
        """The folder that the next run writes to."""

    def link(self) -> Link: ...

    async def start(self) -> LoginView:
        """Read the settings and connect; tells which step of a login is missing."""

    async def retry(self) -> LoginView:
        """Connect again now."""

    def try_demo(self) -> None:
        """Leave, and come back on the demo's world."""

    async def give_api(self, api_id: str, api_hash: str) -> LoginView: ...

    async def give_phone(self, phone: str) -> LoginView: ...

    async def give_code(self, code: str) -> LoginView: ...

    async def give_password(self, password: str) -> LoginView: ...

    async def qr_code(self) -> QrCode: ...

    async def qr_scanned(self) -> LoginView | None:
        """Wait for the scan; None when the code expired."""

    async def chats(self, progress: Progress) -> tuple[Chat, ...]: ...

    async def standings(self) -> Mapping[int, Standing]: ...

    async def count(self, chat: Chat) -> int: ...

    async def topics(self, chat: Chat) -> tuple[Topic, ...]: ...

    async def preview(self, chat: Chat) -> Preview: ...

    async def kinds(self, chat: Chat) -> Kinds | None:
        """What files Telegram counts in a chat; None where it doesn't."""

    def options(self) -> ExportOptions:
        """Those of the last export, or of the settings."""

    def presets(self) -> tuple[Preset, ...]: ...

    def save_preset(self, preset: Preset) -> None: ...

    async def look_at_folder(self, folder: str) -> FolderState: ...

    def check_date(self, date: str) -> int | None:
        """Unix seconds of a date as it is typed. :raises TobsError: it can't be read."""

    def begin(self, order: Order) -> None:
        """Start a run. One at a time."""

    def running(self) -> bool: ...

    def run(self) -> RunView | None:
        """The run in progress or the last one; None before the first."""

    def report(self) -> RunReport | None:
        """What the last run did; None before one has ended."""

    def stop_run(self) -> None:
        """Stop the run safely and stay."""

    def set_paused(self, paused: bool) -> None: ...

    def set_workers(self, count: int) -> None: ...

    async def saved(self) -> Sequence[Saved]: ...

    async def search(self, query: Query) -> Sequence[Found]: ...

    async def read(self, chat_id: int, *, at: int | None = None, which: Side = Side.AROUND) -> Stretch:
        """Messages around, before or after message `at`; the newest when it is None."""

    async def note_of(self, chat_id: int, message_id: int | None = None) -> Path | None:
        """The note that holds a message; a chat's index where none is named."""

    def program_for(self, note: Path, *, obsidian: bool = False) -> Program:
        """What opens a note: the person's editor, or Obsidian. :raises TobsError: nothing here does."""
