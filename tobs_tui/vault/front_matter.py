"""A note's properties: ours written, a person's own kept.

What comes from Telegram is always a JSON string, which is valid YAML without surprises. In a note that exists
our keys are compared by value, since Obsidian quotes YAML anew, and every line that needn't change stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import yaml

from tobs_tui.vault.escape import one_line

Value: TypeAlias = "str | int | Plain | tuple[str, ...]"
"""A text from Telegram, a number, a word of ours, or a list of either kind of words."""
Fields: TypeAlias = Mapping[str, Value]

UNITED = frozenset(("tags", "aliases"))
"""Lists of which ours is only a part: what a person added stays."""

_ITEM = re.compile(r"( *)- ")
_YAML_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_SURELY_PLAIN = re.compile(r"[A-Za-z][\w/-]*\Z")
_LIMIT = 200_000
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]|<(?=%)")
_ODD_BREAKS = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Plain(str):
    """A word that is YAML as it stands: a date, a tag, a type."""

    __slots__ = ()


class Unreadable(Exception):
    """The front matter is no flat YAML; the note is left alone. The text says why."""


def write(fields: Fields) -> str:
    """Return the front matter of a new note, with its two lines of dashes."""
    return f"---\n{''.join(_entry(key, value) for key, value in fields.items())}---\n"


def merge(text: str, fields: Fields) -> str:
    """Return what stands between the dashes, with our keys as they should be.

    :raises Unreadable: it can't be told what is whose.
    """
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    entries = _entries(text)
    for entry in reversed(entries):
        wanted = fields.get(entry.key)
        if wanted is None or _holds(entry.key, entry.values, wanted):
            continue
        if entry.key in UNITED and isinstance(wanted, tuple):
            absent = _absent(entry.values or (), wanted)
            if entry.indent is not None:
                lines[entry.last : entry.last] = [f"{entry.indent}- {_scalar(word)}\n" for word in absent]
                continue
            wanted = (*map(_bare, entry.values or ()), *absent)
        lines[entry.first : entry.last] = [_entry(entry.key, wanted)]
    known = {entry.key for entry in entries}
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines, *(_entry(key, value) for key, value in fields.items() if key not in known)])


def read(text: str) -> dict[str, tuple[str, ...] | str]:
    """Return the flat values between the dashes, as words; what isn't flat is left out.

    :raises Unreadable: as `merge` does.
    """
    found: dict[str, tuple[str, ...] | str] = {}
    for entry in _entries(text):
        if entry.values is not None:
            found[entry.key] = entry.values if entry.is_list else "".join(entry.values)
    return found


def keys(text: str) -> set[str]:
    """Return the names of the properties between the dashes.

    :raises Unreadable: as `merge` does.
    """
    return {entry.key for entry in _entries(text)}


class _Entry(NamedTuple):
    key: str
    first: int
    last: int
    """The lines that it takes, without the blank ones and comments after it."""
    values: tuple[str, ...] | None
    """Its words; None where they are no scalars."""
    is_list: bool
    indent: str | None = None
    """What stands before the dashes of a list that has a line for each of its words."""


def _entries(text: str) -> list[_Entry]:
    if len(text) > _LIMIT:
        raise Unreadable("it is too long")
    if _ODD_BREAKS.search(text):
        raise Unreadable("it holds odd line breaks")
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable("it is no valid YAML") from error
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise Unreadable("it is no list of properties")
    lines = text.removesuffix("\n").split("\n")
    starts = [key.start_mark.line for key, _ in root.value] + [len(lines)]
    entries: list[_Entry] = []
    for (key, value), first, following in zip(root.value, starts, starts[1:], strict=False):
        if not isinstance(key, yaml.ScalarNode) or key.start_mark.column or following <= first:
            raise Unreadable("it is no list of properties")
        last = following
        while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
            last -= 1
        is_list = isinstance(value, yaml.SequenceNode)
        entries.append(_Entry(key.value, first, last, _values(value), is_list, _indent(value, lines)))
    if len({entry.key for entry in entries}) < len(entries):
        raise Unreadable("a property stands in it twice")
    return entries


def _values(node: yaml.Node) -> tuple[str, ...] | None:
    if isinstance(node, yaml.ScalarNode):
        return (_word(node),)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return tuple(map(_word, node.value))
    return None


def _indent(node: yaml.Node, lines: Sequence[str]) -> str | None:
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        return None
    found = _ITEM.match(lines[node.value[-1].start_mark.line])
    return found[1] if found else None


def _bare(word: str) -> str:
    """A word as plain YAML where it surely is."""
    return Plain(word) if _SURELY_PLAIN.match(word) and word.lower() not in _YAML_WORDS else word


def _word(node: yaml.ScalarNode) -> str:
    return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _holds(key: str, values: tuple[str, ...] | None, wanted: Value) -> bool:
    if values is None:
        return False
    if key in UNITED and isinstance(wanted, tuple):
        return not _absent(values, wanted)
    return values == _wanted_words(wanted)


def _wanted_words(wanted: Value) -> tuple[str, ...]:
    if isinstance(wanted, tuple):
        return tuple(one_line(word) for word in wanted)
    return (one_line(wanted) if isinstance(wanted, str) else str(wanted),)


def _absent(values: Sequence[str], wanted: Sequence[str]) -> list[str]:
    known = {name.strip().lstrip("#").casefold() for value in values for name in (value, *value.split(","))}
    return [word for word in wanted if one_line(word).casefold() not in known]


def _entry(key: str, value: Value) -> str:
    if isinstance(value, tuple):
        return (
            f"{key}:\n{''.join(f'  - {_scalar(word)}' + chr(10) for word in value)}"
            if value
            else f"{key}: []\n"
        )
    return f"{key}: {_scalar(value)}\n"


def _scalar(value: str | int | Plain) -> str:
    return str(value) if isinstance(value, Plain) or not isinstance(value, str) else _json(value)


@lru_cache(maxsize=4096)
def _json(value: str) -> str:
    return _UNPRINTABLE.sub(_escaped, json.dumps(one_line(value), ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
