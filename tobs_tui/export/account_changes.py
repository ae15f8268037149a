"""What changed in private chats and basic groups: one state for the whole account (`state`).

A difference is taken into every chat that the archive holds, in this run or not, so that moving the state on
loses nobody's changes. Where the state was lost, all those chats are noted as stale; each is read again
when a run comes to it.
"""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import Struct

from tobs_tui import logs
from tobs_tui.archive import Archive
from tobs_tui.export.applying import Applying
from tobs_tui.model import CHANNEL_MARK
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.differences import (
    AccountState,
    Difference,
    NotTold,
    account_difference,
    account_state,
)

MOST_EVENTS = 100_000
"""A difference that tells more is not read to its end; reading again is cheaper."""
_KEY = "state"


class _Kept(Struct, frozen=True):
    state: AccountState
    stale: tuple[int, ...] = ()
    """Chats whose changes before `state` were not told."""


class AccountChanges:
    """Asks once in a run, when the first such chat is opened."""

    def __init__(self, account: Account, archive: Archive, applying: Applying) -> None:
        self._account = account
        self._archive = archive
        self._applying = applying
        self._turn = asyncio.Lock()
        self._told: bool | None = None
        self._stale: set[int] = set()
        self._state: AccountState | None = None

    async def learn(self) -> bool:
        """Take over what the server tells; False where it does not. Asks nothing the second time.

        :raises Stopped: :raises NotLoggedIn: :raises ServerUnreachable: nothing is lost, ask again.
        """
        async with self._turn:
            if self._told is None:
                try:
                    await self._learn()
                except NotTold as error:
                    logs.warning("what changed in private chats and basic groups is not told: %s", error)
                    self._told = False
                else:
                    self._told = True
            return self._told

    def is_stale(self, chat_id: int) -> bool:
        """Whether what changed in a chat can only be found by reading it again."""
        return chat_id in self._stale

    def reread(self, chat_id: int) -> None:
        """A stale chat was read again."""
        if chat_id in self._stale and self._state is not None:
            self._stale.discard(chat_id)
            self._keep(self._state)

    async def _learn(self) -> None:
        kept = self._kept()
        if kept is None:
            await self._begin()
            return
        self._stale = set(kept.stale)
        state = await self._apply(kept.state)
        if state is None:
            await self._begin()
        else:
            self._keep(state)

    async def _begin(self) -> None:
        """Go on from now; what is held already has to be read again."""
        state = await account_state(self._account)
        self._stale = {chat_id for chat_id in self._archive.counts() if chat_id > -CHANNEL_MARK}
        self._keep(state)

    async def _apply(self, state: AccountState) -> AccountState | None:
        """Commit slice after slice; where they lead, None if the state is lost."""
        events = 0
        touched: set[int] = set()
        while True:
            told = await account_difference(self._account, state)
            if told.too_long or told.state is None:
                return None
            stuck = not told.final and told.state.pts <= state.pts
            events += told.events
            if stuck or events > MOST_EVENTS:
                return None
            self._applying.apply(told)
            touched |= self._find_deleted(told)
            state = told.state
            if told.final:
                break
        for chat_id in touched:
            self._applying.mark(chat_id)
        return state

    def _find_deleted(self, told: Difference) -> set[int]:
        """Deletions name no chat: each id belongs to whichever holds it."""
        holders = self._archive.holders(told.deleted)
        seen: set[int] = set()
        doubtful: set[int] = set()
        for ids in holders.values():
            doubtful |= seen.intersection(ids)
            seen.update(ids)
        for chat_id, ids in holders.items():
            self._applying.deleted(chat_id, [number for number in ids if number not in doubtful])
            if doubtful.intersection(ids):
                self._stale.add(chat_id)
        return set(holders)

    def _kept(self) -> _Kept | None:
        value = self._archive.meta(_KEY)
        return msgspec.json.decode(value, type=_Kept) if value else None

    def _keep(self, state: AccountState) -> None:
        kept = _Kept(state, tuple(sorted(self._stale)))
        before = self._kept()
        if before is None or (before.state.pts, before.stale) != (state.pts, kept.stale):
            self._archive.set_meta(_KEY, msgspec.json.encode(kept).decode())
        self._state = state
