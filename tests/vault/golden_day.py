"""The day that `note-format.md` shows, as the domain's values, and as its note."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tobs_tui.archive.values import FileState, StoredFile, StoredMessage
from tobs_tui.model import (
    Action,
    Entity,
    File,
    Forward,
    MediaKind,
    Message,
    Person,
    PersonKind,
    Poll,
    PollAnswer,
    Reaction,
    Reply,
    WebPage,
)

CHAT = -1001234567890
ANNA, BORIS, ODD, TRAINS = 11, 12, 13, -1000000000099
LISBON = ZoneInfo("Europe/Lisbon")
PEOPLE = {
    ANNA: Person(id=ANNA, kind=PersonKind.USER, name="Anna Petrova"),
    BORIS: Person(id=BORIS, kind=PersonKind.USER, name="Boris Li"),
    ODD: Person(id=ODD, kind=PersonKind.USER, name='=^.^= "#1"'),
    TRAINS: Person(id=TRAINS, kind=PersonKind.CHAT, name="Portugal Trains"),
}


def at(clock: str, day: int = 5) -> int:
    hour, minute = map(int, clock.split(":"))
    return int(datetime(2025, 1, day, hour, minute, tzinfo=LISBON).timestamp())


def said(message_id: int, clock: str, sender: int, text: str = "", **more: Any) -> StoredMessage:
    deleted_at = more.pop("deleted_at", None)
    message = Message(chat_id=CHAT, id=message_id, date=at(clock), sender_id=sender, text=text, **more)
    return StoredMessage(message, deleted_at)


def entity(text: str, part: str, kind: str, **more: Any) -> Entity:
    start = text.index(part)
    return Entity(
        kind, len(text[:start].encode("utf-16-le")) // 2, len(part.encode("utf-16-le")) // 2, **more
    )


def file(file_id: int, kind: MediaKind, **more: Any) -> File:
    more.setdefault("size", 1000)
    return File(id=file_id, kind=kind, dc=2, access_hash=1, reference=b"", date=at("00:00"), **more)


def stored(shown: File, **more: Any) -> StoredFile:
    return StoredFile(
        id=shown.id,
        kind=shown.kind,
        size=shown.size,
        dc=2,
        mime="",
        name=None,
        access_hash=1,
        reference=b"",
        date=shown.date,
        thumb=None,
        **more,
    )


KEYS = file(1, MediaKind.PHOTO, width=1280, height=960)
VOICE = file(2, MediaKind.VOICE, duration=42)
ALFAMA = [file(3 + n, MediaKind.PHOTO, width=1280, height=960) for n in range(2)]
FILM = file(5, MediaKind.VIDEO, duration=192, size=84 * 1024 * 1024)
FILES = {
    shown.id: stored(shown, state=FileState.DONE, path=f"media/2025-01-05 {name}")
    for shown, name in (
        (KEYS, "keys 81f3c2.jpg"),
        (VOICE, "voice 0b77d1.ogg"),
        (ALFAMA[0], "photo 4c19aa.jpg"),
        (ALFAMA[1], "photo 4c19ab.jpg"),
    )
} | {FILM.id: stored(FILM, state=FileState.TOO_LARGE, reason=str(50 * 1024 * 1024))}

_YES = "Yes, the 11:05, coach 4. Keys are with me :)"
_FARE = "The cheapest fare:\nmin(fares, key=lambda f: f.price)"
_GUARD = "As the guard said:\nMind the gap.\nIt minds you too.\nTonight is a surprise: fado in Alfama."
_URL = "https://www.cp.pt/timetables"
_HOSTILE = (
    "# free [[Passwords]] %% tobs:end %% #win ==now== $5-$6 ^m1\n"
    "---\n- [x] <b> <% tp.x() %> **a** | ![x](http://t.co)"
)

MESSAGES = [
    said(48210, "9:30", BORIS, action=Action(kind="chat_add_user", people=(BORIS,))),
    said(48213, "9:41", ANNA, "Morning! Are the tickets booked?\nAnd who has the keys?"),
    said(
        48214,
        "9:43",
        BORIS,
        _YES,
        entities=(entity(_YES, "11:05", "bold"),),
        edit_date=at("9:44"),
        reply=Reply(message_id=48213),
        reactions=(Reaction("👍", 2), Reaction("❤️", 1)),
    ),
    said(
        48217,
        "10:02",
        ANNA,
        "Strike on Tuesday: the 14:30 to Porto doesn't run.",
        forward=Forward(date=at("18:20", 3), from_id=TRAINS),
    ),
    said(48219, "10:20", BORIS, "Proof.", media=KEYS),
    said(48221, "10:31", ANNA, media=VOICE),
    said(48226, "12:20", ANNA, "Alfama, all up and down", media=ALFAMA[0], album=7),
    said(48227, "12:20", ANNA, media=ALFAMA[1], album=7),
    said(48229, "12:40", BORIS, media=FILM),
    said(
        48230,
        "13:00",
        ANNA,
        media=Poll(
            question="Which day for Sintra?",
            answers=(PollAnswer("Monday", 3, chosen=True), PollAnswer("Tuesday", 2)),
            voters=5,
            closed=True,
        ),
    ),
    said(48231, "13:05", BORIS, _FARE, entities=(entity(_FARE, _FARE[19:], "pre", language="python"),)),
    said(
        48232,
        "13:20",
        ANNA,
        _GUARD,
        entities=(
            entity(_GUARD, "Mind the gap.\nIt minds you too.", "blockquote"),
            entity(_GUARD, "fado in Alfama", "spoiler"),
        ),
    ),
    said(
        48233,
        "13:31",
        BORIS,
        _URL,
        entities=(entity(_URL, _URL, "link"),),
        media=WebPage(
            url=_URL, site="CP", title="Timetables", description="All trains between Lisbon and Porto."
        ),
    ),
    said(48234, "13:40", BORIS, action=Action(kind="pin_message", message_id=48214)),
    said(48235, "13:52", BORIS, "gone", deleted_at=at("12:00", 7)),
    said(48236, "14:00", ODD, _HOSTILE, entities=(entity(_HOSTILE, "http://t.co", "link"),)),
]

WAYS = (
    "[[Trip to Lisbon 2025-01-04|← 4 Jan]] · [[Trip to Lisbon (Telegram)|Trip to Lisbon]]"
    " · [[Trip to Lisbon 2025-01-07|7 Jan →]]"
)
NOTE = """---
chat: "Trip to Lisbon"
chat_id: -1001234567890
type: supergroup
date: 2025-01-05
timezone: Europe/Lisbon
participants:
  - "Anna Petrova"
  - "Boris Li"
  - "=^.^= \\"#1\\""
