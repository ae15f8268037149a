"""Builds the generated world chat by chat: declares peers, fills histories, numbers the shared ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from tobs_tui.demo.world.chance import chance
from tobs_tui.demo.world.chat import Chat, Kind, unmarked
from tobs_tui.demo.world.history import History
from tobs_tui.demo.world.plan import (
    Run,
    ScriptBook,
    fill_roles,
    plan_own_ids,
    plan_shared_ids,
    spread_runs,
)
from tobs_tui.demo.world.scenes import Scene, parse_scenes, script
from tobs_tui.demo.world.world import World

WORLD_END = 1_763_308_800
"""16 November 2025, 16:00 UTC: no generated message is newer."""

FIRST_SHARED_ID = 1_201


@dataclass(frozen=True, slots=True)
class ChatPlan:
    """One chat of the core: who and what it is."""

    key: str
    kind: Kind
    title: str = ""
    scripts: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """Names of the cast; `*` is everybody. Private chats have their own key."""
    size: int = 0
    """How many messages; 0 for each scene once."""
    username: str | None = None
    about: str = ""
    flags: frozenset[str] = frozenset()
    pinned: int = 0
    days_ago: int = 0
    """When its last conversation was."""


class Builder:
    """What is needed while a world is being built."""

    def __init__(self, world: World, seed: int, messages: int, names: dict[str, int]) -> None:
        self.world = world
        self.seed = seed
        self.messages = messages
        self.names = names
        """Marked ids by the names that scripts use: people and chats."""
        world.studio.names.update(names)
        self.languages = {user_id: person.languages for user_id, person in world.people.by_id.items()}
        self._shared: list[tuple[int, History, Run]] = []
        self._cast = tuple(
            user_id for user_id, person in world.people.by_id.items() if not person.bot and not person.deleted
        )

    def chat_of(self, key: str) -> Chat:
        return self.world.chats[self.names[key]]

    def declare(self, plan: ChatPlan) -> Chat:
        """The chat itself, without messages; its key becomes a name for scripts."""
        draw = chance(self.seed, "chat", plan.key)
        if plan.kind is Kind.USER:
            person = self.world.people.by_id[
                self.world.account_id if plan.key == "saved" else self.names[plan.key]
            ]
            chat = self.world.add_chat(Kind.USER, person.id, person.name, scripted=True)
        else:
            bare_id = draw.randrange(1_100_000_000, 2_100_000_000)
            if plan.kind is Kind.GROUP:
                bare_id = draw.randrange(400_000_000, 900_000_000)
            chat = self.world.add_chat(plan.kind, bare_id, plan.title, scripted=True)
        chat.username = plan.username
        chat.about = plan.about
        chat.pinned = plan.pinned
        chat.broadcast = "broadcast" in plan.flags
        chat.signatures = "signatures" in plan.flags
        chat.forum = "forum" in plan.flags
        chat.protected = "protected" in plan.flags
        chat.archived = "archived" in plan.flags
        chat.forbidden = "forbidden" in plan.flags
        chat.muted = "muted" in plan.flags
        chat.hidden = "hidden" in plan.flags
        chat.members = self.members(plan)
        chat.creator = chat.members[0] if chat.members else self.world.account_id
        if chat.broadcast:
            chat.member_count = draw.randrange(900, 40_000)
        self.names[plan.key] = chat.id
        self.world.studio.names[plan.key] = chat.id
        return chat

    def members(self, plan: ChatPlan) -> tuple[int, ...]:
        """The user ids of a plan's members, the account last."""
        if plan.kind is Kind.USER:
            return ()
        listed = self._cast if plan.members == ("*",) else tuple(self.names[name] for name in plan.members)
        others = tuple(member for member in listed if member != self.world.account_id)
        return (*others, self.world.account_id)

    def size(self, wanted: int) -> int:
        """A chat's size: what is wanted, but no chat is larger than the largest."""
        return min(wanted, self.messages)

    def runs(
        self, chat: Chat, scenes: Sequence[Scene], count: int, *, topics: dict[str, int] | None = None
    ) -> list[Run]:
        """Runs of the scenes, in order and again, for at least `count` messages; each has its own cast."""
        book = chat.history.book
        assert isinstance(book, ScriptBook)
        draw = chance(self.seed, "runs", chat.id)
        order = list(scenes)
        runs: list[Run] = []
        total = 0
        while total < count and order:
            for scene in order:
                roles = self.roles(chat, scene, draw)
                topic = (topics or {}).get(scene.name.partition("/")[2].strip(), 0)
                run = book.add(scene, roles, draw, topic)
                runs.append(run)
                total += len(run.lines)
                if total >= count:
                    return runs
            order = [scene for scene in order if "!once" not in scene.name]
            draw.shuffle(order)
        return runs

    def roles(self, chat: Chat, scene: Scene, draw: Random) -> dict[str, int]:
        """Who plays a scene in a chat."""
        if chat.kind is Kind.USER:
            return {"A": chat.id}
        return fill_roles(scene, chat.members, self.languages, draw)

    def play_own(
        self,
        chat: Chat,
        scenes: Sequence[Scene],
        count: int,
        *,
        pool: int,
        end: int,
        topics: dict[str, int] | None = None,
    ) -> None:
        """Fill the history of a channel or supergroup."""
        if count <= 0:
            return
        runs = self.runs(chat, scenes, min(pool, count), topics=topics)
        days = min(1_800, max(30, count / 110))
        average = sum(len(run.lines) for run in runs) / max(1, len(runs))
        pause = max(15.0, days * 86_400 / max(1, count) * average * 0.72)
        plan_own_ids(chat.history, runs, count, end, pause, chance(self.seed, "plan", chat.id))

    def play_shared(self, chat: Chat, scenes: Sequence[Scene], count: int, *, end: int, pause: float) -> None:
        """Plan the runs of a private chat or basic group; they are numbered by `number_shared`."""
        runs = self.cut(self.runs(chat, scenes, count), count)
        draw = chance(self.seed, "plan", chat.id)
        self._shared.extend((start, chat.history, run) for start, run in spread_runs(runs, end, pause, draw))

    @staticmethod
    def cut(runs: Iterable[Run], count: int) -> list[Run]:
        """The runs up to `count` messages, the last one shortened."""
        out: list[Run] = []
        left = count
        for run in runs:
            if left <= 0:
                break
            keep = min(left, len(run.lines))
            out.append(Run(run.start, run.lines[:keep], run.setting, run.offsets[:keep]))
            left -= keep
        return out

    def number_shared(self) -> None:
        """Give the planned messages of private chats and basic groups their ids, by date."""
        plan_shared_ids(self._shared, FIRST_SHARED_ID, chance(self.seed, "shared"))
        for chat in self.world.chats.values():
            if not chat.date:
                chat.date = chat.history.dates[0] if chat.history.dates else WORLD_END - 40 * 86_400

    def header(self, chat: Chat, text: str) -> list[int]:
        """Service messages that a channel or supergroup begins with, ids from 1."""
        book = chat.history.book
        assert isinstance(book, ScriptBook)
        scene = parse_scenes("== header\n" + text)[0]
        history = chat.history
        run = book.add(scene, {"A": chat.creator}, chance(self.seed, "header", chat.id))
        first = history.top + 1
        history.ids.extend(range(first, first + len(run.lines)))
        history.dates.extend(range(len(run.lines)))
        history.bodies.extend(range(run.start, run.start + len(run.lines)))
        return list(history.ids[-len(run.lines) :])

    @staticmethod
    def script(*names: str) -> list[Scene]:
        """The scenes of several scripts in one list."""
        return [scene for name in names for scene in script(name)]

    def bare(self, key: str) -> int:
        """The unmarked id of a named peer."""
        return unmarked(self.names[key])[1]
