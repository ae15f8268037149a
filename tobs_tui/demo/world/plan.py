"""Scenes in time: which conversation plays when, and under which ids its messages stand.

A `ScriptBook` numbers the lines of all scenes that a chat plays; the planners fill the arrays of a
`History` with ids, dates and those numbers. Nothing is composed before it is asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tobs_tui.demo.world.chance import mix64
from tobs_tui.demo.world.chat import Chat
from tobs_tui.demo.world.compose import Setting, Studio, compose, make_template, service_specs
from tobs_tui.demo.world.files import FileSpec
from tobs_tui.demo.world.history import History
from tobs_tui.demo.world.media import file_specs
from tobs_tui.demo.world.scenes import Line, Scene
from tobs_tui.demo.world.stamp import Actual
from tobs_tui.demo.world.template import Template

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a scene: the same lines may run again with other people and words."""

    start: int
    """The body number of its first line."""
    lines: Sequence[Line]
    setting: Setting
    offsets: tuple[int, ...]
    """Seconds from the first line to each."""
    once: bool = False
    """Plays a single time, however long the history."""


class ScriptBook:
    """The bodies of a chat that plays scenes."""

    def __init__(self, studio: Studio, chat: Chat) -> None:
        self.studio = studio
        self.chat = chat
        self.runs: list[Run] = []
        self._starts: list[int] = []
        self._next = 0

    def add(self, scene: Scene, roles: dict[str, int], draw: Random, topic: int = 0) -> Run:
        """A run of `scene` with these senders; words and pauses are drawn."""
        words = {name: draw.choice(values) for name, values in scene.words.items()}
        shade = 1 + mix64(self.chat.id ^ self._next << 44) % 10_000
        setting = Setting(self.studio, self.chat, roles, words, topic, shade)
        offsets, now = [], 0
        for at, line in enumerate(scene.lines):
            if at:
                now += line.gap or 4 + int(draw.expovariate(1 / 45))
            offsets.append(now)
        run = Run(self._next, scene.lines, setting, tuple(offsets), "!once" in scene.name)
        self.runs.append(run)
        self._starts.append(run.start)
        self._next += len(scene.lines)
        return run

    def _find(self, body: int) -> tuple[Run, int]:
        run = self.runs[bisect_right(self._starts, body) - 1]
        return run, body - run.start

    def template(self, body: int) -> Template:
        run, at = self._find(body)
        return make_template(run.lines, at, run.setting)

    def line(self, body: int) -> Line:
        """The line behind a body."""
        run, at = self._find(body)
        return run.lines[at]

    def words(self, body: int) -> dict[str, str]:
        """The words that were drawn for the run of a body."""
        return self._find(body)[0].setting.words

    def specs(self, body: int) -> tuple[FileSpec, ...]:
        """The files that a body holds."""
        if not 0 <= body < self._next:
            return ()
        run, at = self._find(body)
        line = run.lines[at]
        medium = tuple(run.setting.put(word, markup=False) for word in line.medium)
        return (service_specs if line.service else file_specs)(medium, run.setting.shade)

    def message(self, history: History, index: int) -> Any:
        """The object form of the message at `index`: what the spliced bytes must equal."""
        run, at = self._find(history.bodies[index])
        return compose(run.lines, at, run.setting, Actual(history, index))[0]


def roles_of(scene: Scene) -> list[str]:
    """The letters that a scene needs filled, in order of appearance; M and names are filled already."""
    letters = dict.fromkeys(line.role for line in scene.lines)
    for line in scene.lines:
        for text in (line.text, *line.medium, *line.options.values()):
            letters.update(dict.fromkeys(letter for letter in "ABCDEF" if f"{letter}%" in text))
    return [letter for letter in letters if len(letter) == 1 and letter not in "M_"]


