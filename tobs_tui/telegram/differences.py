"""What happened since a state: `updates.getChannelDifference` and `getDifference`, one slice a call.

Each slice comes converted: messages that are new or edited in their latest form, ids that were deleted, pins.
Asking again from the same state tells the same, or more, so that a slice may be applied twice. What Telegram
tells no state about (reactions, views, votes) is passed over.
https://core.telegram.org/api/updates
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from telethon.errors import RPCError
from telethon.tl import functions, types

from tobs_tui.errors import ChatUnavailable, RangeFailed
from tobs_tui.model import CHANNEL_MARK, Chat, ChatType, Message, Person
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.convert.message import PageContext, convert_message
from tobs_tui.telegram.convert.people import people_of
from tobs_tui.telegram.convert.primitives import channel_mark, marked, unix
from tobs_tui.telegram.governor import WaitTooLong
from tobs_tui.telegram.link import LinkBroken
from tobs_tui.telegram.peers import input_channel
from tobs_tui.telegram.rpc_errors import code_of, ends_login, translate
from tobs_tui.telegram.sender import Unreadable

_log = logging.getLogger("tobs_tui.telegram")

SLICE = 100
"""Events in one answer of a channel at most: what users may ask for.
https://core.telegram.org/method/updates.getChannelDifference"""
ANSWERS_WITHIN = 10.0
"""Seconds for an answer: a server that lacks the method may say nothing at all."""
PATIENCE = 120.0
"""Seconds of flood wait that are worth it; what is not learned now is learned by the next run."""

_REFUSED = ("PERSISTENT_TIMESTAMP_INVALID", "PERSISTENT_TIMESTAMP_EMPTY", "DATE_EMPTY", "DATE_INVALID")
_LACKING = ("METHOD", "NOT_IMPLEMENTED", "UNKNOWN", "CONSTRUCTOR")


class NotTold(Exception):
    """The server did not tell what happened. `lacking`: it has no way to; else the same may work later."""

    def __init__(self, why: str, *, lacking: bool) -> None:
        super().__init__(why)
        self.lacking = lacking


class AccountState(Struct, frozen=True):
    """Where the account stood: the counter of private chats and basic groups, that of secret chats, when."""

    pts: int
    qts: int
    date: int


class Difference(Struct, frozen=True, kw_only=True):
    """One slice of what happened after a state."""

    state: AccountState | None = None
    """Where it leads, of the account; None where that is not told."""
    pts: int | None = None
    """Where it leads, of a channel; None where that is not told."""
    messages: tuple[Message, ...] = ()
    """New and edited ones, each once and as it is now; none that this slice tells as deleted."""
    new: frozenset[tuple[int, int]] = frozenset()
    """Which of them are new, by chat and id."""
    deleted: tuple[int, ...] = ()
    """In a channel's slice its own ids, in the account's those of private chats and basic groups."""
    pins: tuple[tuple[int, int, bool], ...] = ()
    """Chat, id, and whether it is pinned now."""
    people: tuple[Person, ...] = ()
    failed: tuple[tuple[int, int, str], ...] = ()
    """Chat and id of messages that could not be converted, and why."""
    final: bool = True
    """Whether nothing is left to tell."""
    too_long: bool = False
    """The state is too old, or not this server's: nothing is told, what is held must be read again."""

    @property
    def events(self) -> int:
        return len(self.messages) + len(self.deleted) + len(self.pins)


async def account_state(account: Account) -> AccountState:
    """Where the account stands now. :raises NotTold:"""
    try:
        answer = await _ask(account, functions.updates.GetStateRequest(), "updates")
    except _StateRefused as error:
        raise NotTold("the server tells no state", lacking=True) from error
    if not isinstance(answer, types.updates.State):
        raise NotTold(f"the server answers with {type(answer).__name__}", lacking=True)
    return _state(answer)


async def account_difference(account: Account, state: AccountState) -> Difference:
    """What happened in private chats and basic groups after `state`.

    :raises NotTold: when the server has no differences, or its trouble did not pass.
    :raises Stopped: :raises TobsError: as `Account.call`, when no request can work.
    """
    request = functions.updates.GetDifferenceRequest(pts=state.pts, date=state.date, qts=state.qts)
    try:
        answer = await _ask(account, request, "updates")
    except _StateRefused:
        return Difference(too_long=True)
    match answer:
        case types.updates.DifferenceEmpty():
            return Difference(state=AccountState(state.pts, state.qts, unix(answer.date) or state.date))
        case types.updates.DifferenceTooLong():
            return Difference(too_long=True)
        case types.updates.DifferenceSlice():
            reached, final = _state(answer.intermediate_state), False
        case types.updates.Difference():
            reached, final = _state(answer.state), True
        case _:
            raise NotTold(f"the server answers with {type(answer).__name__}", lacking=True)
    told = _Told(account.own_id, lambda chat_id: chat_id > -CHANNEL_MARK, forum=False)
    return told.read(answer.new_messages, answer.other_updates, answer, state=reached, final=final)


