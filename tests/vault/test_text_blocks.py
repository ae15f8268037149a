"""Text with entities, kind by kind, as a note has it."""

from __future__ import annotations

import pytest

from tests.vault.golden_day import entity
from tobs_tui.model import Entity
from tobs_tui.vault.blocks import fence, joined, text_blocks
from tobs_tui.vault.escape import cut, one_line
from tobs_tui.vault.links import PostLink, live_url, post_link


def written(text: str, *entities: Entity) -> str:
    return joined(text_blocks(text, entities))


CASES: list[tuple[str, str, str, str]] = [
    ("a bold b", "bold", "bold", "a **bold** b"),
    ("a word b", "word", "italic", "a *word* b"),
    ("a word b", "word", "strikethrough", "a ~~word~~ b"),
    ("a word b", "word", "underline", "a <u>word</u> b"),
    ("a word b", "word", "spoiler", "a ||word|| b"),
    ("a word b", "word", "code", "a `word` b"),
    ("a =1+1 b", "=1+1", "code", "a `\u2060=1+1` b"),
    ("a $=x b", "$=x", "code", "a `\u2060$=x` b"),
    ("a <%x%> b", "<%x%>", "code", "a `<\u2060%x%>` b"),
    ("a x`y b", "x`y", "code", "a ``x`y`` b"),
    ("a `x b", "`x", "code", "a `` `x `` b"),
    ("a %% b", "%%", "code", "a `%%` b"),
    ("mail a@b.cd now", "a@b.cd", "email", "mail <a@b.cd> now"),
    (
        "see https://a.b/c_d?x=1&y=2#z ok",
        "https://a.b/c_d?x=1&y=2#z",
        "link",
        "see <https://a.b/c_d?x=1&y=2#z> ok",
    ),
    ("see a.b/c_d ok", "a.b/c_d", "link", "see [a.b/c\\_d](<https://a.b/c_d>) ok"),
    ("see localhost:80/x ok", "localhost:80/x", "link", "see [localhost:80/x](<https://localhost:80/x>) ok"),
    ("see file:///etc ok", "file:///etc", "link", "see file:\\///etc ok"),
    (
        "see https://a.b/[x] ok",
        "https://a.b/[x]",
        "link",
        "see [https://a.b/\\[x\\]](<https://a.b/%5Bx%5D>) ok",
    ),
    ("hi @an_na ok", "@an_na", "mention", "hi @an\\_na ok"),
    ("hi Anna ok", "Anna", "mention_name", "hi Anna ok"),
    ("hi #tag ok", "#tag", "hashtag", "hi \\#tag ok"),
    ("hi $USD ok", "$USD", "cashtag", "hi \\$USD ok"),
    ("/start_x", "/start_x", "bot_command", "/start\\_x"),
    ("+1 (2) 3", "+1 (2) 3", "phone", "\\+1 (2) 3"),
    ("4111 1", "4111 1", "bank_card", "4111 1"),
    ("hi 🎉 ok", "🎉", "custom_emoji", "hi 🎉 ok"),
    ("hi x ok", "x", "whatever_comes", "hi x ok"),
    ("a word b", " word ", "bold", "a **word** b"),
    ("a word b", " ", "bold", "a word b"),
    ("aworda", "word", "bold", "a**word**a"),
    ("a(word)a", "(word)", "bold", "a<b>(word)</b>a"),
    ("a😀a", "😀", "italic", "a<i>😀</i>a"),
    ("a.b", ".", "strikethrough", "a<s>.</s>b"),
    ("one\ntwo", "one\ntwo", "bold", "**one**  \n**two**"),
    ("one\n\ntwo", "one\n\ntwo", "code", "`one`\n\n`two`"),
    ("q\nr", "q\nr", "blockquote", "> q  \n> r"),
    ("a\nq\n\nr\nb", "q\n\nr", "blockquote", "a\n\n> q\n>\n> r\n\nb"),
    ("x\n  y", "x\n  y", "pre", "```\nx\n  y\n```"),
    ("é😀\nx = 1\nend", "x = 1", "pre", "é😀\n\n```\nx = 1\n```\n\nend"),
]


