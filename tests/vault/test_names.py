"""Names of folders and notes from whatever people call their chats."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from tests.vault.shelf import ANNA, START, Shelf, message
from tobs_tui.model import ChatType
from tobs_tui.vault.names import NAME_BYTES, folder_name, numbered, safe_name, same_name, topic_name

TITLES = st.one_of(
    st.text(max_size=120),
    st.text(alphabet='#|^:[]%\\/*?"<> .\n\u202e\u200b\U0001f468\u200d\U0001f469aA9', max_size=60),
    st.sampled_from(["CON", "nul.txt", "LPT1", "..", "~", "a" * 500, "é" * 90, "👨‍👩‍👧" * 30, "\ud83d"]),
)


@given(TITLES)
def test_any_title_gives_a_name_for_every_system(title: str) -> None:
    name = folder_name(title, -1000000005512, set())
    assert 0 < len(name.encode()) <= NAME_BYTES + 1
    assert name == unicodedata.normalize("NFC", name)
    assert not set(name) & set('#|^:[]%\\/*?"<>\n\0')
    assert name.strip(" .") == name
    assert is_valid_filename(name, platform="universal")
    assert "\u202e" not in name


@given(TITLES, TITLES)
@example("", "\u200b\u200d0")
def test_two_chats_never_share_a_name(one: str, other: str) -> None:
    first = folder_name(one, 1, set())
    taken = {same_name(first)}
    second = folder_name(other, 2, taken)
    assert same_name(first) != same_name(second)
    assert second.encode()


CASES = [
    ("Anna", "Anna"),
    ("../../etc/passwd", "etc passwd"),
    ("two\nlines\tand  more", "two lines and more"),
    ("\u202egnp.exe", "gnp.exe"),
    ("😀", "😀"),
    ("", "Chat 5512"),
    (" . ", "Chat 5512"),
    ("\u200b\u2060", "Chat 5512"),
    ("con", "con_"),
    ("C# | F# [chat] 100%", "C F chat 100"),
    ("Anna (Telegram)", "Anna (Telegram) (5512)"),
    ("Anna 2025-01-05", "Anna 2025-01-05 (5512)"),
    ("Anna 2025-01", "Anna 2025-01 (5512)"),
    ("Anna part 2", "Anna part 2 (5512)"),
    ("Telegram Archive", "Telegram Archive (5512)"),
    ("media", "media (5512)"),
    (".obsidian", "obsidian"),
]


@pytest.mark.parametrize(("title", "name"), CASES)
def test_titles_become_these_names(title: str, name: str) -> None:
    assert folder_name(title, -1000000005512, set()) == name


def test_long_names_are_cut_between_characters() -> None:
    family = "👨‍👩‍👧‍👦"
    name = safe_name(family * 10_000, "x")
    assert name == family * (NAME_BYTES // len(family.encode()))
    assert numbered("x" * 80, "5512", set()) == "x" * 73 + " (5512)"


def test_numbers_go_on_where_even_the_id_is_taken() -> None:
    taken = {same_name("Anna"), same_name("Anna (5512)")}
    assert folder_name("ANNA", 5512, taken) == "ANNA (5512-2)"
    assert topic_name("", 7, set()) == "Topic 7"


@pytest.mark.parametrize("order", [(11, 5512), (5512, 11)])
def test_names_do_not_depend_on_who_is_published_first(shelf: Shelf, order: tuple[int, ...]) -> None:
    for chat_id in order:
        shelf.chat(chat_id, "Anna", type=ChatType.PERSON)
        shelf.add([message(1, chat_id=chat_id, sender_id=ANNA, date=START)])
    for chat_id in order:
        shelf.publish(chat_id)
    folders = {stored.chat.id: stored.folder for stored in shelf.archive.chats()}
    assert folders == {11: "Anna", 5512: "Anna (5512)"}
