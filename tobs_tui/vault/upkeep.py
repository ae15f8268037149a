"""What a chat's notes need before any is rendered: an old group's taken over, another layout's put away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from tobs_tui.archive import Archive, NoteRow
from tobs_tui.archive.note_walk import NoteWalk
from tobs_tui.model import NoteKey
from tobs_tui.vault.placing import Placed, Placer

_KEPT_FACTS = ("index", "parts", "summary", "style")
"""What the archive keeps of a chat's notes, each under `<name>:<chat>`."""

NoteOf = Callable[[int, int | None], NoteKey]


class Upkeep:
    """Looks after one chat's published notes; what a person should hear of goes to `placed`."""

    def __init__(self, archive: Archive, chat_id: int, placer: Placer, placed: Placed) -> None:
        self._archive = archive
        self._chat_id = chat_id
        self._placer = placer
        self._placed = placed

    def take_over(self, old_groups: Iterable[int]) -> None:
        """Make the notes that a basic group had before it became this supergroup this one's."""
        for old_id in old_groups:
            rows = self._archive.notes(old_id)
            if not rows:
                continue
            own = {(row.key, row.part): row.path for row in self._archive.notes(self._chat_id, people=False)}
            taken_over = [row for row in rows if (row.key, row.part) not in own]
            # Those at one path with ours were taken over by a publish that was killed then.
            self.retire([row for row in rows if own.get((row.key, row.part), row.path) != row.path])
            self._archive.notes_written([replace(row, chat_id=self._chat_id) for row in taken_over], ())
            for name in ("index", "parts"):
                kept = self._archive.meta(f"{name}:{old_id}")
                if kept and not self._archive.meta(f"{name}:{self._chat_id}"):
                    self._archive.set_meta(f"{name}:{self._chat_id}", kept)
            self._retire_index(old_id)
            for name in _KEPT_FACTS:
                self._archive.set_meta(f"{name}:{old_id}", "")
            self._archive.forget_notes(rows)

    def settle_style(self, style: str, walk: NoteWalk, note_of: NoteOf) -> None:
        """Make all notes dirty where theirs is another layout or time zone; put away those of it alone."""
        kept = self._archive.meta(self._style_key)
        if kept == style:
            return
        if kept or walk.has_files():
            self._archive.mark_all_dirty(self._chat_id, note_of)
            for key in walk.clean():
                self.retire(walk.rows(key))
        self.keep_style(style)

    def has_style(self, style: str, walk: NoteWalk) -> bool:
        """Whether notes can be written in a style as it is: kept as theirs, or there are none yet."""
        kept = self._archive.meta(self._style_key)
        if not kept and not walk.has_files():
            self.keep_style(style)
            return True
        return kept == style

    def keep_style(self, style: str) -> None:
        if self._archive.meta(self._style_key) != style:
            self._archive.set_meta(self._style_key, style)

    def retire(self, rows: Sequence[NoteRow]) -> None:
        """Take our part out of files that are no notes any more, and forget them."""
        for row in rows:
            self._retire(row.path, row.region_hash, row.planned_hash)
        if rows:
            self._archive.forget_notes(rows)

    def _retire_index(self, old_id: int) -> None:
        """Put away an old group's index note, where this chat has one of its own."""
        old, own = self._archive.meta(f"index:{old_id}"), self._archive.meta(f"index:{self._chat_id}")
        if old and own and json.loads(old).get("path") != json.loads(own).get("path"):
            kept = json.loads(old)
            self._retire(kept["path"], kept.get("hash"), kept.get("planned"))

    def _retire(self, path: str, *hashes: str | None) -> None:
        copy, problem = self._placer.retire(path, frozenset(filter(None, hashes)))
        self._placed.kept_edits += filter(None, (copy,))
        self._placed.problems += filter(None, (problem,))

    @property
    def _style_key(self) -> str:
        return f"style:{self._chat_id}"
