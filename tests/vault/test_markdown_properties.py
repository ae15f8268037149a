"""Whatever people write comes out as what they wrote, and as nothing else."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.vault.reading import letters, seen_text, tokens
from tobs_tui.model import Entity
from tobs_tui.text import plain
from tobs_tui.vault.blocks import BREAK, joined, text_blocks
from tobs_tui.vault.escape import escape_name, link_label

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("\\`*_[]<>#^|~$=%&;!-+.():/'\"ab1 \n\t😀é\u00a0\u200b\u2028{}@?"),
        st.characters(exclude_categories=()),
    ),
    max_size=60,
)
SNIPPETS = st.lists(
    st.one_of(
        HOSTILE,
        st.sampled_from(
            [
                "%%",
                "%% tobs:end %%",
                "[[a|b]]",
                "![[a]]",
                "<b>",
                "<!--",
                "&amp;",
                "&#35;",
                "```\n",
                "$$",
                "==x==",
                "<% tp %>",
                "---\n",
                "1. ",
                "- [ ] ",
                "> ",
                "[^1]: x",
                "[a]: http://b",
                "<script>",
                "http://a.b/c_d",
                "a::b",
                "    x",
                "***",
                "| - |\n| - |",
            ]
        ),
    ),
    max_size=6,
).map("".join)
MARKS = st.sampled_from(["bold", "italic", "underline", "strikethrough", "spoiler", "code", "mention", "odd"])
KINDS = st.sampled_from(
    [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "blockquote",
        "link",
        "hashtag",
    ]
)


def entities_of(kinds: st.SearchStrategy[str]) -> st.SearchStrategy[list[Entity]]:
    return st.lists(
        st.builds(Entity, kind=kinds, offset=st.integers(-1, 40), length=st.integers(0, 30)), max_size=8
    )


def note_of(text: str, entities: list[Entity]) -> str:
    """A message as a note has it: the text after a sender's line."""
    return f"**Anna** 09:41{BREAK}{joined(text_blocks(text, entities)) or 'x'} ^m1\n"


def without_frame(seen: str) -> str:
    return letters(seen).removeprefix("Anna09:41")


@given(SNIPPETS)
@example("a\n:-")
@example("1.\n2)")
@example("%\x00%")
def test_plain_text_is_seen_as_it_was(text: str) -> None:
    shown = letters(plain(text)) or "x"
    assert without_frame(seen_text(note_of(text, []))) == f"{shown}^m1"


@given(SNIPPETS, entities_of(MARKS))
@example("a*b", [Entity("bold", 0, 2), Entity("italic", 1, 2)])
@settings(max_examples=300)
def test_formatted_text_is_seen_as_it_was(text: str, entities: list[Entity]) -> None:
    shown = (letters(plain(text)) or "x").replace("|", "")
    seen = without_frame(seen_text(note_of(text, entities))).replace("|", "")
    assert seen == f"{shown}^m1"


@given(SNIPPETS, entities_of(KINDS))
@settings(max_examples=300)
def test_blocks_keep_the_text(text: str, entities: list[Entity]) -> None:
    shown = (letters(plain(text)) or "x").replace("|", "")
    markdown = joined(text_blocks(text, entities)) or "x"
    assert letters(seen_text(f"**Anna** 09:41 ^m1\n\n{markdown}")).replace("|", "") == f"Anna09:41^m1{shown}"


@given(SNIPPETS, entities_of(MARKS))
def test_every_mark_is_understood(text: str, entities: list[Entity]) -> None:
    """No delimiter of ours is left over as text: what is bold is bold."""
    words = re.sub(r"[*~]", "-", text)
    kept = [entity for entity in entities if entity.kind in ("bold", "italic", "strikethrough")]
    seen = seen_text(note_of(words, kept))
    assert "*" not in seen
    assert "~" not in seen


@given(SNIPPETS, entities_of(MARKS))
def test_nothing_of_a_stranger_runs(text: str, entities: list[Entity]) -> None:
    prose = re.sub(r"(`+).*?\1", "", joined(text_blocks(text, entities)).replace("\\`", ""))
    assert "%%" not in prose
    assert "<%" not in prose
    assert "[[" not in prose
    assert re.search(r"(?<!\\)#", prose) is None
    assert re.search(r"(?<![\\a-z])\^", prose) is None
    assert "==" not in re.sub(r"\\=", "", prose)


@given(HOSTILE)
def test_code_is_inert(text: str) -> None:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    for kind in ("code", "pre"):
        markdown = joined(text_blocks(text, [Entity(kind, 0, length, language="dataviewjs")]))
        for token in tokens(markdown):
            if token.type in ("code_inline", "fence"):
                assert not token.info
                assert "<%" not in token.content
                assert not token.content.lstrip().startswith(("=", "$="))


@given(SNIPPETS)
def test_names_stay_in_their_marks(name: str) -> None:
    words = " ".join(plain(name).split()) or "x"
    line = f"**{escape_name(name) or 'x'}** 09:41 ^m1"
    assert letters(seen_text(line)) == letters(f"{words}09:41^m1")


@given(SNIPPETS)
def test_labels_are_harmless_words(text: str) -> None:
    label = link_label(text)
    assert not re.search(r"[\[\]|`*<>#^~$\\\n]|%%|==", label)
    assert seen_text(f"see [[#^m1|{label}]]").strip() == f"see [[#^m1|{label}]]"
