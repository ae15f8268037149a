"""Commands that need no network: `verify`, `publish`, `search`, `config`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec

from tobs_tui import text
from tobs_tui.archive import Archive, ArchiveReader, Hit, Indexer, StoredChat
from tobs_tui.cli.output import number, plural, print_json, print_table, when
from tobs_tui.cli.vault import kept_calendar, open_publisher, settle_changes
from tobs_tui.config import Settings, describe
from tobs_tui.errors import AmbiguousChat, TobsError, UnknownChat, UsageError
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.verify import ChatCheck, verify


class Verdict(IntEnum):
    AGREES = 0
    DISAGREES = 1
    UNFINISHED = 3


def verify_vault(settings: Settings, words: Sequence[str], *, as_json: bool) -> int:
    """0: all agree and the scope asked for is done; 3: they agree, but it is not; 1: they do not agree."""
    with open_reader(settings) as archive:
        chosen = [stored.chat.id for stored in chosen_chats(archive, words)] if words else None
        checks = verify(archive, settings.export_path, chosen)
    verdict = _verdict(checks)
    if as_json:
        print_json(
            {
                "status": _VERDICT_NAMES[verdict],
                "chats": [msgspec.to_builtins(check) for check in checks],
            }
        )
        return verdict
    print_table(
        ("Chat", "Fetched", "Empty", "Failed", "Unasked", "Notes", "Files", ""),
        [_verify_row(check) for check in checks],
        right=(1, 2, 3, 4, 5, 6),
    )
    for check in checks:
        for problem in check.problems:
            print(f"{text.for_terminal(check.title, 40)}: {text.for_terminal(problem)}", file=sys.stderr)
        for remark in check.remarks:
            print(f"{text.for_terminal(check.title, 40)}: {text.for_terminal(remark)}")
    print(_VERDICTS[verdict])
    return verdict


def publish_notes(settings: Settings, words: Sequence[str], *, yes: bool = False) -> int:
    """Render the notes of these chats, or of all, again from the archive.

    Another layout or time zone than the vault's is asked for, and then holds for all chats.
    """
    with open_reader(settings) as reader:
        owner = reader.owner()
        chosen = chosen_chats(reader, words) if words else reader.chats()
    if owner is None:
        raise UsageError(f"The archive in {settings.archive_dir} holds nothing yet")
    written = left = 0
    problems: list[str] = []
    with Archive.open(settings.archive_dir, owner) as archive:
        if settle_changes(settings, archive, yes=yes):
            chosen = archive.chats()
        publisher = open_publisher(settings, archive)
        for stored in chosen:
            if stored.part_of is not None:
                continue
            archive.mark_all_dirty(stored.chat.id, publisher.calendar.note_of)
            report = publisher.publish(stored.chat.id)
            written += report.written
            left += report.left
            problems += [f"{stored.name}: {problem}" for problem in report.problems]
        problems += publisher.finish().problems
    for problem in problems:
        print(text.for_terminal(problem), file=sys.stderr)
    print(f"{plural(written, 'note')} written to {settings.export_path.resolve()}; the others were right.")
    return Verdict.UNFINISHED if problems or left else Verdict.AGREES


def search_archive(settings: Settings, words: str, *, chat: str | None, limit: int, as_json: bool) -> int:
    """Print what matches, best first. 0 also where nothing does."""
    _bring_index_up_to_date(settings)
    with open_reader(settings) as archive:
        chat_id = chosen_chats(archive, [chat])[0].chat.id if chat else None
        hits = archive.search(words, chat_id=chat_id, limit=limit)
        calendar = kept_calendar(settings, archive)
        found = [_found(archive, calendar, hit) for hit in hits]
    if as_json:
        print_json(found)
        return 0
    for hit in found:
        head = f"{when(hit['date'], calendar.timezone)}  {hit['chat']} · {hit['sender']}"
        print(text.for_terminal(head, 100))
        print(f"    {text.for_terminal(hit['text'], 200)}")
        if hit["note"]:
            print(f"    {text.for_terminal(str(settings.export_path / hit['note']), 300)}")
    print(f"{plural(len(hits), 'message')} found", file=sys.stderr)
    return 0


def _found(archive: ArchiveReader, calendar: Calendar, hit: Hit) -> dict[str, Any]:
    """One hit as `--json` prints it, with the note that holds it."""
    stored = archive.chat(hit.chat_id)
    whose = hit.chat_id if stored is None else stored.part_of or hit.chat_id
    note = next(iter(archive.notes(whose, calendar.note_of(hit.date, hit.topic_id))), None)
    return {
        "chat_id": hit.chat_id,
        "chat": stored.chat.title if stored else "",
        "message_id": hit.message_id,
        "date": hit.date,
        "sender": hit.sender,
        "text": hit.text,
        "note": note.path if note else None,
    }


def show_settings(settings: Settings) -> int:
    """Every setting, its value and origin; secrets hidden."""
    print_table(("Setting", "Value", "From"), describe(settings))
    return 0


def _bring_index_up_to_date(settings: Settings) -> None:
    """Index what an export left; another process at it, or a folder we can't write, leaves it as it is."""
    try:
        with Indexer.open(settings.archive_dir) as indexer:
            indexer.index_all()
    except TobsError as error:
        print(f"The newest messages may not be found: {text.for_terminal(error.what)}", file=sys.stderr)


def open_reader(settings: Settings) -> ArchiveReader:
    folder: Path = settings.archive_dir
    if not (folder / "archive.db").exists():
        raise UsageError(
            f"There is no archive in {folder}", "Export something first, or set EXPORT_PATH to the vault"
        )
    return ArchiveReader.open(folder)


def chosen_chats(archive: ArchiveReader, words: Sequence[str]) -> list[StoredChat]:
    """The archive's chats that these words name: ids, @usernames or exact titles."""
    stored = [chat for chat in archive.chats() if chat.part_of is None]
    chosen = []
    for word in words:
        found = [chat for chat in stored if _is_named(chat, word)]
        if not found:
            raise UnknownChat(f"No chat of the archive is called {word!r}")
        if len(found) > 1:
            names = ", ".join(f"{chat.chat.id} ({chat.name})" for chat in found)
            raise AmbiguousChat(f"{word!r} may be any of {names}", "Give the id")
        chosen += found
    return chosen


def _is_named(stored: StoredChat, word: str) -> bool:
    chat = stored.chat
    username = (chat.username or "").casefold()
    return (
        word == str(chat.id)
        or word in (stored.name, chat.title)
        or (word.startswith("@") and word[1:].casefold() == username)
    )


def _verdict(checks: Sequence[ChatCheck]) -> Verdict:
    if any(check.problems for check in checks):
        return Verdict.DISAGREES
    if any(not check.done for check in checks):
        return Verdict.UNFINISHED
    return Verdict.AGREES


def _verify_row(check: ChatCheck) -> tuple[str, ...]:
    numbers = (check.fetched, check.empty, check.failed, check.unasked, check.notes, check.files)
    word = "does not agree" if check.problems else "done" if check.done else "not done"
    return (check.title, *map(number, numbers), word)


_VERDICT_NAMES = {
    Verdict.AGREES: "complete",
    Verdict.UNFINISHED: "incomplete",
    Verdict.DISAGREES: "damaged",
}
_VERDICTS = {
    Verdict.AGREES: "Ledger, messages, notes and files agree; all that was asked for is here.",
    Verdict.UNFINISHED: "All agree, but not all that was asked for is here yet: export again to go on.",
    Verdict.DISAGREES: "They do not agree; stderr tells where. `tobs-tui publish` mends missing notes, "
    "`tobs-tui verify --repair` files.",
}
