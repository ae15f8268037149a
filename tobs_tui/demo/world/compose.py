"""A line of a script becomes a TL message: sender, text, medium, reply, forward, reactions, buttons.

The same code makes the template (with marks for what differs) and the object form (with a message's own
numbers), so the two can be held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from telethon.tl import types

from tobs_tui.demo.world.chat import Chat, Kind, peer_of
from tobs_tui.demo.world.extras import buttons, reactions
from tobs_tui.demo.world.files import FileIds
from tobs_tui.demo.world.markup import parse_markup, utf16_length
from tobs_tui.demo.world.media import Stickers, file_specs, stamped_photo, tl_media
from tobs_tui.demo.world.people import People
from tobs_tui.demo.world.scenes import Line, seconds
from tobs_tui.demo.world.service import REPLYING, tl_action
from tobs_tui.demo.world.stamp import Sentinels, Stamp
from tobs_tui.demo.world.template import About, Template, template_of

_WORD = re.compile(r"%([#@]?)(\w+)%")


@dataclass(frozen=True, slots=True)
class Studio:
    """What all composing of one world shares."""

    people: People
    files: FileIds
    stickers: Stickers
    names: dict[str, int] = field(default_factory=dict)
    """Marked ids of chats by the names that scripts use."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where one run of a scene plays: its chat, who has which role, which words were drawn."""

    studio: Studio
    chat: Chat
    roles: dict[str, int]
    """Marked ids of senders by role."""
    words: dict[str, str]
    topic: int = 0
    """The forum topic, 0 for none or General."""
    shade: int = 0
    """By this its files differ in size from those of other runs of the scene."""

    def sender(self, role: str) -> int:
        """The marked id behind a role or a name."""
        if role == "M":
            return self.studio.people.self_id
        if role == "anon":
            return self.chat.id
        found = self.roles.get(role) or self.studio.names.get(role)
        if found is None:
            raise ValueError(f"nobody plays {role!r} in {self.chat.title!r}")
        return found

    def put(self, text: str, *, markup: bool = True) -> str:
        """The text with its `%words%` put in: drawn words, `%A%` first names, `%@A%` mentions, `%#A%` ids."""
        return _WORD.sub(lambda match: self._word(match[1], match[2], markup), text) if "%" in text else text

    def _word(self, sign: str, name: str, markup: bool) -> str:
        if sign == "#" and name.startswith("emoji"):
            return str(self.studio.stickers.emoji_id(int(name[5:])))
        if not sign and name in self.words:
            return self.words[name]
        sender = self.sender(name)
        if sign == "#":
            return str(sender if sender > 0 else peer_id(sender))
        person = self.studio.people.get(sender)
        if person is None:
            raise ValueError(f"%{name}% is nobody")
        if sign and person.username:
            return f"@{person.username}"
        first = person.first or ""
        return f"<p id={person.id}>{first}</p>" if sign and markup else first


def peer_id(marked_id: int) -> int:
    """The bare id behind a marked one."""
    peer = peer_of(marked_id)
    return int(next(iter(vars(peer).values())))


def compose(lines: Sequence[Line], at: int, setting: Setting, stamp: Stamp) -> tuple[Any, About]:
    """The message of `lines[at]`, and what is known of it."""
    line = lines[at]
    tags: set[str] = set()
    people: set[int] = set()
    chats: set[int] = set()
    chat = setting.chat
    medium = tuple(setting.put(word, markup=False) for word in line.medium)
    sender = setting.sender(line.role.lstrip("@")) if line.role != "_" else 0
    self_id = setting.studio.people.self_id
    out = sender == self_id and chat.id != self_id and not chat.broadcast
    shown = _from_id(chat, sender, self_id)
    _note(chat.id if chat.broadcast else sender or chat.id, people, chats)
    if line.service:
        return _service(line, medium, setting, stamp, shown, out, people, chats)
    text, entities = parse_markup(setting.put(line.text))
    for entity in entities:
        if isinstance(entity, types.MessageEntityMentionName):
            people.add(entity.user_id)
        elif isinstance(entity, types.MessageEntityUrl | types.MessageEntityTextUrl):
            tags.add("url")
    media = tl_media(medium, stamp, setting.studio.files, setting.studio.stickers, setting.shade)
    tags |= media_tags(media)
    options = line.options
    reply, thread = _reply(lines, at, setting, stamp)
    for name in ("elsewhere", "story"):
        if name in options:
            _note(setting.sender(options[name].split()[0]), people, chats)
    views = 300 + crc32(text.encode()) % 9_000 if chat.broadcast else None
    message = types.Message(
        id=stamp.id,
        peer_id=chat.peer,
        date=stamp.date,
        message=text,
        out=out or None,
        post=chat.broadcast or None,
        silent="silent" in options or None,
        pinned="pinned" in options or None,
        noforwards="protected" in options or None,
        from_id=shown,
        saved_peer_id=chat.peer if chat.id == self_id else None,
        fwd_from=_forward(options.get("fwd"), setting, stamp, people, chats),
        via_bot_id=setting.sender(options["via"]) if "via" in options else None,
        reply_to=reply,
        media=media,
        entities=entities or None,
        reply_markup=buttons(setting.put(options["buttons"], markup=False)) if "buttons" in options else None,
        views=views,
        forwards=None if views is None else views // 90,
        replies=_comments(options, chat, setting),
        edit_date=_edit_date(options, stamp),
        edit_hide="hide" in options or None,
        post_author=_signature(options, chat, setting, sender),
        grouped_id=stamp.group(_album_start(lines, at)) if "album" in options else None,
        reactions=reactions(options["react"], setting.studio.stickers, options.get("by"), setting.sender)
        if "react" in options
        else None,
        ttl_period=int(options["ttl"]) if "ttl" in options else None,
        restriction_reason=[types.RestrictionReason("ios", "porn", "Not shown on this device")]
        if "restricted" in options
        else None,
    )
    if "via" in options:
        people.add(setting.sender(options["via"]))
    if "pinned" in options:
        tags.add("pinned")
    if "by" in options:
        people.update(setting.sender(role) for role in options["by"].split())
    about = About(text, shown_id(shown), frozenset(people), frozenset(chats), frozenset(tags), thread)
    return message, about


