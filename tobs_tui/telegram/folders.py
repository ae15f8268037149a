"""The account's folders (dialog filters): which chats each one shows, by the rules of Telegram's clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telethon.tl import types

from tobs_tui.telegram.convert.primitives import channel_mark, unix_or_none, words


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder: its title, and whether it shows a dialog."""

    title: str
    shows: Callable[[int, Any, Any, bool], bool]
    """(marked id, dialog, user or chat, archived) -> shown."""


def folders_of(filters: list[Any], own_id: int, now: float) -> list[Folder]:
    """The folders that a person made, in their order; `now` (Unix seconds) tells what is muted."""
    folders: list[Folder] = []
    for dialog_filter in filters:
        if isinstance(dialog_filter, types.DialogFilter):
            folders.append(Folder(words(dialog_filter.title), _by_rules(dialog_filter, own_id, now)))
        elif isinstance(dialog_filter, types.DialogFilterChatlist):
            folders.append(Folder(words(dialog_filter.title), _by_list(dialog_filter, own_id)))
    return folders


def _by_list(chatlist: Any, own_id: int) -> Callable[[int, Any, Any, bool], bool]:
    listed = _ids(chatlist.pinned_peers, own_id) | _ids(chatlist.include_peers, own_id)
    return lambda chat_id, dialog, peer, archived: chat_id in listed


def _by_rules(rules: Any, own_id: int, now: float) -> Callable[[int, Any, Any, bool], bool]:
    always = _ids(rules.pinned_peers, own_id) | _ids(rules.include_peers, own_id)
    never = _ids(rules.exclude_peers, own_id)

    def shows(chat_id: int, dialog: Any, peer: Any, archived: bool) -> bool:
        if chat_id in never:
            return False
        if chat_id in always:
            return True
        if not _of_a_kind(rules, peer):
            return False
        mentioned = bool(dialog.unread_mentions_count)
        if rules.exclude_archived and archived:
            return False
        if rules.exclude_muted and _muted(dialog, now) and not mentioned:
            return False
        return not rules.exclude_read or bool(dialog.unread_count or dialog.unread_mark or mentioned)

    return shows


def _of_a_kind(rules: Any, peer: Any) -> bool:
    if isinstance(peer, types.User):
        if peer.bot:
            return bool(rules.bots)
        return bool(rules.contacts if peer.contact else rules.non_contacts)
    if isinstance(peer, (types.Channel, types.ChannelForbidden)) and not peer.megagroup:
        return bool(rules.broadcasts)
    return peer is not None and bool(rules.groups)


def _muted(dialog: Any, now: float) -> bool:
    until = unix_or_none(getattr(dialog.notify_settings, "mute_until", None))
    return until is not None and until > now


def _ids(peers: list[Any], own_id: int) -> frozenset[int]:
    ids: set[int] = set()
    for peer in peers:
        if isinstance(peer, types.InputPeerSelf):
            ids.add(own_id)
        elif hasattr(peer, "user_id"):
            ids.add(peer.user_id)
        elif hasattr(peer, "channel_id"):
            ids.add(channel_mark(peer.channel_id))
        elif hasattr(peer, "chat_id"):
            ids.add(-peer.chat_id)
    return frozenset(ids)
