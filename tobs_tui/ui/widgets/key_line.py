"""The line at the bottom: the keys that do something now, made from the bindings that are active."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from textual import events
from textual.content import Content
from textual.screen import Screen

from tobs_tui.ui.drawing import BOLD, MUTED
from tobs_tui.ui.widgets.line import Line

Do = Callable[[], Awaitable[object]]


class KeyLine(Line):
    """Shows as many keys as have room; help always has. A click does what the key does."""

    def __init__(self) -> None:
        super().__init__(id="key-line")
        self._places: list[tuple[int, int, Do]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._again)
        self.show(self._line)

    def _again(self, _screen: Screen[object]) -> None:
        if self.is_attached:
            self.show(self._line)

    async def on_click(self, event: events.Click) -> None:
        for begin, end, action in self._places:
            if begin <= event.x < end:
                await action()

    def _line(self, width: int) -> Content:
        keys = list(self._keys())
        help_keys = [key for key in keys if key[0] == "f1"]
        line, self._places = Content(" "), []
        room = width - sum(len(shown) + len(label) + 4 for shown, label, _, _ in help_keys)
        shown_keys = [key for key in keys if key not in help_keys]
        for index, (shown, label, _, action) in enumerate([*shown_keys, *help_keys]):
            needs = len(shown) + len(label) + 3
            if index < len(shown_keys) and line.cell_length + needs > room:
                continue
            start = line.cell_length
            line = Content.assemble(line, (shown, BOLD), (f" {label}", MUTED), "  ")
            self._places.append((start, line.cell_length - 2, action))
        return line

    def _keys(self) -> Iterable[tuple[str, str, str, Do]]:
        told: set[str] = set()
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and enabled and binding.key_display and binding.action not in told:
                told.add(binding.action)
                action = partial(self.app.run_action, binding.action, node)
                yield binding.key_display, binding.description, binding.action, action
