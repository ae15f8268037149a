"""One message, or one album, as Markdown: sender, time and opening in a paragraph that its block id ends.

A link to the id lands on the sender; what can't be linked (lists, quotes, code) follows after a blank line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from tobs_tui.archive.values import StoredMessage
from tobs_tui.model import ChatType, File, Forward, Message, NoteDeleted, PersonKind
from tobs_tui.vault.blocks import BREAK, Block, joined, text_blocks
from tobs_tui.vault.escape import escape_line, escape_name, one_line
from tobs_tui.vault.file_lines import album_line, album_remarks
from tobs_tui.vault.media_lines import Shown, show
from tobs_tui.vault.quotes import reply_line
from tobs_tui.vault.scene import NAME_LIMIT, Scene
from tobs_tui.vault.service import service_paragraph

_NOTHING = Shown()


def message_block(members: Sequence[StoredMessage], scene: Scene) -> str:
    """Return the block of one message, or of an album's messages in order; no line break ends it."""
    if len(members) == 1 and _is_bare(members[0]):
        return _bare_block(members[0].message, scene)
    return _whole_block(members, scene)


def _is_bare(stored: StoredMessage) -> bool:
    """Whether a message is one line of somebody's, perhaps an answer, and nothing more: so are most."""
    message = stored.message
    return (
        message.media is None
        and not message.entities
        and message.edit_date is None
        and message.action is None
        and message.forward is None
        and message.via_bot_id is None
        and message.post_author is None
        and not message.buttons
        and stored.deleted_at is None
        and message.sender_id is not None
        and message.sender_id > 0
        and message.text.isprintable()
    )


def _bare_block(message: Message, scene: Scene) -> str:
    """What `_whole_block` gives for a bare message, without looking for all that others may have."""
    block = _head(message, (), scene)
    if message.reply is not None and (reply := reply_line(message.reply, message.chat_id, scene)):
        block += BREAK + reply
    if text := escape_line(message.text.rstrip()):
        block += BREAK + text
    if message.reactions:
        block += BREAK + _reactions_line((message,))
    return f"{block} ^{scene.block_of(message)}"


def _whole_block(members: Sequence[StoredMessage], scene: Scene) -> str:
    first = members[0].message
    block_id = f" ^{scene.block_of(first)}"
    deleted = _deleted_remark(members, scene) if any(map(_is_deleted, members)) else None
    if first.action is not None:
        return service_paragraph(members[0], first.action, scene, deleted) + block_id
    if deleted and scene.deleted is NoteDeleted.TOMBSTONE:
        kept = [stored for stored in members if stored.deleted_at is None]
        if not kept:
            return _head(first, [deleted], scene) + block_id
        members = kept
    shown = _shown(members, scene)
    remarks = _remarks(members, scene)
    if shown.remarks:
        remarks += shown.remarks
    if deleted:
        remarks.append(deleted)
    opening = [_head(first, remarks, scene)]
    if first.reply is not None and (reply := reply_line(first.reply, first.chat_id, scene)):
        opening.append(reply)
    opening += [line for line in shown.lines if line]
    blocks = _texts(members, scene)
    if blocks and blocks[0].is_paragraph:
        opening.append(blocks.pop(0).markdown)
    rest = [*blocks, *shown.after]
    for line in _endings(members):
        if not rest:
            opening.append(line)
        elif rest[-1].is_paragraph:
            rest[-1] = rest[-1]._replace(markdown=f"{rest[-1].markdown}{BREAK}{line}")
        else:
            rest.append(Block(line))
    paragraph = BREAK.join(opening) + block_id
    return joined([Block(paragraph), *rest]) if rest else paragraph


def _head(message: Message, remarks: Sequence[str], scene: Scene) -> str:
    head = f"**{escape_name(scene.sender(message)) or '?'}** {scene.calendar.clock(message.date)}"
    return f"{head} · *{' · '.join(remarks)}*" if remarks else head


def _remarks(members: Sequence[StoredMessage], scene: Scene) -> list[str]:
    message = members[0].message
    remarks = _who(message, scene)
    if message.forward is not None:
        remarks.append(_forward_remark(message.forward, scene))
    if message.via_bot_id is not None:
        person = scene.person(message.via_bot_id)
        bot = f"@{person.username}" if person and person.username else scene.name(message.via_bot_id)
        remarks.append(f"via {escape_name(bot)}")
    if any(map(_was_edited, members)):
        edits = [stored.message.edit_date for stored in members if stored.message.edit_date is not None]
        remarks.append(f"edited {scene.calendar.clock_beside(max(edits), message.date)}")
    return remarks


