"""Telethon's reader of answers, quicker: what comes often is read by functions made from its classes' source.

Each of Telethon's classes reads itself by a method call a field and stores what it read through a long
`__init__`; most of what a page of history costs goes there. Those methods are generated and all of a few
shapes, so a class's `from_reader` is rewritten here, while the program runs, into one function that does the
same without the calls. What is of another shape, comes seldom or can't be read, is left to Telethon.

The objects are Telethon's own, with the same fields. Only what its messages work out for convenience
(`sender_id`, `chat`, `is_reply` …) is not set: nothing of ours asks for it.
"""

from __future__ import annotations

import ast
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from struct import Struct
from sys import modules
from textwrap import dedent, indent
from typing import Any, TypeAlias

from telethon.extensions import BinaryReader
from telethon.tl import types
from telethon.tl.alltlobjects import tlobjects
from telethon.tl.custom.message import Message

_log = logging.getLogger(__name__)

Read: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""Reads what lies at an offset; returns it, and where it ends."""

OFTEN = 100
"""A class that came so many times gets a function: making one costs as much as some hundred objects."""

_FIXED = {"read_int": "i", "read_long": "q", "read_double": "d", "tgread_date": "i", "tgread_bool": "I"}
_MADE_OF = {"tgread_date": "epoch + timedelta(0, {0})", "tgread_bool": "bools[{0}]"}
_FLAGS = ("flags", "flags2")
_REPEATED = (types.User, types.Channel, types.Chat)
"""What each page tells again of everybody in it."""
_HEAD = 16
"""So many of their bytes hold the id: shorter is none of them."""
_MOST_REMEMBERED = 1000


class QuickReader(BinaryReader):  # type: ignore[misc]
    """Reads one answer; what it can't, Telethon reads once more, and tells why in its own words."""

    position: int

    def tgread_object(self) -> Any:
        start = self.position
        try:
            found, self.position = _object_at(self.stream, start)
        except Exception:  # boundary: whatever a parser meets in bytes that it does not know
            plain = _at(BinaryReader, self.stream, start)
            found = plain.tgread_object()
            self.position = plain.tell_position()
        return found


class _Inner(BinaryReader):  # type: ignore[misc]
    """For Telethon's own `from_reader` of one object: what that one holds is read quickly again."""

    position: int

    def tgread_object(self) -> Any:
        found, self.position = _object_at(self.stream, self.position)
        return found


class _Readers(dict[int, Read]):
    """By constructor id, the functions of the classes that came often."""

    def __init__(self) -> None:
        super().__init__()
        self._came: Counter[int] = Counter()

    def __missing__(self, constructor_id: int) -> Read:
        cls = tlobjects.get(constructor_id)
        if cls is None:
            return _as_telethon_does
        self._came[constructor_id] += 1
        if self._came[constructor_id] < OFTEN:
            return _as_telethon_does
        try:
            read = reader_of(cls)
            self[constructor_id] = _remembering(read) if cls in _REPEATED else read
        except Exception as error:  # boundary: another Telethon may be written in other ways
            _log.debug("%s is left to Telethon: %s", cls.__name__, error)
            self[constructor_id] = _as_telethon_does
        return self[constructor_id]


def reader_of(cls: Any) -> Read:
    """Make the function that reads a class's objects from behind their constructor id.

    :raises ValueError: its `from_reader` has a statement of another shape. :raises OSError: it has no source.
    """
    writer = _Writer(_statements_of(cls), may_lack_media=issubclass(cls, Message))
    names: dict[str, Any] = writer.layouts | {
        "cls": cls,
        "new": object.__new__,
        "blank": _blank(cls, writer),
        "readers": _readers,
        "word": _word,
        "long_bytes": _long_bytes,
        "epoch": datetime(1970, 1, 1, tzinfo=UTC),
        "timedelta": timedelta,
        "bools": {0x997275B5: True, 0xBC799737: False},
        "no_media": types.MessageMediaEmpty,
    }
    exec("\n".join(["def read(s, p):", indent("\n".join(writer.lines), " ")]), names)
    read: Read = names["read"]
    return read


