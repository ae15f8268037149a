"""Scripts of small conversations: the text format, parsed into scenes and lines.

    lang: pt
    words place: Alfama | Graça
    == dinner
    A: Jantar na sexta em %place%?
    +3m B: [[photo 1280x960]] A ementa <b>de ontem</b> {{re 1; react 👍2 ❤️1}}
    * A pin 2

A letter is a role that the chat fills with a member, M is the account itself. `+3m` is time passed,
`[[…]]` a medium, `{{…}}` options, `*` a service message; a line that begins with two blanks goes on
with the text before it. `{{re 1}}` answers the line one before.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_LINE = re.compile(
    r"(?:\+(?P<gap>\d+[smhd]) )?(?P<star>\* )?(?P<role>@?\w+)(?P<colon>:)?(?: (?P<rest>.*))?", re.S
)
_MEDIUM = re.compile(r"^\[\[(.*?)\]\] ?", re.S)
_OPTIONS = re.compile(r" ?\{\{(.*?)\}\}\s*$", re.S)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    """`90s`, `3m`, `2h`, `1d` in seconds."""
    return int(text[:-1]) * _UNITS[text[-1]]


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a scene, before it has a sender, an id or a date."""

    role: str
    text: str = ""
    medium: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    gap: int = 0
    """Seconds since the line before; 0 leaves it to chance."""
    service: bool = False

    @property
    def answers(self) -> int:
        """How many lines before stands what this answers; 0 for no reply."""
        return int(self.options.get("re", "0"))


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation that makes sense by itself."""

    name: str
    language: str
    lines: tuple[Line, ...]
    words: dict[str, tuple[str, ...]]


def parse_scenes(source: str, language: str = "en") -> list[Scene]:
    """All scenes of a script.

    :raises ValueError: a line is none of the forms.
    """
    scenes: list[Scene] = []
    words: dict[str, tuple[str, ...]] = {}
    name, lines = "", list[Line]()
    for source_line in (*_logical_lines(source), "=="):
        is_heading = source_line.startswith(("==", "lang:", "words "))
        if is_heading and lines:
            scenes.append(Scene(name, language, tuple(lines), dict(words)))
            lines = []
        if source_line.startswith("lang:"):
            language, words = source_line[5:].strip(), {}
        elif source_line.startswith("words "):
            key, _, values = source_line[6:].partition(":")
            words[key.strip()] = tuple(value.strip() for value in values.split("|"))
        elif source_line.startswith("=="):
            name = source_line[2:].strip()
        else:
            lines.append(_line(source_line))
    return scenes


def _logical_lines(source: str) -> Iterator[str]:
    current = ""
    for row in source.splitlines():
        if row.startswith(";;"):
            continue
        if row.startswith("  ") and current:
            current += "\n" + row[2:]
            continue
        if current:
            yield current.rstrip()
        current = row
    if current.strip():
        yield current.rstrip()


def _line(source: str) -> Line:
    match = _LINE.fullmatch(source)
    if match is None or bool(match["star"]) is bool(match["colon"]):
        raise ValueError(f"not a line of a scene: {source!r}")
    rest = match["rest"] or ""
    gap = seconds(match["gap"]) if match["gap"] else 0
    if match["star"]:
        return Line(match["role"], "", tuple(shlex.split(rest)), {}, gap, service=True)
    options: dict[str, str] = {}
    if found := _OPTIONS.search(rest):
        rest = rest[: found.start()]
        for option in found[1].split(";"):
            key, _, value = option.strip().partition(" ")
            options[key] = value
    medium: tuple[str, ...] = ()
    if found := _MEDIUM.match(rest):
        medium = tuple(shlex.split(found[1]))
        rest = rest[found.end() :]
    return Line(match["role"], rest, medium, options, gap)


@cache
def script(name: str) -> tuple[Scene, ...]:
    """The scenes of a script that comes with the package."""
    source = files("tobs_tui.demo.world").joinpath("scripts", f"{name}.txt").read_text(encoding="utf-8")
    return tuple(parse_scenes(source))
