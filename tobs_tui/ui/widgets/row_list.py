"""A list of one-line rows, drawn only where they are seen: thousands of rows cost what a screenful does.

Rows are values of any kind, told apart by `key_of`; the cursor stays with its row when rows come and go.
A subclass says how a row looks. New rows are compared with the old, and only lines that differ are drawn
again.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Row = TypeVar("Row")


class RowList(ScrollView, Generic[Row], can_focus=True):
    """Rows with a cursor. Subclasses implement `draw`, and `key_of` where rows change in place."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor"}
    BINDINGS: ClassVar[list[Any]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]
    cursor: reactive[int] = reactive(0, init=False)

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, rows: RowList[Any], row: Any) -> None:
            super().__init__()
            self.rows, self.row = rows, row

        @property
        def control(self) -> RowList[Any]:
            return self.rows

    class Chosen(Moved):
        """A row was clicked twice: what Enter does, which is the screen's to bind."""

    class Clicked(Moved):
        """A row was clicked at this column."""

        def __init__(self, rows: RowList[Any], row: Any, column: int) -> None:
            super().__init__(rows, row)
            self.column = column

    def __init__(
        self, *, id: str | None = None, classes: str | None = None, with_cursor: bool = True
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: Sequence[Row] = ()
        self._with_cursor = with_cursor
        self.can_focus = with_cursor

    def draw(self, row: Row, width: int) -> Content:
        """One row as one line of at most `width` cells."""
        raise NotImplementedError

    def key_of(self, row: Row) -> Hashable:
        """What stays the same of a row when its numbers change."""
        return row

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def line_width(self) -> int:
        """Cells of a line: the scrollbar's are not among them."""
        return self.scrollable_content_region.width

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; the cursor stays on its row, or near where it was."""
        old, here = self.rows, self.current
        self.rows = rows
        self._set_height(len(rows))
        moved = self._follow(here, old)
        first, last = self._seen()
        if moved or len(old) != len(rows):
            self.refresh()
            return
        for index in range(first, min(last, len(rows))):
            if index >= len(old) or rows[index] != old[index]:
                self.refresh_row(index)

    def refresh_row(self, index: int) -> None:
        """Draw one row again."""
        x, y = self.scroll_offset
        self.refresh(Region(x, index - y, self.size.width, 1))

    def move_to(self, index: int) -> None:
        """Put the cursor on a row and show it."""
        if self.rows:
            self.cursor = max(0, min(index, len(self.rows) - 1))

    def render_line(self, y: int) -> Strip:
        width = self.line_width
        index = y + self.scroll_offset.y
        if not 0 <= index < len(self.rows):
            return Strip.blank(width, self.visual_style.rich_style)
        style = self.visual_style
        if self._with_cursor and index == self.cursor:
            style = self.get_visual_style("row-list--cursor")
        content = self.draw(self.rows[index], width).truncate(width, ellipsis=True)
        strips = Visual.to_strips(self, content, width, 1, style, pad=True, apply_selection=False)
        strip = strips[0] if strips else Strip.blank(width, style.rich_style)
        return strip.adjust_cell_length(width, style.rich_style)

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_row(old)
        self.refresh_row(new)
        self._scroll_to_row(new)
        if (row := self.current) is not None:
            self.post_message(self.Moved(self, row))

    def on_resize(self) -> None:
        self._set_height(len(self.rows))
        self._scroll_to_row(self.cursor)

    def on_focus(self) -> None:
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        self.refresh_row(self.cursor)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = offset.y + self.scroll_offset.y
        if not 0 <= index < len(self.rows):
            return
        self.cursor = index
        message = self.Chosen(self, self.rows[index]) if event.chain == 2 else None
        self.post_message(message or self.Clicked(self, self.rows[index], offset.x))

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self.rows) - 1)

    def _follow(self, here: Row | None, old: Sequence[Row]) -> bool:
        """Keep the cursor on its row; returns whether lines moved under it."""
        if here is None or not self.rows:
            self.set_reactive(RowList.cursor, 0)
            return True
        key = self.key_of(here)
        if self.cursor < len(self.rows) and self.key_of(self.rows[self.cursor]) == key:
            return len(old) != len(self.rows)
        index = next((i for i, row in enumerate(self.rows) if self.key_of(row) == key), None)
        self.set_reactive(RowList.cursor, min(self.cursor, len(self.rows) - 1) if index is None else index)
        self._scroll_to_row(self.cursor)
        return True

    def _seen(self) -> tuple[int, int]:
        first = self.scroll_offset.y
        return first, first + self.size.height

    def _set_height(self, rows: int) -> None:
        # One cell wide: a row is always cut to the widget, and never scrolls sideways.
        if self.virtual_size.height != rows:
            self.virtual_size = Size(1, rows)

    def _scroll_to_row(self, index: int) -> None:
        if not self._with_cursor or not self.size.height:
            return
        first, last = self._seen()
        if index < first:
            self.scroll_to(y=index, animate=False)
        elif index >= last:
            self.scroll_to(y=index - self.size.height + 1, animate=False)
