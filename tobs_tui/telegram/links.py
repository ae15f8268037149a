"""Links to chats (t.me, tg://) taken apart, without asking anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tobs_tui.errors import UsageError
from tobs_tui.telegram.convert.primitives import channel_mark

_HOSTS = frozenset(("t.me", "telegram.me", "telegram.dog"))
_USERNAME = re.compile(r"[A-Za-z]\w{2,31}", re.ASCII)
_NOT_CHATS = frozenset(
    (
        *(
            "addemoji",
            "addlist",
            "addstickers",
            "addtheme",
            "stickers",
            "setlanguage",
            "bg",
            "nft",
            "giftcode",
        ),
        *("boost", "call", "contact", "confirmphone", "login", "invoice", "iv", "m", "msg", "share"),
        *("proxy", "socks"),
    )
)
"""First words of t.me paths that mean something else than a username."""
_INVITE_HINT = "Join the chat in a Telegram app first, then give its title or id as `tobs-tui chats` shows it"


@dataclass(frozen=True, slots=True)
class ChatLink:
    """What a link names: a username or a marked id; then the numbers of its path (topic, message)."""

    username: str | None = None
    chat_id: int | None = None
    numbers: tuple[int, ...] = ()
    thread: int | None = None


def is_username(text: str) -> bool:
    """Whether Telegram could have given this as a username."""
    return _USERNAME.fullmatch(text) is not None


def parse_link(text: str) -> ChatLink | None:
    """The chat that a link names; None when the text is no link to a chat.

    :raises UsageError: for invite links, which would have to join first.
    """
    try:
        return _tg_link(text) if text.lower().startswith("tg:") else _web_link(text)
    except ValueError:
        # Brackets that make no host, numbers past all bounds: no link of Telegram's.
        return None


def _web_link(text: str) -> ChatLink | None:
    url = urlsplit(text if "://" in text else f"https://{text}")
    host = (url.hostname or "").removeprefix("www.")
    if url.scheme.lower() not in ("http", "https"):
        return None
    parts = [part for part in url.path.split("/") if part]
    if host.endswith(".t.me") and is_username(host.removesuffix(".t.me")):
        return _named([host.removesuffix(".t.me"), *parts], url.query)
    if host not in _HOSTS or not parts:
        return None
    if parts[0].startswith("+") or parts[0].lower() == "joinchat":
        raise _invite()
    if parts[0] == "c":
        return _private(parts[1:], url.query)
    return _named(parts[1:] if parts[0] == "s" else parts, url.query)


def _tg_link(text: str) -> ChatLink | None:
    url = urlsplit(text)
    kind = (url.netloc or url.path.strip("/")).lower()
    fields = {name: values[0] for name, values in parse_qs(url.query).items()}
    if kind == "join":
        raise _invite()
    post = _numbers([fields.get("post", "")])
    if kind == "resolve" and is_username(fields.get("domain", "")):
        return ChatLink(username=fields["domain"], numbers=post, thread=_thread(url.query))
    channel = fields.get("channel", "")
    if kind == "privatepost" and channel.isdecimal():
        return ChatLink(chat_id=channel_mark(int(channel)), numbers=post, thread=_thread(url.query))
    return None


def _private(parts: list[str], query: str) -> ChatLink | None:
    if not parts or not parts[0].isdecimal():
        return None
    chat_id = channel_mark(int(parts[0]))
    return ChatLink(chat_id=chat_id, numbers=_numbers(parts[1:]), thread=_thread(query))


def _named(parts: list[str], query: str) -> ChatLink | None:
    if not parts or not is_username(parts[0]) or parts[0].lower() in _NOT_CHATS:
        return None
    return ChatLink(username=parts[0], numbers=_numbers(parts[1:]), thread=_thread(query))


def _numbers(parts: list[str]) -> tuple[int, ...]:
    return tuple(int(part) for part in parts if part.isdecimal())


def _thread(query: str) -> int | None:
    values = parse_qs(query).get("thread", [""])
    return int(values[0]) if values[0].isdecimal() else None


def _invite() -> UsageError:
    return UsageError("Invite links are not taken: opening one would join the chat", _INVITE_HINT)
