"""Properties as YAML reads them: ours by value, everybody else's as they were."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tobs_tui.vault.escape import one_line
from tobs_tui.vault.front_matter import Fields, Plain, Unreadable, merge, read, write

FIELDS: Fields = {
    "chat": "Trip: #1",
    "chat_id": -100,
    "date": Plain("2025-01-05"),
    "participants": ("Anna", "yes", "1:2"),
    "tags": (Plain("telegram"),),
}
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["yes", "~", "1:2", "- a", "<% x %>", '"', "\\", "\u2028", "# no"]
)


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_whatever_telegram_says_is_a_string(title: str, names: list[str]) -> None:
    text = write({"chat": title, "participants": tuple(names)})
    assert text.startswith("---\n")
    assert "<%" not in text
    parsed = yaml.safe_load(text.removeprefix("---\n").removesuffix("---\n"))
    assert parsed["chat"] == one_line(title)
    assert parsed["participants"] == [one_line(name) for name in names]


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_what_was_written_needs_no_merging(title: str, names: list[str]) -> None:
    fields: Fields = {"chat": title, "participants": tuple(names), "chat_id": 5}
    text = write(fields).removeprefix("---\n").removesuffix("---\n")
    assert merge(text, fields) == text
    assert merge(merge("", fields), fields) == text


def test_foreign_keys_order_and_comments_stay() -> None:
    text = (
        "# mine\nmood: good\nchat: 'Trip: #1'\n\n# and this\nchat_id: -99\nlinks:\n  - [[a]]\n"
        "  - deep: {x: 1}\nparticipants: [Anna, 'yes', '1:2']\n"
    )
    merged = merge(text, FIELDS)
    assert merged == text.replace("-99", "-100") + "date: 2025-01-05\ntags:\n  - telegram\n"


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- a\n",
        "just words\n",
        "a: 1\na: 2\n",
        "{a: 1}\n",
        "? [a]\n: b\n",
        "a: 1\n\tb: 2\n",
        "a: 1\x85b: 2\n",
        "a: &x\n  b: *x\nc: *y\n",
        "a: 1\n--- \nb: 2\n",
        "x" * 300_000,
        "[" * 5_000,
    ],
)
def test_what_is_no_flat_yaml_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        merge(text, FIELDS)


def test_values_are_read_as_words() -> None:
    assert read("a: yes\nb: [1, 'x']\nc: {d: 1}\ne:\n") == {"a": "yes", "b": ("1", "x"), "e": ""}


KEYS = st.sampled_from(["chat", "tags", "mine", "aliases", "participants", "mood"])
VALUES = st.one_of(
    st.text(alphabet="ab #:-'\"é", max_size=8), st.integers(), st.lists(st.text(alphabet="ab:#", max_size=4))
)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.sampled_from([None, True]))
def test_merging_changes_nothing_of_a_persons(properties: dict[str, object], flow: bool | None) -> None:
    text = yaml.safe_dump(properties, default_flow_style=None if flow else False, allow_unicode=True)
    if text.startswith("{"):
        text = ""
    merged = yaml.safe_load(merge(text, FIELDS))
    assert merged["chat"] == "Trip: #1"
    assert merged["participants"] == ["Anna", "yes", "1:2"]
    assert "telegram" in [str(tag).casefold() for tag in merged["tags"]]
    for key in ("mine", "mood", "aliases"):
        if text and key in properties:
            assert merged[key] == properties[key]
