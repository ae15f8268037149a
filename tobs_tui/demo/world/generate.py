"""A world from a seed: the chat list of somebody who moved to Lisbon, and as many chats more as asked for.

The same seed and sizes give the same world, byte for byte; the largest chat holds exactly `messages`
messages. Nothing here depends on the clock: the world ends on a fixed day.
"""

from __future__ import annotations

from random import Random

from tobs_tui.demo.world.build import Builder
from tobs_tui.demo.world.cast import SELF_NAMES, account_id, hire
from tobs_tui.demo.world.chance import mix64
from tobs_tui.demo.world.chat import Chat, Kind
from tobs_tui.demo.world.core import CORE, play
from tobs_tui.demo.world.crowd import add_crowd
from tobs_tui.demo.world.people import Person
from tobs_tui.demo.world.plan import ScriptBook
from tobs_tui.demo.world.world import Folder, World

MOST_MESSAGES = 1_000_000
MOST_CHATS = 5_000


def generate_world(*, seed: int = 1, messages: int = 10_000, chats: int = 12) -> World:
    """A world with `chats` dialogs, the largest of `messages` messages.

    The order is fixed: the first twelve chats hold every kind of peer and of message.

    :raises ValueError: more than a million messages or five thousand chats, or fewer than one chat.
    """
    if not 0 <= messages <= MOST_MESSAGES:
        raise ValueError(f"messages: 0 to {MOST_MESSAGES:,}")
    if not 1 <= chats <= MOST_CHATS:
        raise ValueError(f"chats: 1 to {MOST_CHATS:,}")
    owner = account_id(seed, messages, chats)
    world = World(owner, mix64(seed * 0x1_0001 + 7))
    first, last = SELF_NAMES
    languages = ("en", "pt", "ru")
    world.people.add(
        Person(owner, first, last, "samrivers", world.phone, languages, contact=True, premium=True)
    )
    names = hire(world.people, seed)
    builder = Builder(world, seed, messages, names)
    for plan in CORE:
        builder.declare(plan)
    for plan in CORE:
        play(builder, plan)
    for at, plan in enumerate(CORE):
        if at >= chats:
            chat = builder.chat_of(plan.key)
            chat.hidden = True
            if chat.migrated_from:
                world.chats[chat.migrated_from].hidden = True
    add_crowd(builder, chats - len(CORE))
    builder.number_shared()
    _fold(world, names)
    _touch(world, Random(seed))
    builder.chat_of("town").history.warm()
    return world


def _fold(world: World, names: dict[str, int]) -> None:
    """The account's folders."""

    def listed(*keys: str) -> tuple[int, ...]:
        return tuple(names[key] for key in keys if not world.chats[names[key]].hidden)

    lisbon = listed("town", "trip", "trains", "rust")
    if lisbon:
        world.folders.append(Folder(2, "Lisboa", "🇵🇹", include=lisbon, pinned=listed("town")))
    world.folders.append(Folder(3, "People", "👤", flags=frozenset(("contacts", "exclude_archived"))))
    groups = frozenset(("groups", "exclude_muted"))
    world.folders.append(Folder(4, "Groups", "👥", exclude=listed("books"), flags=groups))


def _touch(world: World, draw: Random) -> None:
    """Unread counts here and there."""
    for chat in world.dialogs():
        if chat.kind is not Kind.USER or not chat.pinned:
            chat.unread = draw.choice((0, 0, 0, 0, 1, 2, 3, 14)) if len(chat.history) > 20 else 0
        _pin(chat)


def _pin(chat: Chat) -> None:
    """What the scripts mark as pinned."""
    book = chat.history.book
    if isinstance(book, ScriptBook) and not chat.pinned_messages:
        for message_id, body in zip(chat.history.ids[:5_000], chat.history.bodies[:5_000], strict=True):
            if "pinned" in book.line(body).options:
                chat.pinned_messages.append(message_id)
