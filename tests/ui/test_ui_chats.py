"""The chats: filter, marks, counts on demand, topics, the way to an export."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from textual.content import Content

from tests.ui.conftest import Show
from tests.ui.fake_host import FakeHost, chats, report, run_view
from tobs_tui.errors import ArchiveDamaged, TobsError
from tobs_tui.model import Chat, ChatType
from tobs_tui.ui.ports import Link, Reach
from tobs_tui.ui.screens.chats import ChatsScreen
from tobs_tui.ui.screens.options import OptionsScreen
from tobs_tui.ui.widgets.chat_list import ChatList, Entry


async def test_each_chat_tells_how_it_stands(show: Show) -> None:
    async with show() as shown:
        for words in (
            "532 new",
            "stopped at 45 %",
            "up to date",
            "never",
            "since Jan 2024",
            "no access",
            "~210 k",
        ):
            assert words in shown.text


async def test_filtering_counts_what_is_left_and_escape_clears(show: Show) -> None:
    async with show() as shown:
        await shown.press("slash")
        await shown.type("lisb")
        assert "2 of 7" in shown.text
        assert "Family" not in shown.text
        await shown.press("escape")
        assert "7 chats" in shown.text


async def test_nothing_matches_is_said(show: Show) -> None:
    async with show() as shown:
        await shown.press("slash")
        await shown.type("zzz")
        assert 'No chat matches "zzz" · esc clears' in shown.text


async def test_q_in_the_filter_is_a_letter(show: Show) -> None:
    async with show() as shown:
        await shown.press("slash", "q")
        assert shown.app.is_running
        assert 'No chat matches "q"' in shown.text


async def test_marks_outlive_filters(show: Show) -> None:
    async with show() as shown:
        await shown.press("space")
        await shown.press("slash")
        await shown.type("family")
        await shown.press("enter", "space", "escape")
        assert "2 marked" in shown.text
        await shown.press("u")
        assert "marked" not in shown.text


async def test_marking_all_leaves_out_what_cannot_be_read(show: Show) -> None:
    async with show() as shown:
        await shown.press("a")
        assert "6 marked" in shown.text


async def test_counts_are_asked_for_only_where_a_row_rests_or_is_marked(show: Show) -> None:
    async with show(size=(80, 24)) as shown:
        await shown.settle(0.5)
        assert shown.host.asked == []
        await shown.press("down", "down", "down")
        await shown.settle(0.5)
        assert shown.host.asked == ["count -1000000000003"]
        assert "207,000" in shown.text


async def test_the_preview_shows_the_newest_messages(show: Show) -> None:
    async with show() as shown:
        await shown.settle(0.5)
        assert "Strike on Tuesday" in shown.text
        assert "2,114 photos · 96 videos" in shown.text


async def test_the_preview_follows_what_a_filter_leaves(show: Show) -> None:
    async with show() as shown:
        await shown.settle(0.5)
        shown.host.asked.clear()
        await shown.press("slash")
        await shown.type("family")
        await shown.settle(0.5)
        assert len([asked for asked in shown.host.asked if asked.startswith("preview")]) == 1


async def test_a_forum_unfolds_and_a_topic_is_marked_alone(show: Show) -> None:
    async with show() as shown:
        await shown.press("down", "down", "down", "right")
        assert "Jobs" in shown.text
        await shown.press("down", "down", "space")
        await shown.settle(0.5)
        assert "1 marked · at most " in shown.text
        await shown.press("enter")
        assert isinstance(shown.app.screen, OptionsScreen)
        assert "Export 1 topic " in shown.text
        await shown.press("enter")
        (target,) = shown.host.orders[0].targets
        assert (target.chat.title, target.topic_id) == ("Rust Lisboa", 7)


async def test_without_marks_the_row_under_the_cursor_is_taken(show: Show) -> None:
    async with show() as shown:
        await shown.press("down", "enter", "enter")
        assert [target.chat.title for target in shown.host.orders[0].targets] == ["Portugal Trains"]
        assert shown.app.current_mode == "run"


async def test_types_and_orders_go_round(show: Show) -> None:
    async with show() as shown:
        await shown.press("t")
        assert "1 of 7 · people" in shown.text
        await shown.press("escape", "o")
        assert "by title" in shown.text
        rows = shown.app.screen.query_one(ChatList).rows
        assert [row.title for row in rows[:2]] == ["Anna Petrova", "Book club"]
        await shown.press("o", "o")
        assert "largest first" in shown.text
        rows = shown.app.screen.query_one(ChatList).rows
        assert [row.title for row in (rows[0], rows[-1])] == ["Rust Lisboa", "Book club"]


async def test_what_nobody_counted_is_not_the_largest(show: Show) -> None:
    """A person's ids are the account's: the newest says nothing of how many messages there are."""
    person = replace(chats()[2], messages=None)
    async with show(FakeHost(shown_chats=(person, chats()[5]))) as shown:
        await shown.press("o", "o", "o")
        rows = shown.app.screen.query_one(ChatList).rows
        assert [row.title for row in rows] == ["Old flat", "Anna Petrova"]


async def test_a_click_marks_and_a_heading_sorts(show: Show) -> None:
    async with show() as shown:
        await shown.pilot.click("#chats", offset=(2, 1))
        await shown.settle()
        assert "1 marked" in shown.text
        await shown.pilot.click("#chat-heading", offset=(8, 0))
        await shown.settle()
        assert "by title" in shown.text


async def test_five_thousand_chats_draw_only_what_is_seen(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tuple(
        Chat(id=number, type=ChatType.PERSON, title=f"Chat {number}", last_date=number)
        for number in range(1, 5_001)
    )
    async with show(FakeHost(shown_chats=many)) as shown:
        drawn: list[object] = []
        rows = shown.app.screen.query_one(ChatList)
        draw: Callable[[Entry, int], Content] = rows.draw

        def counted(row: Entry, width: int) -> Content:
            drawn.append(row)
            return draw(row, width)

        monkeypatch.setattr(rows, "draw", counted)
        await shown.press("slash")
        await shown.type("77")
        assert "of 5,000" in shown.text
        assert len(drawn) < 40 * 6
        await shown.press("escape", "end")
        assert rows.current is not None
        assert rows.current.title == "Chat 1"


async def test_an_account_without_chats_says_so(show: Show) -> None:
    async with show(FakeHost(shown_chats=())) as shown:
        assert "This account has no chats yet" in shown.text


async def test_offline_is_said_with_the_way_out(show: Show) -> None:
    host = FakeHost(shown_chats=())
    host.reached = Link(Reach.OFFLINE, "no route")
    async with show(host) as shown:
        assert "offline, next try in 5 s · r now" in shown.text


async def test_the_preview_of_a_narrow_screen_is_behind_v(show: Show) -> None:
    async with show(size=(80, 24)) as shown:
        assert not shown.app.screen.query_one("#preview").display
        await shown.press("v")
        assert shown.app.screen.query_one("#preview").display


async def test_one_export_at_a_time(show: Show) -> None:
    async with show() as shown:
        shown.host.is_running = True
        await shown.press("enter")
        assert isinstance(shown.app.screen, ChatsScreen)


async def test_what_was_counted_survives_a_reload(show: Show) -> None:
    async with show() as shown:
        await shown.press("down", "down", "down")
        await shown.settle(0.5)
        shown.host.all_chats = tuple(replace(chat, unread=0) for chat in chats())
        await shown.press("r")
        assert "207,000" in shown.text


async def test_what_goes_wrong_beside_the_screen_is_told_and_ends_only_that(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with show() as shown:

        async def broken() -> None:
            raise ArchiveDamaged("archive.db is damaged", "Copy it away and export again")

        told: list[TobsError] = []
        monkeypatch.setattr(shown.app, "tell", told.append)
        monkeypatch.setattr(shown.host, "standings", broken)
        shown.app.screen.refresh_standings()
        await shown.settle(0.2)
        assert [error.what for error in told] == ["archive.db is damaged"]
        assert shown.app.is_running


async def test_offline_one_is_connected_again_without_a_key(show: Show) -> None:
    async with show() as shown:
        shown.host.reached = Link(Reach.OFFLINE, "the connection ended")
        await shown.settle()
        assert "! offline, next try in 5 s · r now" in shown.lines[0]
        shown.clock.now += 4
        await shown.settle()
        assert "next try in 1 s" in shown.lines[0]
        shown.clock.now += 1
        await shown.settle()
        await shown.settle()
        assert shown.host.asked.count("retry") == 1
        assert "next try in 10 s" in shown.lines[0]
        await shown.press("r")
        await shown.settle()
        await shown.settle()
        assert shown.host.asked.count("retry") == 2
        await shown.press("down", "down")
        await shown.settle(0.5)
        assert "offline: nothing can be asked now" in shown.text
        shown.host.reached = Link(Reach.CONNECTED)
        await shown.settle()
        assert "● connected" in shown.lines[0]
        await shown.settle(0.5)
        assert "Are the tickets booked?" in shown.text
        assert "Trip to Lisbon" in shown.text


async def test_a_chat_that_is_being_exported_is_not_said_to_have_stopped(show: Show) -> None:
    host = FakeHost()
    host.view, host.is_running = run_view(), True
    async with show(host) as shown:
        row = next(line for line in shown.lines if "Portugal Trains" in line)
        assert "exporting now" in row
        host.is_running, host.last_report = False, report()
        await shown.settle()
        await shown.settle()
        row = next(line for line in shown.lines if "Portugal Trains" in line)
        assert "stopped at 45 %" in row
        assert "2 Run ended" in shown.lines[0]
        await shown.press("2", "1")
        await shown.settle()
        assert "ended" not in shown.lines[0]


async def test_what_is_up_to_date_has_nothing_to_fetch(show: Show) -> None:
    lisbon = replace(chats()[0], messages=None, top_id=47_708)
    async with show(FakeHost(shown_chats=(lisbon,))) as shown:
        assert "up to date" in shown.text
        assert "to fetch" not in shown.text
        await shown.press("space")
        assert "1 marked · nothing new to fetch" in shown.text
