"""Archive: what is saved, read in place, and searched as one types.

`from:`, `since:` and `until:` in the search field narrow it by sender and days.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from tobs_tui.errors import TobsError
from tobs_tui.text import cells, for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.actions import ARCHIVE, bindings
from tobs_tui.ui.drawing import BOLD, FOUND, MUTED, cut, left, right, spread
from tobs_tui.ui.message_text import message_content
from tobs_tui.ui.ports import Found, Query, Saved, Side, Stretch
from tobs_tui.ui.screens.base import MainScreen
from tobs_tui.ui.standing import standing_words
from tobs_tui.ui.widgets.line import Line
from tobs_tui.ui.widgets.row_list import RowList

TYPED_S = 0.15
"""Seconds without a key after which a search is asked for."""


class SavedList(RowList[Saved | Found]):
    """Saved chats, or what a search found."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.timezone = "UTC"
        self.now = 0.0

    def key_of(self, row: Saved | Found) -> Hashable:
        return row.chat.id if isinstance(row, Saved) else (row.chat_id, row.message_id)

    def draw(self, row: Saved | Found, width: int) -> Content:
        return self._chat(row, width) if isinstance(row, Saved) else self._found(row, width)

    def _chat(self, row: Saved, width: int) -> Content:
        title = for_terminal(row.chat.title, 80) or "(no name)"
        said, style = standing_words(row.chat, row.standing, self.timezone)
        room = max(8, width - 31)
        return Content.assemble(
            f" {left(title, room)}",
            right(words.number(row.standing.saved), 10),
            (f"  {left(said, 16)}", style),
        )

    def _found(self, row: Found, width: int) -> Content:
        chat, sender = (14, 0) if width < 90 else (22, 18)
        parts: list[tuple[str, str]] = [
            (f" {left(words.day(row.date, self.timezone), 11)} ", MUTED),
            (left(for_terminal(row.chat, chat), chat), MUTED),
        ]
        if sender:
            parts.append((f" {left(for_terminal(row.sender, sender), sender)}", BOLD))
        head = Content.assemble(*parts, "  ")
        return Content.assemble(head, _marked(row, max(10, width - head.cell_length)))


class Reader(VerticalScroll):
    """Some messages of one chat; asks for more at its ends."""

    def compose(self) -> Iterable[Widget]:
        yield Static(id="reader-text")


