"""Which files a run asks for, as notes, publishing and the ledger need to know it."""

from __future__ import annotations

from msgspec.structs import replace

from tobs_tui.archive import Archive
from tobs_tui.export.chat_run import ChatRun, History
from tobs_tui.export.fetching import NoteOf
from tobs_tui.export.job import Job
from tobs_tui.export.media_setup import want_of
from tobs_tui.model import Interval


class AskedFiles:
    """The files of one job; `job` is set before anything is asked."""

    def __init__(self, archive: Archive, note_of: NoteOf) -> None:
        self._archive = archive
        self._note_of = note_of
        self.job = Job(targets=())

    def leave_out(self, run: ChatRun) -> None:
        """Settle which of a chat's files its notes name as left out. Called in a thread."""
        if self.job.only_files is not None:
            return
        for history in run.histories:
            want = replace(want_of(self.job), topic_id=history.topic_id)
            self._archive.leave_files_out(history.chat.id, want, self._note_of)

    def named(self, run: ChatRun) -> str | None:
        """What decides which files of a chat are left out; None for a run that settles nothing of it."""
        if self.job.only_files is not None:
            return None
        want = want_of(self.job)
        kinds = ",".join(sorted(want.kinds))
        return f"{kinds} {want.max_size} {want.since} {want.until} {run.target.topic_id}"

    def known_histories(self, run: ChatRun) -> tuple[History, ...]:
        """A chat's histories as the archive has them, where its files alone are wanted."""
        numbers = (*self._archive.parts_of(run.chat.id), run.chat.id)
        tops = {number: self._archive.top(number) for number in numbers}
        return tuple(
            History(stored.chat, Interval(1, top))
            for number, top in tops.items()
            if top and (stored := self._archive.chat(number)) is not None
        )