def _service(
    line: Line,
    medium: tuple[str, ...],
    setting: Setting,
    stamp: Stamp,
    shown: Any,
    out: bool,
    people: set[int],
    chats: set[int],
) -> tuple[Any, About]:
    photo = None
    specs = service_specs(medium, setting.shade)
    if specs:
        photo = stamped_photo(specs[0], stamp, setting.studio.files)
    action = tl_action(medium, stamp, photo)
    people |= action_people(action)
    reply = None
    thread = 0
    if medium[0] in REPLYING:
        reply = types.MessageReplyHeader(reply_to_msg_id=stamp.reply(int(medium[1])))
    if setting.topic and reply is None:
        reply = types.MessageReplyHeader(reply_to_msg_id=setting.topic, forum_topic=True)
        thread = setting.topic
    message = types.MessageService(
        id=stamp.id,
        peer_id=setting.chat.peer,
        date=stamp.date,
        action=action,
        out=out or None,
        post=setting.chat.broadcast or None,
        from_id=shown,
        reply_to=reply,
    )
    tags = {"call"} if isinstance(action, types.MessageActionPhoneCall) else set()
    if photo is not None:
        tags.add("chatphoto")
    return message, About("", shown_id(shown), frozenset(people), frozenset(chats), frozenset(tags), thread)


def service_specs(medium: Sequence[str], shade: int = 0) -> tuple[Any, ...]:
    """The files of a service line."""
    return file_specs(("photo", "640x640"), shade) if medium[:1] in (("photo",), ("suggest",)) else ()


def action_people(action: Any) -> set[int]:
    """The users that an action names."""
    named = set(getattr(action, "users", None) or ())
    for name in ("user_id", "inviter_id", "new_creator_id"):
        if value := getattr(action, name, None):
            named.add(value)
    for name in ("from_id", "to_id", "peer"):
        if isinstance(peer := getattr(action, name, None), types.PeerUser):
            named.add(peer.user_id)
    return named


def _note(marked_id: int, people: set[int], chats: set[int]) -> None:
    (people if marked_id > 0 else chats).add(marked_id)


def shown_id(peer: Any) -> int:
    """The marked id of a `from_id`; 0 for none."""
    from tobs_tui.demo.world.chat import marked_peer

    return marked_peer(peer) if peer is not None else 0


def _from_id(chat: Chat, sender: int, self_id: int) -> Any:
    """What Telegram puts into `from_id`: nothing in private chats' incoming messages and in channels."""
    if not sender or chat.broadcast or (chat.kind is Kind.USER and sender == chat.id and sender != self_id):
        return None
    return peer_of(sender)


def _signature(options: dict[str, str], chat: Chat, setting: Setting, sender: int) -> str | None:
    if "sign" in options:
        return setting.put(options["sign"], markup=False)
    person = setting.studio.people.get(sender) if chat.broadcast and chat.signatures else None
    return person.name if person else None


def _edit_date(options: dict[str, str], stamp: Stamp) -> int | None:
    for name in ("edit", "hide"):
        if name in options:
            return stamp.moment(seconds(options[name] or "1m"))
    return None


def _album_start(lines: Sequence[Line], at: int) -> int:
    """How many lines before `at` its album begins."""
    name, start = lines[at].options["album"], at
    while start and lines[start - 1].options.get("album") == name:
        start -= 1
    return at - start