class ArchiveScreen(MainScreen):
    """The third screen."""

    CSS_PATH = "archive.tcss"
    AUTO_FOCUS = "#saved"
    MODE = "archive"
    BINDINGS: ClassVar[list[Any]] = bindings(ARCHIVE)
    ABOUT = (
        "⏎ puts the focus on the messages; page up at their top shows older ones. A search looks through all "
        "saved messages; from:anna, since:2025-01-05 and until:2025-02-01 narrow it."
    )

    def __init__(self) -> None:
        super().__init__()
        self._saved: list[Saved] = []
        self._found: list[Found] | None = None
        self._stretch: Stretch | None = None
        self._reading: tuple[int, int | None] | None = None
        self._note: Path | None = None
        self._typing: Timer | None = None
        self._resting: Timer | None = None
        self._problem = ""
        self._parts: list[tuple[int, Content]] = []

    def body(self) -> Iterable[Widget]:
        with Horizontal(id="search-row"):
            yield Line(Content.styled(" /", MUTED), id="search-sign")
            yield Input(
                placeholder="search all messages · from:anna since:2025-01-05", id="search", classes="field",
                compact=True,
            )  # fmt: skip
            yield Line(id="search-info")
        with Horizontal(id="archive-row"):
            with Vertical(id="saved-column"):
                yield SavedList(id="saved")
                yield Line(id="archive-empty")
            with Vertical(id="reader-column"):
                yield Line(id="reader-title")
                yield Reader(id="reader")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.beside("saved", self._load)

    async def _load(self) -> None:
        try:
            self._saved = list(await self.host.saved())
            self._problem = ""
        except TobsError as error:
            self._problem = error.line()
        self._show()
        self._row_rests()

    # What is shown

    @property
    def saved_list(self) -> SavedList:
        return self.query_one(SavedList)

    def _show(self) -> None:
        rows: list[Saved | Found] = [*self._saved] if self._found is None else [*self._found]
        listed = self.saved_list
        listed.timezone, listed.now = self.host.timezone, self.tobs.wall()
        listed.set_rows(rows)
        self.query_one("#archive-empty").display = not rows
        self.query_one("#saved-column").set_class(not rows, "-empty")
        self.query_one("#archive-empty", Line).show(Content.styled(self._empty_words(), MUTED))
        if self._found is not None:
            told = f"{words.plural(len(self._found), 'message')} found"
        else:
            total = sum(saved.standing.saved for saved in self._saved)
            told = f"{words.plural(len(self._saved), 'chat')} · {words.plural(total, 'message')}"
        self.query_one("#search-info", Line).show(
            lambda width: spread(Content(), Content.styled(f"{told} ", MUTED), width)
        )
        self.refresh_bindings()

    def _empty_words(self) -> str:
        if self._problem:
            return f"✗ {for_terminal(self._problem)}"
        if self._found is not None:
            query = for_terminal(self.query_one("#search", Input).value, 40)
            return f'No message matches "{query}" · esc clears'
        return "Nothing is saved yet. Mark chats on the first screen (1), then press ⏎."

    # Searching

    def on_input_changed(self, _event: Input.Changed) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPED_S, self._search)

    def _search(self) -> None:
        typed = self.query_one("#search", Input).value.strip()
        if not typed:
            self.workers.cancel_group(self, "search")
            self._found = None
            self._show()
            self._row_rests()
            return
        self.beside("search", self._ask, parse_query(typed))

    async def _ask(self, query: Query) -> None:
        try:
            self._found = list(await self.host.search(query))
            self._problem = ""
        except TobsError as error:
            self._found, self._problem = [], error.line()
        self._show()
        self._row_rests()

    def action_search(self) -> None:
        self.query_one("#search", Input).focus()

    def action_by_sender(self) -> None:
        self._add_to_search("from:")

    def action_by_date(self) -> None:
        self._add_to_search("since:")

    def _add_to_search(self, word: str) -> None:
        field = self.query_one("#search", Input)
        if word not in field.value:
            field.value = f"{field.value.rstrip()} {word}".lstrip()
        field.focus()
        self.call_after_refresh(field.action_end)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        self.saved_list.focus()

    def on_key(self, event: Any) -> None:
        if event.key == "down" and isinstance(self.focused, Input):
            event.stop()
            self.saved_list.focus()
        elif isinstance(self.focused, Reader) and self._stretch is not None:
            reader = self.focused
            if event.key in ("pageup", "up") and reader.scroll_y <= 0 and self._stretch.older:
                event.stop()
                self._turn(older=True)
            elif (
                event.key in ("pagedown", "down")
                and reader.scroll_y >= reader.max_scroll_y
                and self._stretch.newer
            ):
                event.stop()
                self._turn(older=False)

    # Reading

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        self._row_rests()

    def on_row_list_chosen(self, _event: RowList.Chosen) -> None:
        self.action_read()

    def _row_rests(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(TYPED_S, self._read_row)

    def _read_row(self) -> None:
        row = self.saved_list.current
        if row is None:
            self._stretch = self._reading = None
            self._show_stretch()
            return
        wanted = (row.chat.id, None) if isinstance(row, Saved) else (row.chat_id, row.message_id)
        if wanted != self._reading:
            self._reading = wanted
            self.beside("read", self._read, wanted[0], wanted[1], Side.AROUND)

    def _turn(self, *, older: bool) -> None:
        if self._stretch is None or self._reading is None or not self._stretch.messages:
            return
        edge = self._stretch.messages[0 if older else -1].id
        which = Side.OLDER if older else Side.NEWER
        self.beside("read", self._read, self._reading[0], edge, which)

    async def _read(self, chat_id: int, at: int | None, which: Side) -> None:
        try:
            self._stretch = await self.host.read(chat_id, at=at, which=which)
            self._note = await self.host.note_of(chat_id, self._reading[1] if self._reading else None)
        except TobsError as error:
            self._stretch, self._problem = None, error.line()
        self._show_stretch()
        reader = self.query_one(Reader)
        if which is Side.NEWER:
            reader.scroll_home(animate=False)
        elif which is Side.OLDER or at is None:
            self.call_after_refresh(reader.scroll_end, animate=False)
        else:
            self.call_after_refresh(self._scroll_to_found, at)
        self.refresh_bindings()

    def _scroll_to_found(self, message_id: int) -> None:
        """Put the message that was found into the middle."""
        reader = self.query_one(Reader)
        width = max(10, reader.scrollable_content_region.width)
        above = 0
        for at, part in self._parts:
            if at == message_id:
                break
            above += part.get_height({}, width) + 1
        reader.scroll_to(y=max(0, above - reader.size.height // 3), animate=False)

    def _show_stretch(self) -> None:
        text, title = self.query_one("#reader-text", Static), self.query_one("#reader-title", Line)
        stretch, reading = self._stretch, self._reading
        if stretch is None or reading is None:
            text.update("")
            title.show(Content())
            return
        chat = next((one.chat.title for one in self._saved if one.chat.id == reading[0]), "")
        title.show(
            Content.assemble(
                (f" {for_terminal(chat, 50)}", BOLD),
                ("  page up: older" if stretch.older else "", MUTED),
                ("  page down: newer" if stretch.newer else "", MUTED),
            )
        )
        parts: list[tuple[int, Content]] = []
        day = ""
        for message in stretch.messages:
            if (its_day := words.day(message.date, self.host.timezone)) != day:
                day = its_day
                parts.append((0, Content.styled(f"── {day}", MUTED)))
            shown = message_content(
                message,
                stretch.people,
                self.host.timezone,
                deleted=message.id in stretch.deleted,
                found=message.id == reading[1],
            )
            parts.append((message.id, shown))
        self._parts = parts
        text.update(
            Content("\n\n").join([part for _, part in parts])
            if parts
            else Content.styled("No messages.", MUTED)
        )

    def action_read(self) -> None:
        if self.saved_list.current is not None:
            self.add_class("-reading")
            self.query_one(Reader).focus()

    def action_open_note(self) -> None:
        self._open(obsidian=False)

    def action_obsidian(self) -> None:
        self._open(obsidian=True)

    def _open(self, *, obsidian: bool) -> None:
        if self._note is not None:
            self.tobs.open_note(self._note, obsidian=obsidian)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("open_note", "obsidian"):
            return self._note is not None
        if action == "read":
            return self.ready and bool(self.saved_list.rows) and not isinstance(self.focused, Reader)
        return True

    def go_back(self) -> bool:
        field = self.query_one("#search", Input)
        if isinstance(self.focused, Reader):
            self.remove_class("-reading")
            self.saved_list.focus()
        elif field.value:
            field.value = ""
            self.saved_list.focus()
        elif isinstance(self.focused, Input):
            self.saved_list.focus()
        else:
            return False
        return True


def parse_query(typed: str) -> Query:
    """Words, and `from:`, `since:`, `until:` among them."""
    narrowed = {"from": "", "since": "", "until": ""}
    kept: list[str] = []
    for word in typed.split():
        name, colon, value = word.partition(":")
        if colon and name.lower() in narrowed:
            narrowed[name.lower()] = value
        else:
            kept.append(word)
    return Query(" ".join(kept), sender=narrowed["from"], since=narrowed["since"], until=narrowed["until"])


def _marked(row: Found, room: int) -> Content:
    """The text around the first word found, that word marked."""
    begin, end = row.marks[0] if row.marks else (0, 0)
    start = row.text.rfind(" ", 0, max(0, begin - room // 4)) + 1 if begin > room // 4 else 0
    before = ("…" if start else "") + for_terminal(row.text[start:begin])
    found = cut(for_terminal(row.text[begin:end]), room - cells(before))
    after = cut(for_terminal(row.text[end : end + room * 2]), room - cells(before) - cells(found))
    return Content.assemble(before, (found, FOUND), after)
