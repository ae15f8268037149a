"""Links to other messages, with their opening words: replies, pins, results."""

from __future__ import annotations

from functools import lru_cache

from tobs_tui.model import (
    Contact,
    Dice,
    File,
    Game,
    Gone,
    Invoice,
    Location,
    Media,
    MediaKind,
    Message,
    OtherMedia,
    Poll,
    Reply,
    TodoList,
    WebPage,
)
from tobs_tui.vault.escape import cut, escape_name, link_label, one_line
from tobs_tui.vault.scene import Scene, Target

LABEL_LIMIT = 60
"""Characters of a link's text, the name before the colon included."""
ASIDE_LIMIT = 36
"""The same where the link stands beside other words."""
_NAME_LIMIT = 30
DELETED = "deleted in Telegram"
"""What stands where a message's words did."""

KIND_WORDS = {
    MediaKind.PHOTO: "photo",
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
    MediaKind.VOICE: "voice",
    MediaKind.VIDEO_NOTE: "video message",
    MediaKind.DOCUMENT: "document",
    MediaKind.STICKER: "sticker",
    MediaKind.ANIMATION: "GIF",
}


def reply_line(reply: Reply, chat_id: int, scene: Scene) -> str | None:
    """The line that says what a message answers; None when nothing is told."""
    target = _target_of(reply, chat_id, scene)
    if target is not None:
        words = reply.quote if reply.quote and reply.quote.strip() else None
        return f"↳ {link(target, scene, words=words)}"
    quote = f": {escape_name(one_line(reply.quote, LABEL_LIMIT))}" if reply.quote else ""
    whose = _whose(reply, scene)
    if reply.story_id is not None:
        owner = whose if reply.chat_id is None else scene.written_name(reply.chat_id)
        return f"↳ *to a story{owner and f' of {owner}'}*"
    if reply.chat_id is not None:
        known = scene.person(reply.chat_id) is not None
        place = scene.written_name(reply.chat_id) if known else "another chat"
        return f"↳ *to {whose or 'a message'} in {place}*{quote}"
    if whose:
        return f"↳ *to {whose}*{quote}"
    return f"↳ *to a message that isn't here*{quote}" if reply.message_id is not None or quote else None


def _whose(reply: Reply, scene: Scene) -> str:
    """Who wrote a message that isn't here; empty when that isn't told."""
    if reply.sender_name:
        return escape_name(one_line(reply.sender_name, _NAME_LIMIT))
    if reply.sender_id is not None and scene.person(reply.sender_id) is not None:
        return scene.written_name(reply.sender_id)
    return ""


def link(target: Target, scene: Scene, *, words: str | None = None, limit: int = LABEL_LIMIT) -> str:
    """A block link whose text is the sender and the opening words."""
    name = _name_label(scene.sender(target.message))
    if target.is_tombstone:
        opening = DELETED
    else:
        opening = link_label(words) if words else opening_words(target.message)
    label = cut(f"{name}: {opening}" if name and opening else name or opening or "message", limit)
    return f"[[{scene.link_to(target)}|{label}]]"


@lru_cache(maxsize=4096)
def _name_label(name: str) -> str:
    return cut(link_label(name), _NAME_LIMIT)


def opening_words(message: Message) -> str:
    """The first line that says something, in plain words; what it shows where it says nothing."""
    for line in message.text.split("\n", 20)[:20]:
        if words := link_label(line[:400]):
            return words
    if message.action is not None:
        return link_label(message.action.kind.replace("_", " "))
    return link_label(media_words(message.media)) if message.media is not None else ""


def media_words(media: Media) -> str:
    """A medium in a few words, its own where it has any."""
    match media:
        case File() | Gone():
            return (
                media.emoji or KIND_WORDS[media.kind] if isinstance(media, File) else KIND_WORDS[media.kind]
            )
        case Poll():
            return media.question
        case TodoList() | Game() | Invoice():
            return media.title
        case Contact():
            return f"{media.first_name} {media.last_name}"
        case Location():
            return media.title or "location"
        case Dice():
            return media.emoji
        case WebPage():
            return media.title or media.url
        case OtherMedia():
            return media.name.replace("_", " ")
        case _:
            return type(media).__name__.lower()


def _target_of(reply: Reply, chat_id: int, scene: Scene) -> Target | None:
    if reply.message_id is None:
        return None
    return scene.targets.get((reply.chat_id or chat_id, reply.message_id))
