"""Each kind of message in the words that a note has for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vault.golden_day import ANNA, BORIS, CHAT, PEOPLE, at, entity, file, said, stored
from tobs_tui.archive.values import NOTHING_ASKED, FileState, StoredFile, StoredMessage
from tobs_tui.model import (
    Action,
    ChatType,
    Contact,
    Dice,
    Entity,
    Forward,
    Game,
    Giveaway,
    Gone,
    Invoice,
    Location,
    Media,
    MediaKind,
    Message,
    NoteDeleted,
    NoteLayout,
    OtherMedia,
    PaidMedia,
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
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.message_block import message_block
from tobs_tui.vault.phrases import PHRASES
from tobs_tui.vault.scene import Scene, Target

CALENDAR = Calendar("Europe/Lisbon", NoteLayout.DAILY)
GONE_ID, BOT, HERALD = 21, 22, -1000000000055
EVERYBODY = PEOPLE | {
    GONE_ID: Person(id=GONE_ID, kind=PersonKind.DELETED, name="Deleted account"),
    BOT: Person(id=BOT, kind=PersonKind.BOT, name="A Bot", username="a_bot"),
    HERALD: Person(id=HERALD, kind=PersonKind.CHAT, name="Herald"),
}


def scene(**more: Any) -> Scene:
    more.setdefault("chat_type", ChatType.SUPERGROUP)
    return Scene(chat_id=CHAT, calendar=CALENDAR, chat_name="Trip to Lisbon", people=EVERYBODY, **more)


def block(*members: StoredMessage, **more: Any) -> str:
    return message_block(members, scene(**more))


def body(message: StoredMessage, **more: Any) -> str:
    """The block without `**Anna Petrova** 09:00` at its start and the id at the opening's end."""
    return block(message, **more).removeprefix("**Anna Petrova** 09:00").replace(" ^m1", "")


def shown(media: Media, **more: Any) -> str:
    return body(said(1, "9:00", ANNA, media=media), **more)


