"""The indexes that `note-format.md` shows, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime

from tobs_tui.archive import FileState, Ledger
from tobs_tui.archive.ledger import Covered, Failed
from tobs_tui.archive.values import NOTHING_ASKED
from tobs_tui.model import ChatType, Interval, NoteLayout
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.index_notes import (
    IndexedNote,
    IndexedTopic,
    VaultEntry,
    coverage_words,
    index_fields,
    index_region,
    vault_region,
)
from tobs_tui.vault.region import new_note
from tobs_tui.vault.summary import Summary

CALENDAR = Calendar("UTC", NoteLayout.DAILY)
CHAT = -1001234567890


def at(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def summary(messages: int, first: int, last: int, since: int | None = None) -> Summary:
    return Summary(messages=messages, writers=9, first=first, last=last, since=since)


WHOLE = Ledger(top=48240, fetched=12408, empty=35832, covered=(Covered(Interval(1, 48240), 0),))

INDEX = """---
chat: "Trip to Lisbon"
chat_id: -1001234567890
type: supergroup
aliases:
  - "Trip to Lisbon"
  - "Lisboa!!"
messages: 12408
tags:
  - telegram/index
---

%% tobs:begin %%

# Trip to Lisbon

12,408 messages by 9 people, 3 Mar 2021 to 7 Jan 2025__
*Complete up to m48240 · 31 files left out by the limit of 50 MB · 1 file gone from Telegram*

## 2025

**January** · 214 messages__
[[Trip to Lisbon 2025-01-04|4]] · [[Trip to Lisbon 2025-01-05|5]] · [[Trip to Lisbon 2025-01-07|7]]

%% tobs:end %%
""".replace("__\n", "  \n")


def test_the_example_index_comes_out_as_shown() -> None:
    missing = {(FileState.TOO_LARGE, str(50 * 1024 * 1024)): 31, (FileState.GONE, None): 1}
    state = coverage_words(WHOLE, missing, None)
    days = {"2025-01-04": 100, "2025-01-05": 16, "2025-01-07": 98}
    notes = tuple(IndexedNote(day, count, (f"Trip to Lisbon {day}",)) for day, count in days.items())
    total = summary(12408, at(2021, 3, 3), at(2025, 1, 7))
    region = index_region("Trip to Lisbon", total, [IndexedTopic(None, notes)], state, CALENDAR)
    names = ("Trip to Lisbon", "Lisboa!!")
    fields = index_fields(CHAT, ChatType.SUPERGROUP, "Trip to Lisbon", names, total.messages)
    assert new_note(fields, region).decode() == INDEX


def test_the_example_of_the_vaults_index_comes_out_as_shown() -> None:
    entries = [
        VaultEntry(
            ChatType.SUPERGROUP,
            "Trip to Lisbon",
            "Trip to Lisbon (Telegram)",
            summary(12408, at(2021, 3, 3), at(2025, 1, 7)),
        ),
        VaultEntry(
            ChatType.GROUP,
            "Old flat",
            "Old flat (Telegram)",
            summary(3120, at(2017, 1, 1), at(2019, 1, 1), since=at(2018, 1, 1)),
        ),
    ]
    assert vault_region(entries, CALENDAR).decode() == (
        "%% tobs:begin %%\n\n## Groups\n\n"
        "- [[Old flat (Telegram)|Old flat]] · 3,120 messages, 2017 to 2019 · *only since 1 Jan 2018*\n"
        "- [[Trip to Lisbon (Telegram)|Trip to Lisbon]] · 12,408 messages, 2021 to 2025\n\n"
        "%% tobs:end %%"
    )


def test_how_complete_a_chat_is_stands_in_words() -> None:
    holes = Ledger(
        top=9,
        fetched=5,
        empty=0,
        failed=(Failed(Interval(6, 7), "no", 0),),
        unasked=(Interval(8, 9),),
    )
    assert coverage_words(holes, {}, None) == (
        "1 range of messages not fetched yet · 2 messages could not be fetched"
    )
    assert coverage_words(holes, {(FileState.UNASKED, None): 1}, "1 Jan 2018") == (
        "Only since 1 Jan 2018, up to m9 · 2 messages could not be fetched · 1 file not downloaded yet"
    )


def test_each_reason_for_a_missing_file_is_counted_by_itself() -> None:
    missing = {
        (FileState.GONE, None): 1,
        (FileState.FAILED, None): 2,
        (FileState.TOO_LARGE, "2048"): 3,
        (FileState.TOO_LARGE, str(5 << 20)): 4,
        (FileState.TOO_LARGE, None): 5,
        (FileState.OTHER_KIND, None): 6,
        (FileState.OTHER_KIND, NOTHING_ASKED): 7,
        (FileState.UNASKED, None): 8,
    }
    assert coverage_words(WHOLE, missing, None).split(" · ")[1:] == [
        "8 files not downloaded yet",
        "7 files not downloaded",
        "6 files of other kinds left out",
        "3 files left out by the limit of 2 KB",
        "4 files left out by the limit of 5 MB",
        "5 files left out by the limit of size",
        "2 files could not be downloaded",
        "1 file gone from Telegram",
    ]


def test_layouts_and_topics_have_their_lists() -> None:
    months = (
        IndexedNote("2024-12", 3, ("A 2024-12", "A 2024-12 part 2")),
        IndexedNote("2025-01", 1, ("A 2025-01",)),
    )
    whole = (IndexedNote("", 4, ("B",)),)
    topics = [IndexedTopic("General [x]", months), IndexedTopic("Jobs", whole)]
    region = index_region("F", Summary(writers=0), topics, "", CALENDAR).decode()
    assert region.split("0 people\n\n")[1] == (
        "## General \\[x\\]\n\n### 2024\n\n"
        "[[A 2024-12|December]], [[A 2024-12 part 2|part 2]] · 3 messages\n\n"
        "### 2025\n\n[[A 2025-01|January]] · 1 message\n\n"
        "## Jobs\n\n[[B|All messages]] · 4 messages\n\n%% tobs:end %%"
    )
