"""What a message carries: each kind in the domain's words, the rest named and kept raw."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.extensions import BinaryReader
from telethon.tl import types

from tobs_tui.model import (
    Contact,
    Dice,
    File,
    Game,
    Giveaway,
    Gone,
    Invoice,
    Location,
    MediaKind,
    Message,
    OtherMedia,
    PaidMedia,
    Poll,
    PollAnswer,
    TodoItem,
    TodoList,
    WebPage,
)
from tobs_tui.telegram.convert import RawPage, convert_page

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
NOW = int(WHEN.timestamp())
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def converted(media: Any) -> Message:
    tl = types.Message(id=5, peer_id=types.PeerUser(9), date=WHEN, message="", media=media)
    answer = types.messages.MessagesSlice(count=1, messages=[tl], topics=[], chats=[], users=[])
    page = convert_page(RawPage(9, 1, 100, 100, BinaryReader(bytes(answer)).tgread_object()))
    assert page.failed == ()
    return page.messages[0]


def words(text: str) -> Any:
    return types.TextWithEntities(text, [])


def photo(*sizes: Any) -> Any:
    return types.Photo(id=1, access_hash=2, file_reference=b"ref", date=WHEN, sizes=list(sizes), dc_id=4)


def document(*attributes: Any, mime: str = "video/mp4") -> Any:
    return types.Document(
        id=1,
        access_hash=2,
        file_reference=b"ref",
        date=WHEN,
        mime_type=mime,
        size=1000,
        dc_id=4,
        attributes=list(attributes),
    )


def test_a_photo_is_its_largest_size() -> None:
    sizes = (
        types.PhotoStrippedSize("i", b"tiny"),
        types.PhotoPathSize("j", b"path"),
        types.PhotoSize("m", 320, 200, 9000),
        types.PhotoSizeProgressive("y", 1280, 800, [5000, 20000, 90000]),
        types.PhotoSize("x", 800, 500, 40000),
    )
    media = types.MessageMediaPhoto(photo=photo(*sizes), spoiler=True, ttl_seconds=10)
    assert converted(media).media == File(
        id=1,
        kind=MediaKind.PHOTO,
        size=90000,
        dc=4,
        access_hash=2,
        reference=b"ref",
        date=NOW,
        mime="image/jpeg",
        width=1280,
        height=800,
        thumb="y",
        spoiler=True,
        ttl=10,
    )


def test_a_photo_in_one_cached_size_has_that() -> None:
    media = converted(types.MessageMediaPhoto(photo=photo(types.PhotoCachedSize("s", 90, 60, b"1234")))).media
    assert isinstance(media, File)
    assert (media.thumb, media.size) == ("s", 4)


def test_a_photo_without_sizes_is_named() -> None:
    result = converted(types.MessageMediaPhoto(photo=photo(types.PhotoStrippedSize("i", b"tiny"))))
    assert result.media == OtherMedia(name="photo")
    assert result.raw is not None


VIDEO = types.DocumentAttributeVideo(duration=2.5, w=640, h=360)


@pytest.mark.parametrize(
    ("attributes", "mime", "kind"),
    [
        ([VIDEO], "video/mp4", MediaKind.VIDEO),
        ([types.DocumentAttributeVideo(1.0, 1, 1, round_message=True)], "video/mp4", MediaKind.VIDEO_NOTE),
        ([VIDEO, types.DocumentAttributeAnimated()], "video/mp4", MediaKind.ANIMATION),
        ([types.DocumentAttributeAnimated()], "image/gif", MediaKind.ANIMATION),
        ([types.DocumentAttributeAudio(3, voice=True)], "audio/ogg", MediaKind.VOICE),
        ([types.DocumentAttributeAudio(3)], "audio/mpeg", MediaKind.AUDIO),
        (
            [VIDEO, types.DocumentAttributeSticker("🙂", types.InputStickerSetEmpty())],
            "video/webm",
            MediaKind.STICKER,
        ),
        (
            [types.DocumentAttributeSticker("🙂", types.InputStickerSetEmpty())],
            "application/x-tgsticker",
            MediaKind.STICKER,
        ),
        (
            [types.DocumentAttributeCustomEmoji("🙂", types.InputStickerSetEmpty())],
            "image/webp",
            MediaKind.STICKER,
        ),
        ([types.DocumentAttributeImageSize(10, 20)], "image/png", MediaKind.DOCUMENT),
        ([], "application/pdf", MediaKind.DOCUMENT),
    ],
)
def test_a_document_is_of_the_kind_that_its_attributes_tell(
    attributes: list[Any], mime: str, kind: MediaKind
) -> None:
    result = converted(types.MessageMediaDocument(document=document(*attributes, mime=mime)))
    assert isinstance(result.media, File)
    assert (result.media.kind, result.media.mime, result.media.thumb) == (kind, mime, None)
    assert result.raw is None


def test_a_document_tells_name_length_and_performer() -> None:
    song = document(
        types.DocumentAttributeAudio(180, title="Fado", performer="Amália"),
        types.DocumentAttributeFilename("../fado.mp3"),
        mime="audio/mpeg",
    )
    media = converted(types.MessageMediaDocument(document=song)).media
    assert isinstance(media, File)
    assert (media.name, media.duration, media.title, media.performer) == (
        "../fado.mp3",
        180.0,
        "Fado",
        "Amália",
    )
    video = converted(types.MessageMediaDocument(document=document(VIDEO), ttl_seconds=5)).media
    assert isinstance(video, File)
    assert (video.width, video.height, video.duration, video.ttl) == (640, 360, 2.5, 5)


@pytest.mark.parametrize(
    ("media", "gone"),
    [
        (types.MessageMediaPhoto(ttl_seconds=10), Gone(kind=MediaKind.PHOTO, ttl=10)),
        (types.MessageMediaPhoto(photo=types.PhotoEmpty(1)), Gone(kind=MediaKind.PHOTO)),
        (types.MessageMediaDocument(ttl_seconds=10), Gone(kind=MediaKind.VIDEO, ttl=10)),
        (types.MessageMediaDocument(ttl_seconds=10, voice=True), Gone(kind=MediaKind.VOICE, ttl=10)),
        (types.MessageMediaDocument(ttl_seconds=10, round=True), Gone(kind=MediaKind.VIDEO_NOTE, ttl=10)),
        (types.MessageMediaDocument(document=types.DocumentEmpty(1)), Gone(kind=MediaKind.DOCUMENT)),
    ],
)
def test_what_telegram_no_longer_gives_is_gone(media: Any, gone: Gone) -> None:
    assert converted(media).media == gone


POINT = types.GeoPoint(long=-9.5, lat=38.75, access_hash=1)


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (
            types.MessageMediaContact("+351", "Anna", "P", "", 5),
            Contact(first_name="Anna", last_name="P", phone="+351", user_id=5),
        ),
        (types.MessageMediaContact("+351", "Anna", "", "", 0), Contact(first_name="Anna", phone="+351")),
        (types.MessageMediaGeo(POINT), Location(latitude=38.75, longitude=-9.5)),
        (
            types.MessageMediaGeoLive(POINT, period=900),
            Location(latitude=38.75, longitude=-9.5, live_seconds=900),
        ),
        (
            types.MessageMediaVenue(POINT, "Café", "Rua 1", "f", "1", "x"),
            Location(latitude=38.75, longitude=-9.5, title="Café", address="Rua 1"),
        ),
        (types.MessageMediaDice(5, "🎯"), Dice(emoji="🎯", value=5)),
        (
            types.MessageMediaInvoice("Lamp", "A lamp", "EUR", 1999, "x", receipt_msg_id=3),
            Invoice(title="Lamp", description="A lamp", currency="EUR", amount=1999, receipt_message_id=3),
        ),
        (
            types.MessageMediaGame(types.Game(1, 2, "snake", "Snake", "Eat", types.PhotoEmpty(1))),
            Game(title="Snake", description="Eat", short_name="snake"),
        ),
        (
            types.MessageMediaWebPage(
                types.WebPage(
                    id=1, url="https://a.example/", display_url="a", hash=0, site_name="A", title="T"
                )
            ),
            WebPage(url="https://a.example/", site="A", title="T"),
        ),
        (
            types.MessageMediaWebPage(types.WebPagePending(1, WHEN, url="https://a.example/")),
            WebPage(url="https://a.example/"),
        ),
        (types.MessageMediaWebPage(types.WebPageEmpty(1)), None),
        (types.MessageMediaEmpty(), None),
    ],
)
def test_media_of_each_kind(media: Any, expected: Any) -> None:
    result = converted(media)
    assert result.media == expected
    assert result.raw is None


def test_a_quiz_tells_its_results() -> None:
    poll = types.Poll(
        id=1,
        question=words("Which day?"),
        answers=[types.PollAnswer(words("Mon"), b"0"), types.PollAnswer(words("Tue"), b"1")],
        hash=1,
        closed=True,
        quiz=True,
        public_voters=True,
    )
    results = types.PollResults(
        results=[
            types.PollAnswerVoters(b"1", voters=2, recent_voters=[], correct=True),
            types.PollAnswerVoters(b"0", voters=3, recent_voters=[], chosen=True),
        ],
        total_voters=5,
        solution="Because",
        solution_entities=[],
    )
    result = converted(types.MessageMediaPoll(poll, results))
    assert result.media == Poll(
        question="Which day?",
        answers=(PollAnswer("Mon", 3, chosen=True), PollAnswer("Tue", 2, correct=True)),
        voters=5,
        closed=True,
        quiz=True,
        anonymous=False,
        solution="Because",
    )
    assert result.raw is None


def test_a_poll_without_results_and_with_formatting() -> None:
    poll = types.Poll(
        id=1,
        question=types.TextWithEntities("Which?", [types.MessageEntityBold(0, 5)]),
        answers=[types.PollAnswer(words("Mon"), b"0")],
        hash=1,
        multiple_choice=True,
    )
    result = converted(types.MessageMediaPoll(poll, types.PollResults()))
    assert result.media == Poll(question="Which?", answers=(PollAnswer("Mon"),), multiple=True)
    assert result.raw is not None, "the bold word is not in the model"


def test_a_todo_list_tells_who_did_what() -> None:
    todo = types.TodoList(words("Trip"), [types.TodoItem(1, words("Keys")), types.TodoItem(2, words("Cat"))])
    done = [types.TodoCompletion(2, types.PeerUser(5), WHEN)]
    assert converted(types.MessageMediaToDo(todo, done)).media == TodoList(
        title="Trip", items=(TodoItem(1, "Keys"), TodoItem(2, "Cat", done_by=5, done_date=NOW))
    )


def test_giveaways_and_their_results_are_told_and_kept_raw() -> None:
    launch = converted(types.MessageMediaGiveaway([7], 3, WHEN, months=6, prize_description="Cup"))
    assert launch.media == Giveaway(quantity=3, months=6, until_date=NOW, prize="Cup")
    results = converted(types.MessageMediaGiveawayResults(7, 2, 2, 0, [5, 6], WHEN, stars=100))
    assert results.media == Giveaway(quantity=2, stars=100, until_date=NOW, winners=(5, 6))
    assert launch.raw is not None and results.raw is not None


def test_paid_media_shows_what_was_paid_for() -> None:
    bought = types.MessageExtendedMedia(types.MessageMediaPhoto(photo=photo(types.PhotoSize("m", 3, 2, 9))))
    locked = types.MessageExtendedMediaPreview(w=10, h=10)
    media = converted(types.MessageMediaPaidMedia(50, [bought, locked])).media
    assert isinstance(media, PaidMedia)
    assert (media.stars, [file.kind for file in media.files]) == (50, [MediaKind.PHOTO])
    assert converted(types.MessageMediaPaidMedia(50, [locked])).media == PaidMedia(stars=50)


@pytest.mark.parametrize(
    ("media", "name"),
    [
        (types.MessageMediaUnsupported(), "unsupported"),
        (types.MessageMediaStory(types.PeerUser(5), 3), "story"),
        (types.MessageMediaGeo(types.GeoPointEmpty()), "geo"),
        (types.MessageMediaVideoStream(types.InputGroupCall(1, 2)), "video_stream"),
    ],
)
def test_what_the_model_has_no_form_for_is_named_and_kept_raw(media: Any, name: str) -> None:
    result = converted(media)
    assert result.media == OtherMedia(name=name)
    assert result.raw is not None
    assert bytes(BinaryReader(result.raw).tgread_object().media) == bytes(media)
