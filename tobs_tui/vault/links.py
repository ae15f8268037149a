"""Addresses from remote text: which may be followed, how they are written, which lead to a message."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from tobs_tui.model import CHANNEL_MARK
from tobs_tui.text import plain
from tobs_tui.vault.escape import LIVE_SCHEMES

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_AND_PORT = re.compile(r"[^/?#]*:\d{1,5}(?:[/?#]|\Z)")
# What CommonMark takes between `<` and `>`, without the characters that Obsidian might read otherwise.
_AUTOLINK = re.compile(r"(?i:https?|mailto|tel|tg):[^\s<>`\[\]|^\\{}\"$\x00-\x20\x7f]+\Z")
_EMAIL = re.compile(r"[A-Za-z0-9.!#&'*+/=?_~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+\Z")
_UNSAFE = re.compile(r"[\s<>`\[\]|^\\{}\"$]|%(?![0-9A-Fa-f]{2})")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_POST = re.compile(
    r"(?i:https?://)?(?i:www\.)?(?:t|telegram)\.me/(?:c/(?P<channel>\d{1,15})|(?P<name>[A-Za-z]\w{2,31}))"
    r"/(?:\d{1,10}/)?(?P<id>\d{1,10})(?:\?(?:single|thread=\d+))?\Z",
    re.ASCII,
)


class PostLink(NamedTuple):
    """A message that a t.me link names: by the marked id of its chat, or by its username."""

    chat_id: int | None
    username: str | None
    message_id: int


def live_url(url: str) -> str | None:
    """Return the address to follow, `https://` added where no scheme is told; None for one not to follow."""
    address = plain(url).strip()
    if not address or "\n" in address:
        return None
    scheme = _SCHEME.match(address)
    if scheme is None or _HOST_AND_PORT.match(address):
        return f"https://{address}"
    return address if scheme[1].lower() in LIVE_SCHEMES else None


def autolink(text: str) -> str | None:
    """Return `<text>` where the text is an address that Markdown takes so; None otherwise."""
    if "%%" in text or "==" in text:
        return None
    return f"<{text}>" if _AUTOLINK.match(text) or _EMAIL.match(text) else None


def destination(url: str) -> str:
    """Return a live address as it stands between `](<` and `>)`: nothing of it ends the link or runs."""
    return _ENTITY.sub("&amp;", _UNSAFE.sub(lambda found: quote(found[0]), url))


def post_link(url: str) -> PostLink | None:
    """Return the message that a link to a post names, None for any other address.

    The forms are those by which the archive knows which notes a message's coming or going changes.
    """
    found = _POST.match(plain(url).strip())
    if found is None:
        return None
    if found["channel"]:
        return PostLink(-CHANNEL_MARK - int(found["channel"]), None, int(found["id"]))
    return PostLink(None, found["name"].casefold(), int(found["id"]))
