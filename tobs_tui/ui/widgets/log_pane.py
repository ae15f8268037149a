"""The log as it comes: its last line counts the open batch live; it follows until one scrolls up."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct
from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from tobs_tui.text import for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.actions import LOG, bindings
from tobs_tui.ui.drawing import FAILED, MUTED, WAITING, cut, left
from tobs_tui.ui.log_keeper import LogKeeper
from tobs_tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from tobs_tui.logs import Line

LEVELS = (
    (logging.INFO, "info and up"),
    (logging.WARNING, "warnings and up"),
    (logging.ERROR, "errors"),
    (logging.DEBUG, "all"),
)
_NAMES = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}


class LogRow(Struct, frozen=True):
    number: int
    at: float
    level: int
    """0 for the line that is still counting."""
    text: str


class LogPane(RowList[LogRow]):
    """Focus it to scroll, search, copy. Its title belongs to a rule, which is told by `Titled`."""

    BINDINGS: ClassVar[list[Any]] = [
        *bindings(LOG),
        Binding("down,j", "scroll_lines(1)", "Down", show=False),
        Binding("up,k", "scroll_lines(-1)", "Up", show=False),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("home,g", "top", "First", show=False),
    ]

    class Titled(Message):
        """What the rule above shall say now."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    class SearchAsked(Message):
        """Somebody wants to type what to look for."""

    class LevelAsked(Message):
        """Somebody wants the next level."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, with_cursor=False)
        self.can_focus = True
        self._lines: list[LogRow] = []
        self._seen_count = 0
        self._level = 0
        self._words = ""
        self._following = True
        self._unseen = 0
        self._title = ""
        self._timezone = "UTC"

    def key_of(self, row: LogRow) -> Hashable:
        return row.number

    def draw(self, row: LogRow, width: int) -> Content:
        at = words.clock(row.at, self._timezone, seconds=True)
        if row.level == 0:
            return Content.assemble((f" {at}  …        ", MUTED), (cut(row.text, width - 20), MUTED))
        name = _NAMES.get(row.level, "error" if row.level > logging.ERROR else "info")
        style = FAILED if row.level >= logging.ERROR else WAITING if row.level >= logging.WARNING else MUTED
        return Content.assemble((f" {at}  ", MUTED), (left(name, 9), style), cut(row.text, width - 20))

    def take(self, keeper: LogKeeper, wall: float, timezone: str) -> None:
        """Show what came since the last time, and what is being counted."""
        self._timezone = timezone
        fresh = keeper.since(self._seen_count)
        first = keeper.count - len(fresh)
        self._seen_count = keeper.count
        new = [_row(first + index, line) for index, line in enumerate(fresh)]
        shown = [row for row in new if self._is_shown(row)]
        self._lines += shown
        del self._lines[: max(0, len(self._lines) - 5_000)]
        if shown and not self._following:
            self._unseen += len(shown)
        self._show_lines(keeper, wall)

    def filter(self, keeper: LogKeeper, wall: float, search: str) -> None:
        """Show only lines with these words, of those that are kept."""
        self._words = search.casefold()
        self._again(keeper, wall)

    def set_level(self, keeper: LogKeeper, wall: float, level: int) -> None:
        """Show only lines of this level and up."""
        self._level = next(index for index, (least, _) in enumerate(LEVELS) if least == level)
        self._again(keeper, wall)

    @property
    def next_level(self) -> int:
        return LEVELS[(self._level + 1) % len(LEVELS)][0]

    def _again(self, keeper: LogKeeper, wall: float) -> None:
        self._lines, self._seen_count = [], keeper.count - len(keeper.lines())
        self.take(keeper, wall, self._timezone)
        # They were all there before.
        self._unseen = 0
        self._tell_title()

    def _is_shown(self, row: LogRow) -> bool:
        return row.level >= LEVELS[self._level][0] and self._words in row.text.casefold()

    def _show_lines(self, keeper: LogKeeper, wall: float) -> None:
        counting = " · ".join(
            for_terminal(template, 60) + (f" ×{count:,}" if count > 1 else "")
            for template, count in keeper.open_batch()
        )
        rows = list(self._lines)
        if counting and not self._words:
            rows.append(LogRow(-1, float(int(wall)), 0, counting))
        self.set_rows(rows)
        if self._following:
            self.scroll_end(animate=False)
        self._tell_title()

    def _tell_title(self) -> None:
        state = "following" if self._following else f"{self._unseen:,} new" if self._unseen else "end follows"
        search = f' · "{for_terminal(self._words, 20)}"' if self._words else ""
        title = f"Log · {LEVELS[self._level][1]}{search} · {state}"
        if title != self._title:
            self._title = title
            self.post_message(self.Titled(title))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value >= self.max_scroll_y:
            self._following, self._unseen = True, 0
        elif new_value < old_value:
            self._following = False
        self._tell_title()

    def action_scroll_lines(self, by: int) -> None:
        self.scroll_relative(y=by, animate=False)

    def action_scroll_pages(self, by: int) -> None:
        self.scroll_relative(y=by * max(1, self.size.height - 1), animate=False)

    def action_top(self) -> None:
        self.scroll_home(animate=False)

    def action_follow(self) -> None:
        self._following, self._unseen = True, 0
        self.scroll_end(animate=False)
        self._tell_title()

    def action_level(self) -> None:
        self.post_message(self.LevelAsked())

    def action_search(self) -> None:
        self.post_message(self.SearchAsked())

    def action_copy(self) -> None:
        """By OSC 52, which reaches the clipboard over SSH as well."""
        lines = [
            f"{words.clock(row.at, self._timezone, seconds=True)} {_NAMES.get(row.level, '')} {row.text}"
            for row in self._lines
        ]
        self.app.copy_to_clipboard("\n".join(lines))
        self.notify(f"{words.plural(len(lines), 'line')} copied", markup=False, timeout=3)


def _row(number: int, line: Line) -> LogRow:
    text = for_terminal(line.text, 400)
    return LogRow(number, line.at, line.level, text)
