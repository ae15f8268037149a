"""Puts rendered notes where they belong, without losing a word that a person wrote.

A note is looked at, decided on, planned in the archive and replaced; what a person changed in our region is
kept beside it first, and a note of which it can't be told what is ours is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tobs_tui.vault import front_matter
from tobs_tui.vault.book import base_name, other_paths
from tobs_tui.vault.front_matter import Fields
from tobs_tui.vault.locate import Identity, Locator, identity_in
from tobs_tui.vault.names import EDITS_SUFFIX
from tobs_tui.vault.note import OUR_KEYS
from tobs_tui.vault.region import (
    Unclear,
    below_front_matter,
    front_matter_of,
    new_note,
    part,
    region_hash,
)
from tobs_tui.vault.writer import WRITERS, Replacement, read, replace_all, sync_folder, translated

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it was rendered, with what the archive knows of the one that is published."""

    identity: Identity
    path: str
    """Relative to the vault, with `/`."""
    fields: Fields
    region: bytes
    known: frozenset[str] = frozenset()
    """Hashes of the regions that we may have written there; empty when none was."""
    is_early: bool = False
    """Whether more is to come that changes the region. Over a note of an archive that was lost, which may
    show that already, it isn't written: it couldn't be told from one that a person changed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a file. Without a replacement it is right as it stands."""

    draft: Draft
    path: str
    hash: str
    replacement: Replacement | None
    edits: Replacement | None = None
    """A copy of the note that a person changed inside our region."""


@dataclass(slots=True)
class Placed:
    """What came of some drafts."""

    written: int = 0
    unchanged: int = 0
    decisions: list[Decision] = field(default_factory=list)
    """Those that now are as they should be."""
    kept_edits: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    put_off: int = 0
    """Early ones that were not written."""


