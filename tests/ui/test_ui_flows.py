"""First run, options, archive, help: what a person is led through."""

from __future__ import annotations

import asyncio

import pytest
from textual.widgets import Input

from tests.ui.conftest import Show
from tests.ui.fake_host import FakeHost
from tobs_tui.model import Chat, NoteLayout
from tobs_tui.ui.ports import ExportOptions, Kinds, LoginView, Preset, Step
from tobs_tui.ui.screens.help import HelpScreen
from tobs_tui.ui.widgets.choice import Choice


async def test_a_first_run_asks_step_by_step(show: Show) -> None:
    async with show(FakeHost(login=LoginView(Step.API)), size=(80, 24)) as shown:
        assert "tobs only reads: it marks nothing as read" in shown.text
        assert "https://my.telegram.org" in shown.text
        await shown.type("1234567")
        await shown.press("enter")
        await shown.type("abc")
        await shown.press("enter")
        assert "✓ API id, hash" in shown.text
        assert "abc" not in shown.text
        await shown.type("+351912345689")
        await shown.press("enter")
        assert "sent to your Telegram app" in shown.text
        await shown.type("99999")
        await shown.press("enter")
        assert "✗ not the code Telegram sent" in shown.text
        await shown.type("12345")
        await shown.press("enter")
        assert "hint: the cat" in shown.text
        await shown.type("secret")
        assert "secret" not in shown.text
        await shown.press("enter")
        await shown.settle()
        assert shown.app.current_mode == "chats"
        assert "Trip to Lisbon" in shown.text


async def test_a_mistyped_number_can_be_typed_again(show: Show) -> None:
    host = FakeHost(login=LoginView(Step.PHONE))
    async with show(host) as shown:
        await shown.type("351")
        await shown.press("enter")
        await shown.settle()
        assert "sent to your Telegram app" in shown.text
        # Looking elsewhere loses no step.
        await shown.pilot.click("#top-line", offset=(32, 0))
        await shown.pilot.click("#top-line", offset=(8, 0))
        await shown.settle()
        assert "sent to your Telegram app" in shown.text
        await shown.press("escape")
        await shown.settle()
        assert "sent to your Telegram app" not in shown.text
        await shown.press("enter")
        await shown.settle()
        assert host.asked.count("phone") == 2
        assert "sent to your Telegram app" in shown.text


async def test_a_wrong_id_is_told_beside_its_field(show: Show) -> None:
    async with show(FakeHost(login=LoginView(Step.API))) as shown:
        await shown.type("abc")
        await shown.press("enter")
        await shown.type("x")
        await shown.press("enter")
        assert "✗ The API id is a number" in shown.text


async def test_what_is_typed_while_an_answer_is_awaited_lands_nowhere(show: Show) -> None:
    host = FakeHost(login=LoginView(Step.PHONE))
    answer, give_phone = asyncio.Event(), host.give_phone

    async def slowly(phone: str) -> LoginView:
        await answer.wait()
        return await give_phone(phone)

    host.give_phone = slowly  # type: ignore[method-assign]
    async with show(host) as shown:
        await shown.type("+351912345689")
        await shown.press("enter")
        await shown.type("9q")
        assert shown.app.screen.query_one("#phone", Input).value == "+351912345689"
        answer.set()
        await shown.settle()
        assert shown.app.screen.query_one("#code", Input).value == ""
        await shown.type("12345")
        assert shown.app.screen.query_one("#code", Input).value == "12345"


async def test_the_demo_is_one_key(show: Show) -> None:
    async with show(FakeHost(login=LoginView(Step.API))) as shown:
        await shown.press("ctrl+d")
        assert shown.host.asked == ["demo"]


async def test_a_qr_code_is_shown_and_can_be_left(show: Show) -> None:
    async with show(FakeHost(login=LoginView(Step.PHONE)), size=(80, 40)) as shown:
        await shown.press("ctrl+r")
        await shown.settle()
        assert "Link Desktop Device" in shown.text
        assert "▀" in shown.text
        await shown.press("escape")
        assert "▀" not in shown.text


async def test_an_answer_that_comes_as_the_options_close_is_nobodys(show: Show) -> None:
    host, closing, asked = FakeHost(), asyncio.Event(), []

    async def trickling(chat: Chat) -> Kinds | None:
        asked.append(chat.id)
        await closing.wait()
        return Kinds(photos=1)

    host.kinds = trickling  # type: ignore[method-assign]
    async with show(host) as shown:
        await shown.press("a", "enter")
        shown.app.screen.dismiss(None)
        closing.set()
        await shown.settle()
        assert len(asked) == 1


async def test_options_are_checked_before_the_start(show: Show) -> None:
    async with show() as shown:
        await shown.press("space", "enter")
        await shown.type("yesterday")
        await shown.press("enter")
        assert "✗ 'yesterday' is no date" in shown.text
        assert shown.host.orders == []
        shown.app.screen.query_one("#since", Input).value = "2025-01-05"
        shown.app.screen.query_one("#max-size", Input).value = "large"
        await shown.press("enter")
        assert "✗ The size of a file" in shown.text
        shown.app.screen.query_one("#max-size", Input).value = "10M"
        await shown.press("enter")
        options = shown.host.orders[0].options
        assert (options.since, options.max_file_size) == ("2025-01-05", 10 << 20)


