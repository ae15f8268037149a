"""Chats: find some among thousands, mark them, see what they hold and how they stand in the archive.

What costs a request (a count, a preview, a forum's topics) is asked for only when a row rests under the
cursor, is marked or unfolded. What came of it stands in `KnownChats`, the marks in `Marks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from tobs_tui.errors import TobsError
from tobs_tui.model import Chat, ChatType
from tobs_tui.text import for_terminal
from tobs_tui.ui.actions import CHATS, bindings
from tobs_tui.ui.chat_filter import ALL, ORDERS
from tobs_tui.ui.chats_words import Loading, empty_words, shown_words
from tobs_tui.ui.drawing import MUTED, spread
from tobs_tui.ui.known_chats import KnownChats
from tobs_tui.ui.marks import Marks, target_of, wanted
from tobs_tui.ui.ports import RunView
from tobs_tui.ui.screens.base import MainScreen
from tobs_tui.ui.widgets.chat_list import MARK_COLUMNS, ChatHeading, ChatList, Entry
from tobs_tui.ui.widgets.line import Line
from tobs_tui.ui.widgets.preview import PreviewPane
from tobs_tui.ui.widgets.row_list import RowList

RESTS_S = 0.3
"""Seconds that a row rests under the cursor before it is asked about."""

MOST_COUNTED = 200
"""Marked chats that are asked about one by one; of more, the guesses must do."""


class ChatsScreen(MainScreen):
    """The first screen."""

    CSS_PATH = "chats.tcss"
    AUTO_FOCUS = "#chats"
    MODE = "chats"
    BINDINGS: ClassVar[list[Any]] = bindings(CHATS)
    ABOUT = (
        "Mark the chats that you want to save and press ⏎. Without marks it takes the chat under the cursor. "
        "~ is a guess from the newest message's number, — is not known yet."
    )

    def __init__(self) -> None:
        super().__init__()
        self._known = KnownChats()
        self._marks = Marks()
        self._rests_on: int | None = None
        self._unfolded: set[int] = set()
        self._exporting: frozenset[int] = frozenset()
        self._connected = True
        self._kind = ALL
        self._order = "newest"
        self._loading = Loading()
        self._rest: Timer | None = None

    def body(self) -> Iterable[Widget]:
        with Horizontal(id="filter-row"):
            yield Line(Content.styled(" /", MUTED), id="filter-sign")
            yield Input(
                placeholder="filter by title, @name or id", id="filter", classes="field", compact=True
            )
            yield Line(id="filter-info")
        with Horizontal(id="chats-row"):
            with Vertical(id="chats-column"):
                yield ChatHeading(lambda: self.chat_list.line_width)
                yield ChatList(id="chats", now=self.tobs.wall, timezone=lambda: self.host.timezone)
                yield Line(id="empty")
            yield PreviewPane(id="preview")
        yield Line(id="marked")

    def on_mount(self) -> None:
        self.ready = True
        self._show()

    # Loading

    def load(self) -> None:
        """Ask for the chats, and how they stand."""
        self._loading = Loading()
        self._show()
        self.beside("load", self._load)

    async def _load(self) -> None:
        try:
            self._known.standings = await self.host.standings()
            chats = await self.host.chats(self._loaded_so_far)
        except TobsError as error:
            self._loading = Loading(None, error.line())
            self._show()
            return
        self._known.take(chats)
        self._loading = Loading(None)
        self._show()
        self._row_rests()

    def _loaded_so_far(self, count: int) -> None:
        self._loading = Loading(count)
        self._show_info()

    def refresh_standings(self) -> None:
        """Look again how the chats stand: a run has ended."""
        self.beside("standings", self._refresh_standings)

    async def _refresh_standings(self) -> None:
        self._known.standings = await self.host.standings()
        self._show()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._known.total:
            self.refresh_standings()

    # What is shown

    @property
    def chat_list(self) -> ChatList:
        return self.query_one("#chats", ChatList)

    def _show(self) -> None:
        if not self.ready:
            return
        entries = self._entries()
        self.chat_list.set_rows(entries)
        self.query_one("#empty").display = not entries
        self.query_one("#chats-column").set_class(not entries, "-empty")
        self.call_after_refresh(self.query_one(ChatHeading).refresh)
        self.query_one("#empty", Line).show(self._empty_words())
        self._show_info()
        self._show_marked()
        self._show_preview()
        self.refresh_bindings()

    def _entries(self) -> list[Entry]:
        return self._known.rows(
            self.query_one("#filter", Input).value,
            self._kind,
            self._order,
            marked=self._marks,
            unfolded=self._unfolded,
            exporting=self._exporting,
        )

    def _empty_words(self) -> Content:
        query = self.query_one("#filter", Input).value
        return Content(empty_words(self._known.total, query, self._kind, self._loading, self.host.link()))

    def _show_info(self) -> None:
        seen = sum(1 for entry in self.chat_list.rows if entry.topic is None)
        told = shown_words(seen, self._known.total, self._kind, self._order, self._loading)
        self.query_one("#filter-info", Line).show(
            lambda width: spread(Content(), Content.styled(f"{told} ", MUTED), width)
        )

    def _show_marked(self) -> None:
        told = self._marks.words(self._known, self.tobs.speed)
        self.query_one("#marked", Line).show(Content(told))

    def _show_preview(self) -> None:
        pane = self.query_one(PreviewPane)
        if not pane.display:
            return
        entry = self.chat_list.current
        chat = entry.chat if entry else None
        pane.show(
            chat,
            self._known.standing(chat) if chat else None,
            self._known.previews.get(chat.id) if chat else None,
            self.host.timezone,
            per_second=self.tobs.speed,
            problem=self._preview_problem(chat) if chat else "",
        )
        # A filter or another order moves the chats under a cursor that stands still.
        if chat is not None and chat.id != self._rests_on:
            self._row_rests()

    def _preview_problem(self, chat: Chat) -> str:
        if self._connected or chat.id in self._known.previews:
            return self._known.problems.get(chat.id, "")
        return "offline: nothing can be asked now"

    # A row rests under the cursor

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        self._show_preview()
        self._row_rests()

    def _row_rests(self) -> None:
        entry = self.chat_list.current
        self._rests_on = entry.chat.id if entry else None
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(RESTS_S, self._ask_about_row)

    def _ask_about_row(self) -> None:
        entry = self.chat_list.current
        if entry is None or entry.chat.no_access or not self.tobs.connected or self.host.running():
            return
        wants_preview = self.query_one(PreviewPane).display and entry.chat.id not in self._known.previews
        if wants_preview or self._known.now(entry.chat).messages is None:
            self.beside("row", self._ask, entry.chat, wants_preview)

    async def _ask(self, chat: Chat, wants_preview: bool) -> None:
        try:
            await self._count(chat)
            if wants_preview:
                self._known.previews[chat.id] = await self.host.preview(chat)
        except TobsError as error:
            self._known.problems[chat.id] = error.line()
        self._show_preview()

    async def _count(self, chat: Chat) -> None:
        if self._known.now(chat).messages is None and not chat.no_access:
            self._known.counted(chat, await self.host.count(chat))
            self._show()

    async def _count_marked(self) -> None:
        for target in self._marks.targets[:MOST_COUNTED]:
            if (target.chat.id, target.topic_id) not in self._marks:
                continue
            try:
                await self._count(target.chat)
            except TobsError as error:
                self._known.problems[target.chat.id] = error.line()

    # Keys

    def action_filter(self) -> None:
        self.query_one("#filter", Input).focus()

    def on_input_changed(self, _event: Input.Changed) -> None:
        self._show()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        self.chat_list.focus()

    def on_key(self, event: Any) -> None:
        if event.key in ("down", "up") and isinstance(self.focused, Input):
            event.stop()
            self.chat_list.focus()

    def go_back(self) -> bool:
        field = self.query_one("#filter", Input)
        if field.value:
            field.value = ""
        elif self._kind != ALL:
            self._kind = ALL
            self._show()
        elif not isinstance(self.focused, Input):
            return False
        self.chat_list.focus()
        return True

    def action_cycle_type(self) -> None:
        self._kind = _next(self._known.kinds, self._kind)
        self._show()

    def action_cycle_order(self) -> None:
        self._order = _next(ORDERS, self._order)
        self._show()

    def on_chat_heading_sort(self, event: ChatHeading.Sort) -> None:
        self._order = event.order
        self._show()

    def action_preview(self) -> None:
        pane = self.query_one(PreviewPane)
        # Only one of the two classes has a say at each width: narrow screens hide it unless asked.
        self.toggle_class(
            "-preview-off" if self.has_class("-wide") or self.has_class("-vast") else "-preview-on"
        )
        self.call_after_refresh(self._after_preview, pane)

    def _after_preview(self, pane: PreviewPane) -> None:
        if pane.display:
            self._show_preview()
            self._row_rests()

    def action_reload(self) -> None:
        if self.host.running():
            self.notify("The export that runs connects by itself.", severity="warning", markup=False)
        elif self.tobs.connected:
            self._known.forget_asked()
            self.load()
        else:
            self.tobs.reconnect()

    def action_mark(self) -> None:
        if (entry := self.chat_list.current) is not None:
            self._mark([entry], entry.key not in self._marks)
            self.chat_list.action_move(1)

    def action_mark_all(self) -> None:
        self._mark([entry for entry in self.chat_list.rows if entry.topic is None], True)

    def action_unmark_all(self) -> None:
        self._marks.clear()
        self._show()

    def on_row_list_clicked(self, event: RowList.Clicked) -> None:
        if event.column < MARK_COLUMNS:
            self._mark([event.row], event.row.key not in self._marks)

    def _mark(self, entries: Sequence[Entry], marked: bool) -> None:
        refused = [entry for entry in entries if entry.chat.no_access]
        (self._marks.mark if marked else self._marks.unmark)(entries)
        if marked and len(refused) == 1 and len(entries) == 1:
            self.notify(
                for_terminal(refused[0].chat.no_access or ""),
                title="No access",
                severity="warning",
                markup=False,
            )
        self._show()
        if marked and not self.host.running():
            self.beside("marks", self._count_marked)

    def action_unfold(self, unfold: bool) -> None:
        entry = self.chat_list.current
        if entry is None or entry.chat.type is not ChatType.FORUM:
            return
        if not unfold:
            self._unfolded.discard(entry.chat.id)
            self._show()
            return
        self._unfolded.add(entry.chat.id)
        if entry.chat.id not in self._known.topics:
            self.beside("topics", self._ask_topics, entry.chat)
        self._show()

    async def _ask_topics(self, chat: Chat) -> None:
        try:
            self._known.topics[chat.id] = await self.host.topics(chat)
        except TobsError as error:
            self._unfolded.discard(chat.id)
            self.tobs.tell(error)
        self._show()

    def on_row_list_chosen(self, _event: RowList.Chosen) -> None:
        self.action_export()

    def action_export(self) -> None:
        """Go on to the options, with what is marked or under the cursor."""
        entry = self.chat_list.current
        targets = self._marks.targets
        if not targets and entry is not None and not entry.chat.no_access:
            targets = (target_of(entry),)
        if not targets:
            return
        if self.host.running():
            self.notify("One export at a time: 2 shows the one that runs.", severity="warning", markup=False)
            return
        self.tobs.ask_options(wanted(targets, self._known))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.ready:
            return True
        if action in ("mark", "mark_all", "export") and not self.chat_list.rows:
            return False
        if action == "unfold":
            entry = self.chat_list.current
            return entry is not None and entry.chat.type is ChatType.FORUM
        return True

    def tick(self, now: float) -> None:
        run = self.host.run() if self.host.running() else None
        busy = _read_now(run) if run is not None else frozenset()
        if self._known.total and self.tobs.connected != self._connected:
            self._connected = self.tobs.connected
            self._known.problems.clear()
            self._show_preview()
            self._row_rests()
        if busy != self._exporting:
            # Some chat has ended or begun: how they stand is another now.
            self._exporting = busy
            self.refresh_standings()
        if not self._known.total:
            self.query_one("#empty", Line).show(self._empty_words())


def _read_now(run: RunView) -> frozenset[int]:
    from tobs_tui.export.chat_run import ChatState

    busy = (ChatState.RUNNING, ChatState.PUBLISHING, ChatState.FILES)
    return frozenset(chat.id for chat in run.chats if chat.state in busy)


def _next(choices: Sequence[str], now: str) -> str:
    return choices[(choices.index(now) + 1) % len(choices)] if now in choices else choices[0]
