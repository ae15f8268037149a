"""`load_world`: which chats a set of exports holds, under which ids, and whose they are.

The account's own id is made from the files' content, so that archives of different exports refuse each
other; its id in the files is mapped to that. Chats keep their ids; one whose id is taken gets another
(`World.remapped`). Ids of messages stay as they are: private chats and basic groups of different exports
can hold the same ones, which a real account never has. Histories are read by peer, so nothing is lost;
messages.getMessages, which names no peer, gives the chat that was loaded first.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from tobs_tui.demo.world.chat import Chat, Kind, marked
from tobs_tui.demo.world.desktop.messages import load_messages
from tobs_tui.demo.world.desktop.people import Register, person_named
from tobs_tui.demo.world.desktop.reading import (
    DesktopChat,
    DesktopFile,
    peer_word,
    read_exports,
)
from tobs_tui.demo.world.people import Person
from tobs_tui.demo.world.world import Remapped, World

_BROADCAST = ("private_channel", "public_channel")
_OWN_IDS = (*_BROADCAST, "private_supergroup", "public_supergroup")


def load_world(path: Path) -> World:
    """The world of an export or of a folder of exports.

    :raises UsageError: nothing is there, or it is no export.
    """
    exports = read_exports(path)
    digest = sha256(b"".join(export.digest for export in exports)).digest()
    account = 7_000_000_000 + int.from_bytes(digest[:8], "little") % 900_000_000
    world = World(account, int.from_bytes(digest[8:16], "little"))
    owners = {owner for export in exports if (owner := _owner_of(export))}
    world.people.add(_account(exports, account, owners, world.phone))
    world.studio.names.clear()
    register = Register(world, owners)
    sources = [source for export in exports for source in export.chats]
    pairs = [(source, _declare(world, register, source)) for source in sources]
    for source, chat in pairs:
        _name_senders(register, source, chat)
    for source, chat in pairs:
        load_messages(world, register, source, chat)
    for chat in world.chats.values():
        chat.date = chat.history.dates[0] if chat.history.dates else 0
    return world


def _owner_of(export: DesktopFile) -> int | None:
    """Whose export it is: told, or the one who talks in a private chat without being its other side."""
    if export.owner_id:
        return export.owner_id
    for chat in export.chats:
        if chat.type not in ("personal_chat", "bot_chat"):
            continue
        words = [peer_word(row.get("from_id") or row.get("actor_id")) for row in chat.messages]
        speakers = {word[1] for word in words if word and word[0] == "user"}
        if chat.id in speakers and len(speakers) == 2:
            return next(iter(speakers - {chat.id}))
    return None


def _account(exports: list[DesktopFile], account: int, owners: set[int], phone: str) -> Person:
    """The account, under the name that the files give it."""
    for export in exports:
        first = export.owner.get("first_name")
        if first:
            last, username = export.owner.get("last_name"), export.owner.get("username")
            name = str(username).lstrip("@") if username else None
            return Person(account, str(first), str(last) if last else None, name, phone, contact=True)
    for export in exports:
        for chat in export.chats:
            for row in chat.messages:
                word = peer_word(row.get("from_id"))
                if word and word[1] in owners and row.get("from"):
                    named = person_named(account, str(row["from"]))
                    return Person(account, named.first, named.last, None, phone, contact=True)
    return Person(account, "Demo", phone=phone, contact=True)


def _kind_of(source: DesktopChat) -> Kind:
    """What a chat is: negative message ids are an upgraded group's, whatever `type` says."""
    if source.type in _OWN_IDS or any(int(row["id"]) < 0 for row in source.messages):
        return Kind.CHANNEL
    return Kind.GROUP if source.type == "private_group" else Kind.USER


def _declare(world: World, register: Register, source: DesktopChat) -> Chat:
    """The chat of an export, under its own id or, where that is taken, under another."""
    kind = _kind_of(source)
    if source.type == "saved_messages" or (kind is Kind.USER and source.id in register.owners):
        return _saved(world, register, source)
    bare = register.free_id(kind, source.id)
    title = source.name or ("Deleted Account" if kind is Kind.USER else "Untitled")
    chat = world.add_chat(kind, bare, title)
    chat.broadcast = source.type in _BROADCAST
    chat.forum = kind is Kind.CHANNEL and any(row.get("action") == "topic_created" for row in source.messages)
    if bare != source.id:
        was = marked(kind, source.id)
        world.remapped.append(Remapped(title, source.source.name, was, chat.id))
    if kind is Kind.USER:
        world.people.add(person_named(bare, source.name or "", bot=source.type == "bot_chat"))
        register.loaded(source, "user", chat)
    else:
        register.loaded(source, "chat" if kind is Kind.GROUP else "channel", chat)
    return chat


def _saved(world: World, register: Register, source: DesktopChat) -> Chat:
    """Saved Messages; a second one becomes a chat with a person of that name."""
    if world.account_id not in world.chats:
        return world.add_chat(Kind.USER, world.account_id, "Saved Messages")
    bare = register.free_id(Kind.USER, register.made_id(f"Saved Messages of {source.source.name}"))
    chat = world.add_chat(Kind.USER, bare, f"Saved Messages ({source.source.stem})")
    world.people.add(person_named(bare, chat.title))
    world.remapped.append(Remapped(chat.title, source.source.name, world.account_id, chat.id))
    return chat


def _name_senders(register: Register, source: DesktopChat, chat: Chat) -> None:
    """Let the register know all names before messages mention them; the members of a group are who spoke."""
    members: dict[int, None] = {}
    for row in () if chat.broadcast else source.messages:
        for key, name in (("from_id", "from"), ("actor_id", "actor")):
            if row.get(key) is not None:
                found = register.peer(source, row[key], row.get(name))
                if found > 0:
                    members[found] = None
    if chat.kind is not Kind.USER:
        members[register.world.account_id] = None
        chat.members = tuple(members)
        chat.creator = chat.members[0]