def _who(message: Message, scene: Scene) -> list[str]:
    """What the name alone doesn't tell of the sender."""
    if message.sender_id is None:
        return []
    author = escape_name(one_line(message.post_author, NAME_LIMIT)) if message.post_author else ""
    if scene.chat_type is ChatType.CHANNEL:
        return [f"signed {author}"] if author else []
    if message.sender_id == message.chat_id and message.sender_id < 0:
        return [f"anonymous admin{author and f', {author}'}"]
    person = scene.person(message.sender_id) if message.sender_id < 0 else None
    if person is not None and person.kind is PersonKind.CHAT and message.forward is None:
        return [f"as a channel{author and f', signed {author}'}"]
    return [f"signed {author}"] if author else []


def _forward_remark(forward: Forward, scene: Scene) -> str:
    if forward.imported:
        author = one_line(forward.from_name or "", NAME_LIMIT)
        return f"imported{author and f', written by {escape_name(author)}'}"
    if forward.from_id is not None:
        origin = scene.written_name(forward.from_id)
    elif forward.from_name:
        origin = f"{escape_name(one_line(forward.from_name, NAME_LIMIT))}, who hides the account"
    else:
        origin = "somebody"
    if forward.post_author:
        origin += f" ({escape_name(one_line(forward.post_author, NAME_LIMIT))})"
    when = f", {scene.calendar.moment(forward.date)}" if forward.date else ""
    return f"forwarded from {origin}{when}"


def _is_deleted(stored: StoredMessage) -> bool:
    return stored.deleted_at is not None


def _was_edited(stored: StoredMessage) -> bool:
    return stored.message.edit_date is not None


def _deleted_remark(members: Sequence[StoredMessage], scene: Scene) -> str:
    dates = [stored.deleted_at for stored in members if stored.deleted_at is not None]
    some = f"{len(dates)} of {len(members)} " if len(dates) < len(members) else ""
    return f"{some}deleted in Telegram, noticed {scene.calendar.short(max(dates))}"


def _shown(members: Sequence[StoredMessage], scene: Scene) -> Shown:
    if len(members) == 1:
        message = members[0].message
        return show(message.media, scene, message.date) if message.media is not None else _NOTHING
    files = [stored.message.media for stored in members if isinstance(stored.message.media, File)]
    shown = Shown(album_remarks(files, len(members), scene), album_line(files, scene))
    for stored in members:
        media = stored.message.media
        if media is not None and not isinstance(media, File):
            other = show(media, scene, stored.message.date)
            shown = Shown(shown.remarks + other.remarks, shown.lines + other.lines, shown.after + other.after)
    return shown


def _texts(members: Sequence[StoredMessage], scene: Scene) -> list[Block]:
    """The texts of a message or of an album's members, each member's captions a paragraph of its own."""
    blocks: list[Block] = []
    for stored in members:
        message = stored.message
        if message.text:
            blocks += text_blocks(message.text, message.entities, scene.vault_link)
    return blocks


def _endings(members: Sequence[StoredMessage]) -> list[str]:
    """The last lines: a bot's buttons, reactions."""
    lines: list[str] = []
    buttons = members[0].message.buttons
    if buttons and any(labels := [one_line(label, 100) for row in buttons for label in row]):
        lines.append(f"*buttons:* {' · '.join(escape_name(label) for label in labels if label)}")
    if any(stored.message.reactions for stored in members):
        lines.append(_reactions_line([stored.message for stored in members]))
    return lines


def _reactions_line(messages: Iterable[Message]) -> str:
    counts: dict[str, int] = {}
    for message in messages:
        for reaction in message.reactions:
            emoji = _emoji(reaction.emoji)
            counts[emoji] = counts.get(emoji, 0) + reaction.count
    return f"*{' · '.join([f'{emoji} {count}' for emoji, count in counts.items()])}*"


@lru_cache(maxsize=1024)
def _emoji(emoji: str) -> str:
    return escape_name(one_line(emoji, 20) or "❔")