MEDIA: list[tuple[Media, str]] = [
    (file(1, MediaKind.PHOTO, size=1_300_000), " · *photo, 1.2 MB, not downloaded*"),
    (file(1, MediaKind.VIDEO_NOTE, size=2048, duration=12), " · *video message, 0:12, 2 KB, not downloaded*"),
    (file(1, MediaKind.ANIMATION, duration=3.4), " · *GIF, 0:03, 1000 bytes, not downloaded*"),
    (file(1, MediaKind.STICKER, emoji="😀"), " · *sticker, not downloaded*  \n😀"),
    (
        file(1, MediaKind.DOCUMENT, name="# report_1.pdf", size=5 << 20),
        " · *document, 5.0 MB, not downloaded*  \n\\# report\\_1.pdf",
    ),
    (
        file(1, MediaKind.AUDIO, title="Song", performer="Band", duration=3723, size=9 << 30),
        " · *audio, 1:02:03, 9.0 GB, not downloaded*  \nBand – Song",
    ),
    (
        file(1, MediaKind.PHOTO, spoiler=True, ttl=10, size=0),
        " · *spoiler photo, self-destructing, not downloaded*",
    ),
    (Gone(kind=MediaKind.PHOTO, ttl=10), " · *photo, self-destructed*"),
    (
        Contact(first_name="Ana", last_name="[x]", phone="+351 1"),
        " · *contact*  \nAna \\[x\\] · +351 1",
    ),
    (
        Location(latitude=38.7, longitude=-9.1),
        " · *location*  \n[38.70000, -9.10000](<https://www.openstreetmap.org/?mlat=38.70000&mlon=-9.10000>)",
    ),
    (
        Location(latitude=0, longitude=0, title="Café", address="- Rua 1", live_seconds=3600),
        " · *live location, 1 hour*  \nCafé  \n\\- Rua 1  \n"
        "[0.00000, 0.00000](<https://www.openstreetmap.org/?mlat=0.00000&mlon=0.00000>)",
    ),
    (
        Poll(
            question="Q?",
            answers=(PollAnswer("a", 1, correct=True), PollAnswer("b", 1, chosen=True)),
            voters=2,
            quiz=True,
            solution="because",
        ),
        " · *quiz, 2 votes*  \nQ?\n\n- 1 (50 %) · a ✓\n- 1 (50 %) · b ✗\n\n*explanation:* because",
    ),
    (
        Poll(question="Q?", answers=(PollAnswer("- x"), PollAnswer("1. y"))),
        " · *poll*  \nQ?\n\n- \\- x\n- 1\\. y",
    ),
    (
        TodoList(title="To do", items=(TodoItem(1, "[ ] milk"), TodoItem(2, "b", BORIS, at("9:30")))),
        " · *checklist, 1 of 2 done*  \nTo do\n\n- ○ \\[ \\] milk\n- ✓ b · *Boris Li, 09:30*",
    ),
    (Dice(emoji="🎲", value=4), " · *dice*  \n🎲 4"),
    (Game(title="G", description="D"), " · *game*  \nG  \nD"),
    (Invoice(title="T", currency="EUR", amount=1250), " · *invoice, 12.50 EUR*  \nT"),
    (
        Giveaway(quantity=3, months=1, until_date=at("9:00", 7)),
        " · *giveaway, 3 prizes, 1 month of Premium each, until 7 Jan 2025 09:00*",
    ),
    (
        Giveaway(quantity=2, winners=(ANNA, BORIS)),
        " · *results of a giveaway, 2 prizes*  \n*winners:* Anna Petrova and Boris Li",
    ),
    (PaidMedia(stars=50), " · *paid media, 50 ⭐, locked*"),
    (
        PaidMedia(stars=5, files=(file(1, MediaKind.PHOTO, size=2048),)),
        " · *paid media, 5 ⭐ · photo, 2 KB, not downloaded*",
    ),
    (OtherMedia(name="story_of_sorts"), " · *story of sorts, kept in the archive*"),
    (WebPage(url="https://a.b"), ""),
    (
        WebPage(url="javascript:alert(1)", title="*x*", description="> a\n\nb"),
        "\n\n> \\*x\\* · *link preview*  \n> \\> a\n>\n> b",
    ),
]


@pytest.mark.parametrize(("media", "expected"), MEDIA, ids=lambda value: type(value).__name__)
def test_media_has_its_words(media: Media, expected: str) -> None:
    assert shown(media) == expected


FILES = [
    (MediaKind.PHOTO, "a.jpg", {"width": 1000}, "  \n![[a.jpg|480]]"),
    (MediaKind.PHOTO, "a.jpg", {"width": 300}, "  \n![[a.jpg]]"),
    (MediaKind.STICKER, "a.webp", {"width": 512, "emoji": "😀"}, "  \n![[a.webp|160]]"),
    (MediaKind.STICKER, "a.tgs", {"width": 512, "emoji": "😀"}, "  \n😀"),
    (MediaKind.VIDEO, "a.mp4", {"duration": 61}, " · *video, 1:01*  \n![[a.mp4]]"),
    (MediaKind.DOCUMENT, "a.pdf", {"size": 2048}, " · *document, 2 KB*  \n[[a.pdf]]"),
    (MediaKind.AUDIO, "a.opus", {"title": "S"}, " · *audio*  \n[[a.opus]]"),
]


@pytest.mark.parametrize(("kind", "name", "more", "expected"), FILES)
def test_files_that_are_here_are_shown(
    kind: MediaKind, name: str, more: dict[str, Any], expected: str
) -> None:
    one = file(1, kind, **more)
    files = {1: stored(one, state=FileState.DONE, path=f"media/{name}")}
    assert shown(one, files=files) == expected


