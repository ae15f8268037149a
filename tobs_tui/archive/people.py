"""The people that messages name. A reduced form (`min`) never replaces a full one.

A name that is new or changed carries the transaction's generation, so that a note which was rendered with the
old one is known for stale.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tobs_tui.archive.rows import chunks, marks
from tobs_tui.model import Person, PersonKind

_UPSERT = """INSERT INTO people (id, kind, name, username, min, generation) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET kind=excluded.kind, name=excluded.name, username=excluded.username,
    min=excluded.min, generation=excluded.generation"""


def load(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Person]:
    """Those of `ids` that are known."""
    return {known: person for known, (person, _) in _load(db, ids).items()}


def save(db: sqlite3.Connection, people: Iterable[Person], generation: int) -> list[int]:
    """Writes whom the archive doesn't know so; returns the ids whose shown name is another than before."""
    coming: dict[int, Person] = {}
    for person in people:
        if not person.min or person.id not in coming or coming[person.id].min:
            coming[person.id] = person
    known = _load(db, coming)
    rows = []
    renamed = []
    for person in coming.values():
        old, old_generation = known.get(person.id, (None, 0))
        if old == person or (old is not None and person.min and not old.min):
            continue
        looks_same = old is not None and (old.name, old.kind) == (person.name, person.kind)
        if not looks_same:
            renamed.append(person.id)
        rows.append(_row(person, old_generation if looks_same else generation))
    db.executemany(_UPSERT, rows)
    return renamed


def newest_generation(db: sqlite3.Connection, ids: Iterable[int]) -> int:
    """The generation in which a name among these people's changed last; 0 when nobody is known."""
    newest = 0
    for some in chunks(ids):
        statement = f"SELECT max(generation) FROM people WHERE id IN ({marks(some)})"
        newest = max(newest, db.execute(statement, some).fetchone()[0] or 0)
    return newest


def _load(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[Person, int]]:
    found: dict[int, tuple[Person, int]] = {}
    for some in chunks(ids):
        rows = db.execute(
            f"SELECT id, kind, name, username, min, generation FROM people WHERE id IN ({marks(some)})", some
        )
        for person_id, kind, name, username, reduced, generation in rows:
            person = Person(
                id=person_id, kind=PersonKind(kind), name=name, username=username, min=bool(reduced)
            )
            found[person_id] = (person, generation)
    return found


def _row(person: Person, generation: int) -> tuple[int, str, str, str | None, int, int]:
    return (person.id, person.kind.value, person.name, person.username, int(person.min), generation)
