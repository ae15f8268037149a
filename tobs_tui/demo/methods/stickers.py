"""Sticker sets and custom emoji: the few that the world has; and what else clients ask in passing."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.methods.peers import chat_of_peer
from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.world.world import World


@method(functions.messages.GetStickerSetRequest)
async def get_sticker_set(call: Call, request: Any) -> Any:
    """The world's one set.

    :raises RpcError: STICKERSET_INVALID.
    """
    world: World = call.world
    stickers = world.studio.stickers
    asked = request.stickerset
    by_id = isinstance(asked, types.InputStickerSetID) and asked.id == stickers.set_id
    by_name = isinstance(asked, types.InputStickerSetShortName) and asked.short_name == "tobs_demo"
    if not by_id and not by_name:
        raise RpcError(400, "STICKERSET_INVALID")
    documents = [stickers.document(number, world.files.key(file)) for number, file in stickers.ids.items()]
    packs = [
        types.StickerPack(emoji, [stickers.ids[number]]) for number, emoji in enumerate(stickers.EMOJI, 1)
    ]
    about = types.StickerSet(
        id=stickers.set_id,
        access_hash=world.files.access_hash(stickers.set_id),
        title="Demo",
        short_name="tobs_demo",
        count=len(documents),
        hash=1,
    )
    return types.messages.StickerSet(about, packs, [], documents)


@method(functions.messages.GetCustomEmojiDocumentsRequest)
async def get_custom_emoji_documents(call: Call, request: Any) -> Any:
    """The documents of custom emoji; unknown ids are left out."""
    world: World = call.world
    stickers = world.studio.stickers
    known = [file for file in request.document_id if file in stickers.custom]
    return [stickers.document(stickers.custom[file], world.files.key(file)) for file in known]


@method(functions.stories.GetPeerStoriesRequest)
async def get_peer_stories(call: Call, request: Any) -> Any:
    """Nobody's stories are still up."""
    chat = chat_of_peer(call.world, request.peer)
    return types.stories.PeerStories(types.PeerStories(chat.peer, []), [], [])


@method(functions.stories.GetStoriesByIDRequest)
async def get_stories_by_id(call: Call, request: Any) -> Any:
    """All stories are gone."""
    chat_of_peer(call.world, request.peer)
    return types.stories.Stories(0, [], [], [])


@method(functions.photos.GetUserPhotosRequest)
async def get_user_photos(call: Call, request: Any) -> Any:
    """Nobody has a profile photo."""
    return types.photos.Photos([], [])
