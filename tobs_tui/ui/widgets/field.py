"""A field of one line that takes nothing while its last answer is looked at."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class Field(Input):
    """`Input` that can be held: it keeps the focus, and what is typed meanwhile is dropped.

    Disabled, it would lose the focus, and a typed `q` would leave the program.
    """

    held = False

    async def _on_key(self, event: events.Key) -> None:
        if self.held and event.is_printable:
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        if self.held:
            event.stop()
            event.prevent_default()
            return
        super()._on_paste(event)
