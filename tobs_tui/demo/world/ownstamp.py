"""The stamp of a message that is made once, with numbers of its own: posted, or loaded from an export."""

from __future__ import annotations

from collections.abc import Sequence

from tobs_tui.demo.world.files import FileSpec
from tobs_tui.demo.world.history import History
from tobs_tui.demo.world.stamp import FileKey, album_id, serial_id


class OwnStamp:
    """Hands out the numbers of one message and registers its files."""

    def __init__(self, history: History, message_id: int, date: int, specs: Sequence[FileSpec] = ()) -> None:
        self._history = history
        self.id = message_id
        self.date = date
        self.specs = list(specs)

    def reply(self, before: int) -> int:
        ids = self._history.ids
        return ids[-before] if 0 < before <= len(ids) else self.id

    def moment(self, seconds: int) -> int:
        return self.date + seconds

    def group(self, before: int) -> int:
        return album_id(self.reply(before), self._history.chat_id)

    def serial(self, number: int) -> int:
        return serial_id(self.id, self._history.chat_id, number)

    def uploaded(self, number: int, copies: int = 1) -> int:
        return self.date

    def file(self, number: int, copies: int = 1) -> FileKey:
        packed = 1 << 58 | self._history.number << 40 | self.id << 4 | number
        return self.static_file(self._history.files.register(packed, self.specs[number]))

    def static_file(self, file_id: int) -> FileKey:
        return self._history.files.key(file_id)
