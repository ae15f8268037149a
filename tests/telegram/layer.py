"""Objects of any TL type, by what the constructors of Telethon's layer ask for."""

from __future__ import annotations

import functools
import inspect
import random
import sys
import typing
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from telethon.tl import types
from telethon.tl.tlobject import TLObject

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
DEEP = 2
"""From here on, objects are made as small as their type allows."""
TEXTS = ("text", "", "x\u202ey\x1b[0m", "🙂", "x" * 253, "y" * 254, "z" * 70_000)
SIZES = (0, 1, 2, 3, 4, 253, 254, 300)


class Maker:
    """Makes a valid TL object of any type by its constructor's annotations, with random choices."""

    def __init__(self, seed: int, *, full: bool | None) -> None:
        """`full`: with all that may be left out, without it, or with each by chance (None)."""
        self.random = random.Random(seed)
        self.full = full

    def make(self, cls: type, depth: int = 0) -> Any:
        while True:
            fields = {
                name: self.value(hint, depth) if not optional or self._is_there(depth) else None
                for name, hint, optional in hints_of(cls)
            }
            made = cls(**fields)
            try:
                bytes(made)
            except AssertionError:
                continue  # some of them share a flag: they come together or not at all
            return made

    def _is_there(self, depth: int) -> bool:
        if depth >= DEEP or self.full is not None:
            return bool(self.full) and depth < DEEP
        return self.random.random() < 0.5

    def value(self, hint: Any, depth: int) -> Any:
        if isinstance(hint, typing.ForwardRef):
            hint = hint.__forward_arg__
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Union and type(None) in args:
            return self.value(typing.Union[args[:-1]], depth)  # noqa: UP007  # not known before
        if isinstance(hint, str) or origin is typing.Union or issubclass(origin or hint, TLObject):
            return self.make(self.choose(hint, depth), depth + 1)
        if origin is list:
            return [self.value(args[0], depth) for _ in range(2 if depth < DEEP else 0)]
        return {
            int: self.random.randint(1, 2**31 - 1),
            str: self.random.choice(TEXTS),
            bytes: self.random.randbytes(self.random.choice(SIZES)),
            bool: self.random.random() < 0.5,
            float: 1.5,
            datetime: WHEN,
        }[hint]

    def choose(self, hint: Any, depth: int) -> type:
        """A class of that TL type; far down the one that needs least."""
        classes = constructors_of(hint.split(".")[-1]) if isinstance(hint, str) else _classes(types, hint)
        if depth < DEEP:
            return self.random.choice(classes)
        return min(classes, key=lambda cls: sum("Type" in str(hint) for _, hint, _ in hints_of(cls)))


@functools.cache
def hints_of(cls: type) -> list[tuple[str, Any, bool]]:
    """(name, type, whether it may be left out) of a constructor's fields."""
    # Telethon's own messages take the fields of all three kinds of message.
    plain = next(each for each in cls.__mro__ if each.__module__.startswith("telethon.tl.types"))
    fields = [
        (name, parameter.annotation, parameter.default is None)
        for name, parameter in inspect.signature(plain).parameters.items()
        if name not in ("self", "args", "kwargs")
    ]
    # Required dates are annotated as optional too.
    return [(name, datetime if "datetime" in str(hint) else hint, may) for name, hint, may in fields]


@functools.cache
def constructors_of(name: str) -> list[type]:
    """The constructors of a TL type: `TypePeer` -> PeerUser, PeerChat, PeerChannel.

    :raises LookupError: Telethon names it in a module where it has it not.
    """
    # Of some types with one constructor the modules have that one alone.
    names = (name, name.removeprefix("Type"))
    found = ((module, getattr(module, each, None)) for each in names for module in _modules())
    for module, hint in found:
        if hint is not None:
            return _classes(module, hint)
    raise LookupError(name)


def _classes(module: ModuleType, hint: Any) -> list[type]:
    return [getattr(module, _name(arg)) for arg in typing.get_args(hint) or (hint,)]


def _modules() -> list[ModuleType]:
    named = [module for name, module in sorted(sys.modules.items()) if name.startswith("telethon.tl.types.")]
    return [types, *named]


def _name(hint: Any) -> str:
    if isinstance(hint, typing.ForwardRef):
        return hint.__forward_arg__.split(".")[-1]
    return hint if isinstance(hint, str) else str(hint.__name__)
