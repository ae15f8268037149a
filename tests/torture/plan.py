"""What one round of torture does, drawn from its seed: world, settings, runs, weather, endings.

The plan follows from the seed alone. What hits which request doesn't, because processes take their time;
so a seed is tried again a few times before its defect is called gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Ending(StrEnum):
    """How a disturbed run ends."""

    ITSELF = "itself"
    KILL = "kill -9"
    DRAIN = "drain"
    HANGUP = "hangup"
    ABORT = "abort"
    KILL_DRAINING = "drain, kill -9"


class Moment(StrEnum):
    """What is waited for before a run is ended."""

    SECONDS = "s"
    PAGES = "pages"
    NOTES = "notes"
    FILES = "files"
    INDEX = "index"
    """Bytes of the search index."""


_ENDINGS = (
    *[Ending.KILL] * 3,
    *[Ending.DRAIN] * 2,
    *[Ending.ABORT] * 2,
    Ending.ITSELF,
    Ending.HANGUP,
    Ending.KILL_DRAINING,
)


@dataclass(frozen=True, slots=True)
class Weather:
    """The server's faults while a run lasts. Shares are of the calls of history and files."""

    rtt_ms: float = 0
    slow: float = 0
    """Share of calls answered up to a second late."""
    flood: float = 0
    """Share answered with FLOOD_WAIT_1."""
    flood_rate: float | None = None
    """Requests for history a second, beyond which FLOOD_WAIT_1 comes by itself."""
    trouble: float = 0
    """Share answered with one of Telegram's own errors."""
    drop: float = 0
    """Share answered by closing the connection."""
    torn: float = 0
    """Share of answers that break off half-way."""
    short: float = 0
    """Share of pages that hold fewer messages than they could."""
    any_call: float = 0
    """Share of all calls, whatever they ask for, that meet trouble, a closed connection or a torn answer."""
    stale: float = 0
    """Share of calls for files before which all file references expire."""
    cut: float = 0
    """A second: one of the connections is cut."""
    restart: float = 0
    """A second: the server restarts and is away for up to half a second."""
    silence: float = 0
    """A second: the server takes everything and answers nothing for up to a second."""
    lost: int = 0
    """So many pages are never answered, though the connection lives."""
    refused: bool = False
    """One chat is refused."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run of the program."""

    env: dict[str, str]
    weather: Weather
    changes: float
    """Posts, edits and deletions a second."""
    between: int
    """How many of them before the run begins."""
    ending: Ending
    moment: Moment
    amount: float
    """So much of the moment's unit is waited for."""

    def __str__(self) -> str:
        when = "" if self.ending is Ending.ITSELF else f" after {self.amount:g} {self.moment}"
        knobs = " ".join(f"{key}={value}" for key, value in self.env.items())
        return f"{self.ending}{when} [{knobs}]"


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One round: disturbed runs into one vault, then a calm one."""

    seed: int
    world_seed: int
    messages: int
    chats: int
    env: dict[str, str]
    """Of every run, and of the undisturbed vault that it is held against."""
    kinds_of_change: tuple[str, ...]
    """`post`, `edit`, `delete`; none where the server stands still."""
    runs: tuple[RunPlan, ...]
    last_env: dict[str, str]
    """Of the calm run at the end."""

    @property
    def moves(self) -> bool:
        return bool(self.kinds_of_change)


def plan_round(seed: int) -> RoundPlan:
    """The round of a seed."""
    dice = Random(f"torture {seed}")
    kinds = dice.choice([(), ("post",), ("post", "edit"), ("post", "edit", "delete"), ("delete", "edit")])
    env = {
        "NOTE_LAYOUT": dice.choice(["daily", "daily", "monthly", "single"]),
        "EXPORT_FORMATS": dice.choice(["markdown", "markdown", "markdown,json"]),
        "TIMEZONE": dice.choice(["UTC", "Europe/Lisbon", "Asia/Kathmandu"]),
        "NOTE_DELETED": dice.choice(["tombstone", "tombstone", "keep"]),
        "MEDIA_KINDS": dice.choice(["all", "all", "photo,voice,document", "none"]),
        "MEDIA_MAX_FILE_SIZE": dice.choice(["60K", "200K", "600K"]),
    }
    return RoundPlan(
        seed=seed,
        world_seed=dice.randrange(1, 1 << 20),
        messages=int(dice.choice([120, 400, 900, 1600, 2600]) * dice.uniform(0.8, 1.2)),
        chats=dice.choice([4, 9, 12, 16, 24]),
        env=env,
        kinds_of_change=kinds,
        runs=tuple(_run(dice, moves=bool(kinds)) for _ in range(dice.choice([1, 2, 2, 3, 3, 4]))),
        last_env=_settings(dice),
    )


def _settings(dice: Random) -> dict[str, str]:
    """What may differ from run to run, and must not be seen in what comes out."""
    return {
        "SHARD_COUNT": str(dice.choice([0, 1, 1, 2, 3, 4, 4, 6, 9])),
        "ASYNC_PIPELINE_ENABLED": dice.choice(["true", "true", "true", "false"]),
        "ASYNC_PIPELINE_FETCH_QUEUE_SIZE": str(dice.choice([1, 4, 64])),
        "ASYNC_PIPELINE_PROCESS_QUEUE_SIZE": str(dice.choice([1, 8, 256])),
        "USE_TAKEOUT": dice.choice(["false", "false", "true"]),
        "DC_ROUTING_STRATEGY": dice.choice(["smart", "sticky", "round_robin"]),
        "DC_AWARE_ROUTING_ENABLED": dice.choice(["true", "true", "false"]),
        "DC_PREWARM_ENABLED": dice.choice(["true", "false"]),
        "LOG_BATCH_INTERVAL": dice.choice(["0.05", "5"]),
    }


def _run(dice: Random, *, moves: bool) -> RunPlan:
    ending = dice.choice(_ENDINGS)
    moment, amount = _moment(dice)
    # What a run leaves out, a later one that is asked for it must bring.
    without_files = {"MEDIA_KINDS": "none"} if dice.random() < 0.2 else {}
    return RunPlan(
        env=_settings(dice) | without_files,
        weather=_weather(dice),
        changes=dice.choice([0, 4, 20, 60]) if moves else 0,
        between=dice.choice([0, 3, 30]) if moves else 0,
        ending=ending,
        moment=moment,
        amount=amount,
    )


def _moment(dice: Random) -> tuple[Moment, float]:
    moment = dice.choice([*Moment, Moment.SECONDS, Moment.PAGES])
    # Most runs have little to do: small amounts are reached more often.
    share = dice.random() ** 2
    amounts = {
        Moment.SECONDS: round(0.3 + 2.2 * share, 3),
        Moment.PAGES: 1 + int(50 * share),
        Moment.NOTES: 1 + int(120 * share),
        Moment.FILES: 1 + int(60 * share),
        Moment.INDEX: 1 + int(200_000 * share),
    }
    return moment, amounts[moment]


def _weather(dice: Random) -> Weather:
    """A few kinds of trouble at a time: all at once would leave nothing to be interrupted."""

    def some(chance: float, low: float, high: float) -> float:
        return round(dice.uniform(low, high), 4) if dice.random() < chance else 0.0

    return Weather(
        rtt_ms=dice.choice([0, 0, 2, 10, 40]),
        slow=some(0.2, 0.005, 0.05),
        flood=some(0.25, 0.005, 0.03),
        flood_rate=dice.choice([None, None, None, 15.0]),
        trouble=some(0.3, 0.005, 0.05),
        drop=some(0.3, 0.005, 0.06),
        torn=some(0.3, 0.005, 0.06),
        short=some(0.4, 0.1, 1.0),
        any_call=some(0.15, 0.005, 0.03),
        stale=some(0.2, 0.005, 0.05),
        cut=some(0.3, 0.3, 4.0),
        restart=some(0.15, 0.1, 0.6),
        silence=some(0.1, 0.1, 0.4),
        lost=int(dice.random() < 0.04),
        refused=dice.random() < 0.1,
    )
