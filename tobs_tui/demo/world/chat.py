"""The world's dialogs: groups, channels and the account's side of private chats."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.history import History
from tobs_tui.model import CHANNEL_MARK


class Kind(Enum):
    """What a peer is on the wire."""

    USER = "user"
    GROUP = "group"
    CHANNEL = "channel"

    @property
    def own_ids(self) -> bool:
        """Whether messages are numbered in the chat, not in the account."""
        return self is Kind.CHANNEL


def marked(kind: Kind, bare_id: int) -> int:
    """The id as clients write it."""
    if kind is Kind.USER:
        return bare_id
    return -bare_id if kind is Kind.GROUP else -CHANNEL_MARK - bare_id


def unmarked(chat_id: int) -> tuple[Kind, int]:
    """The kind and bare id of a marked id."""
    if chat_id > 0:
        return Kind.USER, chat_id
    if chat_id > -CHANNEL_MARK:
        return Kind.GROUP, -chat_id
    return Kind.CHANNEL, -chat_id - CHANNEL_MARK


def peer_of(chat_id: int) -> Any:
    """The TL Peer of a marked id."""
    kind, bare = unmarked(chat_id)
    if kind is Kind.USER:
        return types.PeerUser(bare)
    return types.PeerChat(bare) if kind is Kind.GROUP else types.PeerChannel(bare)


def marked_peer(peer: Any) -> int:
    """The marked id of a TL Peer."""
    if isinstance(peer, types.PeerUser):
        return int(peer.user_id)
    if isinstance(peer, types.PeerChat):
        return -int(peer.chat_id)
    return -CHANNEL_MARK - int(peer.channel_id)


@dataclass(slots=True)
class ForumTopic:
    """One topic of a forum; its id is the id of the message that created it (1 for General)."""

    id: int
    title: str
    creator: int
    date: int
    color: int = 0x6FB9F0
    icon: int | None = None
    closed: bool = False
    pinned: bool = False
    hidden: bool = False


@dataclass(slots=True)
class Chat:
    """One peer with a history. `id` is marked."""

    id: int
    title: str
    history: History
    access_hash: int = 0
    username: str | None = None
    date: int = 0
    members: tuple[int, ...] = ()
    member_count: int = 0
    creator: int = 0
    broadcast: bool = False
    signatures: bool = False
    forum: bool = False
    protected: bool = False
    forbidden: bool = False
    """Listed, but its history is refused with CHANNEL_PRIVATE."""
    hidden: bool = False
    """Known, but not in the list of dialogs."""
    left: bool = False
    about: str = ""
    pinned: int = 0
    """Its place among the pinned dialogs, from 1; 0 for not pinned."""
    archived: bool = False
    muted: bool = False
    unread: int = 0
    linked: int = 0
    """Marked id of the channel's discussion group, or of the group's channel."""
    migrated_to: int = 0
    migrated_from: int = 0
    topics: dict[int, ForumTopic] = field(default_factory=dict)
    pinned_messages: list[int] = field(default_factory=list)
    roots: dict[int, int] = field(default_factory=dict)
    """In a discussion group: the id under which each post of the linked channel stands here."""
    pts: int = 0
    threads: tuple[int, dict[int, list[int]]] | None = None
    """What `threads.py` found, and the version of the history that it found it in."""
    _bytes: dict[bool, bytes] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return unmarked(self.id)[0]

    @property
    def bare_id(self) -> int:
        return unmarked(self.id)[1]

    @property
    def peer(self) -> Any:
        return peer_of(self.id)

    @property
    def last_date(self) -> int:
        """The date of the newest message, or of the chat itself."""
        return self.history.dates[-1] if self.history.dates else self.date

    def tl(self, *, reduced: bool = False) -> Any:
        """The group or channel as Telegram sends it; not for private chats.

        `reduced`: the `min` form, as of a channel that the account has only seen forwards of.
        """
        if self.kind is Kind.GROUP:
            return self._tl_group()
        if self.forbidden:
            return types.ChannelForbidden(
                id=self.bare_id,
                access_hash=self.access_hash,
                title=self.title,
                broadcast=self.broadcast or None,
                megagroup=not self.broadcast or None,
            )
        return types.Channel(
            id=self.bare_id,
            title=self.title,
            photo=types.ChatPhotoEmpty(),
            date=self.date,
            broadcast=self.broadcast or None,
            megagroup=not self.broadcast or None,
            signatures=self.signatures or None,
            has_link=bool(self.linked) or None,
            noforwards=self.protected or None,
            forum=self.forum or None,
            left=self.left or None,
            min=reduced or None,
            access_hash=self.access_hash,
            username=self.username,
            participants_count=self.member_count or len(self.members) or None,
            default_banned_rights=None if self.broadcast else _rights(),
        )

    def _tl_group(self) -> Any:
        to = self.migrated_to
        return types.Chat(
            id=self.bare_id,
            title=self.title,
            photo=types.ChatPhotoEmpty(),
            participants_count=self.member_count or len(self.members),
            date=self.date,
            version=1,
            deactivated=bool(to) or None,
            left=self.left or None,
            noforwards=self.protected or None,
            migrated_to=types.InputChannel(unmarked(to)[1], self.access_hash) if to else None,
            default_banned_rights=_rights(),
        )

    def tl_bytes(self, *, reduced: bool = False) -> bytes:
        """`tl` as bytes, kept until `changed` is called."""
        found = self._bytes.get(reduced)
        if found is None:
            found = self._bytes[reduced] = bytes(self.tl(reduced=reduced))
        return found

    def changed(self) -> None:
        """Forget the bytes kept of the chat's own object."""
        self._bytes.clear()


def _rights() -> Any:
    return types.ChatBannedRights(until_date=0, change_info=True)
