"""The run: its picture, its keys, stopping, and what is told afterwards."""

from __future__ import annotations

import logging

import pytest
from msgspec.structs import replace

from tests.ui.conftest import Clock, Show, Shown
from tests.ui.fake_host import NOW, FakeHost, chats, report, run_view
from tobs_tui.cli.screen.view import opening
from tobs_tui.export.chat_run import ChatState
from tobs_tui.export.job import Target
from tobs_tui.export.report import RunStatus
from tobs_tui.logs import LogBatcher
from tobs_tui.shutdown import ShutdownState
from tobs_tui.ui.app import run_share
from tobs_tui.ui.ports import FilesView, Link, LoginView, Reach, Step
from tobs_tui.ui.widgets.log_pane import LogPane


def running(clock: Clock | None = None) -> FakeHost:
    host = FakeHost(clock=clock)
    host.view, host.is_running = run_view(), True
    return host


async def on_run(shown: Shown) -> None:
    await shown.press("2")
    await shown.settle()


async def test_nothing_exported_yet_says_how_to_begin(show: Show) -> None:
    async with show() as shown:
        await on_run(shown)
        assert "Nothing is exported yet. Mark chats on the first screen (1)" in shown.text


async def test_the_picture_tells_chats_stages_and_workers(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        for words in (
            "Run 25 %", "12,400 of about 49,200 messages", "files 96 of 1,240 so far, 1 failed",
            "3 of 4 requests", "152 · 390 ms", "81 %", "resumed at 45 %",
            "118 of 512 files", "0.9 · 4.2 s", "ponte.mp4", "31 MB of 84 MB",
            "0 of about 30,582", "queued", "done · 532 new", "DC 4 · reconnecting, try 2",
        ):  # fmt: skip
            assert words in shown.text, words


async def test_when_only_files_are_left_they_are_what_is_told(show: Show) -> None:
    host = running()
    chats = [replace(chat, state=ChatState.DONE, share=1.0) for chat in run_view().chats]
    chats[1] = replace(chats[1], state=ChatState.FILES, files=96, files_left=1_144)
    host.view = run_view(phase="files", chats=tuple(chats))
    async with show(host, size=(80, 24)) as shown:
        await on_run(shown)
        for words in (
            "Run 11 %",
            "Fetching files · 214 MB of 1.9 GB · DC 2: 14, DC 4: 3",
            "files 96 of 1,240",
        ):
            assert words in shown.text, words
        host.view = replace(host.view, files=None, stages=host.view.stages[:3])
        await shown.settle()
        assert "Media" not in shown.text


async def test_a_run_that_failed_before_it_had_a_picture_is_told(show: Show) -> None:
    host = FakeHost()
    host.last_report = replace(report(RunStatus.FAILED), chats=())
    async with show(host) as shown:
        await on_run(shown)
        assert "Failed after" in shown.text
        assert "Nothing is exported yet" not in shown.text


async def test_nothing_moves_when_a_run_has_opened_its_archive(show: Show) -> None:
    host = running()
    targets = tuple(Target(chat) for chat in chats()[:2])
    host.view = opening(targets, 0.4, media=True)
    async with show(host, size=(80, 24)) as shown:
        await on_run(shown)
        assert "Opening the archive · 0 s" in shown.text
        assert "0 of about 12,408" in shown.text
        before = [index for index, line in enumerate(shown.lines) if line.startswith("─")]
        host.view = run_view()
        shown.clock.now += 1
        await shown.settle()
        assert [index for index, line in enumerate(shown.lines) if line.startswith("─")] == before
        assert "files 96 of 1,240 so far, 1 failed" in shown.text
        assert [stage.name for stage in opening(targets, 0.4, media=False).stages] == [
            "fetch", "process", "write",
        ]  # fmt: skip


async def test_a_chat_that_has_just_ended_is_told_in_numbers_of_its_end(show: Show) -> None:
    host = running()
    before = run_view().chats[2]
    host.view = run_view(chats=(before,))
    async with show(host) as shown:
        await on_run(shown)
        after = replace(before, state=ChatState.DONE, done=30_582, share=1.0)
        host.view = run_view(chats=(after,))
        shown.clock.now += 0.25
        await shown.settle()
        assert "30,582 of 30,582" in shown.text
        assert "done · nothing new" in shown.text


async def test_a_scrollbar_hides_no_number(show: Show) -> None:
    host = running()
    done = replace(run_view().chats[0], new=75, files=11)
    host.view = run_view(chats=tuple(replace(done, id=number) for number in range(30)), workers=())
    async with show(host, size=(80, 24)) as shown:
        await on_run(shown)
        row = next(line for line in shown.lines if "Trip to Lisbon" in line)
        assert row[:-1].rstrip().endswith("done · 75 new")


async def test_a_file_that_comes_within_a_second_has_no_line(show: Show) -> None:
    host = running()
    files = run_view().files
    assert files is not None
    host.view = run_view(files=replace(files, large=()))
    async with show(host) as shown:
        await on_run(shown)
        host.view = run_view()
        shown.clock.now += 0.25
        await shown.settle()
        assert "ponte.mp4" not in shown.text
        shown.clock.now += 1
        await shown.settle()
        assert "ponte.mp4" in shown.text


async def test_an_unknown_total_is_no_percentage(show: Show) -> None:
    host = running()
    host.view = run_view(expected=None)
    async with show(host) as shown:
        await on_run(shown)
        assert "12,400 messages" in shown.text
        assert "Run 25 %" not in shown.text


async def test_freezing_holds_the_picture_while_the_work_goes_on(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        await shown.press("f")
        shown.host.view = run_view(messages=20_000)
        shown.clock.now += 12
        await shown.settle()
        assert "frozen 12 s ago · f live" in shown.text
        assert "12,400 of about" in shown.text
        await shown.press("f")
        await shown.settle()
        assert "20,000 of about" in shown.text


async def test_pause_workers_and_stop_reach_the_host(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        await shown.press("p")
        assert "■ paused · p goes on" in shown.text
        await shown.press("p", "plus", "minus", "s")
        assert shown.host.asked == ["pause", "resume", "workers 5", "workers 3", "stop"]
        assert shown.app.is_running
        assert "Pause" in shown.lines[-1]
        shown.host.view = run_view(phase="stopping")
        await shown.settle()
        assert "Pause" not in shown.lines[-1]
        assert "Workers" not in shown.lines[-1]
        assert "q Stop & leave  f Freeze" in shown.lines[-1]


async def test_a_minutes_course_has_no_gap_after_another_screen(show: Show) -> None:
    async with show(running()) as shown:
        for second in range(12):
            shown.host.view = run_view(messages=12_400 + 400 * second, elapsed_s=31.0 + second)
            shown.clock.now += 1
            await shown.settle()
        await on_run(shown)
        assert "400/s" in shown.lines[1]
        assert "left" in shown.lines[1]


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_a_first_key_drains_and_a_second_within_the_window_aborts(show: Show, key: str) -> None:
    clock = Clock()
    async with show(running(clock)) as shown:
        await on_run(shown)
        await shown.press(key)
        assert shown.host.shutdown.draining
        assert not shown.host.shutdown.aborted
        assert "Stopping safely" in shown.text
        assert "q within 5 s: stop now" in shown.text
        await shown.press(key)
        assert shown.host.shutdown.aborted
        await shown.pilot.pause()
        assert not shown.app.is_running


async def test_after_the_window_a_key_arms_a_new_one(show: Show) -> None:
    clock = Clock()
    async with show(running(clock)) as shown:
        await on_run(shown)
        await shown.press("q")
        clock.now += 6
        await shown.settle()
        assert "q twice: stop now" in shown.text
        await shown.press("q")
        assert shown.host.shutdown.state is ShutdownState.DRAINING
        assert "q within 5 s: stop now" in shown.text


async def test_the_screen_is_left_when_the_drain_has_ended(show: Show) -> None:
    async with show(running()) as shown:
        await shown.press("q")
        assert shown.app.is_running
        shown.host.is_running = False
        shown.app.refresh_now()
        await shown.pilot.pause()
        assert not shown.app.is_running


async def test_escape_never_stops(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        await shown.press("escape", "escape", "escape")
        assert shown.app.is_running
        assert shown.host.shutdown.state is ShutdownState.RUNNING


async def test_the_run_goes_on_behind_other_screens(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        await shown.press("1")
        assert "Run 25 %" in shown.text
        await shown.press("3")
        assert "Run 25 %" in shown.text


async def test_a_lost_login_is_said_on_the_state_line(show: Show) -> None:
    host = running()
    host.reached = Link(Reach.SIGNED_OUT)
    async with show(host) as shown:
        await on_run(shown)
        assert "! signed out by Telegram · ⏎ sign in" in shown.text


async def test_many_failures_make_one_notice(show: Show) -> None:
    host = running()
    host.view = run_view(errors=14)
    async with show(host) as shown:
        await on_run(shown)
        assert shown.text.count("14 errors · e shows them") == 1


async def test_the_summary_tells_what_was_saved_and_how_to_go_on(show: Show) -> None:
    host = FakeHost()
    host.view, host.last_report = run_view(phase="done"), report()
    async with show(host) as shown:
        await on_run(shown)
        for words in (
            "Stopped safely after 36 s. All that was fetched is saved.",
            "11,868 new · 6,192 to go · 1 failed",
            "gone from Telegram", "go on where it stopped", "read Trip to Lisbon 2025-01-05",
        ):  # fmt: skip
            assert words in shown.text, words
        await shown.press("enter")
        assert [path.name for path in shown.host.opened] == ["Trip to Lisbon 2025-01-05.md"]


async def test_a_complete_run_offers_no_going_on(show: Show) -> None:
    host = FakeHost()
    done = replace(report(RunStatus.COMPLETE), errors=())
    host.view, host.last_report = run_view(phase="done"), done
    async with show(host) as shown:
        await on_run(shown)
        assert "go on where it stopped" not in shown.text
        assert "What failed" not in shown.text


async def test_going_on_orders_the_same_again(show: Show) -> None:
    async with show() as shown:
        await shown.press("enter", "enter")
        shown.host.is_running, shown.host.last_report = False, report()
        await shown.settle()
        await shown.press("g")
        assert len(shown.host.orders) == 2
        assert shown.host.orders[0] == shown.host.orders[1]


async def test_the_log_counts_its_open_batch_live(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        for _ in range(12):
            shown.host.batcher.emit(logging.INFO, "page fetched")
        shown.host.batcher.emit(logging.INFO, "batch written")
        await shown.settle()
        assert "…        page fetched ×12 · batch written" in shown.text
        shown.host.batcher.flush()
        await shown.settle()
        assert "info     page fetched ×12" in shown.text


async def test_the_log_stops_following_when_one_scrolls_up(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        for number in range(60):
            shown.host.batcher.emit(logging.WARNING, f"line {number}")
        await shown.settle()
        assert "line 59" in shown.text
        await shown.press("l", "up", "up")
        await shown.pilot.pause()
        for number in range(60, 72):
            shown.host.batcher.emit(logging.WARNING, f"line {number}")
        await shown.settle()
        assert "12 new" in shown.text
        await shown.press("w")
        await shown.settle()
        assert "72 new" not in shown.text
        await shown.press("end")
        await shown.settle()
        assert "following" in shown.text
        assert "line 71" in shown.text


async def test_the_log_filters_by_level_and_words(show: Show) -> None:
    async with show(running()) as shown:
        await on_run(shown)
        shown.host.batcher.emit(logging.WARNING, "a flood wait")
        shown.host.batcher.emit(logging.ERROR, "a broken video")
        shown.host.batcher.flush()
        await shown.press("e")
        await shown.settle()
        assert "a broken video" in shown.text
        assert "a flood wait" not in shown.text
        await shown.press("escape")
        shown.app.screen.query_one(LogPane).focus()
        await shown.press("slash")
        await shown.settle()
        await shown.type("flood")
        await shown.settle()
        assert "a flood wait" in shown.text
        assert "a broken video" not in shown.text


async def test_signed_out_one_signs_in_and_the_run_goes_on(show: Show) -> None:
    async with show() as shown:
        await shown.press("enter", "enter")
        shown.host.is_running, shown.host.last_report = False, report(RunStatus.FAILED)
        shown.host.reached = Link(Reach.SIGNED_OUT)
        shown.host.login = LoginView(Step.CODE, code_by="to your Telegram app")
        await shown.settle()
        assert "signed out" in shown.text
        await shown.press("g")
        await shown.settle()
        assert shown.app.current_mode == "login"
        for key in ("12345", "secret"):
            await shown.type(key)
            await shown.press("enter")
        await shown.settle()
        assert len(shown.host.orders) == 2
        assert shown.app.current_mode == "run"


async def test_a_first_run_has_its_log_although_its_settings_came_later(show: Show) -> None:
    async with show(running()) as shown:
        shown.host.batcher = LogBatcher(5.0, clock=shown.clock, wall=lambda: NOW)
        await on_run(shown)
        shown.host.batcher.emit_now(logging.INFO, "Family: complete")
        await shown.settle()
        assert "Family: complete" in shown.text


def test_files_alone_are_not_all_that_a_run_misses_that_gave_up_fetching() -> None:
    files = FilesView(bytes_done=98, bytes_total=100)
    gave_up = run_view(phase="files", files=files, messages=6_394, expected=20_846)
    assert run_share(gave_up) == pytest.approx(6_394 / 20_846)
    assert run_share(replace(gave_up, messages=20_846)) == pytest.approx(0.98)
