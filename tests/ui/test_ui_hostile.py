"""Hostile text reaches no terminal raw, breaks no layout and crashes no widget."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.ui import fake_host
from tests.ui.conftest import Show, Shown
from tests.ui.fake_host import FakeHost, report, run_view
from tobs_tui.export.report import ReportedError
from tobs_tui.model import Chat, ChatType
from tobs_tui.text import cells
from tobs_tui.ui.ports import Preview, Standing, Stretch

HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07",
    "\x9b31m \x9d0;x\x9c c1",
    "[/b] [bold] [@click=app.quit]press[/]",
    "\u202egnp.exe\u202c \u2066isolated",
    "zero\u200bwidth\u200djoiner\ufeff",
    "two\nlines\r\nthree\u2028four",
    "x" * 10_000,
    "Z̸͎̊a̷l̵g̶o̷" * 40,
    "👨‍👩‍👧‍👦" * 30,
    "日本語" * 40,
    "\ud800 lone",
    "",
    "$text-muted ${x} %s {0}",
)


def hostile_chats() -> tuple[Chat, ...]:
    return tuple(
        Chat(
            id=index + 1,
            type=ChatType.CHANNEL,
            title=title,
            username=title[:20] or None,
            top_id=10,
            messages=10,
            last_date=int(fake_host.NOW) - index,
            folders=(title,),
            no_access=title if index == 2 else None,
        )
        for index, title in enumerate(HOSTILE)
    )


def hostile_host() -> FakeHost:
    host = FakeHost(shown_chats=hostile_chats())
    host.all_standings = {index + 1: Standing(saved=5, top=10, share=1.0) for index in range(len(HOSTILE))}
    texts = tuple(
        replace(message, text=HOSTILE[index % len(HOSTILE)], sender_id=index + 1, id=index + 1)
        for index, message in enumerate(fake_host.messages(1) * 5)
    )
    people = {
        index + 1: replace(fake_host.PEOPLE[1], id=index + 1, name=title)
        for index, title in enumerate(HOSTILE)
    }

    async def preview(chat: Chat) -> Preview:
        return Preview(texts, people)

    async def read(*_: object, **__: object) -> Stretch:
        return Stretch(texts, people)

    host.preview = preview  # type: ignore[method-assign]
    host.read = read  # type: ignore[method-assign]
    return host


def assert_tame(shown: Shown, size: tuple[int, int]) -> None:
    lines = shown.lines
    assert len(lines) == size[1]
    for line in lines:
        bad = [
            sign
            for sign in line
            if ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 or sign in "\u202e\u2066\u2028"
        ]
        assert not bad, repr(line)
        assert not any(0xD800 <= ord(sign) < 0xE000 for sign in line)
        assert cells(line) == size[0], repr(line)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_chats_are_shown_tame(show: Show, size: tuple[int, int]) -> None:
    async with show(hostile_host(), size=size) as shown:
        for _ in HOSTILE:
            await shown.press("space")
        await shown.settle(0.5)
        assert_tame(shown, size)
        for _ in range(8):
            await shown.press("t")
            assert_tame(shown, size)
        await shown.press("escape", "enter")
        assert_tame(shown, size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_messages_are_read_tame(show: Show, size: tuple[int, int]) -> None:
    async with show(hostile_host(), size=size) as shown:
        await shown.press("v" if size[0] < 100 else "down")
        await shown.settle(0.6)
        assert_tame(shown, size)
        await shown.press("3")
        await shown.settle(0.4)
        assert_tame(shown, size)
        await shown.press("enter", "pageup", "pageup")
        assert_tame(shown, size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_runs_and_summaries_are_shown_tame(show: Show, size: tuple[int, int]) -> None:
    host = hostile_host()
    running = run_view()
    host.view = replace(
        running,
        chats=tuple(
            replace(running.chats[index % 3], id=index + 1, title=title, problem=title)
            for index, title in enumerate(HOSTILE)
        ),
        problem=HOSTILE[0],
    )
    host.is_running = True
    async with show(host, size=size) as shown:
        await shown.press("2")
        for title in HOSTILE:
            host.batcher.emit(40, "%s: failed", title)
        await shown.settle()
        assert_tame(shown, size)
        host.is_running = False
        told = report()
        host.last_report = replace(
            told,
            chats=tuple(replace(told.chats[index % 3], title=title) for index, title in enumerate(HOSTILE)),
            errors=tuple(ReportedError(title, title, title) for title in HOSTILE),
            notices=HOSTILE,
            vault=HOSTILE[0],
        )
        await shown.settle()
        assert_tame(shown, size)
        await shown.press("e")
        assert_tame(shown, size)
