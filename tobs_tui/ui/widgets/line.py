"""One line of text that is drawn again only when it has changed."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from tobs_tui.ui.drawing import rule


class Line(Widget):
    """Shows what it is given; a function is asked for the text at the width that there is."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"
    ALLOW_SELECT = False

    def __init__(
        self,
        shown: Content | Callable[[int], Content] | str = "",
        *,
        id: str | None = None,
        classes: str = "",
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: Content | Callable[[int], Content] = Content(shown) if isinstance(shown, str) else shown
        self._drawn: Content | None = None

    def show(self, shown: Content | Callable[[int], Content]) -> None:
        """Show this from now on."""
        self._shown = shown
        now = self._content()
        if self._drawn is None or not self._drawn.is_same(now):
            self.refresh()

    def render(self) -> Content:
        self._drawn = self._content()
        return self._drawn

    def _content(self) -> Content:
        width = self.content_size.width
        shown = self._shown(width) if callable(self._shown) else self._shown
        return shown.truncate(width, ellipsis=True) if shown.cell_length > width else shown


class Rule(Line):
    """A thin line with a title."""

    def __init__(self, title: str, *, id: str | None = None, tail: str = "") -> None:
        super().__init__(lambda width: rule(self.title, width, self.tail), id=id)
        self.title = title
        self.tail = tail

    def retitle(self, title: str, tail: str = "") -> None:
        """Give it another title, and words at its end."""
        if (title, tail) != (self.title, self.tail):
            self.title, self.tail = title, tail
            self.refresh()
