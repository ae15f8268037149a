"""Files as their messages show them now: what expired file references are replaced by."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from telethon.tl import functions, types

from tobs_tui.errors import ChatUnavailable, RangeFailed
from tobs_tui.model import CHANNEL_MARK, File, Message, PaidMedia
from tobs_tui.telegram.convert.message import PageContext, convert_message
from tobs_tui.telegram.history import BY_ID, PAGE, history_request
from tobs_tui.telegram.peers import input_peer_of

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account
    from tobs_tui.telegram.history import HistoryLike

_log = logging.getLogger("tobs_tui.telegram")

KIND = "references"
"""The class of these requests: neither history nor files wait for them, nor they for those."""


async def fresh_file(account: Account, chat: HistoryLike, message_id: int, file_id: int) -> File | None:
    """The file of this id in that message, with a reference that holds; None when it is not there any more.

    Asks by the message's id: one request. A message that was edited to show another file shows it no more.

    :raises ChatUnavailable: when the chat can't be read any more.
    :raises TobsError: as `Account.ask`. :raises Stopped: when the governor was stopped.
    """
    for number, file in await fresh_files(account, chat, [message_id]):
        if (number, file.id) == (message_id, file_id):
            return file
    return None


async def fresh_files(
    account: Account, chat: HistoryLike, message_ids: Sequence[int]
) -> list[tuple[int, File]]:
    """The files of these messages, at most 100, each with its message's id; in one request.

    From a server that gives no messages by id, those of the first and of what stands near below it.
    Raises as `fresh_file`.
    """
    try:
        answer = await account.ask(_request(chat, message_ids[:BY_ID]), of=KIND, chat=chat.title)
    except (RangeFailed, ChatUnavailable) as error:
        _log.info("no messages by their ids, so a page of history: %s", error.what)
        answer = await account.ask(_page(chat, message_ids[0], account.own_id), of=KIND, chat=chat.title)
    context = PageContext(chat.id, account.own_id, forum=False)
    asked = set(message_ids)
    return [
        (message.id, file)
        for message in getattr(answer, "messages", ())
        if message.id in asked
        for file in _files_of(convert_message(message, context))
    ]


def _request(chat: HistoryLike, message_ids: Sequence[int]) -> Any:
    ids = [types.InputMessageID(message_id) for message_id in message_ids]
    if chat.id > -CHANNEL_MARK:
        return functions.messages.GetMessagesRequest(ids)
    channel = types.InputChannel(-chat.id - CHANNEL_MARK, chat.access_hash or 0)
    return functions.channels.GetMessagesRequest(channel, ids)


def _page(chat: HistoryLike, message_id: int, own_id: int) -> Any:
    """The page of history that begins with a message."""
    peer = input_peer_of(chat.id, chat.access_hash or 0, own_id)
    return history_request(peer, below=message_id + 1, limit=PAGE)


def _files_of(message: Message | None) -> Iterator[File]:
    if message is None:
        return
    if isinstance(message.media, File):
        yield message.media
    elif isinstance(message.media, PaidMedia):
        yield from message.media.files
    if message.action is not None and message.action.file is not None:
        yield message.action.file
