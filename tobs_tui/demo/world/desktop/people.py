"""Who speaks in loaded chats: ids and names from the files, the account's own id put in the world's."""

from __future__ import annotations

from zlib import crc32

from tobs_tui.demo.world.chat import Chat, Kind, marked
from tobs_tui.demo.world.desktop.reading import DesktopChat, peer_word
from tobs_tui.demo.world.people import Person
from tobs_tui.demo.world.world import World

_MADE_USER = 6_100_000_000
_MADE_CHAT = 1_900_000_000


class Register:
    """Finds or makes users and channels as messages name them."""

    def __init__(self, world: World, owners: set[int]) -> None:
        self.world = world
        self.owners = owners
        """The ids that the account has in the files."""
        self._renamed: dict[tuple[object, str, int], int] = {}
        """(file, kind, id in the file) to the marked id of a loaded chat."""
        self._by_name: dict[str, int] = {}
        self._strangers: dict[tuple[int, str], int] = {}

    def loaded(self, source: DesktopChat, kind: str, chat: Chat) -> None:
        """Remember under which id a chat of a file stands in the world."""
        self._renamed.setdefault((source.path_key, kind, source.id), chat.id)

    def free_id(self, kind: Kind, wanted: int) -> int:
        """`wanted`, or another bare id when that is taken or none."""
        bare = wanted if wanted > 0 else _MADE_CHAT
        while marked(kind, bare) in self.world.chats or (
            kind is Kind.USER and (bare in self.owners or bare == self.world.account_id)
        ):
            bare = max(bare + 1, _MADE_CHAT) if bare < _MADE_CHAT else bare + 1
        return bare

    def peer(self, source: DesktopChat, value: object, name: object = None) -> int:
        """The marked id of who is meant; 0 for nobody. Makes a user or channel that is not known yet."""
        word = peer_word(value)
        if word is None:
            return self.named(source, name) if name else 0
        kind, bare = word
        kind = "chat" if kind == "group" else kind
        if kind == "user" and bare in self.owners:
            if name:
                self._by_name.setdefault(str(name), self.world.account_id)
            return self.world.account_id
        renamed = self._renamed.get((source.path_key, kind, bare))
        if renamed is not None:
            if kind == "user":
                self._know_user(renamed, name)
            return renamed
        if kind == "user":
            return self._know_user(bare, name)
        return self._stranger(Kind.CHANNEL if kind == "channel" else Kind.GROUP, bare, str(name or ""))

    def _know_user(self, user_id: int, name: object) -> int:
        people = self.world.people
        known = people.get(user_id)
        text = str(name) if name else ""
        if known is None or (known.deleted and text):
            people.add(person_named(user_id, text))
        if text:
            self._by_name.setdefault(text, user_id)
        return user_id

    def _stranger(self, kind: Kind, bare: int, name: str) -> int:
        """A group or channel that no file has as a chat: hidden, one for each name."""
        key = (marked(kind, bare), name)
        found = self._strangers.get(key)
        if found is None:
            title = name or f"Channel {bare}"
            chat = self.world.add_chat(kind, self.free_id(kind, bare), title, hidden=True, left=True)
            chat.broadcast = kind is Kind.CHANNEL
            found = self._strangers[key] = chat.id
        return found

    def named(self, source: DesktopChat, name: object) -> int:
        """The user of this name; made when nobody in the files has it. 0 for no name."""
        if not name:
            return 0
        text = str(name)
        found = self._by_name.get(text)
        if found is None:
            found = self._know_user(self.made_id(text), text)
        return found

    def made_id(self, text: str) -> int:
        """A user id for somebody of whom only a name is known."""
        made = _MADE_USER + crc32(text.encode()) % 500_000_000
        while (known := self.world.people.get(made)) is not None and known.name != text:
            made += 1
        return made

    def bot(self, username: str) -> int:
        """The bot behind `@name`."""
        name = username.lstrip("@") or "bot"
        user_id = self.made_id(name)
        if self.world.people.get(user_id) is None:
            self.world.people.add(Person(user_id, name, username=name, bot=True))
        return user_id


def person_named(user_id: int, name: str, *, bot: bool = False) -> Person:
    """A user whose full name is known; one without a name is a deleted account."""
    first, _, last = name.partition(" ")
    if not first:
        return Person(user_id, name or None, deleted=not name)
    return Person(user_id, first, last or None, bot=bot)
