"""What a chat is about, beside the list: its counts, what an export would take, its newest messages."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tobs_tui.model import Chat
from tobs_tui.text import cells, for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.drawing import BOLD, FAILED, MUTED, clauses
from tobs_tui.ui.estimate import cost, media_bytes
from tobs_tui.ui.message_text import message_content
from tobs_tui.ui.ports import Preview, Standing
from tobs_tui.ui.standing import guessed, messages_words, standing_words, to_fetch

SHOWN_MESSAGES = 20
SHOWN_TEXT = 600


class PreviewPane(VerticalScroll):
    """Shows one chat; empty until one is given."""

    can_focus = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.chat_id: int | None = None
        self._head: Callable[[int], Content] | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="preview-head")
        yield Static(id="preview-messages")

    def show(
        self,
        chat: Chat | None,
        standing: Standing | None,
        preview: Preview | None,
        timezone: str,
        *,
        per_second: float | None = None,
        problem: str = "",
    ) -> None:
        """Show a chat; `preview` is None while it is asked for."""
        messages = self.query_one("#preview-messages", Static)
        if chat is None:
            self._head = None
            self._show_head()
            messages.update("")
            return
        if self.chat_id != chat.id:
            self.chat_id = chat.id
            self.scroll_home(animate=False)
        self._head = lambda width: _head(chat, standing, preview, timezone, per_second, width)
        self._show_head()
        messages.update(_messages(chat, preview, timezone, problem))

    def on_resize(self) -> None:
        self._show_head()

    def _show_head(self) -> None:
        # The scrollbar comes with the messages.
        width = self.outer_size.width - self.gutter.width - 1
        self.query_one("#preview-head", Static).update(self._head(width) if self._head else "")


def _head(
    chat: Chat,
    standing: Standing | None,
    preview: Preview | None,
    timezone: str,
    per_second: float | None,
    width: int,
) -> Content:
    title = for_terminal(chat.title, 60) or "(no name)"
    name = f"@{for_terminal(chat.username, 32)}" if chat.username else ""
    lines = [Content.assemble((title, BOLD), (f"  {name}" if name else "", MUTED))]
    count = "not counted yet" if guessed(chat) is None else f"{messages_words(chat)} messages"
    said, style = standing_words(chat, standing, timezone)
    said = "never saved" if said == "never" else said
    saved = f" · {words.number(standing.saved)} saved" if standing and standing.saved else ""
    gap = " · " if cells(f"{count}{saved} · {said}") <= width else "\n"
    lines.append(Content.assemble(count + saved, gap, (said, style)))
    if chat.no_access:
        lines.append(Content.styled(f"✗ no access: {for_terminal(chat.no_access)}", FAILED))
    elif (left := to_fetch(chat, standing)) is not None:
        about = cost(left, per_second=per_second)
        if left:
            parts = [
                f"about {words.number(left)} to fetch",
                words.plural(about.requests, "request"),
                words.duration(about.seconds),
            ]
            lines.append(Content(clauses(parts, width)))
    kinds = preview.kinds if preview else None
    if kinds is not None:
        counted = [
            words.plural(count, name)
            for count, name in (
                (kinds.photos, "photo"),
                (kinds.videos, "video"),
                (kinds.files, "file"),
                (kinds.voices, "voice message"),
            )
            if count
        ]
        if counted:
            counted.append(f"about {words.size(media_bytes(kinds))}")
            lines.append(Content(clauses(counted, width)))
    if chat.protected:
        lines.append(Content.styled("protected: nobody can forward from it; it can be saved", MUTED))
    return Content("\n").join(lines)


def _messages(chat: Chat, preview: Preview | None, timezone: str, problem: str) -> Content:
    if problem:
        return Content.styled(f"✗ {for_terminal(problem)}", FAILED)
    if chat.no_access:
        return Content()
    if preview is None:
        return Content.styled("…", MUTED)
    if not preview.messages:
        return Content.styled("No messages yet.", MUTED)
    parts: list[Content] = []
    day = ""
    for message in reversed(preview.messages[:SHOWN_MESSAGES]):
        if (its_day := words.day(message.date, timezone)) != day:
            day = its_day
            parts.append(Content.styled(f"── {day}", MUTED))
        parts.append(message_content(message, preview.people, timezone, longest=SHOWN_TEXT))
    return Content("\n\n").join(parts)
