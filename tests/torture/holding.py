"""Holds archive, ledger, files and notes against the server's truth. All differences are told, as lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from tests.torture.truth import Truth
from tobs_tui.archive import ArchiveReader, FileState, StoredFile, has_archive
from tobs_tui.archive.changes import without_addresses
from tobs_tui.errors import ArchiveError
from tobs_tui.model import MediaKind, Message, NoteLayout
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.media_names import PARTIAL_FOLDER, id_in
from tobs_tui.vault.verify import verify

_PART = re.compile(rf"{PARTIAL_FOLDER}/(-?\d+)")
_BLOCK = re.compile(rb"\^([mg]\d+)")
MOST = 8
"""Differences named of one kind."""


def meanwhile(folder: Path, vault: Path, ever: dict[int, set[int]], now: dict[int, set[int]]) -> list[str]:
    """What is wrong after a run that was disturbed or killed; much may be missing, nothing may be false.

    `ever` and `now` are the ids that were at the server at any time, and that are there still.
    """
    if not has_archive(folder):
        return []
    wrong = []
    try:
        archive = ArchiveReader.open(folder)
    except ArchiveError as error:
        # A kill while the archive was being made leaves a blank one, which is taken for none.
        return [] if type(error) is ArchiveError else [error.line()]
    with archive:
        for check in verify(archive, vault):
            wrong += [f"verify: {check.title}: {problem}" for problem in check.problems]
        for stored in archive.chats():
            chat_id = stored.chat.id
            rows = {row.message.id for row in archive.messages([chat_id])}
            invented = rows - ever.get(chat_id, set())
            hidden = {
                message_id
                for message_id in now.get(chat_id, set()) - rows
                if any(message_id in covered.interval for covered in archive.ledger(chat_id).covered)
            }
            wrong += _some("never were at the server", chat_id, invented)
            wrong += _some("are called empty, and are at the server", chat_id, hidden)
    return wrong


def of_truth(folder: Path, truth: Truth) -> list[str]:
    """What differs of messages and ledger after a complete run."""
    wrong = []
    with ArchiveReader.open(folder) as archive:
        wrong += archive.check()
        for chat_id, messages in truth.messages.items():
            rows = {row.message.id: row for row in archive.messages([chat_id])}
            live = {message_id: row.message for message_id, row in rows.items() if row.deleted_at is None}
            wrong += _some("are missing", chat_id, messages.keys() - live.keys())
            wrong += _some("were deleted, and don't say so", chat_id, live.keys() - messages.keys())
            same = live.keys() & messages.keys()
            changed = {each for each in same if _plain(live[each]) != _plain(messages[each])}
            for message_id in sorted(changed)[:2]:
                wrong.append(f"{live[message_id]}\n is not\n{messages[message_id]}")
            wrong += _some("are not what the server has", chat_id, changed)
            ledger = archive.ledger(chat_id)
            if ledger.failed or ledger.unasked:
                wrong.append(f"chat {chat_id}: failed {ledger.failed}, unasked {ledger.unasked}")
            if ledger.fetched != len(rows):
                wrong.append(f"chat {chat_id}: {ledger.fetched} fetched ids, {len(rows)} rows")
    return wrong


def of_files(
    folder: Path, vault: Path, truth: Truth, kinds: frozenset[MediaKind], most_bytes: int | None
) -> list[str]:
    """What differs of files after a complete run: each that was asked for is there, whole, once."""
    wrong: list[str] = []
    paths: dict[str, int] = {}
    waiting: set[int] = set()
    """Of deleted messages: what a killed run placed of them, no later one asks for."""
    with ArchiveReader.open(folder) as archive:
        for chat_id, messages in truth.messages.items():
            for message_id, stored in archive.files(chat_id):
                if stored.path is not None and paths.setdefault(stored.path, stored.id) != stored.id:
                    wrong.append(f"{stored.path} is the name of two files")
                if message_id in messages:
                    wrong += _of_file(vault, truth, stored, kinds, most_bytes)
                elif stored.path is None:
                    waiting.add(stored.id)
    there = {path.relative_to(vault).as_posix() for path in (vault / "media").rglob("*") if path.is_file()}
    there -= {path for path in there if (id_in(Path(path).name) or _part_of(path)) in waiting}
    strange = there - paths.keys()
    wrong += [f"{path} belongs to no file of the archive" for path in sorted(strange)[:MOST]]
    return wrong


def _part_of(path: str) -> int | None:
    """The id of the file that a partial download is of."""
    found = _PART.match(path)
    return int(found[1]) if found else None


def _of_file(
    vault: Path, truth: Truth, stored: StoredFile, kinds: frozenset[MediaKind], most_bytes: int | None
) -> Iterator[str]:
    left_out = None
    if stored.kind not in kinds:
        left_out = FileState.OTHER_KIND
    elif most_bytes is not None and stored.size > most_bytes:
        left_out = FileState.TOO_LARGE
    what = f"file {stored.id} ({stored.kind}, {stored.size} bytes, {stored.state}, {stored.path})"
    if left_out is not None:
        if stored.state not in (left_out, FileState.UNASKED) or stored.path is not None:
            yield f"{what} was not asked for ({left_out})"
        return
    if stored.state is not FileState.DONE or stored.path is None:
        yield f"{what} is not there: {stored.reason}"
        return
    try:
        found = (vault / stored.path).read_bytes()
    except OSError as error:
        yield f"{what}: {error}"
        return
    if found != truth.content(stored):
        yield f"{what} does not hold the server's bytes: {len(found)}"


def of_search(folder: Path, truth: Truth, words: Iterable[str]) -> list[str]:
    """What the search finds wrongly: every word here stands in one message at most."""
    where = {
        word: (chat_id, message.id)
        for chat_id, messages in truth.messages.items()
        for message in messages.values()
        for word in message.text.split()
        if word.startswith("word")
    }
    wrong = []
    with ArchiveReader.open(folder) as archive:
        for word in words:
            found = {(hit.chat_id, hit.message_id) for hit in archive.search(word) if hit.deleted_at is None}
            if found != ({where[word]} if word in where else set()):
                wrong.append(f"{word} is found in {found}, stands in {where.get(word)}")
    return wrong[:MOST]


def of_notes(vault: Path, other: Path, *, but: Iterable[str] = ()) -> list[str]:
    """What differs between two vaults' files for people, byte for byte; `but` these paths."""
    ours, theirs, left_out = notes(vault), notes(other), set(but)
    wrong = [f"{path} is only in one vault" for path in sorted((ours.keys() ^ theirs.keys()) - left_out)]
    wrong += [
        f"{path} differs\n{_first_difference(ours[path], theirs[path])}"
        for path in sorted((ours.keys() & theirs.keys()) - left_out)
        if ours[path] != theirs[path]
    ]
    return wrong[:MOST]