def _remembering(read: Read) -> Read:
    """The same, which gives an object again where its very bytes come again. Nobody may change one."""
    known: dict[bytes, tuple[bytes, Any]] = {}

    def remembered(stream: bytes, start: int) -> tuple[Any, int]:
        head = stream[start : start + _HEAD]
        content, found = known.get(head, (b"", None))
        if content and stream.startswith(content, start):
            return found, start + len(content)
        found, end = read(stream, start)
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        if end <= len(stream):
            known[head] = stream[start:end], found
        return found, end

    return remembered


class _Writer:
    """Turns the statements of a `from_reader` into `lines` that read an object from the bytes `s` at `p`."""

    def __init__(self, statements: Sequence[ast.stmt], *, may_lack_media: bool) -> None:
        *reading, last = statements
        self.fields = _fields(last)
        self.layouts: dict[str, Any] = {}
        self.lines: list[str] = []
        self.switches: dict[str, list[tuple[int, str]]] = {}
        """By its flags: each bit with the field that is true where it is set."""
        self._run: list[tuple[str, str]] = []
        # Where any field may be absent, the fields begin as a copy of a blank object's.
        self._has_blanks = any(isinstance(each, ast.If) or "bool(" in ast.unparse(each) for each in reading)
        self.lines.append("d = blank.copy()" if self._has_blanks else "o = new(cls)")
        self._write(reading)
        for flags, switches in self.switches.items():
            self.lines.append(f"if {flags} & {sum(mask for mask, _ in switches)}:")
            self.lines += [f" if {flags} & {mask}: d[{field!r}] = True" for mask, field in switches]
        if may_lack_media and "media" in self.fields.values():
            self.lines.append("if type(d['media']) is no_media: d['media'] = None")
        if self._has_blanks:
            self.lines += ["o = new(cls)", "o.__dict__ = d"]
        self.lines.append("return o, p")

    def _write(self, statements: Sequence[ast.stmt]) -> None:
        left = iter(statements)
        for statement in left:
            match statement:
                case ast.Assign(
                    [ast.Name(name)],
                    ast.Call(
                        ast.Name("bool"), [ast.BinOp(ast.Name(flags), ast.BitAnd(), ast.Constant(int(mask)))]
                    ),
                ) if flags in _FLAGS:
                    self.switches.setdefault(flags, []).append((mask, self.fields[name]))
                case ast.Assign(
                    [ast.Name(name)], ast.Call(ast.Attribute(ast.Name("reader"), method), [], [])
                ):
                    self._read(name if name in _FLAGS else self._place(name), method)
                case ast.If(
                    ast.BinOp(ast.Name(flags), ast.BitAnd(), ast.Constant(int(mask))),
                    body,
                    [ast.Assign([ast.Name(_)], ast.Constant(None))],
                ) if flags in _FLAGS:
                    self._flush()
                    self._inside(f"if {flags} & {mask}:", partial(self._write, body))
                case ast.Expr(ast.Call(ast.Attribute(ast.Name("reader"), "read_int"), [], [])):
                    self._vector(next(left), next(left))
                case _:
                    raise ValueError(ast.unparse(statement))
        self._flush()

    def _vector(self, begin: ast.stmt, loop: ast.stmt) -> None:
        match begin, loop:
            case (
                ast.Assign([ast.Name(name)], ast.List([])),
                ast.For(
                    iter=ast.Call(ast.Name("range"), [ast.Call(ast.Attribute(_, "read_int"), [], [])]),
                    body=[
                        ast.Assign(value=ast.Call(ast.Attribute(ast.Name("reader"), method), [], [])),
                        ast.Expr(ast.Call(ast.Attribute(ast.Name(same), "append"))),
                    ],
                ),
            ) if same == name:
                self._flush()
                self._unpack("ii", ["_", "n"])
                self.lines.append(f"v = {self._place(name)} = []")
                self._inside("for _ in range(n):", partial(self._element, method))
            case _:
                raise ValueError(ast.unparse(loop))

    def _element(self, method: str) -> None:
        self._read("x", method)
        self._flush()
        self.lines.append("v.append(x)")

    def _read(self, target: str, method: str) -> None:
        if method in _FIXED:
            self._run.append((target, method))
            return
        self._flush()
        if method == "tgread_object":
            self.lines.append(f"{target}, p = readers[word(s, p)[0]](s, p + 4)")
        elif method in ("tgread_string", "tgread_bytes"):
            decode = ".decode('utf-8', 'replace')" if method == "tgread_string" else ""
            self.lines += [
                "n = s[p]",
                f"if n < 254: q = p + n + 1; {target} = s[p + 1:q]{decode}; p = q + 3 & -4",
                f"else: x, p = long_bytes(s, p); {target} = x{decode}",
            ]
        else:
            raise ValueError(method)

    def _flush(self) -> None:
        """Write what reads the fields of fixed size that stand one after the other."""
        run, self._run = self._run, []
        if run:
            self._unpack("".join(_FIXED[method] for _, method in run), [target for target, _ in run])
        self.lines += [f"{target} = {_MADE_OF[how].format(target)}" for target, how in run if how in _MADE_OF]

    def _unpack(self, codes: str, targets: Sequence[str]) -> None:
        layout = Struct(f"<{codes}")
        self.layouts[f"unpack_{codes}"] = layout.unpack_from
        self.lines += [f"{', '.join(targets)}, = unpack_{codes}(s, p)", f"p += {layout.size}"]

    def _place(self, name: str) -> str:
        return f"d[{self.fields[name]!r}]" if self._has_blanks else f"o.{self.fields[name]}"

    def _inside(self, head: str, write: Callable[[], None]) -> None:
        outer, self.lines = self.lines, []
        write()
        self.lines = [*outer, head, *(f" {line}" for line in self.lines)]


