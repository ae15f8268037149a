"""Chats beyond the core, as many as asked for: people, small groups, supergroups, channels and bots."""

from __future__ import annotations

from tobs_tui.demo.world.build import WORLD_END, Builder
from tobs_tui.demo.world.cast import extra_person
from tobs_tui.demo.world.chance import chance
from tobs_tui.demo.world.chat import Kind
from tobs_tui.demo.world.people import Person
from tobs_tui.demo.world.scenes import Scene

DAY = 86_400

_GROUPS = (
    "Pilates às terças",
    "Vizinhos do 81",
    "Мамы Граса",
    "Board games Arroios",
    "Futebol de quinta",
    "Wanderfreunde",
    "読書会",
    "周末爬山",
    "Ruta de tapas",
    "Chœur de quartier",
    "Coro de la plaza",
    "Δευτέρα θέατρο",
    "קבוצת הליכה",
    "نادي الطبخ",
    "चाय और किताबें",
    "ก๊วนวิ่ง",
    "등산 모임",
    "Sunday surf",
    "Old colleagues",
    "Book exchange",
    "Sprachtandem",
    "Piątkowe planszówki",
    "Kookclub",
    "Komşular",
    "Hội cà phê",
)
_CHANNELS = (
    "Lisbon Weather",
    "Notícias do Bairro",
    "Фотоархив",
    "Design Notes",
    "映画メモ",
    "每日诗词",
    "Recettes de saison",
    "Kaffee & Code",
    "Astronomy Today",
    "Σινεμά απόψε",
    "Free Museum Days",
    "Maps we love",
    "Silent Films",
)
_PLACES = ("", " 2025", " · Lisboa", " II", " (new)", " 🌿", " ☕", " 🎲", " 📷")  # fmt: skip


def add_crowd(builder: Builder, count: int) -> None:
    """Add `count` chats; none for a negative count."""
    private = builder.script("private")
    town = builder.script("town")
    posts = [scene for scene in builder.script("trains") if not any(line.answers for line in scene.lines)]
    bots = builder.script("bot")
    for number in range(max(0, count)):
        draw = chance(builder.seed, "crowd", number)
        luck = draw.random()
        size = builder.size(min(120, 3 + int(draw.expovariate(1 / 14))))
        end = WORLD_END - int(draw.expovariate(1 / 160) * DAY)
        if luck < 0.5:
            _add_person(builder, number, private, size, end)
        elif luck < 0.56:
            _add_bot(builder, number, bots, size, end)
        else:
            _add_group(builder, number, luck, town, posts, size, end)


def _add_person(builder: Builder, number: int, scenes: list[Scene], size: int, end: int) -> None:
    person = extra_person(builder.world.people, builder.seed, number)
    builder.languages[person.id] = person.languages
    chat = builder.world.add_chat(Kind.USER, person.id, person.name, scripted=True)
    spoken = [scene for scene in scenes if scene.language in person.languages]
    if size:
        builder.play_shared(chat, spoken, size, end=end, pause=4 * DAY)


def _add_bot(builder: Builder, number: int, scenes: list[Scene], size: int, end: int) -> None:
    bot = Person(6_800_000_000 + number, f"Helper Bot {number}", username=f"helper{number}_bot", bot=True)
    builder.world.people.add(bot)
    builder.languages[bot.id] = ("en",)
    chat = builder.world.add_chat(Kind.USER, bot.id, bot.name, scripted=True)
    if size:
        builder.play_shared(chat, scenes, size, end=end, pause=9 * DAY)


def _add_group(
    builder: Builder, number: int, luck: float, town: list[Scene], posts: list[Scene], size: int, end: int
) -> None:
    draw = chance(builder.seed, "crowd group", number)
    broadcast = luck > 0.86
    titles = _CHANNELS if broadcast else _GROUPS
    title = draw.choice(titles) + draw.choice(_PLACES)
    kind = Kind.GROUP if luck < 0.7 else Kind.CHANNEL
    bare_id = (940_000_000 if kind is Kind.GROUP else 2_200_000_000) + number * 13
    chat = builder.world.add_chat(kind, bare_id, title, scripted=True)
    cast = [member for member in builder.languages if member != builder.world.account_id and member != 777000]
    chat.members = (*draw.sample(cast[:40], 6), builder.world.account_id)
    chat.creator = chat.members[0]
    chat.broadcast = broadcast
    chat.archived = draw.random() < 0.08
    if not size:
        return
    scenes = list(posts if broadcast else town)
    draw.shuffle(scenes)
    if kind is Kind.GROUP:
        builder.play_shared(chat, scenes, size, end=end, pause=3 * DAY)
    else:
        builder.header(chat, f'* A channel "{title}"')
        builder.play_own(chat, scenes, size, pool=size, end=end)
