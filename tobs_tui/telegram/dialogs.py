"""Telegram's dialog list, page by page, whole: no dialog twice, none left out, never endless.

Only the raw dialogs and what came beside them; what they mean is `chats.py`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from telethon.tl import functions, types

from tobs_tui.errors import ChatUnavailable, RangeFailed
from tobs_tui.telegram.asking import Asks
from tobs_tui.telegram.convert.primitives import channel_mark, marked
from tobs_tui.telegram.peers import input_peer_of
from tobs_tui.telegram.sender import Unreadable

_log = logging.getLogger(__name__)

PAGE = 100
"""The most dialogs that Telegram gives at once."""

Progress = Callable[[int, int | None], None]
"""Told after each page: dialogs listed, and how many Telegram counts (None until it says)."""


@dataclass(slots=True)
class DialogList:
    """Dialogs in Telegram's order, with the users, groups, channels and top messages that came along."""

    dialogs: dict[int, Any] = field(default_factory=dict)
    """By marked id."""
    peers: dict[int, Any] = field(default_factory=dict)
    """Users, groups and channels by marked id."""
    messages: dict[tuple[int, int], Any] = field(default_factory=dict)
    """Top messages by marked chat id and message id."""
    archived: set[int] = field(default_factory=set)
    complete: bool = True
    """False when the server stopped moving on before the end."""

    def take(self, answer: Any, folder: int) -> list[Any]:
        """Keep what an answer holds; gives its dialogs that were not known."""
        for user in answer.users:
            self._keep(user.id, user)
        for chat in answer.chats:
            own_space = isinstance(chat, (types.Channel, types.ChannelForbidden))
            self._keep(channel_mark(chat.id) if own_space else -chat.id, chat)
        for message in answer.messages:
            if message.peer_id is not None:
                self.messages[marked(message.peer_id), message.id] = message
        new: list[Any] = []
        for dialog in _real(answer.dialogs):
            chat_id = marked(dialog.peer)
            known = self.dialogs.get(chat_id)
            # A server without an archive answers with its main list again.
            if dialog.folder_id == 1 or (folder == 1 and known is None):
                self.archived.add(chat_id)
            if known is None:
                new.append(dialog)
            if known is None or dialog.top_message > known.top_message:
                self.dialogs[chat_id] = dialog
        return new

    def top_message(self, dialog: Any) -> Any:
        """The dialog's newest message as it came along, or None."""
        return self.messages.get((marked(dialog.peer), dialog.top_message))

    def _keep(self, peer_id: int, peer: Any) -> None:
        known = self.peers.get(peer_id)
        if known is None or getattr(known, "min", False):
            self.peers[peer_id] = peer


@dataclass(frozen=True, slots=True)
class _Offset:
    date: Any = None
    message_id: int = 0
    peer_id: int = 0
    access_hash: int = 0


async def list_dialogs(
    account: Asks, into: DialogList, *, folder: int, progress: Progress | None = None
) -> None:
    """Page through one folder (0: main, 1: archive).

    Telegram orders dialogs by the date of their newest message, pinned ones first, and wants the date, id
    and peer of the last one as the next page's offset. A short page is not the end: an empty one is, or one
    that is no slice. An offset that was asked before ends it too.
    """
    pages = await _walk(account, into, folder, progress, until_known=False)
    if pages > 1:
        # A chat that got a message meanwhile has moved above the pages that were still to come.
        await _walk(account, into, folder, progress, until_known=True)


async def _walk(
    account: Asks, into: DialogList, folder: int, progress: Progress | None, *, until_known: bool
) -> int:
    """Ask page by page from the top to the end, or to a page that brings nothing new; gives how many."""
    offset = _Offset()
    asked: set[_Offset] = set()
    pages, limit = 0, PAGE
    while True:
        asked.add(offset)
        request = _request(offset, folder, account.own_id, first=not pages, limit=limit)
        try:
            answer = await account.ask(request, of="dialogs")
        except RangeFailed as error:
            if not isinstance(error.__cause__, Unreadable) or (limit == 1 and not into.dialogs):
                raise
            if limit == 1:
                into.complete = False
                return pages
            # Those before the one that can't be read come in smaller pages.
            limit = max(1, limit // 4)
            continue
        pages += 1
        if isinstance(answer, types.messages.DialogsNotModified):
            return pages
        new = into.take(answer, folder)
        if progress is not None:
            progress(len(into.dialogs), getattr(answer, "count", None))
        if isinstance(answer, types.messages.Dialogs) or not answer.dialogs or (until_known and not new):
            return pages
        after = _after(answer.dialogs, into, offset)
        only_pinned_so_far = pages == 1 and after == offset
        if after in asked and not only_pinned_so_far:
            # A server without paging gives all it has each time; one that got stuck has more.
            into.complete = into.complete and not new and len(into.dialogs) >= (answer.count or 0)
            return pages
        if only_pinned_so_far:
            await _take_pinned(account, into, folder)
        offset = after


async def _take_pinned(account: Asks, into: DialogList, folder: int) -> None:
    """Pinned dialogs beyond the first page come in no other."""
    try:
        answer = await account.ask(functions.messages.GetPinnedDialogsRequest(folder), of="dialogs")
    except (ChatUnavailable, RangeFailed) as error:
        _log.warning("the server has no list of pinned chats: %s", error)
        return
    into.take(answer, folder)


def _request(offset: _Offset, folder: int, own_id: int, *, first: bool, limit: int) -> Any:
    peer = (
        input_peer_of(offset.peer_id, offset.access_hash, own_id)
        if offset.peer_id
        else types.InputPeerEmpty()
    )
    return functions.messages.GetDialogsRequest(
        offset_date=offset.date,
        offset_id=offset.message_id,
        offset_peer=peer,
        limit=limit,
        hash=0,
        # Pinned dialogs open the first page; later they would only come again.
        exclude_pinned=not first,
        folder_id=folder,
    )


def _after(dialogs: list[Any], known: DialogList, offset: _Offset) -> _Offset:
    """The offset that follows a page: its last dialog that isn't pinned and whose newest message is known.

    Pinned dialogs stand out of the order of dates, and one without a message (deleted history) has no date.
    """
    ordinary = [dialog for dialog in _real(dialogs) if not dialog.pinned]
    for dialog in reversed(ordinary):
        message = known.top_message(dialog)
        if message is not None and message.date is not None:
            return _offset_of(dialog, message.date, known)
    if not ordinary:
        return offset
    return _offset_of(ordinary[-1], offset.date, known)


def _offset_of(dialog: Any, date: Any, known: DialogList) -> _Offset:
    peer_id = marked(dialog.peer)
    access_hash = getattr(known.peers.get(peer_id), "access_hash", None) or 0
    return _Offset(date, dialog.top_message, peer_id, access_hash)


def _real(dialogs: list[Any]) -> Iterator[Any]:
    """The chats among the dialogs: the entry of the archive itself is none."""
    return (dialog for dialog in dialogs if isinstance(dialog, types.Dialog))
