"""The process and write stages' work: pages become our model's messages, and then rows.

A page's messages outside the ids that it settles belong to another range and are dropped here; what the
archive already holds unchanged, it says itself. One commit takes what one chat's gathered pages hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from msgspec import Struct

from tobs_tui import logs
from tobs_tui.archive import Archive, Batch
from tobs_tui.errors import DiskFull
from tobs_tui.export.changes import Changes
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.fetching import Fetched, NoteOf
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.model import Interval, Message, Person
from tobs_tui.telegram.convert import convert_page


class Settled(Struct, frozen=True):
    """One page converted and cut to the ids that it settles."""

    run: ChatRun
    history_id: int
    covers: Interval
    messages: tuple[Message, ...]
    people: tuple[Person, ...]
    failed: tuple[tuple[int, str], ...]

    def __len__(self) -> int:
        return len(self.messages)


def settle(fetched: Fetched) -> Settled:
    """Convert one page. A message that can't be converted is failed by name, never dropped."""
    page = convert_page(fetched.raw)
    covers = fetched.covers
    history_id = fetched.history.chat.id
    logs.info("page fetched")
    return Settled(
        run=fetched.run,
        history_id=history_id,
        covers=covers,
        messages=tuple(message for message in page.messages if message.id in covers),
        people=page.people,
        failed=tuple(failure for failure in page.failed if failure[0] in covers),
    )


class Committing:
    """Writes settled pages; tells which messages are known now, and when a chat may have none to come."""

    def __init__(
        self,
        archive: Archive,
        note_of: NoteOf,
        committed: Callable[[ChatRun], None],
        known: Callable[[ChatRun, int, Sequence[Interval]], None],
        *,
        full_disk: FullDisk,
        changes: Changes,
    ) -> None:
        self._archive = archive
        self._full_disk = full_disk
        self._note_of = note_of
        self._committed = committed
        self._known = known
        self._changes = changes

    async def write(self, pages: Sequence[Settled]) -> None:
        """Commit each chat's pages in one transaction. On the loop: a thread's hand-over costs more."""
        by_history: dict[int, list[Settled]] = {}
        for page in pages:
            by_history.setdefault(page.history_id, []).append(page)
        for history_id, gathered in by_history.items():
            await self._commit_somehow(history_id, gathered)

    async def _commit_somehow(self, history_id: int, pages: Sequence[Settled]) -> None:
        while True:
            try:
                return self._commit(history_id, pages)
            except DiskFull as error:
                await self._full_disk.wait(error)

    def _commit(self, history_id: int, pages: Sequence[Settled]) -> None:
        failed = [failure for page in pages for failure in page.failed]
        run = pages[0].run
        messages = tuple(chain.from_iterable(page.messages for page in pages))
        covers = tuple(page.covers for page in pages)
        came = {message.id for message in messages}.union(number for number, _ in failed)
        self._changes.missed(run, history_id, covers, came)
        result = self._archive.commit(
            Batch(
                chat_id=history_id,
                messages=messages,
                people=tuple(chain.from_iterable(page.people for page in pages)),
                covers=() if run.topic else covers,
                failed=tuple((Interval(number, number), why) for number, why in failed),
            ),
            self._note_of,
        )
        if run.topic:
            run.topic.settle(covers)
        run.new += result.new
        run.updated += result.updated
        run.deleted += result.deleted
        run.in_pipe -= len(pages)
        for number, why in failed:
            run.message_failed(number, why)
        logs.info("batch written")
        self._known(run, history_id, covers)
        self._committed(run)
