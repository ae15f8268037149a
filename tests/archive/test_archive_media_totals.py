"""What is still to fetch is counted equal by what misses and by what is shown."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tobs_tui.archive import Archive, Batch, MediaWant, media_wanted
from tobs_tui.model import Chat, ChatType, File, Interval, MediaKind, Message, NoteKey, Owner

CHATS = (-1_000_000_000_005, -1_000_000_000_006, -1_000_000_000_007)
START = 1_700_000_000


def _note_of(date: int, topic_id: int | None) -> NoteKey:
    return NoteKey(topic_id or 0, "2023")


def _message(chat_id: int, number: int, chance: random.Random) -> Message:
    file = File(
        id=chance.randrange(400),
        kind=chance.choice([MediaKind.PHOTO, MediaKind.VIDEO]),
        size=chance.randrange(1000),
        dc=2,
        access_hash=1,
        reference=b"r",
        date=START,
    )
    return Message(chat_id=chat_id, id=number, date=START + number, media=file)


@pytest.mark.parametrize(
    "want",
    [
        MediaWant(frozenset(MediaKind)),
        MediaWant(frozenset({MediaKind.PHOTO}), max_size=500),
        MediaWant(frozenset(MediaKind), since=START + 50, until=START + 120),
        MediaWant(frozenset()),
    ],
)
def test_both_ways_of_counting_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, want: MediaWant
) -> None:
    chance = random.Random(3)
    with Archive.open(tmp_path, Owner(1, "telegram")) as archive:
        for chat_id in CHATS:
            archive.save_chats([Chat(id=chat_id, type=ChatType.SUPERGROUP, title="x", top_id=200)])
            messages = tuple(_message(chat_id, number, chance) for number in range(1, 201))
            archive.commit(Batch(chat_id=chat_id, messages=messages, covers=(Interval(1, 200),)), _note_of)
        monkeypatch.setattr(media_wanted, "WINDOW", 30)
        for chats in (CHATS[:1], CHATS[1:], CHATS):
            by_what_is_shown = archive.media_totals(chats, want)
            with monkeypatch.context() as patched:
                patched.setattr(media_wanted, "FEW", 0)
                assert archive.media_totals(chats, want) == by_what_is_shown
            assert bool(by_what_is_shown[0]) == bool(want.kinds)
        archive.leave_files_out(CHATS[0], want, _note_of)
        for chats in (CHATS[:1], CHATS[1:], CHATS):
            missing = archive.files_missing(*chats)
            with monkeypatch.context() as patched:
                patched.setattr(media_wanted, "FEW", 0)
                assert archive.files_missing(*chats) == missing
            assert sum(missing.values()) > 100
