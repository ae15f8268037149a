"""The domain's values: what every room means by a chat, a message, a file, an interval of ids.

All are frozen. Dates are Unix seconds in UTC, sizes are bytes, durations are seconds, and peers are
marked ids as Telegram's clients write them: 5 is a user, -5 a basic group, -1000000000005 a channel or
supergroup. Entity offsets count UTF-16 code units, as Telegram sends them. One file, long as it is: it is the
dictionary that all rooms share, and nothing in it does anything.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

CHANNEL_MARK = 1_000_000_000_000
"""Marked ids at or below minus this belong to channels and supergroups."""


class ChatType(StrEnum):
    SAVED = "saved"
    PERSON = "person"
    BOT = "bot"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    FORUM = "forum"
    CHANNEL = "channel"

    @property
    def has_own_ids(self) -> bool:
        """Whether the chat numbers its messages itself, from 1 (else the account's shared id space)."""
        return self in (ChatType.SUPERGROUP, ChatType.FORUM, ChatType.CHANNEL)


class MediaKind(StrEnum):
    """The kinds of files, by the names that `MEDIA_KINDS` takes."""

    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO_NOTE = "video_note"
    DOCUMENT = "document"
    STICKER = "sticker"
    ANIMATION = "animation"


class PersonKind(StrEnum):
    USER = "user"
    BOT = "bot"
    DELETED = "deleted"
    CHAT = "chat"
    """A group or channel that speaks under its own name."""


class NoteLayout(StrEnum):
    DAILY = "daily"
    MONTHLY = "monthly"
    SINGLE = "single"


class ExportFormat(StrEnum):
    MARKDOWN = "markdown"
    JSON = "json"


class NoteDeleted(StrEnum):
    """What a note shows of a message that was deleted in Telegram later."""

    TOMBSTONE = "tombstone"
    KEEP = "keep"


class NoteKey(Struct, frozen=True, order=True):
    """Which note of a chat: `topic_id` is 0 outside forums; `period` is a day, a month or empty."""

    topic_id: int
    period: str


class Owner(Struct, frozen=True):
    """Whose archive it is: an account on a server."""

    account_id: int
    server: str
    """`telegram`, or the fingerprint of another server's public key."""
    name: str = ""


class Topic(Struct, frozen=True):
    """One topic of a forum."""

    id: int
    title: str
    top_id: int = 0


class Chat(Struct, frozen=True, kw_only=True):
    """One dialog of the account, as Telegram listed it."""

    id: int
    type: ChatType
    title: str
    username: str | None = None
    access_hash: int | None = None
    top_id: int = 0
    """The newest message's id; 0 when there is none."""
    last_date: int | None = None
    unread: int = 0
    archived: bool = False
    pinned: bool = False
    protected: bool = False
    folders: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    messages: int | None = None
    """How many messages Telegram counts; None until it was asked."""
    pts: int | None = None
    migrated_from: int | None = None
    """The basic group that this supergroup once was; its history has a ledger of its own."""
    migrated_top_id: int = 0
    """The newest id of that basic group's history."""
    no_access: str | None = None
    """Why its history can't be read, in words; None when it can."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who wrote, is named or was forwarded: a user, a bot, a group or a channel."""

    id: int
    kind: PersonKind
    name: str
    username: str | None = None
    min: bool = False
    """Telegram sent a reduced form, which never replaces a full one."""


class Interval(Struct, frozen=True, order=True):
    """The message ids from `low` to `high`, both included. Never empty: low <= high."""

    low: int
    high: int

    def __len__(self) -> int:
        return self.high - self.low + 1

    def __contains__(self, message_id: object) -> bool:
        return isinstance(message_id, int) and self.low <= message_id <= self.high


class Entity(Struct, frozen=True, omit_defaults=True):
    """A stretch of formatted text. `kind` is Telegram Desktop's name: `bold`, `text_link`, `pre` …"""

    kind: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user_id: int | None = None
    document_id: int | None = None
    collapsed: bool = False


class Reply(Struct, frozen=True, omit_defaults=True):
    message_id: int | None = None
    chat_id: int | None = None
    """Set only when the answered message stands in another chat."""
    quote: str | None = None
    story_id: int | None = None
    sender_name: str | None = None
    """Who wrote the answered message, where only a name is told."""
    sender_id: int | None = None
    """Who wrote it, where it stands in another chat and Telegram tells."""


class Forward(Struct, frozen=True, omit_defaults=True):
    date: int
    from_id: int | None = None
    from_name: str | None = None
    """A forwarder who hides the account, or an imported message's author."""
    post_id: int | None = None
    post_author: str | None = None
    imported: bool = False
    saved_from_id: int | None = None
    """The chat that it was saved from, or (in a discussion group) the channel of the post."""
    saved_from_message_id: int | None = None


class Reaction(Struct, frozen=True, omit_defaults=True):
    """`emoji` is the emoji; for a custom one its document id stands beside it, for a paid one `⭐`."""

    emoji: str
    count: int
    document_id: int | None = None


class File(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="file"):
    """A photo or document that Telegram keeps, with what is needed to ask for it."""

    id: int
    kind: MediaKind
    size: int
    dc: int
    access_hash: int
    reference: bytes
    date: int
    mime: str = ""
    name: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    title: str | None = None
    performer: str | None = None
    emoji: str | None = None
    """A sticker's emoji."""
    thumb: str | None = None
    """A photo's largest size, as `upload.getFile` wants it named."""
    spoiler: bool = False
    ttl: int | None = None
    """Seconds after which a viewed self-destructing file goes."""


class Gone(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="gone"):
    """A self-destructing photo or video that Telegram no longer gives."""

    kind: MediaKind
    ttl: int | None = None


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="contact"):
    first_name: str
    last_name: str = ""
    phone: str = ""
    user_id: int | None = None
    vcard: str = ""


