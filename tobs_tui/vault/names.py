"""Names of folders and notes: safe on every system and in every wikilink, given once and kept.

A title is a stranger's text; what is left of it here names a folder everywhere, also beside another one that
differs by case or Unicode form alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from pathvalidate import sanitize_filename
from wcwidth import iter_graphemes

from tobs_tui.model import CHANNEL_MARK
from tobs_tui.text import for_terminal, plain

NAME_BYTES = 80
"""Of a chat's or topic's name in UTF-8: with date, part and ending a file's name stays below 255."""

VAULT_INDEX = "Telegram archive"
INDEX_SUFFIX = " (Telegram)"
EDITS_SUFFIX = " (my edits)"
MEDIA_FOLDER = "media"

_FORBIDDEN = re.compile(r'[#|^:\[\]%\\/*?"<>\x00-\x1f\x7f]+')
_UNSEEN = re.compile("[\u034f\u115f\u1160\u2065\u3164\uffa0\ufe00-\ufe0d\ufff0-\ufff8]")
_BLANKS = re.compile(r"\s+")
_TAKEN = frozenset((VAULT_INDEX.casefold(), MEDIA_FOLDER))
# Names that a note of another chat might have: with a date, a part, or one of our suffixes at the end.
_LIKE_A_NOTE = re.compile(
    r"( \d{4}-\d\d(-\d\d)?| part \d+| \(telegram\)| \(my edits( \d+)?\))\Z", re.IGNORECASE
)


def safe_name(title: str, fallback: str, limit: int = NAME_BYTES) -> str:
    """Return the title as a name of at most `limit` bytes; `fallback` where nothing of it is left."""
    words = _BLANKS.sub(" ", _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", seen(title))))
    name = _trimmed(shorten(_trimmed(words), limit))
    name = _trimmed(sanitize_filename(name, platform="universal", max_len=255)) if name else ""
    return unicodedata.normalize("NFC", name) or fallback


def seen(title: str) -> str:
    """Return what can be seen of a stranger's text, as one line."""
    return for_terminal("".join(filter(_is_seen, plain(title[:4096])))).replace("\u25cc", "")


def folder_name(title: str, chat_id: int, taken: Container[str]) -> str:
    """Return a chat's folder name: its title, with the id where that name could be mistaken or is `taken`.

    `taken` holds names by their `same_name` form.
    """
    bare = bare_id(chat_id)
    name = safe_name(title, f"Chat {bare}")
    form = same_name(name)
    if form not in taken and form not in _TAKEN and not _LIKE_A_NOTE.search(name):
        return name
    return numbered(name, bare, taken)


def topic_name(title: str, topic_id: int, taken: Container[str]) -> str:
    """Return a topic's folder name, unique in its chat."""
    name = safe_name(title, f"Topic {topic_id}")
    if same_name(name) not in taken and not _LIKE_A_NOTE.search(name):
        return name
    return numbered(name, str(topic_id), taken)


def numbered(name: str, number: str, taken: Container[str]) -> str:
    """Return `Anna (5512)`, or with a further number where even that is taken."""
    suffix, again = f" ({number})", 1
    while True:
        candidate = _trimmed(shorten(name, NAME_BYTES - len(suffix.encode()))) + suffix
        if same_name(candidate) not in taken:
            return candidate
        again += 1
        suffix = f" ({number}-{again})"


def bare_id(chat_id: int) -> str:
    """Return the id as Telegram's clients show it, without the mark of its kind."""
    if chat_id <= -CHANNEL_MARK:
        return str(-chat_id - CHANNEL_MARK)
    return str(abs(chat_id))


def same_name(name: str) -> str:
    """Return a form that is equal for names which some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def shorten(name: str, limit: int) -> str:
    """Return the longest beginning of at most `limit` bytes that cuts no character."""
    if len(name.encode()) <= limit:
        return name
    kept: list[str] = []
    for cluster in iter_graphemes(name):
        limit -= len(cluster.encode())
        if limit < 0:
            break
        kept.append(cluster)
    return "".join(kept)


def _is_seen(char: str) -> bool:
    """Whether a character shows, or joins others that do: two names that look the same are the same."""
    if char in "\u200c\u200d" or char.isascii():
        return True
    return unicodedata.category(char) != "Cf" and not _UNSEEN.match(char)


def _trimmed(name: str) -> str:
    return name.strip().lstrip(". ").rstrip(". ")
