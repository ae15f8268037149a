"""The index of a chat's notes and that of the vault. Pure: their text from what is known of the chats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby

from msgspec import Struct

from tobs_tui.archive import FileState, Ledger
from tobs_tui.archive.values import NOTHING_ASKED
from tobs_tui.model import ChatType
from tobs_tui.vault.calendar import MONTHS, Calendar, first_day
from tobs_tui.vault.escape import escape_line, link_label, one_line
from tobs_tui.vault.file_lines import limit_words
from tobs_tui.vault.front_matter import Plain, Value
from tobs_tui.vault.quantities import counted
from tobs_tui.vault.region import BEGIN, END
from tobs_tui.vault.summary import Summary

_TITLE_LIMIT = 200

HEADINGS = {
    ChatType.SAVED: "Saved messages",
    ChatType.PERSON: "People",
    ChatType.GROUP: "Groups",
    ChatType.SUPERGROUP: "Groups",
    ChatType.FORUM: "Groups",
    ChatType.CHANNEL: "Channels",
    ChatType.BOT: "Bots",
}


class IndexedNote(Struct, frozen=True):
    """A note in its chat's index: its period, how many messages it has, its files' base names in order."""

    period: str
    messages: int
    files: tuple[str, ...]


class IndexedTopic(Struct, frozen=True):
    """A forum's topic with its notes in order; the only one, without a title, outside of forums."""

    title: str | None
    notes: Iterable[IndexedNote]


class VaultEntry(Struct, frozen=True):
    """A chat in the vault's index."""

    type: ChatType
    title: str
    index: str
    """The base name of its index note."""
    summary: Summary


def index_fields(
    chat_id: int, chat_type: ChatType, name: str, aliases: Iterable[str], messages: int
) -> dict[str, Value]:
    """Return the properties of a chat's index note."""
    titles = [one_line(title, _TITLE_LIMIT) for title in (name, *aliases)]
    return {
        "chat": one_line(name, _TITLE_LIMIT),
        "chat_id": chat_id,
        "type": Plain(chat_type.value),
        "aliases": tuple(dict.fromkeys(title for title in titles if title)),
        "messages": messages,
        "tags": (Plain("telegram/index"),),
    }


def index_region(
    name: str, summary: Summary, topics: Iterable[IndexedTopic], state: str, calendar: Calendar
) -> bytes:
    """Return the region of a chat's index note; `state` says how complete it is.

    Topics and notes are taken one after the other: a month's are lines before the next one's come.
    """
    blocks = [
        BEGIN,
        f"# {escape_line(one_line(name, _TITLE_LIMIT)) or 'Chat'}",
        _totals(summary, calendar, state),
    ]
    for topic in topics:
        level = "##"
        if topic.title is not None:
            blocks.append(f"## {escape_line(one_line(topic.title, _TITLE_LIMIT)) or 'Topic'}")
            level = "###"
        for year, notes in groupby(topic.notes, key=lambda note: note.period[:4]):
            if year:
                blocks.append(f"{level} {year}")
            blocks += _months(notes)
    return "\n\n".join([*blocks, END]).encode()


def coverage_words(
    ledger: Ledger, missing: Mapping[tuple[FileState, str | None], int], since: str | None
) -> str:
    """Return how complete a chat is: its messages first, then which files are missing, and why."""
    said = []
    if ledger.unasked_ids and since is None:
        said.append(f"{counted(len(ledger.unasked), 'range')} of messages not fetched yet")
    elif since is not None:
        said.append(f"Only since {since}, up to m{ledger.top}")
    elif not ledger.failed_ids:
        said.append(f"Complete up to m{ledger.top}")
    if ledger.failed_ids:
        said.append(f"{counted(ledger.failed_ids, 'message')} could not be fetched")
    files: dict[str, int] = {}
    for (state, reason), count in missing.items():
        words = _file_words(state, reason)
        files[words] = files.get(words, 0) + count
    said += [f"{counted(count, 'file')} {words}" for words, count in sorted(files.items(), key=_file_order)]
    return " · ".join(said)


