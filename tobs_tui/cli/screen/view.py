"""A run's picture in the screen's own words, made from the engine's snapshot. Pure but for what it remembers
of the last one: when the server was last heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from tobs_tui.export.chat_run import ChatProgress, ChatRun, ChatState
from tobs_tui.export.exporter import Exporter, RunSnapshot
from tobs_tui.export.gauges import StageGauge, StageSnapshot
from tobs_tui.export.job import Target
from tobs_tui.export.media_snapshot import MediaSnapshot
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.telegram.sharded import WorkerCondition, WorkerSnapshot
from tobs_tui.ui.ports import FilesView, LargeFileView, RunView, WorkerView

_STATES = {
    WorkerCondition.IDLE: "idle",
    WorkerCondition.WORKING: "fetching",
    WorkerCondition.CONNECTING: "connecting",
    WorkerCondition.RECONNECTING: "reconnecting",
    WorkerCondition.GONE: "gone",
}
_WAITS_FROM_S = 0.5
_PAUSED_IN = ("fetching", "files", "publishing")


class Watch:
    """Looks at one run, as often as it is asked."""

    def __init__(
        self,
        exporter: Exporter,
        shutdown: ShutdownManager,
        clock: Callable[[], float],
        counts: Mapping[int, int],
        *,
        media: bool,
    ) -> None:
        self._exporter = exporter
        self._media = media
        self._shutdown = shutdown
        self._clock = clock
        # What the screen asked about chats that the run has not opened yet.
        self._counts = counts
        self._answered = -1
        self._heard = clock()

    def view(self) -> RunView:
        """The run now."""
        snapshot = self._exporter.snapshot()
        flood = _flood(snapshot)
        stages = _stages(snapshot, media=self._media)
        fetch, process, write = stages[:3]
        paused = self._exporter.paused
        chats = tuple(
            replace(chat, total=self._counts.get(chat.id)) if chat.total is None else chat
            for chat in snapshot.chats
        )
        reconnecting = [
            worker for worker in snapshot.workers if worker.condition is WorkerCondition.RECONNECTING
        ]
        silent = self._silent(snapshot, flood, paused=paused)
        return RunView(
            phase="paused" if paused and snapshot.phase in _PAUSED_IN else snapshot.phase,
            elapsed_s=snapshot.elapsed_s,
            messages=sum(chat.done for chat in chats),
            expected=_expected(chats),
            chats=chats,
            stages=stages,
            files=_files(snapshot.media),
            workers=tuple(self._worker(worker, flood) for worker in snapshot.workers),
            worker_count=sum(worker.condition is not WorkerCondition.GONE for worker in snapshot.workers),
            flood_s=flood,
            requests=snapshot.requests,
            limit=_limit(snapshot),
            silent_s=silent,
            pace_s=silent,
            silent_dc=self._silent_dc(snapshot),
            reconnecting=max((worker.tries for worker in reconnecting), default=0),
            window_s=self._shutdown.window_left(),
            in_pipe_pages=fetch.queued + process.queued,
            in_pipe_messages=max(0, process.items - write.items),
            errors=snapshot.errors,
            problem="disk full · free some space, then p" if snapshot.disk_full else "",
        )

    def _worker(self, worker: WorkerSnapshot, flood: float) -> WorkerView:
        held = self._exporter.range_of(worker.number)
        chat_id, low, high, done = worker.chat_id, 0, 0, 0
        if held is not None:
            chat_id, left, high = held
            low, done = left.low, high - left.high
        waits = flood >= _WAITS_FROM_S and worker.condition is WorkerCondition.WORKING
        return WorkerView(
            number=worker.number + 1,
            state="waiting" if waits else _STATES[worker.condition],
            dc=worker.dc,
            tries=worker.tries,
            wait_s=flood if waits else 0.0,
            chat_id=chat_id,
            low=low,
            high=high,
            done=done,
        )

    def _silent(self, snapshot: RunSnapshot, flood: float, *, paused: bool) -> float:
        """Seconds without an answer, while one is awaited."""
        now = self._clock()
        fetch = next((stage for stage in snapshot.stages if stage.name == "fetch"), None)
        answered = fetch.units if fetch is not None else 0
        awaits = fetch is not None and fetch.queued > 0
        if snapshot.phase == "files" and snapshot.media is not None:
            answered += snapshot.media.bytes_done
            awaits = bool(snapshot.media.in_flight_by_dc)
        awaits = awaits and flood < _WAITS_FROM_S and not paused
        if answered != self._answered or not awaits:
            self._answered, self._heard = answered, now
        return now - self._heard

    @staticmethod
    def _silent_dc(snapshot: RunSnapshot) -> int:
        """The DC whose answers are awaited."""
        if snapshot.phase == "files" and snapshot.media is not None:
            most = max(snapshot.media.in_flight_by_dc, key=lambda one: one[1], default=(0, 0))
            return most[0]
        return next((worker.dc for worker in snapshot.workers), 0)


def opening(targets: Sequence[Target], elapsed_s: float, *, media: bool) -> RunView:
    """The picture of a run that has not begun: all is there, and empty."""
    return RunView(
        phase="opening",
        elapsed_s=elapsed_s,
        messages=0,
        expected=None,
        chats=tuple(ChatRun(target).progress() for target in targets),
        stages=_empty_stages(media=media),
    )


def _empty_stages(*, media: bool) -> tuple[StageSnapshot, ...]:
    names = ("fetch", "process", "write", "media") if media else ("fetch", "process", "write")
    return tuple(StageGauge(name, capacity=0, workers=1, clock=float).snapshot() for name in names)


def _stages(snapshot: RunSnapshot, *, media: bool) -> tuple[StageSnapshot, ...]:
    """Always the same stages of one run, so that no line comes later; where one is not there yet, empty."""
    there = {stage.name: stage for stage in snapshot.stages}
    return tuple(there.get(stage.name, stage) for stage in _empty_stages(media=media))


def _flood(snapshot: RunSnapshot) -> float:
    """Seconds that the run waits as Telegram asked: for messages, or, when these are there, for any file."""
    if snapshot.phase != "files":
        history = snapshot.governor.of("history")
        return history.wait_s if history else 0.0
    busy = {f"files:{dc}" for dc, _ in snapshot.media.in_flight_by_dc} if snapshot.media else set()
    waits = [budget.wait_s for budget in snapshot.governor.budgets if budget.kind in busy]
    return min(waits, default=0.0)


def _files(media: MediaSnapshot | None) -> FilesView | None:
    if media is None:
        return None
    return FilesView(
        done=media.files_done,
        total=media.files_total,
        failed=media.failed,
        bytes_done=media.bytes_done,
        bytes_total=media.bytes_total,
        by_dc=media.in_flight_by_dc,
        large=tuple(LargeFileView(file.name, file.chat_id, file.done, file.size) for file in media.big),
    )


def _expected(chats: tuple[ChatProgress, ...]) -> int | None:
    """About how many messages the chats have; None while one of them is unknown."""
    total = 0
    for chat in chats:
        if chat.state in (ChatState.DONE, ChatState.FAILED):
            total += chat.done
        elif chat.total is None:
            return None
        else:
            total += max(chat.done, chat.total)
    return total


def _limit(snapshot: RunSnapshot) -> str:
    history = snapshot.governor.of("history")
    if history is None or history.rate is None:
        return ""
    rate = f"{history.rate:,.0f}" if history.rate >= 10 else f"{history.rate:.1f}".removesuffix(".0")
    return f"as fast as Telegram allows: {rate} requests/s, more workers would not help"
