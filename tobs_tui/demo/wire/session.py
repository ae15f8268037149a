"""One MTProto session: what the server has to remember between messages of one client connection.

https://core.telegram.org/mtproto/description#session. Numbers messages, recognises repeated ones, knows
which calls run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from tobs_tui.demo.keyring import AuthKey

if TYPE_CHECKING:
    from tobs_tui.demo.wire.connection import Connection

IDLE = 64
"""How many sessions without a connection are remembered."""

REMEMBERED = 2000
"""How many received message ids a session recognises as repeated."""


class MessageIds:
    """Ids of the server's own messages: the time, strictly growing, odd."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self, *, answer: bool) -> int:
        """A fresh id: 1 modulo 4 for an answer to a client's message, 3 for everything else."""
        fresh = max(int(self._clock() * 4294967296) & ~3, self._last + 4)
        self._last = fresh
        return fresh | (1 if answer else 3)


class Session:
    """The server's side of one session id under one auth key."""

    def __init__(self, session_id: int, key: AuthKey) -> None:
        self.id = session_id
        self.key = key
        self.unique_id = secrets.randbits(63)
        self.connection: Connection | None = None
        self.wants_updates = False
        """Set by the first call of a logged-in client that isn't wrapped in invokeWithoutUpdates."""
        self.running: dict[int, asyncio.Task[None]] = {}
        """The calls under way, by their message id."""
        self._content_sent = 0
        self._highest_id = 0
        self._highest_seq = 0
        self._seen: OrderedDict[int, bool] = OrderedDict()

    def next_seq(self, *, content: bool) -> int:
        """The sequence number of the next outgoing message; odd when it needs an ack."""
        number = self._content_sent * 2 + content
        self._content_sent += content
        return number

    def is_repeated(self, msg_id: int) -> bool:
        return msg_id in self._seen

    def seq_too_low(self, msg_id: int, seq_no: int) -> bool:
        """Whether a later message carries a smaller number than an earlier one."""
        return msg_id > self._highest_id and seq_no < self._highest_seq

    def note_received(self, msg_id: int, seq_no: int) -> None:
        self._seen[msg_id] = True
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        if msg_id > self._highest_id:
            self._highest_id = msg_id
            self._highest_seq = max(seq_no, self._highest_seq)

    def note_finished(self, msg_id: int, *, ok: bool) -> None:
        """A call was answered; `ok` is False when with an error."""
        self.running.pop(msg_id, None)
        if msg_id in self._seen:
            self._seen[msg_id] = ok

    def failed(self, msg_id: int) -> bool:
        """Whether the call of this message id was answered with an error."""
        return self._seen.get(msg_id) is False


class Sessions:
    """All sessions of a server."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[tuple[bytes, int], Session] = OrderedDict()

    def all(self) -> list[Session]:
        return list(self._sessions.values())

    def has(self, key: AuthKey, session_id: int) -> bool:
        return (key.id, session_id) in self._sessions

    def open(self, key: AuthKey, session_id: int) -> tuple[Session, bool]:
        """The session of this id, made when there is none; the second value says whether it was."""
        place = (key.id, session_id)
        session = self._sessions.get(place)
        if session is not None:
            return session, False
        self._forget_idle()
        session = self._sessions[place] = Session(session_id, key)
        return session, True

    def drop(self, key: AuthKey, session_id: int) -> None:
        self._sessions.pop((key.id, session_id), None)

    def drop_all(self, key: AuthKey) -> None:
        """Forget the sessions of a key that is no more."""
        for place in [each for each in self._sessions if each[0] == key.id]:
            del self._sessions[place]

    def _forget_idle(self) -> None:
        idle = [place for place, session in self._sessions.items() if session.connection is None]
        for place in idle[: max(0, len(idle) - IDLE)]:
            del self._sessions[place]