async def test_the_files_that_are_chosen_are_held_against_the_free_space(show: Show) -> None:
    host = FakeHost()
    host.free = 1_000_000_000
    async with show(host) as shown:
        await shown.press("enter")
        await shown.settle(0.1)
        assert "about 2,210 files, 1.5 GB" in shown.text
        assert "! about 1.5 GB needed, and only 1.0 GB free" in shown.text
        shown.app.screen.query_one("#media", Choice).choose(["photo"])
        shown.app.screen.query_one("#max-size", Input).value = "100K"
        await shown.settle(0.1)
        assert "about 2,114 files, 216 MB" in shown.text
        assert "of 1.0 GB free" in shown.text
        shown.app.screen.query_one("#media", Choice).choose([])
        shown.app.screen.query_one("#max-size", Input).value = "1M"
        await shown.settle(0.1)
        assert "files, " not in shown.text


async def test_the_first_preset_limits_files_to_50_mb(show: Show) -> None:
    async with show() as shown:
        await shown.press("enter", "enter")
        assert shown.host.orders[0].options.max_file_size == 50 << 20


async def test_a_preset_is_taken_and_kept(show: Show) -> None:
    host = FakeHost()
    host.kept = [Preset("By month", ExportOptions(layout=NoteLayout.MONTHLY, media=frozenset()))]
    async with show(host) as shown:
        await shown.press("enter", "f2")
        assert "By month" in shown.text
        await shown.press("f3")
        await shown.settle()
        await shown.type("mine")
        await shown.press("enter")
        assert host.kept[-1].name == "mine"
        assert host.kept[-1].options.layout is NoteLayout.MONTHLY
        await shown.press("enter")
        assert host.orders[0].options.media == frozenset()


async def test_a_presets_files_are_counted_anew(show: Show) -> None:
    host = FakeHost()
    host.kept = [Preset("No files", ExportOptions(media=frozenset()))]
    async with show(host) as shown:
        await shown.press("enter")
        await shown.settle()
        assert "about 2,210 files" in shown.text
        await shown.press("f2")
        await shown.settle()
        assert "2,210 files" not in shown.text


async def test_leaving_the_options_starts_nothing(show: Show) -> None:
    async with show() as shown:
        await shown.press("enter", "escape")
        assert shown.app.current_mode == "chats"
        assert shown.host.orders == []


async def test_the_archive_is_read_and_searched_as_one_types(show: Show) -> None:
    async with show() as shown:
        await shown.press("3")
        await shown.settle(0.4)
        assert "4 chats · 38,250 messages" in shown.text
        assert "Are the tickets booked?" in shown.text
        await shown.press("slash")
        await shown.type("tick")
        await shown.settle(0.4)
        assert "1 message found" in shown.text
        await shown.press("escape", "slash")
        await shown.type("nothing")
        await shown.settle(0.4)
        assert 'No message matches "nothing" · esc clears' in shown.text


@pytest.mark.parametrize("keys", [("f1",), ("question_mark",)])
async def test_help_tells_what_works_here(show: Show, keys: tuple[str, ...]) -> None:
    async with show() as shown:
        await shown.press(*keys)
        assert isinstance(shown.app.screen, HelpScreen)
        assert "Mark this chat or topic for export." in shown.text
        await shown.press("escape")
        assert not isinstance(shown.app.screen, HelpScreen)


async def test_the_key_line_shows_only_what_works_now(show: Show) -> None:
    async with show() as shown:
        assert "⏎ Export…  space Mark" in shown.lines[-1]
        await shown.press("2")
        await shown.settle()
        assert "Pause" not in shown.lines[-1]
        assert "f1 Help" in shown.lines[-1]
        await shown.press("1", "slash")
        await shown.settle()
        assert shown.lines[-1].split() == ["esc", "Back", "^q", "Leave", "f1", "Help"]


async def test_the_palette_offers_what_can_be_done_now(show: Show) -> None:
    async with show() as shown:
        await shown.press("ctrl+p")
        await shown.type("mark shown")
        await shown.settle(0.3)
        assert "Mark shown" in shown.text


async def test_q_leaves_when_nothing_runs(show: Show) -> None:
    async with show() as shown:
        await shown.press("q")
        assert not shown.app.is_running


async def test_a_click_on_the_top_line_switches(show: Show) -> None:
    async with show() as shown:
        await shown.pilot.click("#top-line", offset=(18, 0))
        await shown.settle()
        assert shown.app.current_mode == "run"


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light", "tobs-light", "nord"])
async def test_every_theme_shows_the_same_words(show: Show, theme: str) -> None:
    async with show() as shown:
        await shown.settle(0.5)
        before = shown.text
        shown.app.theme = theme
        await shown.settle()
        assert shown.text == before
