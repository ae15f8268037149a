"""How to export: dates, files, layout, folder; what it will take; then ⏎ starts.

What was chosen last stands there already, so that a second ⏎ is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.await_complete import AwaitComplete
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tobs_tui.errors import TobsError, UsageError
from tobs_tui.export.job import Target
from tobs_tui.model import ExportFormat, MediaKind, NoteLayout
from tobs_tui.text import for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.actions import OPTIONS, bindings
from tobs_tui.ui.drawing import BOLD, FAILED, MUTED, WAITING
from tobs_tui.ui.estimate import cost, files_cost, text_bytes
from tobs_tui.ui.marks import chats_of
from tobs_tui.ui.ports import ExportOptions, FolderState, Kinds, Order, Preset
from tobs_tui.ui.screens.base import MainScreen
from tobs_tui.ui.sizes import parse_size, size_text
from tobs_tui.ui.widgets.choice import Choice
from tobs_tui.ui.widgets.line import Line

_KIND_WORDS = {MediaKind.VIDEO_NOTE: "video note", MediaKind.DOCUMENT: "file"}
_COUNTED_CHATS = 20
"""So many chats' files are asked about, a request each; of more, at least so much is told."""
SHOWN_TITLES = 3


class OptionsScreen(MainScreen):
    """Pushed over the chats; gives an `Order`, or None."""

    CSS_PATH = "options.tcss"
    AUTO_FOCUS = "#since"
    MODE = "chats"
    BINDINGS: ClassVar[list[Any]] = bindings(OPTIONS)
    ABOUT = (
        "⏎ starts with what stands here. Dates are days like 2025-01-05, the last one is not included; empty "
        "ones mean all. A file above the limit is named in its note, and a later export can fetch it."
    )

    def __init__(self, targets: tuple[Target, ...], messages: int, *, certain: bool) -> None:
        super().__init__()
        self._targets = targets
        self._messages = messages
        self._certain = certain
        self._folder: FolderState | None = None
        self._kinds: list[Kinds] = []
        self._all_counted = False
        self._preset = -1

    def body(self) -> Iterable[Widget]:
        given = self.host.options()
        with VerticalScroll(id="options", can_focus=False):
            yield Line(self._title(), id="options-title")
            yield Line(self._estimate(), id="options-estimate")
            with self._row("Dates"):
                yield Input(
                    given.since, placeholder="from the first", id="since", classes="field", compact=True
                )
                yield Line(Content.styled("until", MUTED), classes="between")
                yield Input(given.until, placeholder="the last", id="until", classes="field", compact=True)
                yield Line(Content.styled("such as 2025-01-05", MUTED), classes="note")
            with self._row("Media"):
                yield Choice(
                    list(MediaKind),
                    given.media,
                    several=True,
                    id="media",
                    shown=[_KIND_WORDS.get(kind, kind.value) for kind in MediaKind],
                )
            with self._row("Up to"):
                yield Input(
                    size_text(given.max_file_size), placeholder="any size", id="max-size", classes="field",
                    compact=True,
                )  # fmt: skip
                yield Line(Content.styled("a file", MUTED), id="files-note", classes="note")
            with self._row("Notes"):
                yield Choice(
                    list(NoteLayout),
                    [given.layout],
                    several=False,
                    id="layout",
                    shown=["one a day", "one a month", "one a chat"],
                )
            with self._row("Formats"):
                yield Choice(
                    list(ExportFormat),
                    given.formats,
                    several=True,
                    id="formats",
                    shown=["Markdown", "JSON, as Telegram Desktop's"],
                )
            with self._row("Folder", "-tight"):
                yield Input(_at(given), placeholder="a folder", id="folder", classes="field", compact=True)
            yield Line(id="folder-note", classes="under")
            with self._row("Takeout"):
                yield Choice(
                    ["takeout"],
                    ["takeout"] if given.takeout else [],
                    several=True,
                    id="takeout",
                    shown=["milder limits; Telegram asks another device to allow it"],
                )
            with self._row("Preset"):
                yield Line(id="preset", classes="note")
            yield Input(
                placeholder="name of the preset, then ⏎", id="preset-name", classes="field", compact=True
            )
            yield Line(id="options-problem")

    def _row(self, label: str, classes: str = "") -> Horizontal:
        row = Horizontal(classes=f"row {classes}")
        row.compose_add_child(Line(label, classes="label"))
        return row

    def on_mount(self) -> None:
        self.query_one("#preset-name").display = False
        self._show_presets()
        self._look_at_folder()
        self.beside("kinds", self._ask_kinds)

    def dismiss(self, result: Order | None = None) -> AwaitComplete:
        """Close, and wait for no further answer: it would find the fields gone."""
        self.workers.cancel_node(self)
        return super().dismiss(result)

    # The files

    async def _ask_kinds(self) -> None:
        """Ask what files the chats have, so that their size can be held against the free space."""
        complete = len(self._targets) <= _COUNTED_CHATS
        for target in self._targets[:_COUNTED_CHATS]:
            kinds = await self.host.kinds(target.chat)
            complete = complete and kinds is not None
            if kinds is not None:
                self._kinds.append(kinds)
                self._show_files()
        self._all_counted = complete
        self._show_files()

    def _files(self) -> tuple[int, int]:
        """About how many files the choice means, and their bytes."""
        media = [MediaKind(kind) for kind in self.query_one("#media", Choice).chosen]
        try:
            largest = parse_size(self.query_one("#max-size", Input).value)
        except UsageError:
            largest = None
        costs = [files_cost(kinds, media, largest) for kinds in self._kinds]
        return sum(files for files, _ in costs), sum(size for _, size in costs)

    def _show_files(self) -> None:
        files, size = self._files()
        about = "about" if self._all_counted else "at least"
        said = f"a file · {about} {words.plural(files, 'file')}, {words.size(size)}" if files else "a file"
        self.query_one("#files-note", Line).show(Content.styled(said, MUTED))
        self._show_folder()

    def _title(self) -> Content:
        chats = chats_of(self._targets)
        titles = [for_terminal(chat.title, 24) or "(no name)" for chat in chats[:SHOWN_TITLES]]
        more = f" and {len(chats) - len(titles):,} more" if len(chats) > len(titles) else ""
        topics = all(target.topic_id is not None for target in self._targets)
        return Content.assemble(
            (f"Export {words.plural(len(self._targets), 'topic' if topics else 'chat')}", BOLD),
            (f"   {', '.join(titles)}{more}", MUTED),
        )

    def _estimate(self) -> Content:
        about = cost(self._messages, per_second=self.tobs.speed)
        if not self._messages:
            return Content.styled(
                "nothing new as far as is known" if self._certain else "not counted yet", MUTED
            )
        sign = "about" if self._certain else "at least"
        if any(target.topic_id is not None for target in self._targets):
            sign = "at most"
        return Content.styled(
            f"{sign} {words.number(self._messages)} messages · {words.plural(about.requests, 'request')} · "
            f"about {words.duration(about.seconds)} without files",
            MUTED,
        )

    # The folder

    def _look_at_folder(self) -> None:
        folder = self.query_one("#folder", Input).value
        self.beside("folder", self._ask_folder, folder)

    async def _ask_folder(self, folder: str) -> None:
        self._folder = await self.host.look_at_folder(folder)
        self._show_folder()

    def _show_folder(self) -> None:
        state = self._folder
        if state is None:
            return
        if state.problem:
            note = Content.styled(f"✗ {for_terminal(state.problem)}", FAILED)
        else:
            parts = [self._room(state.free_bytes)]
            layout = self.query_one("#layout", Choice).one
            if state.kept_layout is not None and state.kept_layout != layout:
                parts.append(
                    Content.styled(
                        f"! its notes are {state.kept_layout.value} now: all come out anew, links may break",
                        WAITING,
                    )
                )
            note = Content(" · ").join([part for part in parts if part])
        self.query_one("#folder-note", Line).show(note)

    def _room(self, free: int | None) -> Content:
        """What the export needs, against what is free."""
        if free is None:
            return Content()
        needed = text_bytes(self._messages) + self._files()[1]
        if needed > free:
            return Content.styled(
                f"! about {words.size(needed)} needed, and only {words.size(free)} free", WAITING
            )
        about = f"about {words.size(needed)} of " if needed else ""
        return Content.styled(f"{about}{words.size(free)} free", MUTED)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "folder":
            self._look_at_folder()
        elif event.input.id == "max-size":
            self._show_files()
        self._tell_problem("")

    def on_choice_changed(self, _event: Choice.Changed) -> None:
        self._show_files()

    # Presets

    def _show_presets(self) -> None:
        presets = self.host.presets()
        name = presets[self._preset].name if 0 <= self._preset < len(presets) else "what was chosen last"
        self.query_one("#preset", Line).show(
            Content.assemble(
                (for_terminal(name, 40), ""), (f"   f2 next of {len(presets)} · f3 keep these", MUTED)
            )
        )

    def action_next_preset(self) -> None:
        presets = self.host.presets()
        if presets:
            self._preset = (self._preset + 1) % len(presets)
            self._fill(presets[self._preset].options)
            self._show_presets()

    def _fill(self, options: ExportOptions) -> None:
        self.query_one("#since", Input).value = options.since
        self.query_one("#until", Input).value = options.until
        self.query_one("#max-size", Input).value = size_text(options.max_file_size)
        if options.folder:
            self.query_one("#folder", Input).value = _at(options)
        self.query_one("#media", Choice).choose(options.media)
        self.query_one("#layout", Choice).choose([options.layout])
        self.query_one("#formats", Choice).choose(options.formats)
        self.query_one("#takeout", Choice).choose(["takeout"] if options.takeout else [])
        self._show_files()

    def action_keep_preset(self) -> None:
        field = self.query_one("#preset-name", Input)
        field.display = True
        # What was hidden can take the focus only once it is laid out.
        self.call_after_refresh(field.focus)

    def _keep(self, name: str) -> None:
        field = self.query_one("#preset-name", Input)
        if name.strip():
            try:
                self.host.save_preset(Preset(name.strip()[:40], self._options()))
            except TobsError as error:
                self._tell_problem(error.line())
                return
            self._preset = len(self.host.presets()) - 1
            self._show_presets()
        field.value = ""
        field.display = False
        self.query_one("#since").focus()

    # Starting

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "preset-name":
            self._keep(event.value)
        else:
            self.action_start()

    def action_start(self) -> None:
        try:
            options = self._options()
            self._check(options)
        except TobsError as error:
            self._tell_problem(error.line())
            return
        self.dismiss(Order(self._targets, options))

    def _options(self) -> ExportOptions:
        formats = self.query_one("#formats", Choice).chosen
        if not formats:
            raise UsageError("Choose a format: Markdown, JSON or both")
        media = self.query_one("#media", Choice).chosen
        return ExportOptions(
            since=self.query_one("#since", Input).value.strip(),
            until=self.query_one("#until", Input).value.strip(),
            media=frozenset(kind for kind in MediaKind if kind in media),
            max_file_size=parse_size(self.query_one("#max-size", Input).value),
            layout=NoteLayout(self.query_one("#layout", Choice).one),
            formats=tuple(form for form in ExportFormat if form in formats),
            folder=self.query_one("#folder", Input).value.strip(),
            takeout=bool(self.query_one("#takeout", Choice).chosen),
        )

    def _check(self, options: ExportOptions) -> None:
        since, until = self.host.check_date(options.since), self.host.check_date(options.until)
        if since is not None and until is not None and since >= until:
            raise UsageError("The first day must be before the last")
        if not options.folder:
            raise UsageError("Name the folder that the notes shall stand in")
        if self._folder is not None and self._folder.problem:
            raise UsageError(self._folder.problem)

    def _tell_problem(self, problem: str) -> None:
        shown = Content.styled(f"✗ {for_terminal(problem)}", FAILED) if problem else Content()
        self.query_one("#options-problem", Line).show(shown)

    def go_back(self) -> bool:
        field = self.query_one("#preset-name", Input)
        if field.display:
            field.display = False
            self.query_one("#since").focus()
        else:
            self.dismiss(None)
        return True


def _at(options: ExportOptions) -> str:
    """The folder as a person would type it."""
    return words.at_home(Path(options.folder)) if options.folder else ""
