"""Some words in a line to choose one or several from: arrows move, space takes or leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from tobs_tui.ui.drawing import MARK, MUTED


class Choice(Widget, can_focus=True):
    """`[x] photo  [ ] video` where several may be chosen, `(•) daily  ( ) single` where one is."""

    DEFAULT_CSS = "Choice { height: auto; width: 1fr; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--cursor"}
    BINDINGS: ClassVar[list[Any]] = [
        Binding("left,h", "move(-1)", "Left", show=False),
        Binding("right", "move(1)", "Right", show=False),
        Binding(
            "space", "take", "Choose", key_display="space", tooltip="Take or leave what is under the cursor."
        ),
    ]

    class Changed(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(
        self,
        names: Sequence[str],
        chosen: Iterable[str],
        *,
        several: bool,
        id: str,
        shown: Sequence[str] = (),
    ) -> None:
        super().__init__(id=id)
        self.names = tuple(names)
        self._shown = tuple(shown) or self.names
        self.chosen = set(chosen)
        self._several = several
        self._cursor = 0
        self._places: list[tuple[int, int, int]] = []

    @property
    def one(self) -> str:
        """The chosen one, where one is."""
        return next(name for name in self.names if name in self.chosen)

    def choose(self, chosen: Iterable[str]) -> None:
        """Take these from now on."""
        self.chosen = set(chosen)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._laid_out(width).plain.count("\n") + 1

    def render(self) -> Content:
        return self._laid_out(self.content_size.width)

    def _laid_out(self, width: int) -> Content:
        lines: list[list[Content]] = [[]]
        self._places, column = [], 0
        for index, (name, shown) in enumerate(zip(self.names, self._shown, strict=True)):
            piece = self._piece(index, name, shown)
            if column and column + piece.cell_length > width:
                lines.append([])
                column = 0
            self._places.append((len(lines) - 1, column, column + piece.cell_length))
            lines[-1] += [piece, Content("  ")]
            column += piece.cell_length + 2
        return Content("\n").join([Content("").join(line) for line in lines])

    def action_move(self, by: int) -> None:
        self._cursor = (self._cursor + by) % len(self.names)
        if not self._several and self.has_focus:
            self.chosen = {self.names[self._cursor]}
            self.post_message(self.Changed(self))
        self.refresh()

    def action_take(self) -> None:
        name = self.names[self._cursor]
        if not self._several:
            self.chosen = {name}
        else:
            self.chosen ^= {name}
        self.post_message(self.Changed(self))
        self.refresh()

    def on_focus(self) -> None:
        if not self._several:
            self._cursor = self.names.index(self.one)
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for index, (line, begin, end) in enumerate(self._places):
            if offset.y == line and begin <= offset.x < end:
                self._cursor = index
                self.action_take()

    def _piece(self, index: int, name: str, shown: str) -> Content:
        taken = name in self.chosen
        sign = ("[x] " if taken else "[ ] ") if self._several else ("(•) " if taken else "( ) ")
        here = self.has_focus and index == self._cursor
        return Content.assemble((sign, MARK if taken else MUTED), (shown, ".choice--cursor" if here else ""))