def _file_words(state: FileState, reason: str | None) -> str:
    if state is FileState.OTHER_KIND and reason == NOTHING_ASKED:
        return _NOT_ASKED
    if state is FileState.TOO_LARGE:
        return f"{_LEFT_OUT} {limit_words(reason)}"
    return _FILE_WORDS[state]


def _file_order(words: tuple[str, int]) -> tuple[int, str]:
    """By what matters least to most; one limit of size after the other."""
    return next(place for place, known in enumerate(_ORDER) if words[0].startswith(known)), words[0]


_NOT_ASKED = "not downloaded"
_LEFT_OUT = "left out by the limit"
_FILE_WORDS = {
    FileState.UNASKED: "not downloaded yet",
    FileState.OTHER_KIND: "of other kinds left out",
    FileState.FAILED: "could not be downloaded",
    FileState.GONE: "gone from Telegram",
}
_ORDER = (
    _FILE_WORDS[FileState.UNASKED],
    _NOT_ASKED,
    _FILE_WORDS[FileState.OTHER_KIND],
    _LEFT_OUT,
    _FILE_WORDS[FileState.FAILED],
    _FILE_WORDS[FileState.GONE],
)


def vault_fields() -> dict[str, Value]:
    return {"tags": (Plain("telegram/index"),)}


def vault_region(entries: Iterable[VaultEntry], calendar: Calendar) -> bytes:
    """Return the region of `Telegram archive.md`: one list a type, sorted by title."""
    lists: dict[str, list[VaultEntry]] = {heading: [] for heading in HEADINGS.values()}
    for entry in entries:
        lists[HEADINGS[entry.type]].append(entry)
    blocks = [BEGIN]
    for heading, chats in lists.items():
        if chats:
            chats.sort(key=lambda entry: (one_line(entry.title).casefold(), entry.index))
            blocks += [f"## {heading}", "\n".join(_vault_line(entry, calendar) for entry in chats)]
    return "\n\n".join([*blocks, END]).encode()


def _totals(summary: Summary, calendar: Calendar, state: str) -> str:
    line = counted(summary.messages, "message")
    if summary.writers is not None:
        line += f" by {counted(summary.writers, 'person', 'people')}"
    if summary.first is not None and summary.last is not None:
        first, last = calendar.short(summary.first), calendar.short(summary.last)
        line += f", {first}" if first == last else f", {first} to {last}"
    return f"{line}  \n*{state}*" if state else line


def _months(notes: Iterable[IndexedNote]) -> list[str]:
    blocks: list[str] = []
    for month, days in groupby(notes, key=lambda note: note.period[:7]):
        some = list(days)
        if len(some[0].period) > 7:
            head = f"**{_month(month)}** · {counted(sum(note.messages for note in some), 'message')}"
            links = " · ".join(_links(note, str(first_day(note.period).day)) for note in some)
            blocks.append(f"{head}  \n{links}")
        elif month:
            blocks.append(f"{_links(some[0], _month(month))} · {counted(some[0].messages, 'message')}")
        else:
            blocks.append(f"{_links(some[0], 'All messages')} · {counted(some[0].messages, 'message')}")
    return blocks


def _month(period: str) -> str:
    day: date = first_day(period)
    return MONTHS[day.month - 1]


def _links(note: IndexedNote, label: str) -> str:
    links = [f"[[{note.files[0]}|{label}]]"] if note.files else [label]
    links += [f"[[{file}|part {part}]]" for part, file in enumerate(note.files[1:], 2)]
    return ", ".join(links)


def _vault_line(entry: VaultEntry, calendar: Calendar) -> str:
    summary = entry.summary
    link = f"[[{entry.index}|{link_label(entry.title) or entry.index}]]"
    line = f"- {link} · {counted(summary.messages, 'message')}"
    if summary.first is not None and summary.last is not None:
        first, last = calendar.day(summary.first).year, calendar.day(summary.last).year
        line += f", {first}" if first == last else f", {first} to {last}"
    if summary.since is not None:
        line += f" · *only since {calendar.short(summary.since)}*"
    return line