def notes(vault: Path) -> dict[str, bytes]:
    """Every file of a vault but the archive's and the media, by its path."""
    return {
        str(path.relative_to(vault)): path.read_bytes()
        for path in sorted(vault.rglob("*"))
        if path.is_file() and not {".tobs", "media"} & set(path.relative_to(vault).parts[:1])
    }


def of_dump(folder: Path, other: Path, *, moved: bool) -> list[str]:
    """What differs between two archives that must hold the same.

    Where the server `moved`, older versions are ours alone, and differences told people in full of whom
    pages tell less.
    """
    ours, theirs = _dump(folder, moved), _dump(other, moved)
    wrong = [f"only in the tortured archive: {line[:400]}" for line in sorted(ours - theirs)[:MOST]]
    return wrong + [f"only in the undisturbed one: {line[:400]}" for line in sorted(theirs - ours)[:MOST]]


def paths_with_traces(folder: Path, truth: Truth, vault: Path, fresh: Path) -> set[str]:
    """Paths of notes that may tell of deleted messages, which an undisturbed export (`fresh`) never saw.

    They hold one, or link one, or count one (a chat's index and JSON, the vault's index), or name a note
    that is there for deleted messages alone.
    """
    found: set[str] = set()
    holds: set[str] = set()
    gone: set[bytes] = set()
    with ArchiveReader.open(folder) as archive:
        for stored in archive.chats():
            histories = [*archive.parts_of(stored.chat.id), stored.chat.id]
            messages = [row for history in histories for row in archive.messages([history])]
            deleted = [row.message for row in messages if row.deleted_at is not None]
            albums = {(message.chat_id, message.album) for message in deleted if message.album is not None}
            # What answers a deleted member of an album links its first message.
            linked = [row.message for row in messages if (row.message.chat_id, row.message.album) in albums]
            gone |= {
                b"%s%d" % (b"m" if message.chat_id == stored.chat.id else b"g", message.id)
                for message in (*deleted, *linked)
            }
            if deleted:
                layout, timezone, *_ = (archive.meta(f"style:{stored.chat.id}") or "").split(" ")
                note_of = Calendar(timezone, NoteLayout(layout)).note_of
                keys = {note_of(message.date, message.topic_id) for message in deleted}
                holds |= {row.path for key in keys for row in archive.notes(stored.chat.id, key)}
            # The top of a chat never falls, though its newest message was deleted before it was read.
            fell = any(archive.top(h) > max(truth.messages.get(h, ()), default=0) for h in histories)
            if (deleted or fell) and stored.folder is not None:
                inside = vault / stored.folder
                found |= {path.name for path in inside.glob("*.json")}
                found |= {path.name for path in inside.glob("* (Telegram*).md")}
    paths = notes(vault)
    traced = holds | {path for path, content in paths.items() if not gone.isdisjoint(_BLOCK.findall(content))}
    traced |= {path for path in paths if Path(path).name in found}
    alone = [Path(path).stem.encode() for path in traced if not (fresh / path).exists()]
    traced |= {path for path, content in paths.items() if any(b"[[" + name in content for name in alone)}
    return traced | {path for path in paths if gone and "/" not in path}


def _dump(folder: Path, moved: bool) -> set[str]:
    with ArchiveReader.open(folder) as archive:
        if not moved:
            return set(archive.dump())
        lines = (json.loads(line) for line in archive.dump())
        return {
            json.dumps(line[:4] if line[0] == "person" else line, ensure_ascii=False)
            for line in lines
            if line[0] != "version"
        }


def _plain(message: Message) -> Message:
    # Raw bytes hold file references, which may have expired meanwhile.
    return replace(without_addresses(message), raw=b"" if message.raw is not None else None)


def _some(what: str, chat_id: int, ids: Iterable[int]) -> list[str]:
    found = sorted(ids)
    return [f"chat {chat_id}: {len(found)} {what}: {found[:MOST]}"] if found else []


def _first_difference(ours: bytes, theirs: bytes) -> str:
    one, other = ours.splitlines(), theirs.splitlines()
    at = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    return "\n".join(
        json.dumps([line.decode(errors="replace") for line in lines[max(0, at - 1) : at + 3]])
        for lines in (one, other)
    )
