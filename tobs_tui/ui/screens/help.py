"""F1: the keys that do something here, in words, grouped by where they belong."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tobs_tui.ui.drawing import BOLD, MUTED, left
from tobs_tui.ui.screens.base import PAINTS
from tobs_tui.ui.widgets.line import Line, Rule


class HelpScreen(ModalScreen[None]):
    """Any of `esc`, `f1`, `q` and `⏎` closes it."""

    CSS_PATH = "help.tcss"
    COMPONENT_CLASSES: ClassVar[set[str]] = PAINTS
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,f1,q,enter,question_mark", "close", "Close", priority=True)
    ]

    def __init__(self, of: Screen[Any], about: str) -> None:
        super().__init__()
        self._keys = _keys(of)
        self._about = about

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Rule("Help")
            with VerticalScroll():
                yield Static(Content(self._about), id="about")
                yield Static(self._keys)
            yield Line(Content.assemble((" esc", BOLD), (" Close", MUTED)))

    def action_close(self) -> None:
        self.dismiss()


def _keys(screen: Screen[Any]) -> Content:
    lines: list[Content] = []
    told: set[str] = set()
    # Those that work everywhere come last.
    active = sorted(screen.active_bindings.values(), key=lambda active: active.node is screen.app)
    for _, binding, enabled, tooltip in active:
        if not enabled or not tooltip or binding.action in told:
            continue
        told.add(binding.action)
        lines.append(Content.assemble((left(f"  {binding.key_display}", 10), BOLD), tooltip))
    return Content("\n").join(lines)
