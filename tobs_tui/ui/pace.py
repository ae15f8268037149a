"""How fast a run goes, from the pictures that are taken of it: rates over five seconds, a minute's course,
busy shares, and the time left once it is steady. Plain arithmetic; the clock comes with each picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import pairwise

from msgspec import Struct

from tobs_tui.export.chat_run import ChatState
from tobs_tui.ui.ports import RunView

RATE_S = 5.0
COURSE_S = 60.0
STEADY_S = 10.0
"""Seconds after which the time left is worth telling."""


class Figures(Struct, frozen=True):
    """What a second's numbers are; shown together until the next second's."""

    rate: float | None = None
    stages: Mapping[str, float] = {}
    busy: Mapping[str, float] = {}
    course: Mapping[str, tuple[float, ...]] = {}
    chats: Mapping[int, float] = {}
    workers: Mapping[int, float] = {}
    left_s: float | None = None
    chats_left_s: Mapping[int, float] = {}
    bytes_rate: float | None = None
    """Bytes of files a second."""


class _Sample(Struct, frozen=True):
    at: float
    view: RunView


class Pace:
    """Takes a picture a second at the most, and keeps a minute of them."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=int(COURSE_S) + 2)
        self._steady_since: float | None = None
        self.figures = Figures()
        self.view: RunView | None = None
        """The picture that the figures belong to."""

    def take(self, view: RunView, now: float) -> bool:
        """Look at a picture; returns whether a second has gone and the figures are new."""
        if self._samples:
            if view.elapsed_s < self._samples[-1].view.elapsed_s:
                self._samples.clear()
                self._steady_since = None
            elif not self._is_due(view, now):
                return False
        self._samples.append(_Sample(now, view))
        while len(self._samples) > 2 and self._samples[0].at < now - COURSE_S - 1:
            self._samples.popleft()
        self.view = view
        self.figures = self._figures(view, now)
        return True

    def _is_due(self, view: RunView, now: float) -> bool:
        """Once a second; at once where something else is done now, and in the first second."""
        last = self._samples[-1]
        return now - last.at >= 0.98 or view.phase != last.view.phase or view.elapsed_s < 1.0

    def _figures(self, view: RunView, now: float) -> Figures:
        past = next((sample for sample in self._samples if sample.at >= now - RATE_S - 0.5), None)
        span = now - past.at if past else 0.0
        if past is None or span < 0.5:
            return Figures()
        then = past.view
        before = {stage.name: stage for stage in then.stages}
        stages, busy = {}, {}
        for stage in view.stages:
            old = before.get(stage.name)
            stages[stage.name] = (stage.items - (old.items if old else 0)) / span
            work = stage.busy_s - (old.busy_s if old else 0.0)
            busy[stage.name] = min(1.0, work / span / max(1, stage.workers))
        chats = {chat.id: chat.done for chat in then.chats}
        ranges = {worker.number: worker for worker in then.workers}
        rate = max(0.0, (view.messages - then.messages) / span)
        bytes_rate = max(0.0, (_bytes_done(view) - _bytes_done(then)) / span)
        return Figures(
            rate=rate,
            stages=stages,
            busy=busy,
            course={stage.name: self._course(stage.name) for stage in view.stages},
            chats={
                chat.id: (chat.done - chats[chat.id]) / span
                for chat in view.chats
                if chat.state is ChatState.RUNNING and chat.id in chats
            },
            workers={
                worker.number: max(0.0, (worker.done - old_range.done) / span)
                for worker in view.workers
                if (old_range := ranges.get(worker.number)) is not None
                and (old_range.chat_id, old_range.high) == (worker.chat_id, worker.high)
            },
            left_s=self._left(view, bytes_rate, now),
            chats_left_s=self._chats_left(view, now),
            bytes_rate=bytes_rate,
        )

    def _course(self, name: str) -> tuple[float, ...]:
        """Items of each second, oldest first."""
        counts = [
            (sample.at, next((stage.items for stage in sample.view.stages if stage.name == name), 0))
            for sample in self._samples
        ]
        return tuple(
            max(0.0, (count - past) / max(0.25, at - was)) for (was, past), (at, count) in pairwise(counts)
        )

    def _begin_of_course(self, view: RunView, now: float) -> tuple[float, RunView]:
        """The picture of this phase that is a minute old at the most: flood waits come and go within it."""
        course = [one for one in self._samples if one.at >= now - COURSE_S and one.view.phase == view.phase]
        return (course[0].at, course[0].view) if course else (now, view)

    def _chats_left(self, view: RunView, now: float) -> dict[int, float]:
        at, then = self._begin_of_course(view, now)
        before = {chat.id: chat.new for chat in then.chats}
        return {
            chat.id: max(0, chat.total - chat.done) / fetched * (now - at)
            for chat in view.chats
            if chat.state is ChatState.RUNNING
            and chat.total is not None
            and (fetched := chat.new - before.get(chat.id, chat.new)) > 0
        }

    def _left(self, view: RunView, bytes_rate: float, now: float) -> float | None:
        at, then = self._begin_of_course(view, now)
        rate = max(0.0, (_fetched(view) - _fetched(then)) / (now - at)) if now > at else 0.0
        left = _seconds_left(view, rate, bytes_rate)
        if max(view.flood_s, view.silent_s) > STEADY_S:
            return None
        if left is None:
            self._steady_since = None
            return None
        if self._steady_since is None:
            self._steady_since = now
        if now - self._steady_since < STEADY_S:
            return None
        return left


def _fetched(view: RunView) -> int:
    """Messages without those that a run finds saved: these come by thousands when a chat is opened."""
    return view.messages - sum(max(0, chat.done - chat.new) for chat in view.chats)


def _bytes_done(view: RunView) -> int:
    return view.files.bytes_done if view.files is not None else 0


def _seconds_left(view: RunView, rate: float, bytes_rate: float) -> float | None:
    """What messages and files still take, side by side; None while nobody can tell."""
    messages = files = 0.0
    if view.phase == "fetching":
        if rate <= 0 or view.expected is None:
            return None
        messages = max(0.0, view.expected - view.messages) / rate
    elif view.phase != "files":
        return None
    if view.files is not None and (to_come := view.files.bytes_total - view.files.bytes_done) > 0:
        if bytes_rate > 0:
            files = to_come / bytes_rate
        elif view.phase == "files":
            return None
    return max(messages, files)


def resample(values: tuple[float, ...], columns: int, seconds: int = int(COURSE_S)) -> list[float]:
    """A minute's values as at most `columns` means, newest last."""
    if columns <= 0 or not values:
        return []
    each = max(1, round(seconds / columns))
    means = []
    for end in range(len(values), 0, -each):
        part = values[max(0, end - each) : end]
        means.append(sum(part) / len(part))
    return list(reversed(means[:columns]))
