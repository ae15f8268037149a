"""Secrets are taken out of every log line: those we were told of, and what looks like one.

Told: `redact(secret)`, for codes, passwords, phone numbers, proxy credentials. By look: API hashes and
other long hex, auth keys and sessions, bot tokens, credentials in addresses, phone numbers with their plus,
and named values such as `password=…`. Chat and message ids stay readable.
"""

from __future__ import annotations

import re
import threading
from urllib.parse import quote

HIDDEN = "••••"

_SHORT = 8
"""Below this a told secret is hidden only where it stands alone: a code must not eat an id's digits."""

_NAMES = (
    r"api_?hash|phone_code_hash|phone_code|password|passwd|passphrase|secret|token|auth_?key|"
    r"session_string|phone_number|phone"
)
_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=://)[^\s/@]+(?=@)"), HIDDEN),
    (
        re.compile(
            rf"""\b((?:{_NAMES})["']?\s{{0,3}}=\s{{0,3}}|(?:{_NAMES})["']\s{{0,3}}:\s{{0,3}}(?=["'b]))"""
            r"""(?:b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*"|[^\s,;)&\]}]+)""",
            re.IGNORECASE,
        ),
        rf"\g<1>{HIDDEN}",
    ),
    (re.compile(r"b'(?:[^'\\]|\\.){24,}'|b\"(?:[^\"\\]|\\.){24,}\""), HIDDEN),
    (re.compile(r"(?<!\w)\+\d(?:[ .()-]{0,2}\d){6,14}(?!\d)"), HIDDEN),
    (re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])"), HIDDEN),
    (re.compile(r"(?<!\w)\d{6,12}:[A-Za-z0-9_-]{30,}"), HIDDEN),
)
# Shorter runs with slashes or dots are more likely paths than keys.
_BASE64 = re.compile(
    r"(?<![\w+/=-])[A-Za-z0-9+/_-]{120,}={0,2}|(?<![\w+/=.-])[A-Za-z0-9+_-]{43,}={0,2}(?![\w/.])"
)

_lock = threading.Lock()
_told: set[str] = set()
_told_pattern: re.Pattern[str] | None = None


def redact(secret: str) -> None:
    """Keep a secret out of every later line, as it is, percent-encoded, and as Python would quote it.

    A phone number goes with and without its plus. Fewer than three characters can't be told from other text.
    """
    global _told_pattern
    forms = {secret, quote(secret, safe=""), repr(secret)[1:-1], secret.removeprefix("+")}
    with _lock:
        _told.update(form for form in forms if len(form) >= 3)
        longest_first = sorted(_told, key=len, reverse=True)
        _told_pattern = re.compile("|".join(map(_form_pattern, longest_first))) if longest_first else None


def redacted(text: str) -> str:
    """Return `text` with its secrets as ••••."""
    if _told_pattern is not None:
        text = _told_pattern.sub(HIDDEN, text)
    for look, shown in _LOOKS:
        text = look.sub(shown, text)
    return _BASE64.sub(_unless_words, text)


def forget_secrets() -> None:
    """Forget what was told (a new account, the next test)."""
    global _told_pattern
    with _lock:
        _told.clear()
        _told_pattern = None


def _form_pattern(form: str) -> str:
    return re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"


def _unless_words(found: re.Match[str]) -> str:
    """Hide what mixes digits and both cases, as a key does; long names mostly don't."""
    run = found[0]
    mixed = any(map(str.isdigit, run)) and any(map(str.isupper, run)) and any(map(str.islower, run))
    return HIDDEN if mixed else run