messages: 16
tags:
  - telegram
  - telegram/supergroup
---

%% tobs:begin %%
%% The next export rewrites what stands between the two tobs lines. Above and below is yours. %%

# Sunday 5 January 2025

@@WAYS

*09:30 · Boris Li joined the group* ^m48210

**Anna Petrova** 09:41__
Morning! Are the tickets booked?__
And who has the keys? ^m48213

**Boris Li** 09:43 · *edited 09:44*__
↳ [[#^m48213|Anna Petrova: Morning! Are the tickets booked?]]__
Yes, the **11:05**, coach 4. Keys are with me :)__
*👍 2 · ❤️ 1* ^m48214

**Anna Petrova** 10:02 · *forwarded from Portugal Trains, 3 Jan 2025 18:20*__
Strike on Tuesday: the 14:30 to Porto doesn't run. ^m48217

**Boris Li** 10:20__
![[2025-01-05 keys 81f3c2.jpg|480]]__
Proof. ^m48219

**Anna Petrova** 10:31 · *voice, 0:42*__
![[2025-01-05 voice 0b77d1.ogg]] ^m48221

**Anna Petrova** 12:20 · *album of 2*__
![[2025-01-05 photo 4c19aa.jpg|240]] ![[2025-01-05 photo 4c19ab.jpg|240]]__
Alfama, all up and down ^m48226

**Boris Li** 12:40 · *video, 3:12, 84 MB, not downloaded: over the limit of 50 MB* ^m48229

**Anna Petrova** 13:00 · *poll, 5 votes, closed*__
Which day for Sintra? ^m48230

- 3 (60 %) · Monday ✓
- 2 (40 %) · Tuesday

**Boris Li** 13:05__
The cheapest fare: ^m48231

```python
min(fares, key=lambda f: f.price)
```

**Anna Petrova** 13:20__
As the guard said: ^m48232

> Mind the gap.__
> It minds you too.

Tonight is a surprise: ||fado in Alfama||.

**Boris Li** 13:31__
<https://www.cp.pt/timetables> ^m48233

> [Timetables](<https://www.cp.pt/timetables>) · *link preview*__
> All trains between Lisbon and Porto.

*13:40 · Boris Li pinned* [[#^m48214|Boris Li: Yes, the 11:05, coach 4…]] ^m48234

**Boris Li** 13:52 · *deleted in Telegram, noticed 7 Jan 2025* ^m48235

**=\\^.\\^= "\\#1"** 14:00__
\\# free \\[\\[Passwords\\]\\] %\\% tobs:end %\\% \\#win \\==now\\== \\$5-\\$6 \\^m1__
\\---__
\\- \\[x\\] \\<b> <\\% tp.x() %> \\*\\*a\\*\\* \\| !\\[x\\](<http://t.co>) ^m48236

%% tobs:end %%
""".replace("__\n", "  \n").replace("@@WAYS", WAYS)