def fill_roles(
    scene: Scene, members: Sequence[int], languages: dict[int, tuple[str, ...]], draw: Random
) -> dict[str, int]:
    """A member for each role, of those who speak the scene's language where there are enough."""
    letters = roles_of(scene)
    speakers = [member for member in members if scene.language in languages[member]]
    others = [member for member in members if member not in speakers]
    draw.shuffle(speakers)
    draw.shuffle(others)
    chosen = (speakers + others) * 2
    return dict(zip(letters, chosen, strict=False))


class Clock:
    """Walks through days; people sleep, so nights are quiet."""

    def __init__(self, now: int, draw: Random) -> None:
        self.now = now
        self._draw = draw

    def pause(self, mean: float) -> int:
        """Pass some time between two conversations; returns the new moment."""
        self.now += 20 + int(self._draw.expovariate(1 / mean))
        hour = self.now % DAY // 3600
        if 1 <= hour < 7 and self._draw.random() < 0.93:
            self.now += (7 - hour) * 3600 + self._draw.randrange(5400)
        return self.now


def plan_own_ids(
    history: History, runs: Sequence[Run], count: int, end: int, mean_pause: float, draw: Random
) -> None:
    """Fill a channel's or supergroup's history: exactly `count` messages, ids from 1 with gaps.

    The runs play in order and, where they are too few, again and again in another order; files that
    were shown are then shown again. What the history holds already (a group's first service messages)
    stays and counts.
    """
    if not runs:
        return
    ids, dates, bodies = history.ids, history.dates, history.bodies
    clock = Clock(dates[-1] if dates else 0, draw)
    next_id, deck = history.top + 1, [run for run in runs if not run.once] or list(runs)
    deck_left: list[Run] = list(runs)[::-1]
    chance_of, decks = draw.random, 1
    while len(ids) < count:
        if not deck_left:
            draw.shuffle(deck)
            deck_left = deck[:]
            decks += 1
        run = deck_left.pop()
        luck = chance_of()
        if luck < 0.25:
            next_id += 1 if luck < 0.2 else draw.randrange(2, 6) if luck < 0.249 else draw.randrange(40, 240)
        length = len(run.lines)
        ids.extend(range(next_id, next_id + length))
        now = clock.pause(mean_pause)
        dates.extend([now + offset for offset in run.offsets])
        bodies.extend(range(run.start, run.start + length))
        next_id += length
        clock.now = dates[-1]
    for column in (ids, dates, bodies):
        del column[count:]
    shift_to_end(history, end)
    if decks > 1:
        history.files_before = history.dates[0]


def shift_to_end(history: History, end: int) -> None:
    """Move all dates by whole days, so that the newest message is of the last day before `end`."""
    if not history.dates:
        return
    shift = (end - history.dates[-1]) // DAY * DAY
    history.dates = array("i", [date + shift for date in history.dates])


def plan_shared_ids(planned: list[tuple[int, History, Run]], first_id: int, draw: Random) -> int:
    """Number the runs of private chats and basic groups by date in the account's one id space.

    Runs of different chats don't overlap in ids. Returns the next free id.
    """
    next_id = first_id
    for start, history, run in sorted(planned, key=lambda entry: (entry[0], entry[1].number)):
        if draw.random() < 0.3:
            next_id += draw.randrange(1, 9)
        length = len(run.lines)
        last = history.dates[-1] if history.dates else 0
        history.ids.extend(range(next_id, next_id + length))
        begin = max(start, last)
        history.dates.extend([begin + offset for offset in run.offsets])
        history.bodies.extend(range(run.start, run.start + length))
        next_id += length
    return next_id


def spread_runs(runs: Sequence[Run], end: int, mean_pause: float, draw: Random) -> list[tuple[int, Run]]:
    """When each run begins, in order, the last on the last day before `end`."""
    clock, starts = Clock(0, draw), []
    for run in runs:
        starts.append(clock.pause(mean_pause))
        clock.now += run.offsets[-1]
    shift = (end - clock.now) // DAY * DAY
    return [(start + shift, run) for start, run in zip(starts, runs, strict=True)]
