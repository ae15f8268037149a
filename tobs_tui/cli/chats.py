"""`chats`: the account's chats as a table, or as JSON for scripts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from tobs_tui import text
from tobs_tui.archive import ArchiveReader
from tobs_tui.cli.output import number, plural, print_json, print_table, when
from tobs_tui.config import Settings, machine_timezone
from tobs_tui.errors import UsageError
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import count_messages, forum_topics, list_chats


def show_chats(
    settings: Settings,
    *,
    as_json: bool,
    chat_type: str | None,
    folder: str | None,
    search: str | None,
    counts: bool,
) -> int:
    """List what the account sees. Lists nothing, and says so, where nothing matches."""
    wanted = _type(chat_type)
    chats = asyncio.run(_list(settings, wanted, folder, search, counts=counts, topics=as_json))
    saved = _saved_to(settings)
    if as_json:
        print_json([_as_json(chat, saved) for chat in chats])
        return 0
    timezone = settings.timezone or machine_timezone()
    print_table(
        ("Id", "Title", "Type", "Unread", "Messages", "Last", "Saved to"),
        [
            (
                str(chat.id),
                chat.title + (" (archived)" if chat.archived else ""),
                chat.type.value,
                number(chat.unread) if chat.unread else "",
                number(chat.messages),
                when(chat.last_date, timezone),
                chat.no_access or saved.get(chat.id, ""),
            )
            for chat in chats
        ],
        right=(0, 3, 4),
    )
    print(plural(len(chats), "chat"), file=sys.stderr)
    return 0


async def _list(
    settings: Settings,
    wanted: ChatType | None,
    folder: str | None,
    search: str | None,
    *,
    counts: bool,
    topics: bool,
) -> list[Chat]:
    from msgspec.structs import replace

    async with await Account.connect(settings) as account:
        _ = account.owner  # raises where nobody is logged in
        chats = [
            chat
            for chat in await list_chats(account, on_doubt=_tell)
            if _matches(chat, wanted=wanted, folder=folder, search=search)
        ]
        for index, chat in enumerate(chats):
            if topics and chat.type is ChatType.FORUM and not chat.no_access:
                chat = replace(chat, topics=tuple(await forum_topics(account, chat)))
            if counts and not chat.no_access:
                chat = replace(chat, messages=await count_messages(account, chat))
            chats[index] = chat
        return chats


def _tell(doubt: str) -> None:
    print(text.for_terminal(doubt), file=sys.stderr)


def _matches(chat: Chat, *, wanted: ChatType | None, folder: str | None, search: str | None) -> bool:
    if wanted is not None and chat.type is not wanted:
        return False
    if folder is not None:
        names = {name.casefold() for name in chat.folders} | ({"archive"} if chat.archived else set())
        if folder.casefold() not in names:
            return False
    if search is None:
        return True
    needle = search.casefold().removeprefix("@")
    return (
        needle in chat.title.casefold()
        or needle in (chat.username or "").casefold()
        or needle == str(chat.id)
    )


def _type(name: str | None) -> ChatType | None:
    if name is None:
        return None
    try:
        return ChatType(name.lower())
    except ValueError:
        raise UsageError(f"--type takes one of {', '.join(ChatType)}, not {name!r}") from None


def _saved_to(settings: Settings) -> Mapping[int, str]:
    """The vault's folder of each chat that has one."""
    if not (settings.archive_dir / "archive.db").exists():
        return {}
    with ArchiveReader.open(settings.archive_dir) as archive:
        return {
            stored.chat.id: str(settings.export_path.resolve() / stored.folder)
            for stored in archive.chats()
            if stored.folder
        }


def _as_json(chat: Chat, saved: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": chat.id,
        "type": chat.type.value,
        "title": chat.title,
        "username": chat.username,
        "messages": chat.messages,
        "last_date": chat.last_date,
        "archived": chat.archived,
        "folders": list(chat.folders),
        "exported_to": saved.get(chat.id),
        "topics": [{"id": topic.id, "title": topic.title} for topic in chat.topics],
        "unread": chat.unread,
        "top_message": chat.top_id,
        "no_access": chat.no_access,
    }
