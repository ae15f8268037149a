"""Numbers, bars and states read as the design words them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.content import Content

from tests.ui.fake_host import NOW, run_view, stage
from tobs_tui.errors import UsageError
from tobs_tui.model import WebPage
from tobs_tui.text import cells
from tobs_tui.ui import words
from tobs_tui.ui.app import run_share
from tobs_tui.ui.chat_filter import kinds, listed, shown
from tobs_tui.ui.drawing import bar, clauses, left, right, rule, sparkline, spread, whole_clauses
from tobs_tui.ui.message_text import media_words
from tobs_tui.ui.pace import Pace, resample
from tobs_tui.ui.screens.archive import parse_query
from tobs_tui.ui.sizes import parse_size, size_text
from tobs_tui.ui.spacing_marks import measure_as_terminals_do
from tobs_tui.ui.state_line import slowest_stage, state_line

DAY = 86_400


@pytest.mark.parametrize(("value", "said"), [(None, "—"), (0, "0"), (12_408, "12,408"), (1_234_567, "1.2 M")])
def test_numbers(value: int | None, said: str) -> None:
    assert words.number(value) == said


def test_a_share_is_rounded_down_so_that_100_means_all() -> None:
    assert [words.share(part) for part in (0.0, 0.459, 0.9999, 1.0)] == ["0 %", "45 %", "99 %", "100 %"]


@pytest.mark.parametrize(
    ("seconds", "said"), [(4, "4 s"), (89, "89 s"), (200, "3 min"), (3_900, "1 h 5 min"), (7_200, "2 h")]
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [(0, "12:31"), (DAY, "yesterday"), (3 * DAY, "Thu"), (400 * DAY, "2023")],
)
def test_moments(ago: int, said: str) -> None:
    assert words.moment(int(NOW) - ago, NOW, "UTC") == said


def test_sizes_are_decimal() -> None:
    assert [words.size(size) for size in (900, 240_000, 214_000_000, 1_900_000_000)] == [
        "900 B", "240 kB", "214 MB", "1.9 GB",
    ]  # fmt: skip


def test_latency_has_one_unit() -> None:
    assert words.latency(0.152, 0.390) == "152 · 390 ms"
    assert words.latency(0.0004, 0.0011) == "0.4 · 1.1 ms"
    assert words.latency(0.9, 4.2) == "0.9 · 4.2 s"


@pytest.mark.parametrize("part", [None, 0.0, 0.01, 0.25, 0.5, 0.999, 1.0, 7.0, -1.0])
def test_a_bar_fills_its_width_whatever_it_shows(part: float | None) -> None:
    assert bar(part, 12).cell_length == 12


def test_an_unknown_bar_is_all_rest() -> None:
    assert bar(None, 5).plain == "┄┄┄┄┄"
    assert bar(0.5, 4).plain == "━━┄┄"


def test_a_sparkline_ends_with_the_newest() -> None:
    assert sparkline([0, 1, 2, 4], 6) == "  ▁▂▄█"


@pytest.mark.parametrize(
    "text",
    [
        "Anna",
        "Семья 🏡",
        "日本語のタイトル",
        "चाय और किताबें",
        "தமிழ் நாடு",
        "प्रिया शर्मा",
        "👨‍👩‍👧‍👦 family",
        "x" * 200,
    ],
)
def test_columns_hold_their_width_for_any_script(text: str) -> None:
    measure_as_terminals_do()
    assert Content(left(text, 12)).cell_length == 12
    assert Content(right(text, 12)).cell_length == 12
    assert cells(left(text, 12)) <= 12


def test_spacing_vowel_signs_take_a_cell_as_terminals_draw_them() -> None:
    measure_as_terminals_do()
    # As `tmux display -p '#{cursor_x}'` counts them.
    measured = {"चाय": 3, "किताबें": 5, "தமிழ்": 4, "ம்மா": 3, "प्रिया शर्मा": 10, "สมชาย": 5, "👨‍👩‍👧": 2}
    assert {text: Content(text).cell_length for text in measured} == measured


def test_rules_and_spread_lines_run_to_the_edge() -> None:
    assert rule("Stages", 40).cell_length == 40
    assert rule("Stages", 40, "2 errors").cell_length == 40
    assert spread(Content("begin"), Content("end"), 30).cell_length == 30
    assert spread(Content("b" * 60), Content("end"), 30).plain.endswith("… end")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "● Fetching · 4 workers · 31 s · as fast as Telegram allows"),
        ({"flood_s": 23.0}, "… flood wait 23 s: Telegram asked for a pause, it goes on by itself"),
        ({"pace_s": 3.0}, "… waiting for Telegram 3 s"),
        (
            {"silent_s": 18.0, "silent_dc": 4, "reconnecting": 2},
            "! stalled 18 s: DC 4 does not answer, reconnecting, try 2",
        ),
        ({"silent_s": 18.0, "flood_s": 9.0}, "… flood wait 9 s"),
        ({"phase": "paused"}, "■ paused · p goes on"),
        ({"problem": "disk full · free some space, then p"}, "! disk full · free some space, then p"),
        ({"phase": "publishing"}, "● Writing notes"),
        (
            {
                "phase": "stopping",
                "in_pipe_pages": 2,
                "in_pipe_messages": 140,
                "files": None,
                "window_s": 4.2,
            },
            "! Stopping safely: 2 pages, 140 messages left · q within 4 s: stop now",
        ),
        (
            {"phase": "stopping", "files": None},
            "! Stopping safely: saving and publishing · q twice: stop now",
        ),
    ],
)
def test_states_word_for_word(changes: dict[str, object], said: str) -> None:
    assert state_line(run_view(**changes), 118).plain.startswith(said)


def test_a_stop_tells_what_is_left_and_its_key_at_any_width() -> None:
    stopping = run_view(phase="stopping", in_pipe_pages=12, in_pipe_messages=1_140, window_s=4.2)
    left = "12 pages, 1,140 messages, 17 files left"
    assert state_line(stopping, 118).plain == f"! Stopping safely: {left} · q within 4 s: stop now"
    assert state_line(stopping, 78).plain == f"! Stopping: {left} · q within 4 s: stop now"
    assert state_line(stopping, 60).plain == "! Stopping: 12 pages · q within 4 s: stop now"


def test_a_line_without_room_ends_with_a_whole_clause() -> None:
    assert state_line(run_view(), 78).plain.endswith("as fast as Telegram allows: 4 requests/s")
    assert whole_clauses("done · 75 new, 11 files", 16) == "done · 75 new"
    assert whole_clauses("done · 75 new, 11 files", 23) == "done · 75 new, 11 files"
    assert whole_clauses("12,408 of 33,110", 8) == "12,408 …"


def test_a_lost_login_says_what_to_do() -> None:
    line = state_line(run_view(), 118, signed_out=True)
    assert line.plain == "! signed out by Telegram · ⏎ sign in, the run goes on"


def test_offline_is_told_from_a_server_that_does_not_answer() -> None:
    worker = replace(run_view().workers[2], tries=4)
    lost = run_view(silent_s=18.0, silent_dc=4, reconnecting=4, workers=(worker, worker))
    assert state_line(lost, 118).plain == "! offline, try 4: no way to Telegram · goes on by itself"
    one_answers = replace(lost, workers=(worker, run_view().workers[0]))
    assert state_line(one_answers, 118).plain.startswith("! stalled 18 s: DC 4 does not answer")


def test_while_nothing_answers_no_time_is_told() -> None:
    pace = Pace()
    for second in range(30):
        done = 400 * min(second, 15)
        view = run_view(messages=done, elapsed_s=31.0 + second, silent_s=max(0.0, second - 15.0))
        pace.take(view, 100.0 + second)
        if second == 15:
            assert pace.figures.left_s is not None
    assert pace.figures.left_s is None


def test_the_slowest_stage_is_the_last_crowded_one() -> None:
    crowded = (
        stage("fetch", queued=4, capacity=4),
        stage("process", queued=60),
        stage("write", queued=212, capacity=256),
    )
    assert slowest_stage(crowded) == "slowest: Write, 212 of 256 batches waiting"
    assert slowest_stage((stage("fetch", queued=4, capacity=4), stage("write"))) == ""


def test_time_left_is_told_only_once_it_is_steady() -> None:
    pace = Pace()
    for second in range(20):
        pace.take(run_view(messages=12_400 + 400 * second, elapsed_s=31.0 + second), 100.0 + second)
        if second < 10:
            assert pace.figures.left_s is None
    assert pace.figures.rate == pytest.approx(400, rel=0.01)
    assert pace.figures.left_s == pytest.approx((49_200 - 12_400 - 400 * 19) / 400, rel=0.01)


def test_flood_waits_that_come_and_go_are_part_of_the_time_left() -> None:
    pace = Pace()
    told = []
    for second in range(60):
        # Five seconds of 800 messages, five of waiting.
        waits = second % 10 >= 5
        fetched = 4_000 * (second // 10) + 800 * min(second % 10, 5)
        view = run_view(messages=fetched, elapsed_s=31.0 + second, flood_s=4.0 if waits else 0.0)
        pace.take(view, 100.0 + second)
        told.append(pace.figures.left_s)
    assert None not in told[20:]
    assert told[-1] == pytest.approx((49_200 - 24_000) / 400, rel=0.1)


def test_messages_that_a_run_finds_saved_are_no_speed() -> None:
    pace = Pace()
    chat = run_view().chats[1]
    for second in range(20):
        found = 30_000 if second > 12 else 0
        read = replace(chat, done=found + 10 * second, new=10 * second, total=49_200)
        view = run_view(messages=found + 10 * second, elapsed_s=31.0 + second, chats=(read,))
        pace.take(view, 100.0 + second)
    left = (49_200 - 30_000 - 190) / 10
    assert pace.figures.left_s == pytest.approx(left, rel=0.01)
    assert pace.figures.chats_left_s[chat.id] == pytest.approx(left, rel=0.01)


def test_small_chats_that_are_done_do_not_fill_the_bar_of_a_large_one() -> None:
    small = replace(run_view().chats[0], done=10, total=10, new=10)
    chats = (*(replace(small, id=number) for number in range(6)), replace(run_view().chats[2], total=100_000))
    unknown = replace(run_view().chats[2], id=99, total=None)
    assert run_share(run_view(messages=60, expected=None, chats=(*chats, unknown))) == pytest.approx(
        60 / 100_060
    )
    assert run_share(run_view(messages=60, expected=None, chats=(*chats[:6], unknown))) == pytest.approx(
        6 / 7
    )


def test_numbers_are_new_once_a_second() -> None:
    pace = Pace()
    taken = [pace.take(run_view(), 100.0 + quarter / 4) for quarter in range(9)]
    assert taken == [True, False, False, False, True, False, False, False, True]


def test_a_new_run_begins_its_figures_anew() -> None:
    pace = Pace()
    for second in range(8):
        pace.take(run_view(messages=1_000 * second, elapsed_s=31.0 + second), 100.0 + second)
    pace.take(run_view(messages=0, elapsed_s=0.0), 110.0)
    assert pace.figures.rate is None


def test_a_minute_is_resampled_from_its_end() -> None:
    assert resample((1.0, 1.0, 3.0, 5.0), 30) == [1.0, 4.0]


def test_sizes_as_they_are_typed() -> None:
    assert [parse_size(text) for text in ("", "50M", "500k", "1.5 GB", "12")] == [
        None, 50 << 20, 500 << 10, 3 << 29, 12,
    ]  # fmt: skip
    assert [size_text(size) for size in (None, 50 << 20, 3 << 29, 123)] == ["", "50M", "1.5G", "123"]
    with pytest.raises(UsageError):
        parse_size("large")


def test_a_query_is_taken_apart() -> None:
    query = parse_query("two words from:anna since:2025-01-05")
    assert (query.text, query.sender, query.since, query.until) == ("two words", "anna", "2025-01-05", "")


def test_filters_look_at_titles_names_and_ids() -> None:
    from tests.ui.fake_host import chats

    entries = listed(chats())
    assert [entry.title for entry in shown(entries, "lisb", "all types")] == ["Trip to Lisbon", "Rust Lisboa"]
    assert [entry.title for entry in shown(entries, "@annap", "all types")] == ["Anna Petrova"]
    assert [entry.title for entry in shown(entries, "-1000000000002", "all types")] == ["Portugal Trains"]
    assert [entry.title for entry in shown(entries, "", "forums")] == ["Rust Lisboa"]
    assert kinds(entries) == ["all types", "people", "groups", "forums", "channels", "folder Travel"]


def test_a_link_shows_the_words_that_a_search_finds_in_it() -> None:
    page = WebPage(url="https://cp.pt/t", site="CP", title="Timetables", description="Lisbon\nand Porto")
    assert media_words(page) == "CP · Timetables · Lisbon and Porto · https://cp.pt/t"


def test_clauses_are_broken_only_between_them() -> None:
    parts = ["about 186 to fetch", "2 requests", "2 s"]
    assert clauses(parts, 40) == "about 186 to fetch · 2 requests · 2 s"
    assert clauses(parts, 36) == "about 186 to fetch · 2 requests\n2 s"
    assert clauses(parts, 5) == "about 186 to fetch\n2 requests\n2 s"
