"""The chats as rows: columns by the width that there is, each row drawn from one frozen entry."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from msgspec import Struct
from textual import events
from textual.content import Content
from textual.message import Message

from tobs_tui.model import Chat, ChatType, Topic
from tobs_tui.text import for_terminal
from tobs_tui.ui import words
from tobs_tui.ui.drawing import MARK, MOVING, MUTED, left, right
from tobs_tui.ui.ports import Standing
from tobs_tui.ui.standing import messages_words, standing_words
from tobs_tui.ui.widgets.line import Line
from tobs_tui.ui.widgets.row_list import RowList

MARK_COLUMNS = 5
Key = tuple[int, int | None]

TYPE_WORDS = {
    ChatType.SAVED: "saved",
    ChatType.PERSON: "person",
    ChatType.BOT: "bot",
    ChatType.GROUP: "group",
    ChatType.SUPERGROUP: "group",
    ChatType.FORUM: "forum",
    ChatType.CHANNEL: "channel",
}


class Entry(Struct, frozen=True):
    """One chat, or one topic of a forum."""

    chat: Chat
    title: str
    """Made safe already."""
    topic: Topic | None = None
    marked: bool = False
    unfolded: bool = False
    standing: Standing | None = None
    exporting: bool = False
    """Whether a run reads it now."""

    @property
    def key(self) -> Key:
        return self.chat.id, self.topic.id if self.topic else None


class Column(Struct, frozen=True):
    name: str
    width: int
    to_right: bool = False
    order: str = ""
    """The order that a click on its heading asks for."""


_ALWAYS = (
    Column("Type", 8, order="type"),
    Column("Unread", 6, True, "unread"),
    Column("Messages", 9, True, "messages"),
    Column(" Last", 10, False, "newest"),
    Column("Saved", 15, order="saved"),
)
_WIDE = (Column("Name", 20), Column("Folder", 14))


def columns(width: int) -> tuple[tuple[Column, ...], int]:
    """The columns after the title that have room, and the title's width."""
    shown = list(_ALWAYS)
    if width >= 120:
        shown[0:0] = _WIDE
    while shown and width - _taken(shown) < 16:
        for name in ("Unread", " Last", "Type", "Messages", "Saved"):
            if found := [column for column in shown if column.name == name]:
                shown.remove(found[0])
                break
    return tuple(shown), max(4, width - _taken(shown))


def _taken(shown: list[Column]) -> int:
    return MARK_COLUMNS + sum(column.width + 1 for column in shown)


class ChatList(RowList[Entry]):
    """The rows. `now` and `timezone` say how dates read."""

    def __init__(self, *, id: str, now: Callable[[], float], timezone: Callable[[], str]) -> None:
        super().__init__(id=id)
        self._now = now
        self._timezone = timezone

    def key_of(self, row: Entry) -> Hashable:
        return row.key

    def draw(self, row: Entry, width: int) -> Content:
        shown, room = columns(width)
        mark = (" [x] ", MARK) if row.marked else (" [ ] ", MUTED)
        title = f"  {row.title}" if row.topic else row.title
        parts: list[Content | str | tuple[str, str]] = [mark, left(title, room)]
        for column in shown:
            text, style = self._cell(row, column.name)
            place = right if column.to_right else left
            parts.append((" " + place(text, column.width), style))
        return Content.assemble(*parts)

    def _cell(self, row: Entry, name: str) -> tuple[str, str]:
        chat = row.chat
        if row.topic is not None:
            return ("topic", MUTED) if name == "Type" else ("", "")
        match name:
            case "Type":
                fold = (" ▾" if row.unfolded else " ▸") if chat.type is ChatType.FORUM else ""
                return TYPE_WORDS[chat.type] + fold, MUTED
            case "Unread":
                return (words.number(chat.unread) if chat.unread else ""), ""
            case "Messages":
                return messages_words(chat), "" if chat.messages is not None else MUTED
            case " Last":
                return " " + words.moment(chat.last_date, self._now(), self._timezone()), MUTED
            case "Saved" if row.exporting:
                return "exporting now", MOVING
            case "Saved":
                return standing_words(chat, row.standing, self._timezone())
            case "Name":
                return (f"@{for_terminal(chat.username, 18)}" if chat.username else ""), MUTED
            case _:
                return for_terminal(", ".join(chat.folders), 14) or (
                    "archived" if chat.archived else ""
                ), MUTED


class ChatHeading(Line):
    """The columns' names; a click sorts."""

    class Sort(Message):
        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self, width_of_rows: Callable[[], int]) -> None:
        super().__init__(self._line, id="chat-heading")
        self._width_of_rows = width_of_rows

    def _line(self, width: int) -> Content:
        # The rows may have a scrollbar beside them; both must agree.
        shown, room = columns(self._width_of_rows() or width)
        parts: list[tuple[str, str]] = [(" " * MARK_COLUMNS, ""), (left("Title", room), MUTED)]
        for column in shown:
            place = right if column.to_right else left
            parts.append((" " + place(column.name, column.width), MUTED))
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        shown, room = columns(self._width_of_rows())
        end = MARK_COLUMNS + room
        if event.x < end:
            self.post_message(self.Sort("title"))
            return
        for column in shown:
            end += column.width + 1
            if event.x < end:
                if column.order:
                    self.post_message(self.Sort(column.order))
                return
