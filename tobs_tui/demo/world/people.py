"""The world's users: what each is, and how Telegram sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.chance import mix64, signed64


@dataclass(frozen=True, slots=True)
class Person:
    """One user of the world, seen from the account."""

    id: int
    first: str | None
    last: str | None = None
    username: str | None = None
    phone: str | None = None
    languages: tuple[str, ...] = ("en",)
    bot: bool = False
    deleted: bool = False
    contact: bool = False
    verified: bool = False
    premium: bool = False
    rare: bool = False
    """Telegram sends this user in histories as a `min` constructor."""
    about: str | None = None

    @property
    def name(self) -> str:
        """First and last name in one."""
        return " ".join(filter(None, (self.first, self.last)))


def access_hash(kind: str, bare_id: int, secret: int) -> int:
    """The access hash of a user or channel: what must come with its id."""
    return signed64(mix64(bare_id ^ secret ^ (0 if kind == "user" else 0x5C5C_5C5C)))


@dataclass(slots=True)
class People:
    """All users of a world by id, with their TL bytes kept."""

    self_id: int
    secret: int
    by_id: dict[int, Person] = field(default_factory=dict)
    _bytes: dict[tuple[int, bool], bytes] = field(default_factory=dict)

    def add(self, person: Person) -> Person:
        """Add a user, or replace the one with the same id."""
        self.by_id[person.id] = person
        self._bytes.pop((person.id, False), None)
        self._bytes.pop((person.id, True), None)
        return person

    def get(self, user_id: int) -> Person | None:
        return self.by_id.get(user_id)

    def hash_of(self, user_id: int) -> int:
        """The access hash of a user."""
        return access_hash("user", user_id, self.secret)

    def tl(self, user_id: int, *, reduced: bool = False) -> Any:
        """The user as Telegram sends it; `reduced` gives the `min` form of rare users."""
        person = self.by_id.get(user_id)
        if person is None:
            return types.UserEmpty(user_id)
        is_self = user_id == self.self_id
        if reduced and person.rare and not is_self:
            return types.User(
                id=user_id,
                min=True,
                apply_min_photo=True,
                access_hash=self.hash_of(user_id) ^ 0x6D696E,
                first_name=person.first,
                last_name=person.last,
                bot=person.bot or None,
                bot_info_version=1 if person.bot else None,
            )
        return types.User(
            id=user_id,
            is_self=is_self or None,
            contact=person.contact or is_self or None,
            mutual_contact=person.contact or is_self or None,
            deleted=person.deleted or None,
            bot=person.bot or None,
            bot_nochats=None,
            bot_info_version=1 if person.bot else None,
            verified=person.verified or None,
            premium=person.premium or None,
            access_hash=self.hash_of(user_id),
            first_name=person.first,
            last_name=person.last,
            username=person.username,
            phone=person.phone,
            status=None if person.bot or person.deleted else types.UserStatusRecently(),
        )

    def tl_bytes(self, user_id: int, *, reduced: bool = False) -> bytes:
        """`tl` as bytes, kept."""
        key = (user_id, reduced)
        found = self._bytes.get(key)
        if found is None:
            found = self._bytes[key] = bytes(self.tl(user_id, reduced=reduced))
        return found
