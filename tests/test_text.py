"""The sanitiser: nothing that comes out can steer a terminal, forge a line or take more room than given."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tobs_tui.text import cells, for_log, for_terminal, for_terminal_block, plain

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u180e\u200b\u2060\u2061\u2064\u206a\u206f\u3164\ufeff\uffa0\ufff9\U0001d173"
)
CONTROLS = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0)]))

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            CONTROLS
            + BIDI
            + INVISIBLE
            + "\u2028\u2029\u200c\u200d\ufe0e\ufe0f\ud83d\ude00\udfff\U000e0001"
            + ENGLAND
        ),
        st.sampled_from("👩👨🏽🇵🇹❤‍🏳🌈1#\u20e3\u0301\u0489\u0e49क्षنم漢가가a "),
    ),
    max_size=80,
)


def harmless(char: str) -> bool:
    """Whether a terminal may get this character: nothing that steers, reorders, hides or ends a line."""
    category = unicodedata.category(char)
    if category == "Cf":
        return (
            char in "\u200c\u200d"
            or "\U000e0020" <= char <= "\U000e007f"
            or unicodedata.name(char).startswith(("ARABIC", "SYRIAC", "KAITHI"))
        )
    return category not in ("Cc", "Cs", "Zl", "Zp")


@given(HOSTILE)
@example(CONTROLS)
@example(BIDI + INVISIBLE)
@example("\U000e0041\U000e0020" + ENGLAND + "\U000e007f")
@example("\ud800")
def test_nothing_harmful_comes_out(text: str) -> None:
    for made in (for_terminal(text), for_log(text), for_terminal_block(text).replace("\n", "")):
        assert all(map(harmless, made)), ascii(made)
        made.encode("utf-8")
    assert len(for_terminal(text).splitlines()) <= 1
    assert len(for_log(text).splitlines()) <= 1


@given(HOSTILE)
def test_what_was_made_safe_stays_as_it_is(text: str) -> None:
    once = for_terminal(text)
    assert for_terminal(once) == once


@given(HOSTILE, st.integers(0, 30))
@example("漢字漢字", 3)
@example("👨‍👩‍👧👨‍👩‍👧", 3)
@example("e\u0301" * 5, 4)
def test_it_never_takes_more_cells_than_given(text: str, limit: int) -> None:
    whole, cut = for_terminal(text), for_terminal(text, limit)
    assert cells(cut) <= limit
    if cells(whole) <= limit:
        assert cut == whole
    elif limit:
        assert cut.endswith("…")
        assert whole.startswith(cut[:-1])


@given(HOSTILE)
def test_a_note_holds_no_controls_and_no_overrides(text: str) -> None:
    made = plain(text)
    assert not set(made) & (
        set(CONTROLS + "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") - set("\n\t")
    )
    assert made.splitlines() == made.split("\n")[: len(made.splitlines())]
    made.encode("utf-8")
    assert plain(made) == made


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Anna Petrova", "Anna Petrova"),
        ("", ""),
        ("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title␇"),
        ("\x9b2J\x7f", "�2J␡"),
        ("two\r\nlines\tand\n\nmore", "two lines and more"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("\u3164", ""),
        ("x\ufffey", "x�y"),
        ("\ud83d\ude00 and \ud83d", "😀 and �"),
        ("a\u200db", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("a\ufe0f ❤\ufe0f 1\ufe0f\u20e3", "a ❤\ufe0f 1\ufe0f\u20e3"),
        ("葛\U000e0100", "葛"),
        ("tag\U000e0061\U000e007f", "tag"),
        ("\u0301stray", "◌\u0301stray"),
        ("\u0600\u0661", "\u0600\u0661"),
    ],
)
def test_how_odd_characters_are_shown(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧‍👦 family",
        "👩🏽‍❤️‍💋‍👨🏻",
        "🏳️‍🌈🏴‍☠️🇵🇹🇬🇧",
        f"{ENGLAND} England",
        "Zażółć gęślą jaźń",
        "Tiếng Việt".encode().decode(),
        unicodedata.normalize("NFD", "Tiếng Việt"),
        "แม่น้ำเจ้าพระยา",
        "ประชาธิปไตยที่",
        "မြန်မာ လျှော့်",
        "עִבְרִית",
        "العربية",
        "हिन्दी क्षत्रिय",
        "한국어 \u1112\u1161\u11ab",
        "日本語　全角",
        "∮ E⋅da = Q, 🧑🏿‍🦽‍➡️",
    ],
)
def test_what_people_write_stays_whole(text: str) -> None:
    assert for_terminal(text) == text
    assert for_log(text) == text
    assert for_terminal_block(text) == text
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Trip to Lisbon", 14, "Trip to Lisbon"),
        ("Trip to Lisbon", 13, "Trip to Lisb…"),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字", 7, "漢字漢…"),
        ("漢字漢字", 6, "漢字…"),
        ("ab👨‍👩‍👧c", 5, "ab👨‍👩‍👧c"),
        ("ab👨‍👩‍👧c", 4, "ab…"),
        ("🇵🇹🇵🇹", 3, "🇵🇹…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_what_is_too_wide_is_cut_between_characters(text: str, limit: int, shown: str) -> None:
    assert for_terminal(text, limit) == shown


def test_stacked_marks_are_bounded() -> None:
    assert for_terminal("Z" + "\u0301\u0489\u0334" * 100 + "a") == "Z\u0301\u0489\u0334\u0301a"
    assert for_terminal("ก" + "\u0e49" * 100) == "ก" + "\u0e49" * 8
    assert len(for_terminal("👩" + "\u200d👩" * 1000, 40)) < 400


@pytest.mark.parametrize(
    "piece", ["a", "漢", "👨‍👩‍👧", "\x1b", "\u202e", "e\u0301", "\u0301", "\u200d", "ᄀ", "क्", "🇵"]
)
def test_ten_thousand_characters_are_cut_like_ten(piece: str) -> None:
    text = for_terminal(piece * 10_000, 40)
    assert cells(text) <= 40
    assert len(text) < 2000


def test_a_block_keeps_its_lines() -> None:
    assert (
        for_terminal_block("one\r\ntwo\rthree\u2028four\x1b[2J\tend\n")
        == "one\ntwo\nthree\nfour␛[2J    end\n"
    )
    assert for_terminal_block("\n\u0301x") == "\n◌\u0301x"


def test_a_log_line_shows_where_lines_ended() -> None:
    assert for_log("one\r\ntwo\n\u2028three\tfour") == "one⏎two⏎⏎three four"


def test_a_note_keeps_lines_tabs_joiners_and_direction_marks() -> None:
    text = "one\n\ttwo \u200f\u200e 👩\u200d🚀 می\u200cخواهم"
    assert plain(text) == text
    assert plain("a\r\nb\x00\x1b[1mc\u202ed\u2066e\x85\u2028f\ud800") == "a\nb[1mcde\nf�"


def test_a_dropped_character_before_a_joiner_breaks_nothing() -> None:
    assert for_terminal("\u200b\u200d0") == "0"
    assert for_log("\u200b\u200d\U0001f44d") == "\U0001f44d"
