"""Messages whose every word is hostile: nothing of them runs, breaks out, or hides what others said."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vault.reading import OUR_HTML, tokens
from tests.vault.test_markdown_properties import SNIPPETS, entities_of
from tobs_tui.archive.values import FileState, StoredFile, StoredMessage
from tobs_tui.model import (
    Action,
    ChatType,
    Contact,
    Dice,
    Entity,
    File,
    Forward,
    Game,
    Invoice,
    Location,
    Media,
    MediaKind,
    Message,
    NoteKey,
    NoteLayout,
    OtherMedia,
    Person,
    PersonKind,
    Poll,
    PollAnswer,
    Reaction,
    Reply,
    TodoItem,
    TodoList,
    WebPage,
)
from tobs_tui.vault.block_ids import block_ids
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.note import Heading, Neighbour, region_of
from tobs_tui.vault.phrases import PHRASES
from tobs_tui.vault.region import Unclear, part
from tobs_tui.vault.rendering import Piece, parts
from tobs_tui.vault.scene import Scene, Target

CALENDAR = Calendar("UTC", NoteLayout.DAILY)
CHAT = -1000000000777
WORDS = SNIPPETS
URLS = WORDS | st.sampled_from(
    [
        "javascript:alert(1)",
        "obsidian://open",
        "https://a.b/%%x>y",
        "http://[::1]/a b",
        "https://t.me/c/777/2",
        "a.b",
    ]
)
KINDS = st.sampled_from(
    ["bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "link", "email"]
)


FILE = st.builds(
    File,
    id=st.integers(1, 3),
    kind=st.sampled_from(MediaKind),
    size=st.integers(0, 2**33),
    dc=st.just(2),
    access_hash=st.just(1),
    reference=st.just(b""),
    date=st.just(0),
    name=st.none() | WORDS,
    title=st.none() | WORDS,
    performer=st.none() | WORDS,
    emoji=st.none() | WORDS,
    duration=st.none() | st.floats(0, 1e6),
)
MEDIA: st.SearchStrategy[Media] = st.one_of(
    FILE,
    st.builds(Contact, first_name=WORDS, last_name=WORDS, phone=WORDS),
    st.builds(
        Location,
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
        title=st.none() | WORDS,
        address=st.none() | WORDS,
    ),
    st.builds(
        Poll,
        question=WORDS,
        answers=st.lists(st.builds(PollAnswer, text=WORDS, voters=st.none() | st.integers(0, 9))).map(tuple),
        voters=st.none() | st.integers(0, 9),
        quiz=st.booleans(),
        solution=st.none() | WORDS,
    ),
    st.builds(
        TodoList,
        title=WORDS,
        items=st.lists(st.builds(TodoItem, id=st.just(1), text=WORDS, done_by=st.none() | st.just(1))).map(
            tuple
        ),
    ),
    st.builds(
        WebPage, url=URLS, title=st.none() | WORDS, description=st.none() | WORDS, site=st.none() | WORDS
    ),
    st.builds(Game, title=WORDS, description=WORDS),
    st.builds(Invoice, title=WORDS, description=WORDS, currency=WORDS, amount=st.integers(0, 10**6)),
    st.builds(Dice, emoji=WORDS, value=st.integers(0, 6)),
    st.builds(OtherMedia, name=WORDS),
)
ACTION = st.builds(
    Action,
    kind=st.sampled_from(sorted(PHRASES)) | WORDS,
    people=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    text=st.none() | WORDS,
    message_id=st.none() | st.integers(1, 3),
    amount=st.none() | st.integers(0, 99),
    currency=st.none() | WORDS,
    reason=st.none() | WORDS,
)
ENTITIES = st.tuples(
    entities_of(KINDS),
    st.lists(
        st.builds(
            Entity, kind=st.just("text_link"), offset=st.integers(0, 20), length=st.integers(1, 20), url=URLS
        ),
        max_size=2,
    ),
).map(lambda both: tuple(both[0] + both[1]))


def message(draw: st.DrawFn, message_id: int) -> Message:
    service = draw(st.booleans()) and draw(st.booleans())
    return Message(
        chat_id=CHAT,
        id=message_id,
        date=60 * message_id,
        sender_id=draw(st.integers(1, 4)),
        text="" if service else draw(WORDS),
        entities=draw(ENTITIES),
        action=draw(ACTION) if service else None,
        media=None if service else draw(st.none() | MEDIA),
        reply=draw(
            st.none()
            | st.builds(
                Reply, message_id=st.integers(1, 9), quote=st.none() | WORDS, sender_name=st.none() | WORDS
            )
        ),
        forward=draw(st.none() | st.builds(Forward, date=st.just(5), from_name=WORDS, post_author=WORDS)),
        reactions=tuple(draw(st.lists(st.builds(Reaction, emoji=WORDS, count=st.just(1)), max_size=2))),
        buttons=tuple(draw(st.lists(st.lists(WORDS, max_size=2).map(tuple), max_size=2))),
        post_author=draw(st.none() | WORDS),
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Message], dict[int, Person], str]:
    messages = [message(draw, message_id) for message_id in range(1, draw(st.integers(2, 4)))]
    people = {
        person_id: Person(id=person_id, kind=draw(st.sampled_from(PersonKind)), name=draw(WORDS))
        for person_id in (1, 2, 3)
    }
    return messages, people, draw(WORDS)


def region(messages: list[Message], people: dict[int, Person], title: str) -> bytes:
    file = StoredFile(
        id=1,
        kind=MediaKind.PHOTO,
        size=1,
        dc=2,
        mime="",
        name=None,
        access_hash=1,
        reference=b"",
        date=0,
        thumb=None,
        state=FileState.DONE,
        path="media/a.jpg",
    )
    scene = Scene(
        chat_id=CHAT,
        chat_type=ChatType.SUPERGROUP,
        calendar=CALENDAR,
        chat_name=title,
        people=people,
        files={1: file},
        targets={(CHAT, m.id): Target(m, f"m{m.id}", (m.date, 1, m.id)) for m in messages},
    )
    heading = Heading(
        chat_id=CHAT,
        chat_type=ChatType.SUPERGROUP,
        chat_name=title,
        key=NoteKey(0, "1970-01-01"),
        timezone="UTC",
        layout=NoteLayout.DAILY,
        index="Index (Telegram)",
    )
    groups = [[StoredMessage(m)] for m in messages]
    [(part, _)] = parts([Piece(groups, scene)], CALENDAR, [])
    return region_of(heading, part, None, Neighbour("Other", "2 Jan"))


@given(days())
@settings(max_examples=40, deadline=None)
def test_a_hostile_day_is_a_note_like_any_other(day: tuple[list[Message], dict[int, Person], str]) -> None:
    messages, people, title = day
    written = region(messages, people, title)
    text = written.decode()

    # Each message is there once, in order, and can be linked to.
    assert list(block_ids(written)) == [f"m{m.id}" for m in messages]
    opened = [token for token in tokens(text) if token.type == "paragraph_open"]
    assert len(opened) >= len(messages) + 1

    # Our region is told from the rest, whatever code blocks hold.
    try:
        parted = part(b"above\n" + written + b"\nbelow\n")
    except Unclear as error:
        raise AssertionError(str(error)) from error
    assert parted.region == written

    for token in tokens(text):
        if token.type in ("html_inline", "html_block"):
            assert token.content in OUR_HTML
        if token.type == "link_open":
            href = str(token.attrs["href"])
            assert re.match(r"(https?|mailto|tel|tg):", href), href
        assert token.type != "image"
        if token.type == "heading_open":
            assert token.tag == "h1"
        if token.type == "fence":
            assert token.info in ("", "python")
    assert sum(token.type == "heading_open" for token in tokens(text)) == 1

    prose = re.sub(r"^(?:> )?(`{3,})[^`\n]*\n.*?^(?:> )?\1$", "", text, flags=re.M | re.S)
    prose = re.sub(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)", "", prose)
    ours = [line for line in prose.split("\n") if not line.startswith("%% ")]
    for line in ours:
        assert "%%" not in line
        assert "<%" not in line
        links = re.findall(r"(?:(?<!\\)!|(?<!\\))\[\[.*?\]\]", line)
        assert all(
            re.match(r"!\[\[a\.jpg|\[\[(#\^m\d|Other\||Index \(Telegram\)\||a\.jpg)", link) for link in links
        ), line
        bare = re.sub(r"\[\[.*?\]\]|\(<[^>]*>\)|<[^>]*>", "", line)
        assert re.search(r"(?<!\\)(?:\\\\)*\\?(?<!\\)#\w", bare.removeprefix("# ")) is None, line