class Location(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="location"):
    latitude: float
    longitude: float
    title: str | None = None
    """A venue's name."""
    address: str | None = None
    live_seconds: int | None = None


class PollAnswer(Struct, frozen=True, omit_defaults=True):
    text: str
    voters: int | None = None
    chosen: bool = False
    correct: bool = False


class Poll(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="poll"):
    question: str
    answers: tuple[PollAnswer, ...]
    voters: int | None = None
    closed: bool = False
    quiz: bool = False
    multiple: bool = False
    anonymous: bool = True
    solution: str | None = None


class TodoItem(Struct, frozen=True, omit_defaults=True):
    id: int
    text: str
    done_by: int | None = None
    done_date: int | None = None


class TodoList(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="todo"):
    title: str
    items: tuple[TodoItem, ...]


class WebPage(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="web_page"):
    url: str
    site: str | None = None
    title: str | None = None
    description: str | None = None
    author: str | None = None


class Game(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="game"):
    title: str
    description: str = ""
    short_name: str = ""


class Invoice(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="invoice"):
    title: str
    description: str = ""
    currency: str = ""
    amount: int = 0
    """In the currency's smallest unit."""
    receipt_message_id: int | None = None


class Dice(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="dice"):
    emoji: str
    value: int


class Giveaway(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="giveaway"):
    quantity: int = 0
    months: int | None = None
    stars: int | None = None
    until_date: int | None = None
    winners: tuple[int, ...] = ()
    """Set in the message that tells the results."""
    prize: str | None = None


class PaidMedia(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="paid"):
    stars: int
    files: tuple[File, ...] = ()
    """What was paid for; empty while it is locked."""


class OtherMedia(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="other"):
    """Something this model has no form for: named here, kept whole in the message's `raw`."""

    name: str


Media: TypeAlias = (
    File
    | Gone
    | Contact
    | Location
    | Poll
    | TodoList
    | WebPage
    | Game
    | Invoice
    | Dice
    | Giveaway
    | PaidMedia
    | OtherMedia
)


class Action(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a service message tells. The fields that mean something depend on `kind`.

    `kind` is the TL name without `messageAction`, in snake case: `chat_add_user`, `pin_message`,
    `phone_call` … A kind that nobody has words for is still named by it, and kept in `raw`.
    """

    kind: str
    people: tuple[int, ...] = ()
    text: str | None = None
    """A new title, the words of a custom action, an emoji, a domain …"""
    message_id: int | None = None
    """The message pinned, played in, paid for."""
    amount: int | None = None
    """A score, a number of boosts, metres, stars, or money in its smallest unit."""
    currency: str | None = None
    seconds: int | None = None
    """A call's length, a timer, a period."""
    date: int | None = None
    reason: str | None = None
    """A call's discard reason: `missed`, `busy`, `hangup`, `disconnect`."""
    video: bool = False
    flag: bool | None = None
    """Closed, enabled, accepted: the kind's own yes or no."""
    peer_id: int | None = None
    file: File | None = None


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message or service message of a chat, complete."""

    chat_id: int
    """The history that it stands in: for one from before a group's upgrade, the old basic group."""
    id: int
    date: int
    text: str = ""
    sender_id: int | None = None
    """None when only a signature or nothing is told (`post_author`)."""
    out: bool = False
    entities: tuple[Entity, ...] = ()
    edit_date: int | None = None
    """None for edits that Telegram hides (`edit_hide`): reactions, say."""
    reply: Reply | None = None
    forward: Forward | None = None
    media: Media | None = None
    action: Action | None = None
    """Set in service messages alone."""
    album: int | None = None
    """`grouped_id`: the same in all members of an album."""
    topic_id: int | None = None
    via_bot_id: int | None = None
    post_author: str | None = None
    reactions: tuple[Reaction, ...] = ()
    pinned: bool = False
    buttons: tuple[tuple[str, ...], ...] = ()
    """The labels of an inline keyboard, row by row."""
    views: int | None = None
    forwards: int | None = None
    comments: int | None = None
    ttl: int | None = None
    raw: bytes | None = None
    """The TL bytes of a message with a part that this model can't say in full."""


class Page(Struct, frozen=True, kw_only=True):
    """One answered request for history, converted: its messages, and the ids that it settles."""

    chat_id: int
    covers: Interval | None
    """What was asked and answered; None when the answer settles nothing."""
    messages: tuple[Message, ...]
    """Newest first."""
    people: tuple[Person, ...] = ()
    failed: tuple[tuple[int, str], ...] = ()
    """Ids whose message couldn't be converted, each with the reason."""
    count: int | None = None
    """How many messages Telegram counts in the whole chat."""
