"""A chat as Telegram Desktop's `result.json`, for what reads such exports.

Written as a stream, so that no chat is too long. Ids of history from before a group became a supergroup are
shifted by -1,000,000,000, as Telegram Desktop does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tobs_tui.archive import ArchiveReader, StoredChat
from tobs_tui.model import CHANNEL_MARK, Chat, ChatType, Message, Person
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.desktop_media import file_fields, media_fields
from tobs_tui.vault.desktop_service import service_fields
from tobs_tui.vault.desktop_text import text_entities, text_value
from tobs_tui.vault.names import bare_id
from tobs_tui.vault.scene import nameless
from tobs_tui.vault.writer import streamed

OLD_HISTORY_SHIFT = -1_000_000_000
_STOP_EVERY = 500
_TYPES = {
    ChatType.SAVED: "saved_messages",
    ChatType.PERSON: "personal_chat",
    ChatType.BOT: "bot_chat",
    ChatType.GROUP: "private_group",
}


class _Stopped(Exception):
    """A stop was asked for in the middle of the file."""


def result_path(folder: str) -> str:
    """Return where a chat's JSON stands in the vault."""
    return f"{folder}/result.json"


def write_result(
    archive: ArchiveReader, stored: StoredChat, calendar: Calendar, target: Path, stop: Callable[[], bool]
) -> bool:
    """Write a chat's JSON anew; False when a stop came first, which leaves the old one as it was.

    :raises DiskFull: :raises VaultNotWritable: naming the file.
    """
    writer = _Writer(archive, stored, calendar, target.parent.name)
    try:
        with streamed(target) as file:
            head = json.dumps(writer.head(), ensure_ascii=False, indent=1)
            file.write(_bytes(f'{head[:-2]},\n "messages": ['))
            before = "\n"
            for place, message in enumerate(writer.messages()):
                if place % _STOP_EVERY == 0 and stop():
                    raise _Stopped
                file.write(_bytes(f"{before}  {json.dumps(writer.entry(message), ensure_ascii=False)}"))
                before = ",\n"
            file.write(b"\n ]\n}\n")
    except _Stopped:
        return False
    return True


class _Writer:
    """Turns one chat's messages into entries."""

    def __init__(self, archive: ArchiveReader, stored: StoredChat, calendar: Calendar, folder: str) -> None:
        self._archive = archive
        self._chat = stored.chat
        self._name = stored.chat.title or stored.name
        self._calendar = calendar
        self._folder = folder
        self._people: dict[int, Person | None] = {}

    def head(self) -> dict[str, Any]:
        return {"name": self._name, "type": _type_of(self._chat), "id": int(bare_id(self._chat.id))}

    def messages(self) -> Any:
        histories = [*self._archive.parts_of(self._chat.id), self._chat.id]
        return (stored.message for stored in self._archive.messages(histories))

    def entry(self, message: Message) -> dict[str, Any]:
        service = message.action is not None
        entry: dict[str, Any] = {
            "id": self._id(message.chat_id, message.id),
            "type": "service" if service else "message",
            "date": self._moment(message.date),
            "date_unixtime": str(message.date),
        }
        if message.edit_date is not None:
            entry |= {
                "edited": self._moment(message.edit_date),
                "edited_unixtime": str(message.edit_date),
            }
        who, who_id = ("actor", "actor_id") if service else ("from", "from_id")
        if message.sender_id is not None:
            entry |= {who: self._name_of(message.sender_id), who_id: _peer(message.sender_id)}
        if message.action is not None:
            entry |= service_fields(message.action, self._name_of, self._moment)
            if message.action.file is not None:
                stored = self._archive.file(message.action.file.id)
                entry |= file_fields(message.action.file, self._folder, stored)
        else:
            entry |= self._origin(message)
        if message.media is not None:
            entry |= media_fields(message.media, self._folder, self._archive.file, self._moment)
        entities = text_entities(message)
        entry |= {"text": text_value(entities), "text_entities": entities}
        if message.buttons:
            entry["inline_bot_buttons"] = [
                [{"type": "callback", "text": label} for label in row] for row in message.buttons
            ]
        if message.reactions:
            entry["reactions"] = [_reaction(r.emoji, r.count, r.document_id) for r in message.reactions]
        return entry

    def _origin(self, message: Message) -> dict[str, Any]:
        """Whom it answers, from where it comes."""
        fields: dict[str, Any] = {}
        if message.post_author:
            fields["author"] = message.post_author
        reply = message.reply
        if reply is not None and reply.message_id is not None:
            fields["reply_to_message_id"] = self._id(reply.chat_id or message.chat_id, reply.message_id)
            if reply.chat_id is not None:
                fields["reply_to_peer_id"] = _peer(reply.chat_id)
        forward = message.forward
        if forward is not None:
            known = forward.from_id is not None
            fields["forwarded_from"] = self._name_of(forward.from_id or 0) if known else forward.from_name
            if forward.from_id is not None:
                fields["forwarded_from_id"] = _peer(forward.from_id)
            if forward.saved_from_id is not None:
                fields["saved_from"] = self._name_of(forward.saved_from_id)
        if message.via_bot_id is not None:
            person = self._person(message.via_bot_id)
            fields["via_bot"] = f"@{person.username}" if person and person.username else ""
        return fields

    def _id(self, chat_id: int, message_id: int) -> int:
        old = chat_id < 0 and chat_id > -CHANNEL_MARK and self._chat.id <= -CHANNEL_MARK
        return message_id + OLD_HISTORY_SHIFT if old else message_id

    def _moment(self, moment: int) -> str:
        day = self._calendar.day(moment).isoformat()
        return f"{day}T{self._calendar.clock(moment)}:{moment % 60:02}"

    def _name_of(self, person_id: int) -> str | None:
        person = self._person(person_id)
        if person is not None and person.name:
            return person.name
        return self._name if person_id == self._chat.id else nameless(person_id)

    def _person(self, person_id: int) -> Person | None:
        if person_id not in self._people:
            if len(self._people) > 20_000:
                self._people.clear()
            self._people[person_id] = self._archive.people([person_id]).get(person_id)
        return self._people[person_id]


def _type_of(chat: Chat) -> str:
    if chat.type in _TYPES:
        return _TYPES[chat.type]
    kind = "channel" if chat.type is ChatType.CHANNEL else "supergroup"
    return f"{'public' if chat.username else 'private'}_{kind}"


def _peer(peer_id: int) -> str:
    if peer_id > 0:
        return f"user{peer_id}"
    return f"channel{bare_id(peer_id)}" if peer_id <= -CHANNEL_MARK else f"chat{bare_id(peer_id)}"


def _reaction(emoji: str, count: int, document_id: int | None) -> dict[str, Any]:
    if document_id is not None:
        return {"type": "custom_emoji", "count": count, "document_id": str(document_id)}
    return (
        {"type": "paid", "count": count}
        if emoji == "⭐"
        else {"type": "emoji", "count": count, "emoji": emoji}
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
