"""Takes told changes into the archive: edits of what is held, pins, deletions past the guard.

Only messages that the archive holds are touched; whoever wants new ones commits them with what they cover.
Each chat's counts go to its run; those of chats outside of the run are summed up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from tobs_tui.archive import Archive, Batch
from tobs_tui.errors import MessageFailed, TobsError
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.deletions import DeletionGuard
from tobs_tui.model import Message, NoteKey
from tobs_tui.telegram.differences import Difference

NoteOf = Callable[[int, int | None], NoteKey]


class Applying:
    """Owns the guards of one run."""

    def __init__(
        self,
        runs: Sequence[ChatRun],
        archive: Archive,
        note_of: NoteOf,
        *,
        accept: bool,
        problem: Callable[[int | None, TobsError], None],
    ) -> None:
        self._runs = {number: run for run in runs for number in run.history_ids}
        self._archive = archive
        self._note_of = note_of
        self._accept = accept
        self._problem = problem
        self._guards: dict[int, DeletionGuard] = {}
        self.updated_outside = 0
        self.deleted_outside = 0

    def apply(self, told: Difference, *, passing_over: Collection[int] = ()) -> None:
        """Commit a slice's edits and pins of held messages; its deletions go through `deleted`."""
        by_chat: dict[int, dict[int, Message]] = {}
        for message in told.messages:
            if message.id in passing_over:
                continue
            by_chat.setdefault(message.chat_id, {})[message.id] = message
        for chat_id, _, _ in told.pins:
            by_chat.setdefault(chat_id, {})
        for chat_id, coming in by_chat.items():
            pins = {number: pinned for chat, number, pinned in told.pins if chat == chat_id}
            held = self._archive.get_many(chat_id, {*coming, *pins})
            edited = [message for number, message in coming.items() if _is_later(message, held.get(number))]
            live = self._archive.live_of(chat_id, pins.keys() - coming.keys())
            pinned = [replace(held[number], pinned=pins[number]) for number in live]
            if edited or pinned:
                self.commit(Batch(chat_id=chat_id, messages=(*edited, *pinned), people=told.people))
        for chat_id, message_id, why in told.failed:
            run = self._run_of(chat_id)
            if run is not None and self._archive.live_of(chat_id, [message_id]):
                what = f"message {message_id} was edited, and the new form can't be read: {why}"
                run.fail(MessageFailed(what, "The old one is kept; `--recheck` tries it again"))

    def commit(self, batch: Batch) -> None:
        """Commit, and count what it changed."""
        result = self._archive.commit(batch, self._note_of)
        run = self._run_of(batch.chat_id)
        if run is None:
            self.updated_outside += result.updated
            self.deleted_outside += result.deleted
            return
        run.new += result.new
        run.updated += result.updated
        run.deleted += result.deleted

    def deleted(self, chat_id: int, ids: Iterable[int]) -> None:
        """Held messages that are no more in Telegram: marked when `mark` is called, unless too many."""
        self._guard(chat_id).find(ids)

    def mark(self, chat_id: int) -> None:
        """Mark what was found since the last time, or tell that it is too much."""
        guard = self._guards.get(chat_id)
        if guard is None:
            return
        told = guard.kept
        if ids := guard.decide():
            self.commit(Batch(chat_id=chat_id, deleted=ids))
        if guard.kept and not told:
            self._archive.set_meta(_kept_key(chat_id), str(guard.kept))
            run = self._run_of(chat_id)
            error = guard.error(chat_id)
            if run is None:
                self._problem(self._whose(chat_id), error)
            else:
                run.fail(error)

    def kept(self, chat_id: int) -> int:
        """How many messages an earlier run would have marked and did not."""
        guard = self._guards.get(chat_id)
        return 0 if guard is not None and guard.kept else int(self._archive.meta(_kept_key(chat_id)) or 0)

    def forget_kept(self, chat_id: int) -> None:
        """Everything was read again: what an earlier run kept is settled, unless this run keeps it too."""
        if self.kept(chat_id):
            self._archive.set_meta(_kept_key(chat_id), "0")

    def _guard(self, chat_id: int) -> DeletionGuard:
        if chat_id not in self._guards:
            self._guards[chat_id] = DeletionGuard(lambda: self._archive.count(chat_id), accept=self._accept)
        return self._guards[chat_id]

    def _run_of(self, chat_id: int) -> ChatRun | None:
        return self._runs.get(chat_id) or self._runs.get(self._whose(chat_id))

    def _whose(self, chat_id: int) -> int:
        """The chat whose notes show it."""
        stored = self._archive.chat(chat_id)
        return chat_id if stored is None or stored.part_of is None else stored.part_of


def _is_later(coming: Message, held: Message | None) -> bool:
    """Whether a told form of a held message may replace it: a page may have brought a later edit already."""
    return held is not None and (coming.edit_date is None or coming.edit_date >= (held.edit_date or 0))


def _kept_key(chat_id: int) -> str:
    return f"kept_deletions:{chat_id}"
