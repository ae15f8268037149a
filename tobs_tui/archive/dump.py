"""The archive's content as lines of JSON, the same for two archives that hold the same.

Left out is what tells only when or in which order it came: days of asking and noticing, numbers of rows and
transactions, access hashes and file references, plans of writing, what was asked for and waited for, the
server's counters of updates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tobs_tui.archive.changes import without_addresses
from tobs_tui.archive.ledger import merge
from tobs_tui.archive.rows import COLUMNS, Row, from_whole, message_of
from tobs_tui.model import Chat, Message

Rows = Callable[[str, Sequence[object]], list[Row]]
_PIECE = 1000

_TABLES = (
    ("person", "SELECT id, kind, name, username, min FROM people ORDER BY id"),
    (
        "file",
        "SELECT id, kind, size, mime, name, date, thumb, state, reason, path, digest FROM files ORDER BY id",
    ),
    ("media", "SELECT chat, message, id FROM media JOIN files ON number=file ORDER BY chat, message, id"),
    ("link", "SELECT target_chat, target, chat, id FROM links ORDER BY target_chat, target, chat, id"),
    (
        "note",
        "SELECT chat, topic, period, part, path, region_hash FROM notes ORDER BY chat, topic, period, part",
    ),
    (
        "names",
        "SELECT chat, topic, period, part, person FROM note_people"
        " ORDER BY chat, topic, period, part, person",
    ),
    ("dirty", "SELECT chat, topic, period FROM dirty ORDER BY chat, topic, period"),
    (
        "meta",
        "SELECT key, value FROM meta WHERE key NOT IN ('generation', 'owner', 'state', 'asked_for')"
        " AND key NOT LIKE 'pts:%' AND key NOT LIKE 'early:%' ORDER BY key",
    ),
)


def lines(rows: Rows) -> Iterator[str]:
    """Every line, in one order. `rows` answers a statement with its values."""
    for chat_id, body, *facts in rows(
        "SELECT id, body, name, folder, aliases, part_of, top FROM chats ORDER BY id", ()
    ):
        yield _line("chat", [_chat(body), *facts])
        yield from _spans(rows, chat_id)
        yield from _messages(rows, chat_id)
    for body, chat_id in rows("SELECT body, chat FROM versions ORDER BY chat, id, rowid", ()):
        yield _line("version", [chat_id, _message(from_whole(body))])
    for name, statement in _TABLES:
        for row in rows(statement, ()):
            yield _line(name, list(row))


def _chat(body: bytes) -> object:
    chat = msgspec.msgpack.decode(body, type=Chat)
    return msgspec.to_builtins(replace(chat, access_hash=None, pts=None, unread=0))


def _spans(rows: Rows, chat_id: int) -> Iterator[str]:
    covered = rows("SELECT low, high, NULL FROM coverage WHERE chat=? ORDER BY low", (chat_id,))
    failed = rows("SELECT low, high, reason FROM failures WHERE chat=? ORDER BY low", (chat_id,))
    for name, spans in (("covered", covered), ("failed", failed)):
        for span in merge((low, high, reason) for low, high, reason in spans):
            yield _line(name, [chat_id, *span])


def _messages(rows: Rows, chat_id: int) -> Iterator[str]:
    after = -1
    while found := rows(
        f"SELECT {COLUMNS} FROM messages WHERE chat=? AND id>? ORDER BY id LIMIT {_PIECE}", (chat_id, after)
    ):
        for stored in map(message_of, found):
            yield _line("message", [_message(stored.message), stored.deleted_at is not None])
        after = found[-1][1]


def _message(message: Message) -> list[object]:
    # Raw bytes hold file references too.
    return [msgspec.to_builtins(replace(without_addresses(message), raw=None)), message.raw is not None]


def _line(name: str, values: list[Any]) -> str:
    return json.dumps([name, *values], ensure_ascii=False, sort_keys=True)
