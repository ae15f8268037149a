"""What all screens share: the top line, the key line, the colours' names, a picture four times a second."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from tobs_tui.errors import TobsError
from tobs_tui.ui.ports import Host
from tobs_tui.ui.widgets.key_line import KeyLine
from tobs_tui.ui.widgets.top_line import TopLine, TopView

if TYPE_CHECKING:
    from tobs_tui.ui.app import TobsApp

PAINTS = {"moving", "done", "waiting", "failed", "muted", "focus", "mark", "found"}
"""Component classes that texts name as `.moving`; `app.tcss` colours them."""


class MainScreen(Screen[Any]):
    """A screen between the top line and the key line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = PAINTS
    MODE = ""

    def __init__(self) -> None:
        super().__init__()
        self.ready = False
        """Whether all of it is there to be shown."""

    def on_mount(self) -> None:
        self.ready = True

    def on_unmount(self) -> None:
        self.ready = False

    @property
    def tobs(self) -> TobsApp:
        return cast("TobsApp", self.app)

    @property
    def host(self) -> Host:
        return self.tobs.host

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield from self.body()
        yield KeyLine()

    def body(self) -> Iterable[Widget]:
        """What stands between the lines."""
        return ()

    def tick(self, now: float) -> None:
        """Take a picture of what goes on and show it. Called four times a second, and when shown."""

    def beside(self, group: str, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Do what waits, beside the screen; what its group was doing before is given up.

        A boundary: an error that a person can meet is told, and ends only this work.
        """

        async def bounded() -> None:
            try:
                await work(*args)
            except TobsError as error:
                self.tobs.tell(error)

        self.run_worker(cast("Any", bounded), group=group, exclusive=True)

    def show_top(self, view: TopView) -> None:
        for line in self.query(TopLine):
            line.update(view)

    def on_top_line_switched(self, event: TopLine.Switched) -> None:
        self.tobs.action_mode(event.mode)

    def on_screen_resume(self) -> None:
        self.tobs.refresh_now()

    def go_back(self) -> bool:
        """Undo one step inside the screen; False when there is none."""
        return False
