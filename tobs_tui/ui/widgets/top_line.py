"""The line at the top: where one is, how the run goes, the connection, the vault. A click switches."""

from __future__ import annotations

from msgspec import Struct
from textual import events
from textual.content import Content
from textual.message import Message

from tobs_tui.text import for_terminal
from tobs_tui.ui.drawing import BOLD, DONE, FAILED, FOCUS, MUTED, WAITING, spread
from tobs_tui.ui.ports import Link, Reach
from tobs_tui.ui.widgets.line import Line

TABS = (("chats", "1", "Chats"), ("run", "2", "Run"), ("archive", "3", "Archive"))

_REACH = {
    Reach.STARTING: ("…", "starting", MUTED),
    Reach.CONNECTING: ("…", "connecting", WAITING),
    Reach.CONNECTED: ("●", "connected", DONE),
    Reach.OFFLINE: ("!", "offline", FAILED),
    Reach.SIGNED_OUT: ("!", "signed out", FAILED),
    Reach.NOBODY: ("○", "not logged in", MUTED),
}


class TopView(Struct, frozen=True):
    """What the line tells."""

    mode: str
    link: Link
    vault: str
    run: str = ""
    """`25 %`, or empty."""
    demo: bool = False


class TopLine(Line):
    """One line; equal views are not drawn twice."""

    class Switched(Message):
        """A tab was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self) -> None:
        super().__init__(id="top-line")
        self._places: list[tuple[int, int, str]] = []

    def update(self, view: TopView) -> None:
        self.show(lambda width: self._line(view, width))

    def on_click(self, event: events.Click) -> None:
        for begin, end, mode in self._places:
            if begin <= event.x < end:
                self.post_message(self.Switched(mode))

    def _line(self, view: TopView, width: int) -> Content:
        begin = Content.assemble((" tobs ", BOLD))
        self._places = []
        for mode, key, label in TABS:
            title = f"{label} {view.run}" if mode == "run" and view.run else label
            start = begin.cell_length + 1
            here = mode == view.mode
            begin = Content.assemble(begin, " ", (f"{key} ", MUTED), (title, FOCUS if here else MUTED), " ")
            self._places.append((start, begin.cell_length, mode))
        return spread(begin, self._end(view, width - begin.cell_length - 2), width)

    def _end(self, view: TopView, room: int) -> Content:
        sign, word, style = _REACH[view.link.reach]
        reach = Content.assemble((f"{sign} {word}", style))
        if view.link.reach is Reach.OFFLINE and view.link.next_try_s is not None:
            now = " · r now" if view.mode == "chats" else ""
            next_try = f"! offline, next try in {view.link.next_try_s:.0f} s{now}"
            reach = Content.assemble((next_try, style))
        left = room - reach.cell_length - 4
        vault = for_terminal(view.vault)
        if left < 6:
            return Content.assemble(reach, " ")
        if len(vault) > left:
            vault = "…" + vault[-(left - 1) :]
        return Content.assemble(reach, "   ", (vault, MUTED), " ")