class Placer:
    """Places notes in one vault. Keeps a few threads for syncing; close it when done."""

    def __init__(self, vault: Path, locator: Locator) -> None:
        self._vault = vault
        self._locator = locator
        self._pool = ThreadPoolExecutor(WRITERS, "notes")

    def holds(self, path: str) -> bool:
        """Whether the vault has a file there."""
        return (self._vault / path).exists()

    def close(self) -> None:
        self._pool.shutdown()

    def place(
        self,
        drafts: Sequence[Draft],
        plan: Callable[[Sequence[Decision]], None],
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Placed:
        """Bring the files to what the drafts say. `plan` keeps the decisions before any file is replaced.

        `meanwhile` is done while the disk is waited for.

        :raises DiskFull: :raises VaultNotWritable: as their classes say.
        """
        placed = Placed()
        left: Iterable[Draft] = drafts
        for _ in range(_ATTEMPTS):
            decisions = [decision for draft in left if (decision := self._decide(draft, placed)) is not None]
            plan(decisions)
            changed = self._carry_out(decisions, placed, meanwhile)
            if not changed:
                return placed
            left = changed
        placed.problems += [
            f"{draft.path} was changed again and again while it was written" for draft in left
        ]
        return placed

    def retire(self, path: str, known: frozenset[str]) -> tuple[str | None, str | None]:
        """Take our part out of a note that is none any more; delete the file when nothing else is in it.

        Returns the path of the copy that was kept of a person's changes, and a problem in words.
        """
        target = self._vault / path
        content = read(target)
        if content is None:
            return None, None
        try:
            parted = part(content, known)
            foreign = _has_own_words(parted.head)
        except Unclear as error:
            return None, f"{path} is left alone: {error}"
        copy = None
        if region_hash(parted.region) not in known:
            edits = self._edits(path, content)
            copy = None if edits is None else edits.path.relative_to(self._vault).as_posix()
            replace_all([edits] if edits else [], self._pool)
        if foreign or parted.tail.strip():
            rest = parted.head + parted.tail.lstrip(b"\r\n")
            replace_all([Replacement(target, rest, content)], self._pool)
        else:
            with translated(target):
                target.unlink(missing_ok=True)
            sync_folder(target.parent)
        return copy, None

    def _decide(self, draft: Draft, placed: Placed) -> Decision | None:
        path = draft.path
        existing = read(self._vault / path)
        if draft.known and (existing is None or not is_ours(existing, draft.identity)):
            path, existing = self._moved(draft, existing)
        elif existing is not None and not draft.known and not is_ours(existing, draft.identity):
            path, existing = self._another(draft)
        new_hash = region_hash(draft.region)
        target = self._vault / path
        if existing is None:
            content = new_note(draft.fields, draft.region)
            return Decision(draft, path, new_hash, Replacement(target, content, None))
        try:
            parted = part(existing, draft.known | {new_hash})
            there = region_hash(parted.region)
            region = parted.region if there == new_hash else draft.region
            content = parted.rewritten(draft.fields, region)
        except Unclear as error:
            placed.problems.append(f"{path} is left alone: {error}")
            return None
        if content == existing:
            return Decision(draft, path, new_hash, None)
        edited = there != new_hash and there not in draft.known
        if edited and draft.is_early and not draft.known:
            placed.put_off += 1
            return None
        edits = self._edits(path, existing) if edited else None
        return Decision(draft, path, new_hash, Replacement(target, content, existing), edits)

    def _carry_out(
        self, decisions: Sequence[Decision], placed: Placed, meanwhile: Callable[[], None]
    ) -> list[Draft]:
        """Replace what is to be; returns the drafts whose files were changed meanwhile."""
        copies = [decision.edits for decision in decisions if decision.edits is not None]
        if copies:
            replace_all(copies, self._pool)
            placed.kept_edits += [copy.path.relative_to(self._vault).as_posix() for copy in copies]
        wanted = [decision.replacement for decision in decisions if decision.replacement is not None]
        changed = {replacement.path for replacement in replace_all(wanted, self._pool, meanwhile)}
        again: list[Draft] = []
        for decision in decisions:
            if decision.replacement is not None and decision.replacement.path in changed:
                again.append(decision.draft)
                continue
            placed.decisions.append(decision)
            if decision.replacement is None:
                placed.unchanged += 1
            else:
                placed.written += 1
        return again

    def _moved(self, draft: Draft, there: bytes | None) -> tuple[str, bytes | None]:
        """Where a person moved a note, and its content; what is `there` at its path when it's nowhere."""
        candidates = [
            (path, content)
            for path in self._locator.find(draft.identity)
            if (content := read(self._vault / path)) is not None
        ]
        for path, content in candidates:
            if _holds_known_region(content, draft.known):
                return path, content
        return candidates[0] if candidates else (draft.path, there)

    def _another(self, draft: Draft) -> tuple[str, bytes | None]:
        """A path beside somebody else's file of the same name, and what is there already of ours."""
        path = draft.path
        for path in other_paths(draft.path, draft.identity.chat_id):
            content = read(self._vault / path)
            if content is None or is_ours(content, draft.identity):
                return path, content
        return path, None

    def _edits(self, path: str, content: bytes) -> Replacement | None:
        """The copy to keep of a note with a person's changes; None when one like it is kept already."""
        stem = path.removesuffix(".md")
        number = 1
        while True:
            again = f" {number}" if number > 1 else ""
            target = self._vault / f"{stem}{EDITS_SUFFIX[:-1]}{again}).md"
            kept = read(target)
            if kept == content:
                return None
            if kept is None:
                return Replacement(target, content, None)
            number += 1


def is_ours(content: bytes, identity: Identity) -> bool:
    """Whether a file says of itself that it is this note."""
    return identity_in(content) == identity


def moved_base(decision: Decision) -> bool:
    """Whether a note is now called otherwise than links to it have it."""
    return base_name(decision.path) != base_name(decision.draft.path)


def _holds_known_region(content: bytes, known: frozenset[str]) -> bool:
    try:
        return region_hash(part(content, known).region) in known
    except Unclear:
        return False


def _has_own_words(head: bytes) -> bool:
    """Whether anything above our region is a person's: text, or properties that we don't write."""
    text = front_matter_of(head)
    if below_front_matter(head).strip():
        return True
    try:
        return text is not None and bool(front_matter.keys(text.replace("\r\n", "\n")) - OUR_KEYS)
    except front_matter.Unreadable:
        return True
