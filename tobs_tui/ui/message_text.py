"""One message as lines for the terminal: who, when, what. Everything in it is remote, and made safe here."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from tobs_tui.model import Contact, File, Gone, Location, Media, MediaKind, Message, Person, Poll, WebPage
from tobs_tui.text import for_terminal, for_terminal_block
from tobs_tui.ui import words
from tobs_tui.ui.drawing import BOLD, FOUND, MUTED

LONGEST = 4_000
"""Characters of one message that are shown; Telegram's own limit is 4,096."""

_KINDS = {
    MediaKind.PHOTO: "Photo",
    MediaKind.VIDEO: "Video",
    MediaKind.AUDIO: "Audio",
    MediaKind.VOICE: "Voice",
    MediaKind.VIDEO_NOTE: "Video note",
    MediaKind.DOCUMENT: "File",
    MediaKind.STICKER: "Sticker",
    MediaKind.ANIMATION: "GIF",
}


def sender_name(message: Message, people: Mapping[int, Person]) -> str:
    """Who wrote it, as far as it is told."""
    person = people.get(message.sender_id) if message.sender_id is not None else None
    if person is not None:
        return for_terminal(person.name, 40) or f"{person.id}"
    if message.post_author:
        return for_terminal(message.post_author, 40)
    return "" if message.sender_id is None else f"user {message.sender_id}"


def message_content(
    message: Message,
    people: Mapping[int, Person],
    timezone: str,
    *,
    deleted: bool = False,
    found: bool = False,
    longest: int = LONGEST,
) -> Content:
    """The message in a few lines."""
    lines = [_heading(message, people, timezone, deleted=deleted, found=found)]
    body = for_terminal_block(message.text[:longest]).strip("\n")
    if body:
        lines.append(Content(body))
    tail = " · ".join(
        part for part in (media_words(message.media), _action(message), _reactions(message)) if part
    )
    if tail:
        lines.append(Content.styled(tail, MUTED))
    return Content("\n").join(lines)


def one_line(message: Message, people: Mapping[int, Person], limit: int) -> str:
    """The message in one line, without who and when."""
    text = for_terminal(message.text[:400], limit)
    return text or for_terminal(media_words(message.media) or _action(message), limit)


def media_words(media: Media | None) -> str:
    """`Photo, 240 kB`, `Video, 3:12, 84 MB`, `Poll: Which day?` …; empty without media."""
    match media:
        case None:
            return ""
        case File():
            parts = [_KINDS[media.kind]]
            if media.kind is MediaKind.STICKER and media.emoji:
                parts[0] = f"Sticker {for_terminal(media.emoji, 4)}"
            if media.name and media.kind is MediaKind.DOCUMENT:
                parts.append(for_terminal(media.name, 60))
            if media.duration:
                minutes, seconds = divmod(round(media.duration), 60)
                parts.append(f"{minutes}:{seconds:02d}")
            parts.append(words.size(media.size))
            return ", ".join(parts)
        case Gone():
            return f"{_KINDS[media.kind]}, gone by itself"
        case Poll():
            return f"Poll: {for_terminal(media.question, 120)}"
        case WebPage():
            # Searches look through these words, too: what they found must be seen.
            shown = [part for part in (media.site, media.title, media.description) if part]
            return for_terminal(" · ".join([*shown, media.url]), 400)
        case Contact():
            return f"Contact: {for_terminal(f'{media.first_name} {media.last_name}', 60)}"
        case Location():
            return f"Place {media.latitude:.4f}, {media.longitude:.4f}"
        case _:
            return type(media).__name__


def _heading(
    message: Message, people: Mapping[int, Person], timezone: str, *, deleted: bool, found: bool
) -> Content:
    notes = [words.clock(message.date, timezone)]
    if message.edit_date:
        notes.append("edited")
    if message.forward:
        notes.append("forwarded")
    if deleted:
        notes.append("deleted in Telegram")
    name = sender_name(message, people)
    told = " · ".join(notes)
    if not name:
        return Content.styled(told, MUTED)
    return Content.assemble((name, FOUND if found else BOLD), (f" {told}", MUTED))


def _action(message: Message) -> str:
    if message.action is None:
        return ""
    kind = message.action.kind.replace("_", " ")
    said = for_terminal(message.action.text, 80) if message.action.text else ""
    return f"{kind}: {said}" if said else kind


def _reactions(message: Message) -> str:
    shown = [f"{for_terminal(reaction.emoji, 4)} {reaction.count}" for reaction in message.reactions[:6]]
    return " · ".join(shown)
