"""messages.search, its counters, searchGlobal: by text, sender, kind of medium and thread."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.history import plain_messages
from tobs_tui.demo.methods.pages import MOST, limit_of, spliced_answer, window
from tobs_tui.demo.methods.peers import chat_of_peer
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.template import About
from tobs_tui.demo.world.threads import thread_indexes
from tobs_tui.demo.world.world import World

_TAGS: dict[type, tuple[str, ...]] = {
    types.InputMessagesFilterPhotos: ("photo",),
    types.InputMessagesFilterVideo: ("video",),
    types.InputMessagesFilterPhotoVideo: ("photo", "video"),
    types.InputMessagesFilterDocument: ("document",),
    types.InputMessagesFilterUrl: ("url",),
    types.InputMessagesFilterGif: ("gif",),
    types.InputMessagesFilterVoice: ("voice",),
    types.InputMessagesFilterMusic: ("music",),
    types.InputMessagesFilterChatPhotos: ("chatphoto",),
    types.InputMessagesFilterPhoneCalls: ("call",),
    types.InputMessagesFilterRoundVoice: ("round", "voice"),
    types.InputMessagesFilterRoundVideo: ("round",),
    types.InputMessagesFilterMyMentions: ("mention",),
    types.InputMessagesFilterGeo: ("geo",),
    types.InputMessagesFilterContacts: ("contact",),
    types.InputMessagesFilterPinned: ("pinned",),
    types.InputMessagesFilterPoll: ("poll",),
}


def tags_of(tl_filter: Any) -> frozenset[str] | None:
    """What a filter looks for; None for the empty filter.

    :raises RpcError: the filter is not served.
    """
    if isinstance(tl_filter, types.InputMessagesFilterEmpty):
        return None
    if type(tl_filter) not in _TAGS:
        raise RpcError(400, "INPUT_FILTER_INVALID")
    return frozenset(_TAGS[type(tl_filter)])


def fits(about: About, tags: frozenset[str] | None, words: str, sender: int) -> bool:
    """Whether a message is among what is looked for; `words` in lower case."""
    if tags is not None and not tags & about.tags:
        return False
    if sender and about.sender != sender:
        return False
    return not words or words in about.text.casefold()


def matching(chat: Chat, indexes: Any, tags: frozenset[str] | None, words: str, sender: int) -> list[int]:
    """Those of the indexes whose message fits."""
    history = chat.history
    if tags == frozenset({"pinned"}):
        pinned = set(chat.pinned_messages)
        return [
            index
            for index in indexes
            if history.ids[index] in pinned or "pinned" in history.about(index).tags
        ]
    return [index for index in indexes if fits(history.about(index), tags, words, sender)]


def _sender(world: World, chat: Chat, peer: Any) -> int:
    """The marked id to look for as sender; Telegram ignores it in private chats."""
    if peer is None or isinstance(peer, types.InputPeerEmpty) or chat.id > 0:
        return 0
    return chat_of_peer(world, peer).id


def _thread(chat: Chat, top_msg_id: int | None) -> Any:
    return thread_indexes(chat, top_msg_id) if top_msg_id else range(len(chat.history))


@method(functions.messages.SearchRequest)
async def search(call: Call, request: Any) -> Any:
    """A window of the messages that fit, newest first; the count is of all that fit."""
    world: World = call.world
    if isinstance(request.peer, types.InputPeerEmpty):
        return _everywhere(call, request, request.filter)
    chat = chat_of_peer(world, request.peer)
    history = chat.history
    found = _thread(chat, request.top_msg_id)
    low, high = _seconds(request.min_date), _seconds(request.max_date)
    if low or high:
        dates = history.dates
        found = [index for index in found if dates[index] > low and (not high or dates[index] < high)]
    tags, words = tags_of(request.filter), request.q.casefold()
    sender = _sender(world, chat, request.from_id)
    if tags is not None or words or sender:
        found = matching(chat, found, tags, words, sender)
    return found_page(call, chat, found, request)


def found_page(call: Call, chat: Chat, found: Any, request: Any) -> bytes:
    """A window of the messages at the indexes `found` (oldest first)."""
    ids = chat.history.ids
    total = len(found)
    newer = 0
    if request.offset_id > 0:
        newer = sum(ids[index] >= request.offset_id for index in found)
    elif getattr(request, "offset_date", None) and (date := _seconds(request.offset_date)) > 0:
        newer = sum(chat.history.dates[index] >= date for index in found)
    first, last = window(total, newer, request.add_offset, limit_of(call, request))
    page = [found[total - 1 - position] for position in range(first, last)]
    if request.min_id or request.max_id:
        page = [index for index in page if request.min_id < ids[index] < (request.max_id or 1 << 31)]
    return spliced_answer(call.world, chat, page, total, offset=newer if request.offset_id else None)


def _seconds(date: Any) -> int:
    return int(date.timestamp()) if date else 0


@method(functions.messages.GetSearchCountersRequest)
async def get_search_counters(call: Call, request: Any) -> Any:
    """How many messages fit each filter."""
    chat = chat_of_peer(call.world, request.peer)
    found = _thread(chat, request.top_msg_id)
    return [
        types.messages.SearchCounter(each, len(matching(chat, found, tags_of(each), "", 0)))
        for each in request.filters
    ]


@method(functions.messages.SearchGlobalRequest)
async def search_global(call: Call, request: Any) -> Any:
    """The newest messages of all chats that fit."""
    return _everywhere(call, request, request.filter)


def _everywhere(call: Call, request: Any, tl_filter: Any) -> bytes:
    world: World = call.world
    tags, words = tags_of(tl_filter), request.q.casefold()
    sender = 0
    if getattr(request, "from_id", None) is not None:
        sender = chat_of_peer(world, request.from_id).id
    hits: list[tuple[int, int, Chat, int]] = []
    for chat in world.dialogs():
        if not chat.forbidden:
            found = matching(chat, range(len(chat.history)), tags, words, sender)
            hits.extend((chat.history.dates[index], chat.history.ids[index], chat, index) for index in found)
    hits.sort(key=lambda hit: (-hit[0], -hit[1], hit[2].id))
    users: set[int] = set()
    chats: set[int] = set()
    pieces = []
    for _, _, chat, index in hits[: max(0, min(MOST, request.limit))]:
        parts, _ = chat.history.splice([index], users, chats)
        pieces.append(b"".join(parts))
        (users if chat.id > 0 else chats).add(chat.id)
    return plain_messages(world, pieces, users, chats)
