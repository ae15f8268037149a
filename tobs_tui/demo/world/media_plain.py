"""Media without files of their own: places, polls, lists, previews, games, gifts …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telethon.tl import types

from tobs_tui.demo.world.stamp import Stamp

Words = Sequence[str]


def plain(text: str) -> Any:
    """TextWithEntities without entities."""
    return types.TextWithEntities(text, [])


def geo_point(text: str) -> Any:
    """`38.71,-9.13` as GeoPoint."""
    latitude, _, longitude = text.partition(",")
    return types.GeoPoint(float(longitude), float(latitude), access_hash=77_1234_5678, accuracy_radius=12)


def poll(words: Words, stamp: Stamp) -> Any:
    """`"Question" "Answer=5*" "Other=2" closed quiz multiple public "why=…"`: votes after `=`, `*` is mine,
    `!` is right."""
    flags = [word for word in words[1:] if word in ("closed", "quiz", "multiple", "public")]
    solution = next((word[4:] for word in words if word.startswith("why=")), None)
    answers, results = [], []
    for at, word in enumerate(word for word in words[1:] if "=" in word and not word.startswith("why=")):
        text, _, votes = word.rpartition("=")
        option = bytes((48 + at,))
        answers.append(types.PollAnswer(plain(text), option))
        results.append(
            types.PollAnswerVoters(
                option,
                chosen="*" in votes or None,
                correct="!" in votes or None,
                voters=int(votes.strip("*!") or 0),
                recent_voters=[],
            )
        )
    return types.MessageMediaPoll(
        types.Poll(
            id=stamp.serial(0),
            question=plain(words[0]),
            answers=answers,
            hash=0,
            closed="closed" in flags or None,
            public_voters="public" in flags or None,
            multiple_choice="multiple" in flags or None,
            quiz="quiz" in flags or None,
        ),
        types.PollResults(
            results=results,
            total_voters=sum(result.voters for result in results),
            solution=solution,
            solution_entities=[] if solution else None,
        ),
    )


def _todo(words: Words, stamp: Stamp) -> Any:
    items = [types.TodoItem(at, plain(word.removesuffix("*"))) for at, word in enumerate(words[2:], 1)]
    done = [
        types.TodoCompletion(at, types.PeerUser(int(words[0])), stamp.moment(600 + at))
        for at, word in enumerate(words[2:], 1)
        if word.endswith("*")
    ]
    todo = types.TodoList(plain(words[1]), items, others_can_append=True, others_can_complete=True)
    return types.MessageMediaToDo(todo, completions=done or None)


def _web(words: Words, stamp: Stamp, photo: Any) -> Any:
    url, site, title, description = (*(word for word in words if word != "photo"), "", "", "")[:4]
    return types.MessageMediaWebPage(
        types.WebPage(
            id=stamp.serial(0),
            url=url,
            display_url=url.partition("://")[2].rstrip("/"),
            hash=0,
            type="article",
            site_name=site or None,
            title=title or None,
            description=description or None,
            photo=photo,
        )
    )


def _venue(words: Words, stamp: Stamp) -> Any:
    return types.MessageMediaVenue(geo_point(words[0]), words[1], words[2], "foursquare", "4b05", "food/cafe")


def _contact(words: Words, stamp: Stamp) -> Any:
    first, _, last = words[0].partition(" ")
    phone = words[1] if len(words) > 1 else ""
    card = f"BEGIN:VCARD\nVERSION:3.0\nFN:{words[0]}\nTEL;TYPE=cell:{phone}\nEND:VCARD\n"
    return types.MessageMediaContact(phone, first, last, card, int(words[2]) if len(words) > 2 else 0)


def _game(words: Words, stamp: Stamp) -> Any:
    game = types.Game(stamp.serial(0), 5, words[0].lower(), words[0], words[1], types.PhotoEmpty(1))
    return types.MessageMediaGame(game)


def _giveaway(words: Words, stamp: Stamp) -> Any:
    return types.MessageMediaGiveaway(
        channels=[int(words[0])],
        quantity=int(words[1]),
        months=int(words[2]),
        until_date=stamp.moment(7 * 86400),
        winners_are_visible=True,
        prize_description=words[3] if len(words) > 3 else None,
    )


def _giveaway_results(words: Words, stamp: Stamp) -> Any:
    return types.MessageMediaGiveawayResults(
        channel_id=int(words[0]),
        launch_msg_id=stamp.reply(int(words[1])),
        winners_count=len(words) - 3,
        unclaimed_count=0,
        winners=[int(word) for word in words[3:]],
        until_date=stamp.moment(-60),
        months=int(words[2]),
    )


_SIMPLE: dict[str, Callable[[Words, Stamp], Any]] = {
    "geo": lambda words, stamp: types.MessageMediaGeo(geo_point(words[0])),
    "live": lambda words, stamp: types.MessageMediaGeoLive(
        geo_point(words[0]), period=int(words[1]), heading=90
    ),
    "venue": _venue,
    "contact": _contact,
    "poll": poll,
    "todo": _todo,
    "game": _game,
    "invoice": lambda words, stamp: types.MessageMediaInvoice(
        title=words[0],
        description=words[1],
        currency=words[2],
        total_amount=int(words[3]),
        start_param="demo",
    ),
    "dice": lambda words, stamp: types.MessageMediaDice(int(words[1]), words[0]),
    "giveaway": _giveaway,
    "results": _giveaway_results,
    "story": lambda words, stamp: types.MessageMediaStory(types.PeerUser(int(words[0])), int(words[1])),
    "locked": lambda words, stamp: types.MessageMediaPaidMedia(
        int(words[0]), [types.MessageExtendedMediaPreview(w=1280, h=960)]
    ),
    "unsupported": lambda words, stamp: types.MessageMediaUnsupported(),
}


def plain_media(word: str, words: Words, stamp: Stamp, photo: Any = None) -> Any:
    """The medium that `word` names.

    :raises ValueError: no such medium.
    """
    if word == "web":
        return _web(words, stamp, photo)
    if word not in _SIMPLE:
        raise ValueError(f"no medium is named {word!r}")
    return _SIMPLE[word](words, stamp)