async def channel_difference(account: Account, chat: Chat, pts: int) -> Difference:
    """What happened in a channel or supergroup after `pts`; raises as `account_difference`."""
    request = functions.updates.GetChannelDifferenceRequest(
        channel=input_channel(chat), filter=types.ChannelMessagesFilterEmpty(), pts=pts, limit=SLICE
    )
    try:
        answer = await _ask(account, request, "channel_updates")
    except _StateRefused:
        return Difference(too_long=True)
    match answer:
        case types.updates.ChannelDifferenceEmpty():
            return Difference(pts=answer.pts, final=True)
        case types.updates.ChannelDifferenceTooLong():
            return Difference(pts=getattr(answer.dialog, "pts", None), too_long=True)
        case types.updates.ChannelDifference():
            pass
        case _:
            raise NotTold(f"the server answers with {type(answer).__name__}", lacking=True)
    told = _Told(account.own_id, lambda chat_id: chat_id == chat.id, forum=chat.type is ChatType.FORUM)
    return told.read(
        answer.new_messages, answer.other_updates, answer, pts=answer.pts, final=bool(answer.final)
    )


class _StateRefused(Exception):
    """The server does not take this state, ever."""


async def _ask(account: Account, request: Any, kind: str) -> Any:
    try:
        return await account.call(request, of=kind, timeout=ANSWERS_WITHIN, patience=PATIENCE)
    except RPCError as error:
        if ends_login(error):
            raise translate(error) from error
        name = code_of(error)
        if name in _REFUSED:
            raise _StateRefused from error
        lacking = error.code in (404, 501) or any(word in name for word in _LACKING)
        raise NotTold(name or f"error {error.code}", lacking=lacking) from error
    except Unreadable as error:
        # The same state would be answered by the same bytes.
        raise _StateRefused from error
    except WaitTooLong as error:
        raise NotTold(f"Telegram asks for {error}", lacking=False) from error
    except LinkBroken as error:
        raise translate(error) from error
    except (RangeFailed, ChatUnavailable) as error:
        raise NotTold(error.what, lacking=False) from error


def _state(state: Any) -> AccountState:
    return AccountState(state.pts, state.qts, unix(state.date))


class _Told:
    """Sorts one answer's messages and updates; of those chats alone that `is_ours`."""

    def __init__(self, own_id: int, is_ours: Callable[[int], bool], *, forum: bool) -> None:
        self._own_id = own_id
        self._is_ours = is_ours
        self._forum = forum
        self._messages: dict[tuple[int, int], Message] = {}
        self._new: set[tuple[int, int]] = set()
        self._deleted: set[int] = set()
        self._pins: dict[tuple[int, int], bool] = {}
        self._failed: dict[tuple[int, int], str] = {}

    def read(
        self, new_messages: Sequence[Any], updates: Sequence[Any], answer: Any, **where: Any
    ) -> Difference:
        for message in new_messages:
            self._take(message, new=True)
        for update in updates:
            self._read_update(update)
        # No id is given twice: what is told as deleted stays so, in whatever order it came.
        kept = {place: message for place, message in self._messages.items() if place[1] not in self._deleted}
        return Difference(
            messages=tuple(kept.values()),
            new=frozenset(self._new & kept.keys()),
            deleted=tuple(sorted(self._deleted)),
            pins=tuple((*place, pinned) for place, pinned in self._pins.items()),
            people=tuple(people_of(answer.users, answer.chats).values()),
            failed=tuple((*place, why) for place, why in self._failed.items()),
            **where,
        )

    def _read_update(self, update: Any) -> None:
        match update:
            case types.UpdateNewMessage() | types.UpdateNewChannelMessage():
                self._take(update.message, new=True)
            case types.UpdateEditMessage() | types.UpdateEditChannelMessage():
                self._take(update.message, new=False)
            case types.UpdateDeleteMessages():
                if self._is_ours(0):
                    self._deleted.update(update.messages)
            case types.UpdateDeleteChannelMessages():
                if self._is_ours(channel_mark(update.channel_id)):
                    self._deleted.update(update.messages)
            case types.UpdatePinnedMessages():
                self._take_pins(marked(update.peer), update)
            case types.UpdatePinnedChannelMessages():
                self._take_pins(channel_mark(update.channel_id), update)
            case _:
                _log.debug("an update is passed over: %s", type(update).__name__)

    def _take_pins(self, chat_id: int, update: Any) -> None:
        if self._is_ours(chat_id):
            self._pins |= {(chat_id, message_id): bool(update.pinned) for message_id in update.messages}

    def _take(self, message: Any, *, new: bool) -> None:
        peer = getattr(message, "peer_id", None)
        if peer is None or not self._is_ours(chat_id := marked(peer)):
            return
        place = (chat_id, message.id)
        try:
            converted = convert_message(message, PageContext(chat_id, self._own_id, self._forum))
        except Exception as error:  # the boundary of one message: whatever it holds, the others are told
            self._failed[place] = f"{type(error).__name__}: {error}"
            return
        if converted is None:
            return
        self._failed.pop(place, None)
        self._messages[place] = converted
        if new:
            self._new.add(place)
