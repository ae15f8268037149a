"""An archive and a vault in a temporary folder, for tests of publishing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tobs_tui.archive import Archive, Batch
from tobs_tui.model import (
    Chat,
    ChatType,
    ExportFormat,
    Interval,
    Message,
    NoteDeleted,
    NoteLayout,
    Owner,
    Person,
    PersonKind,
)
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.publisher import Publisher, PublishReport

DAY = 86400
START = 1736035200  # 2025-01-05 00:00 UTC
ANNA, BORIS = 11, 12
GROUP = -1000000000777
PEOPLE = (
    Person(id=ANNA, kind=PersonKind.USER, name="Anna"),
    Person(id=BORIS, kind=PersonKind.USER, name="Boris"),
)


class Shelf:
    """One archive and the vault that is published from it."""

    def __init__(self, folder: Path) -> None:
        self.vault = folder / "vault"
        self.archive = Archive.open(self.vault / ".tobs", Owner(1, "telegram"), now=lambda: START)
        self.calendar = Calendar("UTC", NoteLayout.DAILY)
        self._publisher: Publisher | None = None
        self._settings: dict[str, Any] = {}

    def close(self) -> None:
        self.archive.close()

    def settings(
        self,
        *,
        layout: NoteLayout = NoteLayout.DAILY,
        timezone: str = "UTC",
        deleted: NoteDeleted = NoteDeleted.TOMBSTONE,
        formats: Iterable[ExportFormat] = (ExportFormat.MARKDOWN,),
    ) -> None:
        self.calendar = Calendar(timezone, layout)
        self._settings = {"deleted": deleted, "formats": tuple(formats)}
        self._publisher = None

    def chat(self, chat_id: int = GROUP, title: str = "Trip", **more: Any) -> None:
        more.setdefault("type", ChatType.SUPERGROUP)
        self.archive.save_chats([Chat(id=chat_id, title=title, **more)])

    def add(self, messages: Iterable[Message], people: tuple[Person, ...] = PEOPLE) -> None:
        by_chat: dict[int, list[Message]] = {}
        for message in messages:
            by_chat.setdefault(message.chat_id, []).append(message)
        for chat_id, some in by_chat.items():
            ids = [message.id for message in some]
            batch = Batch(
                chat_id=chat_id,
                messages=tuple(some),
                people=people,
                covers=(Interval(min(ids), max(ids)),),
            )
            self.archive.commit(batch, self.calendar.note_of)

    def delete(self, chat_id: int, message_id: int) -> None:
        covers = (Interval(message_id, message_id),)
        self.archive.commit(
            Batch(chat_id=chat_id, covers=covers, notices_deleted=True), self.calendar.note_of
        )

    def publish(self, chat_id: int = GROUP, stop: Callable[[], bool] = lambda: False) -> PublishReport:
        return self.publisher.publish(chat_id, stop=stop)

    @property
    def publisher(self) -> Publisher:
        if self._publisher is None:
            self._publisher = Publisher(self.archive, self.vault, self.calendar, **self._settings)
        return self._publisher

    def files(self) -> dict[str, str]:
        """Everything in the vault but the archive, by path."""
        return {
            path.relative_to(self.vault).as_posix(): path.read_bytes().decode()
            for path in sorted(self.vault.rglob("*"))
            if path.is_file() and ".tobs" not in path.parts
        }

    def note(self, day: str = "2025-01-05", name: str = "Trip") -> Path:
        return self.vault / name / f"{name} {day}.md"


def message(message_id: int, text: str = "", *, day: int = 0, **more: Any) -> Message:
    """A message of the group, one minute after the one before it."""
    more.setdefault("chat_id", GROUP)
    more.setdefault("sender_id", ANNA)
    more.setdefault("date", START + day * DAY + 60 * message_id)
    return Message(id=message_id, text=text or f"message {message_id}", **more)


def shelf_in(folder: Path) -> Iterator[Shelf]:
    shelf = Shelf(folder)
    yield shelf
    shelf.close()
