"""Events as text: a %-style template and its arguments, with `…` where counted events differ.

Never raises: a template that does not fit its arguments, or an argument that can't be printed, is shown
as such. What comes out is one harmless line without secrets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tobs_tui.logs.redaction import redacted
from tobs_tui.text import ELLIPSIS, for_log

VARYING = "…"
_TEXT_LIMIT = 4_000
_ARGUMENT_LIMIT = 2_000
_SPEC = re.compile(r"%(?:%|[#0\- +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa])")
_ODD_SPEC = re.compile(r"%\(|%[#0\- +]*(?:\*|\d*\.\*)")


def settled(argument: object) -> object:
    """Return an argument as a value that won't change until its line is written, nor hold much memory."""
    if type(argument) in (int, float, bool) or argument is None:
        return argument
    try:
        words = str(argument)[:_ARGUMENT_LIMIT]
        return type(argument).__name__ if isinstance(argument, BaseException) and not words else words
    except Exception:
        # A boundary: an object's own __str__ may do anything, and a log must not fail for it.
        return f"<{type(argument).__name__}>"


def line_of(template: str, arguments: Sequence[object], varies: Sequence[bool] = ()) -> str:
    """Return the event as a line; arguments that vary among counted events stand as `…`."""
    words = _masked(template, arguments, varies) if any(varies) else _filled(template, arguments)
    line = for_log(redacted(words[: 2 * _TEXT_LIMIT]))
    return line if len(line) <= _TEXT_LIMIT else line[: _TEXT_LIMIT - 1] + ELLIPSIS


def _filled(template: str, arguments: Sequence[object]) -> str:
    if not arguments:
        return template
    try:
        return template % tuple(arguments)
    except (TypeError, ValueError, OverflowError, KeyError):
        return _listed(template, arguments)


def _masked(template: str, arguments: Sequence[object], varies: Sequence[bool]) -> str:
    specs = [found for found in _SPEC.finditer(template) if found[0] != "%%"]
    if _ODD_SPEC.search(template) or len(specs) != len(arguments):
        return _listed(
            template, [VARYING if vary else argument for argument, vary in _pairs(arguments, varies)]
        )
    remaining = iter(_pairs(arguments, varies))

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        argument, vary = next(remaining)
        return VARYING if vary else _filled(found[0], [argument])

    return _SPEC.sub(fill, template)


def _pairs(arguments: Sequence[object], varies: Sequence[bool]) -> list[tuple[object, bool]]:
    return list(zip(arguments, varies, strict=True))


def _listed(template: str, arguments: Sequence[object]) -> str:
    return f"{template} ({', '.join(str(argument) for argument in arguments)})"