REASONS = [
    (FileState.UNASKED, None, "not downloaded yet"),
    (FileState.OTHER_KIND, None, "not downloaded: not among the kinds asked for"),
    (FileState.OTHER_KIND, NOTHING_ASKED, "not downloaded"),
    (FileState.TOO_LARGE, str(50 * 1024 * 1024), "not downloaded: over the limit of 50 MB"),
    (FileState.TOO_LARGE, None, "not downloaded: over the limit of size"),
    (FileState.FAILED, "the [server] said no", "not downloaded: the \\[server\\] said no"),
    (FileState.FAILED, None, "not downloaded: it failed"),
    (FileState.GONE, None, "gone from Telegram"),
    (FileState.GONE, "removed", "gone from Telegram: removed"),
]


@pytest.mark.parametrize(("state", "reason", "expected"), REASONS)
def test_files_that_are_not_here_say_why(state: FileState, reason: str | None, expected: str) -> None:
    one = file(1, MediaKind.PHOTO, size=0)
    files = {1: stored(one, state=state, reason=reason)}
    assert shown(one, files=files) == f" · *photo, {expected}*"


def test_a_path_without_a_finished_file_is_no_link() -> None:
    one = file(1, MediaKind.DOCUMENT, size=2048, name="a.pdf")
    files = {1: stored(one, state=FileState.FAILED, path="media/a.pdf", reason="cut off")}
    assert shown(one, files=files) == " · *document, 2 KB, not downloaded: cut off*  \na.pdf"


def test_an_album_tells_what_of_it_is_missing() -> None:
    members = [
        said(n, "9:00", ANNA, text, album=5, media=file(n, kind, size=2048, width=900))
        for n, text, kind in (
            (1, "first caption", MediaKind.PHOTO),
            (2, "second", MediaKind.VIDEO),
            (3, "", MediaKind.PHOTO),
        )
    ]
    here: dict[int, StoredFile] = {
        1: stored(file(1, MediaKind.PHOTO), state=FileState.DONE, path="media/a.jpg"),
        2: stored(file(2, MediaKind.VIDEO), state=FileState.TOO_LARGE, reason="1024"),
    }
    assert block(*members, files=here) == (
        "**Anna Petrova** 09:00 · *album of 3 · video, 2 KB, not downloaded: over the limit of 1 KB"
        " · photo, 2 KB, not downloaded*  \n![[a.jpg|240]]  \nfirst caption ^m1\n\nsecond"
    )
    assert block(*members).startswith(
        "**Anna Petrova** 09:00 · *album of 3: 2 photos, 1 video, 6 KB, not downloaded*  \n"
    )
    del here[1]
    assert block(*members, files=here).startswith(
        "**Anna Petrova** 09:00 · *album of 3 · 2 photos, 4 KB, not downloaded"
        " · video, 2 KB, not downloaded: over the limit of 1 KB*  \n"
    )


def test_deleted_members_leave_the_album_its_id() -> None:
    members = [
        said(n, "9:00", ANNA, f"t{n}", album=5, deleted_at=at("9:00", 7) if n == 1 else None) for n in (1, 2)
    ]
    assert block(*members) == (
        "**Anna Petrova** 09:00 · *1 of 2 deleted in Telegram, noticed 7 Jan 2025*  \nt2 ^m1"
    )


def test_the_opening_paragraph_alone_has_the_id() -> None:
    text = "first\nline\n\n\nsecond"
    message = said(1, "9:00", ANNA, text, reactions=(Reaction("👍", 1),), buttons=(("Yes", "No*"), ("",)))
    assert body(message) == "  \nfirst  \nline\n\n\nsecond  \n*buttons:* Yes · No\\*  \n*👍 1*"
    assert block(message).index("^m1") < block(message).index("second")
    code = said(1, "9:00", ANNA, "x = 1", entities=(Entity("pre", 0, 5, language="dataviewjs"),))
    assert block(code) == "**Anna Petrova** 09:00 ^m1\n\n```\nx = 1\n```"
    quote = said(1, "9:00", ANNA, "a\nb", entities=(Entity("blockquote", 0, 3, collapsed=True),))
    assert block(quote) == "**Anna Petrova** 09:00 ^m1\n\n> [!quote]- Quote\n> a  \n> b"


