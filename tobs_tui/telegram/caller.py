"""One governed request: through the gate, over a wire that heals, again while Telegram has trouble.

Errors come out as the ones that a person can meet. All requests of an account go this way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telethon.errors import RPCError

from tobs_tui.errors import NotLoggedIn, RangeFailed, TobsError
from tobs_tui.telegram.governor import Governor
from tobs_tui.telegram.pacing import Ticket
from tobs_tui.telegram.rpc_errors import ends_login, is_transient, translate
from tobs_tui.telegram.wire import Calls

ANSWER_TIMEOUT = 30.0
TRIES, UNANSWERED = 5, 3
"""So often a request is sent while Telegram answers with errors of its own, and while not at all."""
FIRST_PAUSE = 0.5
IN_VAIN, ASKED_AGAIN_AFTER = 2, 600.0
"""After so many requests of a method that had no answer it is taken for lacking, for so many seconds."""

_DISPENSABLE = frozenset(
    (
        "GetChannelDifferenceRequest",
        "GetDialogFiltersRequest",
        "GetDifferenceRequest",
        "GetFileHashesRequest",
        "GetForumTopicsRequest",
        "GetFullChannelRequest",
        "GetMessagesRequest",
        "GetPinnedDialogsRequest",
        "GetSearchCountersRequest",
        "GetStateRequest",
    )
)
"""Methods that there is a way around. Waiting for each of hundreds of their answers would take hours."""

_KINDS = {
    "GetHistoryRequest": "history",
    "GetDialogsRequest": "dialogs",
    "GetPinnedDialogsRequest": "dialogs",
    "GetDialogFiltersRequest": "dialogs",
    "GetPeerDialogsRequest": "dialogs",
    "GetForumTopicsRequest": "dialogs",
    "ResolveUsernameRequest": "resolve",
    "GetFullChannelRequest": "full",
    "GetFullChatRequest": "full",
    "GetFullUserRequest": "full",
    "FinishTakeoutSessionRequest": "closing",
    "LogOutRequest": "closing",
}


def kind_of(request: Any) -> str:
    """The class of method whose budget a request takes from, unless its sender says otherwise.

    Those that are known for waits of hours have one to themselves.
    """
    name = type(request).__name__
    if type(request).__module__ == "telethon.tl.functions.auth" and name not in _KINDS:
        return "auth"
    return _KINDS.get(name, "other")


class Caller:
    """Sends through one governor; `on_login_lost` learns of errors after which nothing can work any more."""

    def __init__(self, governor: Governor, on_login_lost: Callable[[NotLoggedIn], None]) -> None:
        self._governor = governor
        self._on_login_lost = on_login_lost
        self._in_vain: dict[str, tuple[int, float]] = {}
        """Of dispensable methods: how many requests in a row had no answer, and when that was last seen."""

    async def ask(
        self,
        wire: Calls,
        request: Any,
        *,
        kind: str = "",
        timeout: float = ANSWER_TIMEOUT,
        patience: float | None = None,
        takeout_id: int = 0,
        tries: int = TRIES,
    ) -> Any:
        """Send and repeat as needed; gives the answer.

        :raises RPCError: what Telegram answered, unless it means trouble of its own or the end of the login.
        :raises NotLoggedIn: when no request of this login can work any more.
        :raises LinkBroken: when the wire was closed meanwhile.
        :raises RangeFailed: when Telegram's trouble did not pass within `tries`.
        """
        kind = kind or kind_of(request)
        method = type(request).__name__
        self._refuse_in_vain(method)

        async def send(ticket: Ticket) -> Any:
            return await wire.call(request, timeout=timeout, takeout_id=takeout_id, on_break=ticket.spoil)

        for tried in range(1, tries + 1):
            try:
                answer = await self._governor.call(kind, send, patience=patience)
            except Exception as error:  # boundary: decides what an error means for this request
                if ends_login(error):
                    raise self._lost(error) from error
                if not (isinstance(error, TimeoutError) or is_transient(error)):
                    if isinstance(error, RPCError):
                        self._in_vain.pop(method, None)
                    raise
                if tried >= (min(UNANSWERED, tries) if isinstance(error, TimeoutError) else tries):
                    self._count_in_vain(method)
                    raise self._hopeless(error, tried) from error
            else:
                self._in_vain.pop(method, None)
                return answer
            await self._governor.pause(FIRST_PAUSE * 2 ** (tried - 1))
        raise AssertionError("unreachable")

    def _refuse_in_vain(self, method: str) -> None:
        """:raises RangeFailed: when the last requests of this method had no answer."""
        count, last = self._in_vain.get(method, (0, 0.0))
        if count >= IN_VAIN and self._governor.now() < last + ASKED_AGAIN_AFTER:
            raise RangeFailed("Telegram did not answer such requests before")

    def _count_in_vain(self, method: str) -> None:
        if method in _DISPENSABLE:
            self._in_vain[method] = (self._in_vain.get(method, (0, 0.0))[0] + 1, self._governor.now())

    def _lost(self, error: BaseException) -> TobsError:
        lost = translate(error)
        if isinstance(lost, NotLoggedIn):
            self._on_login_lost(lost)
        return lost

    def _hopeless(self, error: BaseException, tries: int) -> RangeFailed:
        if isinstance(error, TimeoutError):
            return RangeFailed(f"Telegram did not answer, asked {tries} times")
        what = translate(error).what if isinstance(error, RPCError) else type(error).__name__
        return RangeFailed(f"{what}, asked {tries} times")
