"""The scripts' format: what a line means, and that all scripts that come with the package are sound."""

from __future__ import annotations

from importlib.resources import files

import pytest
from telethon.tl import types

from tobs_tui.demo.world.markup import parse_markup
from tobs_tui.demo.world.plan import roles_of
from tobs_tui.demo.world.scenes import parse_scenes, script

SCRIPTS = sorted(
    each.name.removesuffix(".txt") for each in files("tobs_tui.demo.world").joinpath("scripts").iterdir()
)


def test_a_scene_keeps_the_language_and_words_that_stand_before_it() -> None:
    first, second = parse_scenes(
        "lang: pt\nwords x: a | b\n== one\nA: olá\n\nlang: de\nwords y: c\n== two\nA: hallo"
    )
    assert (first.name, first.language, first.words) == ("one", "pt", {"x": ("a", "b")})
    assert (second.name, second.language, second.words) == ("two", "de", {"y": ("c",)})


def test_a_line_tells_sender_time_medium_text_and_options() -> None:
    (scene,) = parse_scenes(
        "== s\nA: x\n+3m @bot: [[photo 4x3 spoiler]] two\n  lines {{re 1; react 👍2}}\n* B pin 1"
    )
    _, line, service = scene.lines
    assert (line.role, line.gap, line.medium) == ("@bot", 180, ("photo", "4x3", "spoiler"))
    assert (line.text, line.answers, line.options["react"]) == ("two\nlines", 1, "👍2")
    assert (service.service, service.role, service.medium) == (True, "B", ("pin", "1"))


@pytest.mark.parametrize("source", ["== s\nA x", "== s\n* A: x", "== s\n: x"])
def test_other_lines_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match="not a line"):
        parse_scenes(source)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_answers_only_what_was_said(name: str) -> None:
    for scene in script(name):
        for at, line in enumerate(scene.lines):
            assert 0 <= line.answers <= at, (scene.name, at)
        for role in roles_of(scene):
            assert role in "ABCDEF"


def test_many_languages_are_spoken() -> None:
    languages = {scene.language for scene in (*script("town"), *script("town_more"))}
    for language in "en pt ru uk de es fr it pl nl el ar he zh ja ko th hi tr vi".split():  # noqa: SIM905
        assert language in languages


def test_markup_nests_overlaps_and_finds_links() -> None:
    text, entities = parse_markup(
        "😀 <b>a <i>b</b> c</i> @anna_p #tag https://x.org/a?b=1. <code>@not_one</code>"
    )
    assert text == "😀 a b c @anna_p #tag https://x.org/a?b=1. @not_one"
    found = [(type(entity).__name__[13:], entity.offset, entity.length) for entity in entities]
    assert found == [
        ("Bold", 3, 3),
        ("Italic", 5, 3),
        ("Mention", 9, 7),
        ("Hashtag", 17, 4),
        ("Url", 22, 19),
        ("Code", 43, 8),
    ]


@pytest.mark.parametrize("source", ["<b>open", "</b>", "<nonsense>x</nonsense>"])
def test_wrong_markup_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"open|closes|unknown"):
        parse_markup(source)


def test_text_without_markup_is_left_alone() -> None:
    assert parse_markup("a < b, 2 > 1 & so on") == ("a < b, 2 > 1 & so on", [])
    assert isinstance(parse_markup("write to a@b.org")[1][0], types.MessageEntityEmail)