@pytest.mark.parametrize(("text", "part", "kind", "expected"), CASES)
def test_each_kind_has_its_form(text: str, part: str, kind: str, expected: str) -> None:
    start = text.index(part) if kind != "bold" or part != " " else 1
    assert (
        written(
            text, Entity(kind, len(text[:start].encode("utf-16-le")) // 2, len(part.encode("utf-16-le")) // 2)
        )
        == expected
    )


LINKS = [
    ("http://a.b", "[here](<http://a.b>)"),
    ("a.b", "[here](<https://a.b>)"),
    ("tg://user?id=5", "[here](<tg://user?id=5>)"),
    ("javascript:alert(1)", "here (`javascript:alert(1)`)"),
    ("JaVaScRiPt:x", "here (`JaVaScRiPt:x`)"),
    ("obsidian://open?vault=x", "here (`obsidian://open?vault=x`)"),
    ("data:text/html,<b>", "here (`data:text/html,<b>`)"),
    ("http://a.b/x y>z\\&copy;%%", "[here](<http://a.b/x%20y%3Ez%5C&amp;copy;%25%25>)"),
    ("\x01\x02", "here"),
    ("", "here"),
]


@pytest.mark.parametrize(("url", "expected"), LINKS)
def test_only_safe_addresses_are_live(url: str, expected: str) -> None:
    assert written("see here now", Entity("text_link", 4, 4, url=url)) == f"see {expected} now"


def test_an_exclamation_mark_makes_no_image() -> None:
    assert written("wow!x", Entity("text_link", 4, 1, url="http://a.b")) == "wow\\![x](<http://a.b>)"


def test_what_must_not_touch_does_not_touch_across_entities() -> None:
    dead = Entity("text_link", 3, 1, url="javascript:x")
    assert written("50%%", dead) == "50%\\% (`javascript:x`)"
    assert written("a%%b", Entity("bold", 0, 2), Entity("mention", 2, 2)) == "**a%**%b"
    assert written("a\x00%\x00%") == "a%\\%"


def test_marks_nest_and_cross() -> None:
    text = "one two three"
    bold, italic = entity(text, "one two", "bold"), entity(text, "two three", "italic")
    assert written(text, bold, italic) == "**one *two*** *three*"
    inner = entity(text, "two", "underline")
    assert written(text, entity(text, text, "bold"), inner) == "**one <u>two</u> three**"
    code = entity(text, "two", "code")
    assert written(text, entity(text, text, "spoiler"), code) == "||one `two` three||"
    link = entity(text, "two", "text_link", url="http://a.b")
    assert written(text, entity(text, text, "italic"), link) == "*one [two](<http://a.b>) three*"


def test_code_keeps_its_language_only_from_the_list() -> None:
    assert fence("x", "Python").startswith("```python\n")
    for language in ("dataviewjs", "query", "mermaid", "base", "tasks", "js-engine", "python\nx", "", None):
        assert fence("x", language) == "```\nx\n```"
    assert fence("a ````` b") == "``````\na ````` b\n``````"


def test_code_inside_a_quote_stays_code() -> None:
    text = "say\nx = 1\nend"
    quote = entity(text, text, "blockquote", collapsed=True)
    pre = entity(text, "x = 1", "pre", language="rust")
    assert written(text, quote, pre) == "> [!quote]- Quote\n> say\n>\n> ```rust\n> x = 1\n> ```\n>\n> end"


PLAIN = [
    ("  two\n\ttab  x", "\u00a0\u00a0two  \n\u00a0\u00a0\u00a0\u00a0tab\u00a0\u00a0x"),
    ("a  \nb", "a  \nb"),
    ("\n\na\n\n\nb\n", "a\n\n\nb"),
    ("1. a\n1) b\n1.c\n12", "1\\. a  \n1\\) b  \n1.c  \n12"),
    ("===\n=x\na==b===c", "\\=\\==  \n\\=x  \na\\==b\\=\\==c"),
    ("&amp; & &#1; &x", "\\&amp; & \\&#1; &x".replace("&#1", "&\\#1")),
    ("<%= x %>", "<\\%= x %>"),
    ("\u202eevil\u202c\x1b[0m\u2028next", "evil\\[0m  \nnext"),
    ("app://x http://y", "app:\\//x http://y"),
    ("\ud83d", "\ufffd"),
]


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_plain_text_is_escaped(text: str, expected: str) -> None:
    assert written(text) == expected


def test_openings_are_cut_at_words() -> None:
    assert cut("short", 10) == "short"
    assert cut("one two three", 9) == "one two…"
    assert cut("x" * 20, 10) == "x" * 9 + "…"
    assert one_line(" a\n b\u2029c ", 3) == "a…"


POSTS = [
    ("https://t.me/c/777/5", PostLink(-1000000000777, None, 5)),
    ("t.me/c/777/3/5", PostLink(-1000000000777, None, 5)),
    ("https://telegram.me/Name_x/5?single", PostLink(None, "name_x", 5)),
    ("https://t.me/Name_x/3/5", PostLink(None, "name_x", 5)),
    ("https://t.me/name_x", None),
    ("https://t.me/name_x/5?comment=7", None),
    ("https://t.me.evil.com/name_x/5", None),
    ("https://evil.com/t.me/name_x/5", None),
    ("https://t.me/+abcdef/5", None),
]


@pytest.mark.parametrize(("url", "expected"), POSTS)
def test_links_to_posts_are_known(url: str, expected: PostLink | None) -> None:
    assert post_link(url) == expected


def test_addresses_get_a_scheme() -> None:
    assert live_url("a.b/c:d") == "https://a.b/c:d"
    assert live_url("vbscript:x") is None
    assert live_url("a\nb") is None
