"""The line at the bottom: the keys that do something now, made from the bindings that are active."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from tobs_tui.ui.drawing import BOLD, MUTED
from tobs_tui.ui.widgets.line import Line

_NAMED_SIGNS = {"slash", "plus", "minus", "question_mark", "space"}
Do = Callable[[], Awaitable[object]]
OUT_OF_A_FIELD = ("step_back", "leave('Ctrl+Q')")
"""Shown while one types: `q` is a letter then, and `esc` is how one gets out."""


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
        types = isinstance(self.screen.focused, Input)
        for node, binding, enabled, _ in sorted(self.screen.active_bindings.values(), key=self._rank):
            works = not _is_sign(binding.key) if types else True
            if enabled and works and _is_shown(binding, types=types) and binding.action not in told:
                told.add(binding.action)
                action = partial(self.app.run_action, binding.action, node)
                yield binding.key_display or "", binding.description, binding.action, action

    def _rank(self, active: ActiveBinding) -> tuple[int, int]:
        """What has the focus first, then the screen, then the program; each in its own order."""
        owner = 2 if active.node is self.app else 1 if active.node is self.screen else 0
        actions = [getattr(one, "action", "") for one in type(active.node).BINDINGS]
        return owner, actions.index(active.binding.action) if active.binding.action in actions else 99


def _is_shown(binding: Binding, *, types: bool) -> bool:
    return bool(binding.key_display) and (binding.show or (types and binding.action in OUT_OF_A_FIELD))


def _is_sign(key: str) -> bool:
    """Whether a field takes this key for a sign that is typed."""
    return len(key) == 1 or key in _NAMED_SIGNS
