"""The chats that every generated world has, and how each is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tobs_tui.demo.world.build import WORLD_END, Builder, ChatPlan
from tobs_tui.demo.world.chance import chance
from tobs_tui.demo.world.chat import Chat, ForumTopic, Kind
from tobs_tui.demo.world.plan import ScriptBook
from tobs_tui.demo.world.scenes import Line, Scene

DAY = 86_400


def _flags(*names: str) -> frozenset[str]:
    return frozenset(names)


def _person(key: str, days_ago: int = 1) -> ChatPlan:
    return ChatPlan(key, Kind.USER, "", ("private",), days_ago=days_ago)


_TRIP = ("anna", "boris", "clara", "duarte")
_RUSTACEANS = (
    "tiago",
    "hanna",
    "jonas",
    "dev",
    "chen",
    "nuno",
    "kenji",
    "lena",
    "piotr",
    "olena",
    "joao",
    "zoe",
)
_READERS = ("bea", "joao", "tom", "aoife", "lucia", "hugo", "marco", "sofie")
_ODD = 'C:\\temp? <b>"notes"</b> [[wiki]] #1 | CON ../aux.md\u202etxt.exe'

CORE = (
    ChatPlan("town", Kind.CHANNEL, "Lisboa Internacional 🇵🇹", ("kinds", "town", "town_more"), ("*",), 0,
             "lisboainternacional", "Neighbours from everywhere. Write in any language.", pinned=3),
    ChatPlan("anna", Kind.USER, "", ("anna",), (), pinned=1),
    ChatPlan("family", Kind.GROUP, "Семья 🏡", ("family",), ("mama", "babushka", "misha")),
    ChatPlan("rust", Kind.CHANNEL, "Rust Lisboa 🦀", ("rust",), _RUSTACEANS, 0,
             "rustlisboa", "Systems programming by the river.", _flags("forum")),
    ChatPlan("trains", Kind.CHANNEL, "Portugal Trains 🚆", ("trains",), ("rita", "nuno"), 60,
             "portugaltrains", "Delays, strikes, and the view from the Douro line.",
             _flags("broadcast", "signatures")),
    ChatPlan("trains_chat", Kind.CHANNEL, "Portugal Trains: comments", ("trains_comments",), _READERS,
             flags=_flags("muted")),
    ChatPlan("trip", Kind.CHANNEL, "Trip to Lisbon", ("trip",), _TRIP),
    ChatPlan("saved", Kind.USER, "", ("saved",), (), pinned=2, days_ago=2),
    ChatPlan("bot", Kind.USER, "", ("bot",), (), 44, days_ago=1),
    ChatPlan("books", Kind.CHANNEL, "Clube de Leitura 📚", ("books",), ("ines", "clara", "bea", "chloe"),
             flags=_flags("protected", "archived"), days_ago=9),
    ChatPlan("deals", Kind.CHANNEL, "Insider Deals", flags=_flags("broadcast", "forbidden")),
    ChatPlan("mika", Kind.USER),
    _person("yuki"),
    _person("wang"),
    _person("noa", 3),
    _person("omar", 2),
    _person("maria", 4),
    ChatPlan("flat", Kind.GROUP, "Rua da Rosa 81, 3.º esq.", ("flat",), ("ines", "duarte", "bea"),
             flags=_flags("archived"), days_ago=400),
    ChatPlan("ghost", Kind.USER, "", ("deleted",), days_ago=700),
    _person("priya", 6),
    _person("jiwoo", 2),
    _person("somchai", 12),
    _person("lena", 5),
    _person("oksana", 3),
    ChatPlan("odd", Kind.CHANNEL, _ODD, ("town",), ("zoe", "tom", "aoife", "dev"), 40, flags=_flags("muted"),
             days_ago=30),
)  # fmt: skip


def lines_of(scenes: Sequence[Scene]) -> int:
    """How many messages these scenes are, played once."""
    return sum(len(scene.lines) for scene in scenes)


def play(builder: Builder, plan: ChatPlan) -> None:
    """Fill the history of one chat of the core."""
    chat = builder.chat_of(plan.key)
    end = WORLD_END - plan.days_ago * DAY
    if plan.key in _SPECIAL:
        _SPECIAL[plan.key](builder, plan, chat, end)
        return
    if not plan.scripts or builder.messages == 0:
        return
    scenes = builder.script(*plan.scripts)
    if plan.scripts == ("private",):
        spoken = builder.world.people.by_id[chat.id].languages
        scenes = [scene for scene in scenes if scene.language in spoken[:2]]
    if chat.kind.own_ids:
        count = builder.size(plan.size or 1 + lines_of(scenes))
        builder.header(chat, f'* A channel "{plan.title.replace(chr(34), chr(39)).replace(chr(92), "/")}"')
        builder.play_own(chat, scenes, count, pool=count, end=end)
    else:
        pause = 2.6 * DAY if plan.days_ago < 30 else 9 * DAY
        builder.play_shared(chat, scenes, builder.size(plan.size or lines_of(scenes)), end=end, pause=pause)


def _play_town(builder: Builder, plan: ChatPlan, chat: Chat, end: int) -> None:
    if not builder.messages:
        return
    builder.header(chat, f'* A channel "{plan.title}"')
    kinds, town = builder.script("kinds"), builder.script("town", "town_more")
    chance(builder.seed, "town").shuffle(town)
    scenes = [scene for pair in zip(kinds, town, strict=False) for scene in pair] + town[len(kinds) :]
    pool = max(1_200, min(6_000, builder.messages // 60))
    builder.play_own(chat, scenes, builder.messages, pool=pool, end=end)
    chat.member_count = 4_113


_TOPICS = (
    ("general", "General", 0x6FB9F0, ""),
    ("help", "Help, it doesn't compile", 0xFF93B2, "pinned"),
    ("jobs", "Jobs 💼", 0xFFD67E, ""),
    ("offtopic", "Off-topic", 0xCB86DB, ""),
    ("português", "Em português", 0x8EEE98, ""),
    ("events", "Events 2024", 0xFB6F5F, "closed"),
)


def _play_rust(builder: Builder, plan: ChatPlan, chat: Chat, end: int) -> None:
    if not builder.messages:
        return
    rows = [f'* A channel "{plan.title}"']
    rows += [f'* A topic "{title}" {color}' for key, title, color, _ in _TOPICS if key != "general"]
    ids = builder.header(chat, "\n".join(rows))
    topics = dict(zip((key for key, *_ in _TOPICS), ids, strict=True))
    topics["general"] = 0
    scenes = builder.script("rust")
    count = builder.size(len(ids) + lines_of(scenes))
    builder.play_own(chat, scenes, count, pool=400, end=end, topics=topics)
    dates = dict(zip(chat.history.ids, chat.history.dates, strict=True))
    for key, title, color, flag in _TOPICS:
        topic_id = topics[key] or 1
        if topic_id in dates:
            chat.topics[topic_id] = ForumTopic(
                topic_id,
                title,
                chat.creator,
                dates[topic_id],
                color,
                closed=flag == "closed",
                pinned=flag == "pinned",
            )


def _play_trains(builder: Builder, plan: ChatPlan, chat: Chat, end: int) -> None:
    """Posts with signatures, some with comments; the discussion group is played along."""
    group = builder.chat_of("trains_chat")
    chat.linked, group.linked = group.id, chat.id
    if not builder.messages:
        return
    builder.header(chat, f'* A channel "{plan.title}"')
    book = chat.history.book
    assert isinstance(book, ScriptBook)
    draw = chance(builder.seed, "comments")
    comments = builder.script("trains_comments")
    scenes, threads = [], {}
    for scene in builder.script("trains") * 3:
        thread = draw.choice(comments)
        first = replace(
            scene.lines[0], options={**scene.lines[0].options, "comments": str(len(thread.lines))}
        )
        scenes.append(replace(scene, lines=(first, *scene.lines[1:])))
        threads[id(scenes[-1].lines)] = thread
    builder.play_own(chat, scenes, builder.size(plan.size), pool=200, end=end)
    _play_comments(builder, chat, group, {run.start: threads[id(run.lines)] for run in book.runs[1:]})


def _play_comments(builder: Builder, channel: Chat, group: Chat, threads: dict[int, Scene]) -> None:
    """The discussion group: each post as Telegram forwards it there, and the comments below it."""
    history, posts = group.history, channel.history
    book, source = group.history.book, posts.book
    assert isinstance(book, ScriptBook) and isinstance(source, ScriptBook)
    draw = chance(builder.seed, "threads")
    room = builder.messages
    for index in range(1, len(posts)):
        thread = threads.get(posts.bodies[index])
        if thread is None:
            continue
        post_id, date = posts.ids[index], posts.dates[index]
        line = source.line(posts.bodies[index])
        drawn: dict[str, tuple[str, ...]] = {
            name: (word,) for name, word in source.words(posts.bodies[index]).items()
        }
        kept = {
            key: value for key, value in line.options.items() if key not in ("comments", "pinned", "react")
        }
        root = Line(
            "@trains",
            line.text,
            line.medium,
            {**kept, "fwd": f"auto trains {post_id}", "pinned": "", "thread": str(len(thread.lines))},
        )
        answers = [
            row if row.answers else replace(row, options={**row.options, "re": str(at)})
            for at, row in enumerate(thread.lines, 1)
        ]
        scene = replace(thread, lines=(root, *answers), words=drawn)
        run = book.add(scene, builder.roles(group, scene, draw), draw)
        lines = len(run.lines)
        if len(history) + lines > room:
            return
        first = history.top + 1 + (draw.random() < 0.2)
        begin = max(date + 4, history.dates[-1] if history.dates else 0)
        history.ids.extend(range(first, first + lines))
        history.dates.extend([begin + offset for offset in run.offsets])
        history.bodies.extend(range(run.start, run.start + lines))
        group.roots[post_id] = first
        group.pinned_messages.append(first)


def _play_trip(builder: Builder, plan: ChatPlan, chat: Chat, end: int) -> None:
    """A supergroup with the basic group that it once was."""
    draw = chance(builder.seed, "trip")
    bare_id = draw.randrange(400_000_000, 900_000_000)
    old = builder.world.add_chat(Kind.GROUP, bare_id, plan.title, scripted=True)
    old.members, old.creator = chat.members, chat.creator
    old.migrated_to, chat.migrated_from = chat.id, old.id
    old.access_hash = chat.access_hash
    if not builder.messages:
        return
    scenes = builder.script("trip_old")
    last = scenes[-1]
    move = Line("A", "", ("migrate_to", str(chat.bare_id)), {}, 0, service=True)
    scenes = [*scenes[:-1], replace(last, lines=(*last.lines, move))]
    count = lines_of(scenes)
    builder.header(chat, f'* @anon migrate_from "{plan.title}" {bare_id}')
    trip = builder.script("trip")
    builder.play_own(chat, trip, builder.size(1 + lines_of(trip)), pool=200, end=end)
    start = chat.history.dates[0]
    builder.play_shared(old, scenes, builder.size(count), end=start, pause=3 * DAY)


def _play_nothing(builder: Builder, plan: ChatPlan, chat: Chat, end: int) -> None:
    """Played with another chat, or without messages."""


def _play_deals(builder: Builder, plan: ChatPlan, chat: Chat, end: int) -> None:
    """A channel that was closed to the account: there are messages, but not for us."""
    chat.date = end - 90 * DAY


_SPECIAL = {
    "town": _play_town,
    "rust": _play_rust,
    "trains": _play_trains,
    "trains_chat": _play_nothing,
    "trip": _play_trip,
    "deals": _play_deals,
    "mika": _play_nothing,
}
