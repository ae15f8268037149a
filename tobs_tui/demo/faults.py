"""Faults by schedule, for tests: which answers go wrong, when, and how.

Each rule looks at the calls that it matches (a method, a predicate), lets the first `after` of them pass,
then applies to `times` of them (None: to all that follow). The first rule that applies wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, TypeAlias

from telethon import utils
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.rpc import Call, RpcError, tl_name
from tobs_tui.demo.wire.connection import DropConnection

Method: TypeAlias = "str | type[TLObject] | None"
"""A TL name (`messages.getHistory`), a request class, or None for every call."""
When: TypeAlias = "Callable[[Call, Any], bool]"
Hook: TypeAlias = "Callable[[Call, Any], Awaitable[None] | None]"


@dataclass(slots=True)
class Rule:
    """One scheduled fault. `hits` counts how often it applied."""

    method: str | None
    times: int | None
    after: int
    when: When | None
    hook: Hook | None = None
    page_limit: int | None = None
    hits: int = 0
    passed: int = field(default=0, repr=False)

    def applies(self, call: Call, request: object) -> bool:
        """Whether this call is hit; counts it."""
        if self.method is not None and self.method != call.method:
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.when is not None and not self.when(call, request):
            return False
        if self.passed < self.after:
            self.passed += 1
            return False
        self.hits += 1
        return True


class Faults:
    """The schedule of one server. May be changed while it runs."""

    def __init__(self) -> None:
        self.silent = False
        """The whole server takes everything (new connections too) and answers nothing."""
        self._rules: list[Rule] = []

    def clear(self) -> None:
        """Back to a healthy server. Calls that hang go on hanging until their connection ends."""
        self._rules.clear()
        self.silent = False

    def fail(
        self,
        method: Method,
        error: RpcError,
        *,
        times: int | None = 1,
        after: int = 0,
        when: When | None = None,
    ) -> Rule:
        """Answer with an RPC error: `fail("messages.getHistory", RpcError(500, "TIMEOUT"), times=3)`."""

        def refuse(call: Call, request: object) -> None:
            raise RpcError(error.code, error.message)

        return self.before(method, refuse, times=times, after=after, when=when)

    def refuse_chat(
        self, chat_id: int, message: str = "CHANNEL_PRIVATE", code: int = 400, *, after: int = 0
    ) -> Rule:
        """Refuse every call about one chat (a marked id) from the `after`-th on."""
        return self.fail(
            None,
            RpcError(code, message),
            times=None,
            after=after,
            when=lambda _, request: chat_id in chats_of(request),
        )

    def drop(
        self, method: Method, *, times: int | None = 1, after: int = 0, when: When | None = None
    ) -> Rule:
        """Close the connection instead of answering."""

        def close(call: Call, request: object) -> None:
            raise DropConnection

        return self.before(method, close, times=times, after=after, when=when)

    def tear(
        self, method: Method, *, times: int | None = 1, after: int = 0, when: When | None = None
    ) -> Rule:
        """Break the answer off half-way, with its connection: what was asked for has been done."""

        def tear(call: Call, request: object) -> None:
            call.torn = True

        return self.before(method, tear, times=times, after=after, when=when)

    def hang(
        self, method: Method, *, times: int | None = None, after: int = 0, when: When | None = None
    ) -> Rule:
        """Never answer; other calls and pings are answered. For a wholly dead server set `silent`."""

        async def wait_for_ever(call: Call, request: object) -> None:
            await asyncio.Event().wait()

        return self.before(method, wait_for_ever, times=times, after=after, when=when)

    def slow(
        self,
        method: Method,
        seconds: float,
        *,
        times: int | None = None,
        after: int = 0,
        when: When | None = None,
    ) -> Rule:
        """Answer late, beyond the round-trip time."""

        async def wait(call: Call, request: object) -> None:
            await asyncio.sleep(seconds)

        return self.before(method, wait, times=times, after=after, when=when)

    def log_out(self, method: Method = None, *, after: int = 0) -> Rule:
        """End every login of the account when a call arrives: AUTH_KEY_UNREGISTERED from then on."""

        def revoke(call: Call, request: object) -> None:
            call.server.revoke_logins()
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")

        return self.before(method, revoke, times=1, after=after)

    def restart(self, method: Method, *, after: int = 0, times: int | None = 1, down: float = 0.0) -> Rule:
        """Restart the server (same ports and keys) instead of answering, with `down` seconds of absence."""

        def bounce(call: Call, request: object) -> None:
            call.server.restart_soon(down)
            raise DropConnection

        return self.before(method, bounce, times=times, after=after)

    def cut_pages(
        self,
        limit: int,
        *,
        times: int | None = None,
        after: int = 0,
        when: When | None = None,
        method: Method = "messages.getHistory",
    ) -> Rule:
        """History pages hold at most `limit` messages (at least one), the newest of those asked for."""
        return self._add(Rule(_name(method), times, after, when, page_limit=max(1, limit)))

    def before(
        self,
        method: Method,
        hook: Hook,
        *,
        times: int | None = 1,
        after: int = 0,
        when: When | None = None,
    ) -> Rule:
        """Call `hook(call, request)`, sync or async, before the handler: to post, to wait, to raise."""
        return self._add(Rule(_name(method), times, after, when, hook=hook))

    async def strike(self, call: Call, request: object) -> None:
        """Let the schedule act on a call. :raises RpcError: :raises DropConnection:"""
        for rule in self._rules:
            if rule.hook is None or not rule.applies(call, request):
                continue
            waiting = rule.hook(call, request)
            if isawaitable(waiting):
                await waiting
            return

    def page_limit(self, call: Call, request: object, limit: int) -> int:
        """How many messages this page may hold."""
        for rule in self._rules:
            if rule.page_limit is not None and rule.applies(call, request):
                return min(limit, rule.page_limit)
        return limit

    def __bool__(self) -> bool:
        return bool(self._rules)

    def _add(self, rule: Rule) -> Rule:
        self._rules.append(rule)
        return rule


def chats_of(request: object) -> set[int]:
    """The marked ids of the chats that a request names, in itself or in a list."""
    found: set[int] = set()
    for value in vars(request).values():
        for each in value if isinstance(value, list) else (value,):
            if not isinstance(each, TLObject):
                continue
            try:
                found.add(utils.get_peer_id(each))
            except (TypeError, ValueError):
                found |= chats_of(each) if hasattr(each, "peer") else set()
    if isinstance(chat_id := getattr(request, "chat_id", None), int):
        found.add(-chat_id)
    return found


def _name(method: Method) -> str | None:
    return tl_name(method) if isinstance(method, type) else method
