"""LogBatcher: events that repeat are counted and come out as one line an interval; warnings at once.

Thread-safe, without an event loop, and bounded: a batch that holds too many templates is flushed early.
Nothing is lost: `close` delivers what is open, and what comes later goes out by itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from tobs_tui.logs.template import line_of, settled

TEMPLATES_EACH = 256
"""How many different events an open batch holds."""
OUTBOX_LIMIT = 10_000
"""How many lines may wait for a slow subscriber before whoever logs has to wait too."""


class Line(Struct, frozen=True):
    """One line of the log, ready to be shown: harmless text, no secrets."""

    at: float
    """Unix seconds."""
    level: int
    text: str
    """With its count where it stands for several events: `page fetched ×12`."""
    count: int = 1


class _Counted:
    """The equal events of one template in the open batch."""

    __slots__ = ("arguments", "count", "varies")

    def __init__(self, arguments: tuple[object, ...]) -> None:
        self.arguments = arguments
        self.varies = [False] * len(arguments)
        self.count = 1

    def add(self, arguments: tuple[object, ...]) -> None:
        self.count += 1
        if arguments == self.arguments:
            return
        if len(arguments) != len(self.arguments):
            self.arguments, self.varies = arguments, [True] * len(arguments)
            return
        pairs = zip(self.varies, self.arguments, arguments, strict=True)
        self.varies = [varied or before != now for varied, before, now in pairs]


class LogBatcher:
    """Counts equal events and hands lines to subscribers, in order.

    Events are equal when level and template are. Their line shows the arguments that were the same in all
    of them, and … in place of those that differed: `page of … fetched ×12`.

    :param interval: seconds that a batch stays open.
    :param level: events below it are dropped.
    """

    def __init__(
        self,
        interval: float = 5.0,
        *,
        level: int = logging.DEBUG,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.level = level
        self._interval = interval
        self._clock = clock
        self._wall = wall
        self._changed = threading.Condition()  # guards all but the delivery; re-entrant
        self._open: dict[tuple[int, str], _Counted] = {}
        self._due = 0.0
        self._closed = False
        self._timer: threading.Thread | None = None
        self._outbox: deque[Line] = deque()
        self._delivery = threading.Lock()
        self._deliverer: int | None = None
        self._subscribers: tuple[Callable[[Line], None], ...] = ()
        self._complained: set[Callable[[Line], None]] = set()

    def emit(self, level: int, template: str, *args: object) -> None:
        """Count an event, or from WARNING up pass it on at once, after what was counted before it.

        What a subscriber logs while it is called is only counted, so that it can't call itself for ever.
        """
        if level < self.level:
            return
        if level < logging.WARNING:
            self._count(level, template, tuple(map(settled, args)))
        else:
            self.emit_now(level, template, *args)

    def emit_now(self, level: int, template: str, *args: object) -> None:
        """Pass an event on at once, after what was counted before it: for what happens once."""
        if level < self.level:
            return
        arguments = tuple(map(settled, args))
        if self._delivers():
            self._count(level, template, arguments)
            return
        text = line_of(template, arguments)
        with self._changed:
            self._end_batch()
            self._outbox.append(Line(self._wall(), level, text))
        self._deliver()

    def subscribe(self, callback: Callable[[Line], None]) -> Callable[[], None]:
        """Call `callback` with every later line, on whichever thread made it; it must be quick.

        An error of its own is told once to the others. Return the function that ends this.
        """
        with self._changed:
            self._subscribers = (*self._subscribers, callback)

        def unsubscribe() -> None:
            with self._changed:
                self._subscribers = tuple(known for known in self._subscribers if known is not callback)
                self._complained.discard(callback)

        return unsubscribe

    def open_batch(self) -> tuple[tuple[str, int], ...]:
        """Return what is being counted now: each event's text without its count, and the count."""
        with self._changed:
            counted = [
                (template, one.arguments, one.varies, one.count) for (_, template), one in self._open.items()
            ]
        return tuple(
            (line_of(template, arguments, varies), count) for template, arguments, varies, count in counted
        )

    def flush(self) -> None:
        """Pass on what is counted so far; on return every subscriber has had it, unless one of them asks."""
        if self._delivers():
            return
        with self._changed:
            self._end_batch()
        self._deliver(wait=True)

    def close(self) -> None:
        """Flush, and end the timer. Later events are passed on one by one."""
        with self._changed:
            self._closed = True
            timer, self._timer = self._timer, None
            self._changed.notify_all()
        if timer is not None and timer is not threading.current_thread():
            timer.join(timeout=1.0)
        self.flush()

    def _count(self, level: int, template: str, arguments: tuple[object, ...]) -> None:
        key = (level, template)
        with self._changed:
            counted = self._open.get(key)
            if counted is not None:
                counted.add(arguments)
            elif len(self._open) < TEMPLATES_EACH:  # only a subscriber that logs can find it full
                self._open_with(key, arguments)
            full = len(self._open) >= TEMPLATES_EACH
            due = not self._delivers() and (full or self._closed or self._clock() >= self._due)
            if due:
                self._end_batch()
        if due:
            self._deliver()

    def _open_with(self, key: tuple[int, str], arguments: tuple[object, ...]) -> None:
        if not self._open:
            self._due = self._clock() + self._interval
            if not self._closed and (self._timer is None or not self._timer.is_alive()):
                self._timer = threading.Thread(target=self._keep_time, name="log batches", daemon=True)
                self._timer.start()
            self._changed.notify_all()
        self._open[key] = _Counted(arguments)

    def _end_batch(self) -> None:
        """Turn the open batch into lines. Called under the lock."""
        if not self._open:
            return
        at = self._wall()
        for (level, template), counted in self._open.items():
            text = line_of(template, counted.arguments, counted.varies)
            many = f" ×{counted.count:,}" if counted.count > 1 else ""
            self._outbox.append(Line(at, level, text + many, counted.count))
        self._open.clear()

    def _keep_time(self) -> None:
        """End each batch when it is due, for those that nobody adds to any more."""
        while True:
            with self._changed:
                if self._closed:
                    return
                left = self._due - self._clock() if self._open else None
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                self._end_batch()
            self._deliver()

    def _delivers(self) -> bool:
        """Whether a subscriber is being called on this very thread."""
        return self._deliverer == threading.get_ident()

    def _deliver(self, *, wait: bool = False) -> None:
        """Hand the outbox to the subscribers, one thread at a time, so that lines keep their order.

        A thread that finds another at it leaves its lines to that one, unless it is asked to wait.
        """
        if self._delivers():
            return
        while self._outbox or wait:
            if not self._delivery.acquire(blocking=wait or len(self._outbox) > OUTBOX_LIMIT):
                return
            try:
                self._deliverer = threading.get_ident()
                while self._outbox:
                    self._hand_out(self._outbox.popleft())
            finally:
                self._deliverer = None
                self._delivery.release()
            wait = False

    def _hand_out(self, line: Line) -> None:
        for callback in self._subscribers:
            try:
                callback(line)
            except Exception as error:
                # A boundary: one subscriber's failure is neither the emitter's nor the others'.
                self._complain(callback, error)

    def _complain(self, callback: Callable[[Line], None], error: Exception) -> None:
        with self._changed:
            if callback in self._complained:
                return
            self._complained.add(callback)
            text = line_of("a listener of the log failed: %s: %s", (type(error).__name__, settled(error)))
            self._outbox.append(Line(self._wall(), logging.WARNING, text))
