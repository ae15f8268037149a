"""The command palette: what can be done now, from the active bindings, and the themes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen


def commands_of(screen: Screen[object]) -> Iterable[SystemCommand]:
    """Every enabled action that has words, once."""
    told: set[str] = set()
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        if not enabled or not tooltip or "command_palette" in binding.action:
            continue
        # Two keys may do the same, such as `q` and `^q`.
        if told & {binding.action, binding.description}:
            continue
        told |= {binding.action, binding.description}
        run = partial(screen.app.run_action, binding.action, node)
        yield SystemCommand(f"{binding.description}  ({binding.key_display})", tooltip, run)