def _fields(last: ast.stmt) -> dict[str, str]:
    """Which variable becomes which field, by the statement that returns the object."""
    match last:
        case ast.Return(ast.Call(ast.Name("cls"), [], keywords)):
            return {ast.unparse(keyword.value): str(keyword.arg) for keyword in keywords}
        case _:
            raise ValueError(ast.unparse(last))


def _blank(cls: Any, writer: _Writer) -> dict[str, Any]:
    """What an object holds of which every field is absent."""
    fields = set(writer.fields.values())
    blank: dict[str, Any] = vars(cls(**dict.fromkeys(fields)))
    if not issubclass(cls, Message) and blank != dict.fromkeys(fields):
        raise ValueError(f"{cls.__name__}.__init__ does more than to store")
    return blank | {field: False for switches in writer.switches.values() for _, field in switches}


def _statements_of(cls: Any) -> Sequence[ast.stmt]:
    """The body of a class's `from_reader`."""
    text = _source(str(modules[cls.from_reader.__module__].__file__))
    here = text.index(f"    CONSTRUCTOR_ID = {cls.CONSTRUCTOR_ID:#x}\n")
    start = text.index("    def from_reader(cls, reader):\n", here)
    end = text.index("\n", text.index("return cls(", start))
    (function,) = ast.parse(dedent(text[start:end])).body
    assert isinstance(function, ast.FunctionDef)
    return function.body


@lru_cache(maxsize=1)
def _source(file: str) -> str:
    # Not by `inspect`, which keeps every line of the file for good: there are 50,000.
    return Path(file).read_text(encoding="utf-8")


def _object_at(stream: bytes, start: int) -> tuple[Any, int]:
    # Everything but what lies in a string begins at a multiple of four: the functions count on it.
    found, end = (_readers[_word(stream, start)[0]] if not start % 4 else _as_telethon_does)(
        stream, start + 4
    )
    if end > len(stream):
        raise BufferError
    return found, end


def _as_telethon_does(stream: bytes, start: int) -> tuple[Any, int]:
    reader = _at(_Inner, stream, start - 4)
    return BinaryReader.tgread_object(reader), reader.tell_position()


def _long_bytes(stream: bytes, start: int) -> tuple[bytes, int]:
    reader = _at(BinaryReader, stream, start)
    return reader.tgread_bytes(), reader.tell_position()


def _at(kind: type[BinaryReader], stream: bytes, position: int) -> Any:
    reader = kind(stream)
    reader.set_position(position)
    return reader


_word = Struct("<I").unpack_from
_readers = _Readers()
