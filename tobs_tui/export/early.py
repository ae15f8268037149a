"""Publishes, while a chat is still fetched and the processor has time, what of its notes is settled.

Far from the server the processor waits most of the time. Where it is busy anyway nothing is done here, and
nothing is lost by that: what didn't come out comes out when the chat has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from tobs_tui.errors import TobsError
from tobs_tui.export.chat_run import ChatRun, ChatState
from tobs_tui.model import ChatType
from tobs_tui.vault.publisher import Publisher

LEARNING_S = 3.0
"""Seconds that the fetching has for itself first where the governor is to learn how much may be in flight."""
LOOK_S = 0.4
"""Seconds between two looks; over them, it is seen how busy the process is."""
TURN_S = 0.4
"""Seconds after which publishing looks again."""
MOST_BUSY = 0.6
"""Share of a core beyond which the fetching has it for itself."""
MOST_LATE_S = 0.01
"""How late a look may be before the machine is taken for busy with something else."""


class EarlyPublishing:
    """Uses the time in which `Publishing` has nothing to do."""

    def __init__(
        self,
        publisher: Publisher,
        runs: Callable[[], Iterable[ChatRun]],
        prepare: Callable[[ChatRun], None],
        *,
        stop: Callable[[], bool],
        begins_after: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """`prepare` settles in the archive what a chat's notes will say of files; it runs in a thread.

        :param begins_after: seconds that the fetching has for itself.
        """
        self._publisher = publisher
        self._runs = runs
        self._prepare = prepare
        self._stop = stop
        self._clock = clock
        self._cpu = cpu
        self._is_on = True
        self._begins_after = begins_after
        self._begins: float | None = None
        # Whether a chat had no notes when it was met first.
        self._is_new: dict[int, bool] = {}

    async def until(self, changed: asyncio.Event) -> None:
        """Wait for `changed`, and publish early meanwhile."""
        if self._begins is None:
            self._begins = self._clock() + self._begins_after
        while not changed.is_set():
            began, used = self._clock(), self._cpu()
            try:
                async with asyncio.timeout(LOOK_S if self._is_on else None):
                    await changed.wait()
            except TimeoutError:
                passed = self._clock() - began
                if self._clock() < self._begins:
                    continue
                if passed - LOOK_S < MOST_LATE_S and self._cpu() - used < MOST_BUSY * passed:
                    await self._take_turn(changed)

    async def _take_turn(self, changed: asyncio.Event) -> None:
        end = self._clock() + TURN_S

        def stop() -> bool:
            return changed.is_set() or self._clock() > end or self._stop()

        for run in self._runs():
            if stop():
                return
            if _may_be_settled(run):
                try:
                    run.notes += await asyncio.to_thread(self._publish, run, stop)
                except TobsError:
                    # It is met again, and told, when the chat has ended.
                    self._is_on = False
                    return

    def _publish(self, run: ChatRun, stop: Callable[[], bool]) -> int:
        chat_id = run.chat.id
        if chat_id not in self._is_new:
            self._is_new[chat_id] = self._publisher.is_new(chat_id)
        if not self._is_new[chat_id]:
            return 0
        self._prepare(run)
        return self._publisher.publish_settled(chat_id, stop=stop)


def _may_be_settled(run: ChatRun) -> bool:
    """Whether the chat is under way and of a kind whose days are whole where their neighbours are known."""
    return (
        run.state is ChatState.RUNNING
        and run.chat.type is not ChatType.FORUM
        and run.chat.migrated_from is None
        and run.target.topic_id is None
        and run.new > 0
    )
