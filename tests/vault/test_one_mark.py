"""The short way for a line with one mark gives what the long one gives."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tobs_tui.vault.inline import _with_marks, line_markdown, nowhere
from tobs_tui.vault.spans import ATOMS, MARKS, Span

TEXTS = st.text(st.sampled_from(list("abż  -+#>=1.)*_[]~|!<%\u00a0\u3000😀")), min_size=1, max_size=14)


@given(TEXTS, st.integers(0, 13), st.integers(1, 14), st.sampled_from(sorted(MARKS | ATOMS)), st.booleans())
@example("a bold! word", 2, 5, "bold", True)
@example("- x", 0, 3, "bold", True)
@example("1. x", 3, 1, "italic", True)
@example("  x  y", 2, 1, "strikethrough", True)
def test_one_mark_is_written_the_same_either_way(
    text: str, start: int, length: int, kind: str, at_start: bool
) -> None:
    text = text.rstrip()
    end = min(start + length, len(text))
    if start >= end:
        return
    span = Span(start, end, kind, "https://a.b" if kind == "text_link" else None)
    short = line_markdown(text, [span], 0, len(text), at_start=at_start)
    assert short == _with_marks(text, [span], 0, len(text), nowhere, at_start)