HEADS: list[tuple[dict[str, Any], str]] = [
    ({"edit_date": at("9:00", 7)}, "edited 7 Jan 2025 09:00"),
    ({"via_bot_id": BOT}, "via @a\\_bot"),
    ({"post_author": "Eva"}, "signed Eva"),
    ({"sender_id": CHAT}, "anonymous admin"),
    ({"sender_id": CHAT, "post_author": "boss"}, "anonymous admin, boss"),
    ({"sender_id": HERALD}, "as a channel"),
    (
        {"forward": Forward(date=at("8:00"), from_name="H*", post_author="E")},
        "forwarded from H\\*, who hides the account (E), 5 Jan 2025 08:00",
    ),
    (
        {"forward": Forward(date=at("8:00"), from_id=GONE_ID)},
        "forwarded from Deleted account (21), 5 Jan 2025 08:00",
    ),
    ({"forward": Forward(date=at("8:00"), from_id=99)}, "forwarded from User 99, 5 Jan 2025 08:00"),
    ({"forward": Forward(date=at("9:00"), from_name="Zoe", imported=True)}, "imported, written by Zoe"),
]


@pytest.mark.parametrize(("more", "remark"), HEADS)
def test_the_senders_line_tells_the_rest(more: dict[str, Any], remark: str) -> None:
    sender = more.pop("sender_id", ANNA)
    head = block(said(1, "9:00", sender, "text", **more)).split("  \n")[0]
    assert head.partition(" · ")[2] == f"*{remark}*"


def test_odd_senders_are_named() -> None:
    assert block(said(1, "9:00", GONE_ID, "x")).startswith("**Deleted account (21)** 09:00")
    assert block(said(1, "9:00", 99, "x")).startswith("**User 99** 09:00")
    assert block(said(1, "9:00", -1000000000042, "x")).startswith("**Channel 42** 09:00")
    unsigned = Message(chat_id=CHAT, id=1, date=at("9:00"), text="x", post_author="Eva")
    assert block(StoredMessage(unsigned), chat_type=ChatType.CHANNEL).startswith("**Eva** 09:00")


REPLIES = [
    (Reply(message_id=5), "↳ *to a message that isn't here*"),
    (Reply(message_id=5, quote="a *b*"), "↳ *to a message that isn't here*: a \\*b\\*"),
    (Reply(message_id=5, chat_id=HERALD), "↳ *to a message in Herald*"),
    (Reply(message_id=5, chat_id=-1000000000042), "↳ *to a message in another chat*"),
    (Reply(message_id=5, chat_id=HERALD, sender_name="Eva", quote="q"), "↳ *to Eva in Herald*: q"),
    (Reply(story_id=5, chat_id=ANNA), "↳ *to a story of Anna Petrova*"),
    (Reply(), None),
]


@pytest.mark.parametrize(("reply", "expected"), REPLIES)
def test_replies_to_what_is_not_here_are_no_dead_links(reply: Reply, expected: str | None) -> None:
    lines = block(said(1, "9:00", BORIS, "text", reply=reply)).split("  \n")
    assert lines[1:-1] == ([expected] if expected else [])


def test_replies_quote_at_most_sixty_plain_characters() -> None:
    long = "[[Wow]] *this* is | a #very ^long `message` with %% and more words than fit here"
    target = said(5, "8:00", ANNA, long)
    targets = {(CHAT, 5): Target(target.message, "m5", (0, 1, 5), "Other note")}
    line = block(said(1, "9:00", BORIS, "t", reply=Reply(message_id=5)), targets=targets).split("  \n")[1]
    label = line.removeprefix("↳ [[Other note#^m5|").removesuffix("]]")
    assert label == "Anna Petrova: Wow this is a very long message with % and…"
    assert len(label) <= 60
    quoted = Reply(message_id=5, quote="with more")
    assert "|Anna Petrova: with more]]" in block(said(1, "9:00", BORIS, "t", reply=quoted), targets=targets)