def _reply(lines: Sequence[Line], at: int, setting: Setting, stamp: Stamp) -> tuple[Any, int]:
    """The reply header and the thread, as `About.thread` tells it."""
    line = lines[at]
    options = line.options
    topic = setting.topic
    if "story" in options:
        role, story = options["story"].split()
        return types.MessageReplyStoryHeader(peer_of(setting.sender(role)), int(story)), topic
    if "elsewhere" in options:
        name, message_id, quote = (*options["elsewhere"].split(" ", 2), "")[:3]
        return types.MessageReplyHeader(
            reply_to_msg_id=int(message_id),
            reply_to_peer_id=peer_of(setting.sender(name)),
            reply_from=types.MessageFwdHeader(
                date=stamp.moment(-7200), from_id=peer_of(setting.sender(name))
            ),
            quote=bool(quote) or None,
            quote_text=quote or None,
        ), topic
    if not line.answers:
        if not topic:
            return None, 0
        return types.MessageReplyHeader(reply_to_msg_id=topic, forum_topic=True), topic
    quoted = options.get("quote")
    root = _thread_root(lines, at)
    top_id = topic or (stamp.reply(root) if root > line.answers else None)
    header = types.MessageReplyHeader(
        reply_to_msg_id=stamp.reply(line.answers),
        reply_to_top_id=top_id,
        forum_topic=True if topic else None,
        quote=bool(quoted) or None,
        quote_text=quoted,
        quote_offset=_quote_offset(lines, at, setting) if quoted else None,
    )
    return header, topic or -root


def _thread_root(lines: Sequence[Line], at: int) -> int:
    """How many lines before `at` the first message of its thread stands."""
    start = at
    while lines[start].answers:
        start -= lines[start].answers
    return at - start


def _quote_offset(lines: Sequence[Line], at: int, setting: Setting) -> int:
    answered = lines[at - lines[at].answers]
    text, _ = parse_markup(setting.put(answered.text))
    return utf16_length(text[: max(0, text.find(lines[at].options["quote"]))])


def _forward(word: str | None, setting: Setting, stamp: Stamp, people: set[int], chats: set[int]) -> Any:
    """`user B`, `name "Sofia M."`, `channel news 17`, `saved B`, `imported "Old friend"`."""
    if not word:
        return None
    kind, _, rest = word.partition(" ")
    date = stamp.moment(-86400 - len(word) * 1000)
    if kind == "name":
        return types.MessageFwdHeader(date=date, from_name=rest)
    if kind == "imported":
        return types.MessageFwdHeader(date=stamp.moment(-400 * 86400), imported=True, from_name=rest)
    name, _, post = rest.partition(" ")
    marked_id = setting.sender(name)
    _note(marked_id, people, chats)
    if kind == "channel":
        number = int(post.split()[0]) if post else 7
        sign = post.partition(" ")[2] or None
        return types.MessageFwdHeader(
            date=date, from_id=peer_of(marked_id), channel_post=number, post_author=sign
        )
    if kind == "auto":
        return types.MessageFwdHeader(
            date=stamp.moment(-4),
            from_id=peer_of(marked_id),
            channel_post=int(post),
            saved_from_peer=peer_of(marked_id),
            saved_from_msg_id=int(post),
        )
    if kind == "saved":
        return types.MessageFwdHeader(
            date=date, from_id=peer_of(marked_id), saved_from_peer=peer_of(marked_id), saved_from_msg_id=5
        )
    return types.MessageFwdHeader(date=date, from_id=peer_of(marked_id))


def _comments(options: dict[str, str], chat: Chat, setting: Setting) -> Any:
    if "thread" in options:
        return types.MessageReplies(replies=int(options["thread"]), replies_pts=1)
    if "comments" not in options or not chat.linked:
        return None
    return types.MessageReplies(
        replies=int(options["comments"] or 0),
        replies_pts=1,
        comments=True,
        channel_id=peer_id(chat.linked),
    )


def media_tags(media: Any) -> set[str]:
    """The filters under which a medium is found."""
    if isinstance(media, types.MessageMediaPhoto):
        return {"photo"} if media.photo else set()
    if isinstance(media, types.MessageMediaWebPage):
        return {"url"}
    if isinstance(media, types.MessageMediaDocument) and media.document:
        kinds = {type(attribute): attribute for attribute in media.document.attributes}
        if types.DocumentAttributeAnimated in kinds:
            return {"gif"}
        if types.DocumentAttributeSticker in kinds:
            return {"sticker"}
        if audio := kinds.get(types.DocumentAttributeAudio):
            return {"voice"} if audio.voice else {"music"}
        if video := kinds.get(types.DocumentAttributeVideo):
            return {"round"} if video.round_message else {"video"}
        return {"document"}
    names = {
        types.MessageMediaGeo: "geo",
        types.MessageMediaGeoLive: "geo",
        types.MessageMediaVenue: "geo",
        types.MessageMediaContact: "contact",
        types.MessageMediaPoll: "poll",
    }
    return {names[type(media)]} if type(media) in names else set()


def make_template(lines: Sequence[Line], at: int, setting: Setting) -> Template:
    """The template of a line: composed with marks."""
    marks = Sentinels(setting.studio.files)
    message, about = compose(lines, at, setting, marks)
    return template_of(message, marks, about)
