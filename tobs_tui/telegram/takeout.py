"""A takeout session: Telegram's own way for exports, with milder limits, which the owner may have to approve.

It promises that the export goes on either way: where Telegram refuses or delays the session, `notice` says
why and what to do, and requests go out as usual. A session that a killed run left behind is taken up again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable
from typing import Any, Self

from telethon.errors import RPCError
from telethon.tl import functions, types

from tobs_tui.errors import RangeFailed, TobsError
from tobs_tui.model import ChatType, Interval
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.governor import CLOSING, Stopped
from tobs_tui.telegram.rpc_errors import code_of, translate
from tobs_tui.telegram.sender import Unreadable
from tobs_tui.telegram.session_file import TakeoutScope
from tobs_tui.telegram.waits import span

_log = logging.getLogger("tobs_tui.telegram")
FINISH_TIMEOUT = 2.0
"""Seconds that a drain spends on ending the session; one that is not ended is taken up by the next run."""
FILE_SIZE_DEFAULT = 4 << 30
"""Sent where files are wanted without a limit: more than any file on Telegram has."""


SHARES_IDS = frozenset({ChatType.SAVED, ChatType.PERSON, ChatType.BOT, ChatType.GROUP})
MAY_HAVE_BEEN_A_GROUP = frozenset({ChatType.SUPERGROUP, ChatType.FORUM})


class Takeout:
    """An async context manager: begun at its start, ended at its end with whether the export is complete.

    :param kinds: the types of the chats that will be read.
    :param file_size: the largest file that will be asked for; None for no limit, 0 for no files at all.
    """

    def __init__(self, account: Account, kinds: Collection[ChatType], *, file_size: int | None = 0) -> None:
        self._account = account
        self._kinds = frozenset(kinds)
        self._scope = _scope_of(kinds, file_size)
        self.notice = ""
        """Why there is no takeout, and what to do; empty when there is one."""
        self.split_ranges: tuple[Interval, ...] = ()
        """The ranges of ids by which private chats and basic groups must be read, oldest first."""
        self.complete = False
        """Set it once all was exported: Telegram is told at the end."""

    @property
    def active(self) -> bool:
        return self._account.in_takeout

    async def __aenter__(self) -> Self:
        if not (self._account.takeout_id and await self._take_up()):
            await self._begin()
        if self.active and self._kinds & (SHARES_IDS | MAY_HAVE_BEEN_A_GROUP):
            self.split_ranges = await self._ask_split_ranges()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if not self.active:
            return
        ended = False
        try:
            ended = await self._finish()
        finally:
            self._account.leave_takeout()
        if ended:
            self._account.end_takeout()

    async def _finish(self) -> bool:
        """Tell Telegram that the session is over; whether it heard."""
        try:
            request = functions.account.FinishTakeoutSessionRequest(success=self.complete)
            async with asyncio.timeout(FINISH_TIMEOUT):
                await self._account.call(request, of=CLOSING)
        except (RPCError, TobsError, Unreadable, OSError, TimeoutError) as error:
            _log.warning(
                "the takeout session could not be ended (%s)", code_of(error) or type(error).__name__
            )
            return False
        return True

    async def _take_up(self) -> bool:
        """Go on with the session of an earlier run, if Telegram still knows it."""
        account, left = self._account, self._account.takeout_scope
        account.enter_takeout(account.takeout_id)
        if left is not None and not left.holds(self._scope):
            await self._finish()
            account.end_takeout()
            return False
        try:
            await self._account.call(functions.users.GetUsersRequest([types.InputUserSelf()]))
        except Stopped:
            self._account.leave_takeout()
        except (RPCError, RangeFailed, Unreadable):
            self._account.end_takeout()
        # A session that Telegram does not know any more was left by the account itself.
        return self._account.in_takeout

    async def _begin(self) -> None:
        try:
            session: Any = await self._account.call(self._request())
        except Stopped:
            return
        except (RPCError, RangeFailed, Unreadable) as error:
            self.notice = _why_not(error)
            return
        self._account.enter_takeout(session.id, self._scope)

    async def _ask_split_ranges(self) -> tuple[Interval, ...]:
        try:
            told: Any = await self._account.call(functions.messages.GetSplitRangesRequest())
        except (Stopped, RPCError, TobsError, Unreadable) as error:
            # A server that has none is asked for whole histories.
            _log.info("no split ranges (%s)", code_of(error) or type(error).__name__)
            return ()
        ranges = (Interval(max(1, each.min_id), each.max_id) for each in told if each.max_id >= each.min_id)
        return _disjoint(ranges)

    def _request(self) -> Any:
        scope = self._scope
        return functions.account.InitTakeoutSessionRequest(
            **dict.fromkeys(scope.flags, True), file_max_size=scope.file_size or None
        )


def _scope_of(kinds: Collection[ChatType], file_size: int | None) -> TakeoutScope:
    chosen = frozenset(kinds)
    flags = {
        "message_users": chosen & {ChatType.SAVED, ChatType.PERSON, ChatType.BOT},
        # A supergroup's history may go on in the basic group that it was.
        "message_chats": chosen & {ChatType.GROUP, *MAY_HAVE_BEEN_A_GROUP},
        "message_megagroups": chosen & MAY_HAVE_BEEN_A_GROUP,
        "message_channels": chosen & {ChatType.CHANNEL},
        "files": file_size != 0,
    }
    wanted = frozenset(name for name, flag in flags.items() if flag)
    return TakeoutScope(wanted, FILE_SIZE_DEFAULT if file_size is None else file_size)


def _disjoint(ranges: Iterable[Interval]) -> tuple[Interval, ...]:
    """The ranges in order, each without the ids of those before it."""
    found: list[Interval] = []
    for each in sorted(ranges):
        low = max(each.low, found[-1].high + 1) if found else each.low
        if low <= each.high:
            found.append(Interval(low, each.high))
    return tuple(found)


def _why_not(error: RPCError | RangeFailed | Unreadable) -> str:
    if code_of(error).startswith("TAKEOUT_INIT_DELAY"):
        seconds = float(getattr(error, "seconds", 0))
        return (
            "Telegram wants the takeout approved first: allow “Data export request” in the chat “Telegram” "
            f"on a phone, or wait {span(seconds)}. This export goes on without it, more slowly."
        )
    why = code_of(error) or (str(error.code) if isinstance(error, RPCError) else translate(error).what)
    return f"Telegram gives no takeout session ({why}). This export goes on without it."