def test_kept_deleted_messages_keep_their_text() -> None:
    gone = said(1, "9:00", ANNA, "text", deleted_at=at("9:00", 7))
    assert body(gone, deleted=NoteDeleted.KEEP) == " · *deleted in Telegram, noticed 7 Jan 2025*  \ntext"


ACTIONS = [
    (
        Action(kind="chat_create", text="Trip", people=(ANNA, BORIS)),
        "Anna created the group with Boris Li:* Trip",
    ),
    (Action(kind="chat_edit_title", text="*New*"), "Anna named the group* \\*New\\*"),
    (Action(kind="chat_add_user", people=(BORIS, 13)), 'Anna added Boris Li and =\\^.\\^= "\\#1"*'),
    (Action(kind="chat_delete_user", people=(ANNA,)), "Anna left the group*"),
    (Action(kind="chat_joined_by_link", people=(BORIS,)), "Anna joined the group by a link of Boris Li*"),
    (Action(kind="phone_call", seconds=192, video=True), "video call from Anna, 3:12*"),
    (Action(kind="phone_call", reason="missed"), "missed call from Anna*"),
    (Action(kind="pin_message", message_id=404), "Anna pinned a message that isn't here*"),
    (Action(kind="set_messages_ttl", seconds=86400), "Anna set messages to delete themselves after 1 day*"),
    (Action(kind="set_messages_ttl", seconds=0), "Anna turned the self-destruct timer off*"),
    (Action(kind="payment_sent", amount=999, currency="USD"), "Anna paid 9.99 USD*"),
    (Action(kind="gift_ton", amount=1_500_000_000, currency="TON"), "Anna gave 1.5 TON*"),
    (Action(kind="suggest_birthday", text="--02-14"), "Anna suggested the birthday 14 February*"),
    (
        Action(kind="geo_proximity_reached", people=(ANNA, BORIS), amount=120),
        "Anna came within 120 metres of Boris Li*",
    ),
    (Action(kind="topic_edit", text="Jobs"), "Anna renamed the topic to* Jobs"),
    (Action(kind="custom_action", text="Hi [[x]]"), "* Hi \\[\\[x\\]\\]"),
    (Action(kind="brand_new_thing", text="x"), "Anna: brand new thing* x"),
]


@pytest.mark.parametrize(("action", "expected"), ACTIONS, ids=lambda value: getattr(value, "kind", ""))
def test_actions_have_words(action: Action, expected: str) -> None:
    line = block(said(1, "9:00", ANNA, action=action)).replace("Anna Petrova", "Anna")
    assert line == f"*09:00{'' if expected.startswith('*') else ' · '}{expected} ^m1"


@pytest.mark.parametrize("kind", [*PHRASES, "never_heard_of"])
@pytest.mark.parametrize("full", [False, True])
def test_every_action_has_a_line_however_little_it_tells(kind: str, full: bool) -> None:
    action = Action(kind=kind)
    if full:
        action = Action(
            kind=kind,
            people=(ANNA, 404),
            text="{odd} *text*",
            message_id=5,
            amount=7,
            currency="{X}",
            seconds=3600,
            date=at("9:00"),
            reason="{why}",
            flag=True,
            peer_id=HERALD,
        )
    line = block(said(1, "9:00", ANNA, action=action))
    assert line.startswith("*09:00")
    assert line.endswith(" ^m1")
    assert "\n" not in line
    assert "None" not in line


def test_names_are_counted_as_named() -> None:
    here = scene()
    text = "hello Boris"
    message = said(
        1,
        "9:00",
        ANNA,
        text,
        forward=Forward(date=1, from_id=BORIS),
        via_bot_id=BOT,
        entities=(entity(text, "Boris", "mention_name", user_id=13),),
    )
    message_block([message], here)
    assert here.named == {ANNA, BORIS, BOT}
