"""What the archive knows of published notes: their files, whom they name, and which are dirty.

A dirty note carries the generation of the transaction that made it so. Clearing takes only what was listed:
what became dirty again while it was rendered stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from tobs_tui.archive import people
from tobs_tui.archive.rows import chunks, marks
from tobs_tui.archive.values import NoteRow
from tobs_tui.model import NoteKey

_BESIDE = """SELECT
    (SELECT max(period) FROM notes WHERE chat=?1 AND topic=?2 AND period<?3 AND region_hash IS NOT NULL),
    (SELECT max(period) FROM dirty WHERE chat=?1 AND topic=?2 AND period<?3),
    (SELECT min(period) FROM notes WHERE chat=?1 AND topic=?2 AND period>?3 AND region_hash IS NOT NULL),
    (SELECT min(period) FROM dirty WHERE chat=?1 AND topic=?2 AND period>?3)"""
_COLUMNS = "chat, topic, period, part, path, region_hash, planned_hash"


def load(
    db: sqlite3.Connection, chat_id: int, key: NoteKey | None = None, *, people: bool = True
) -> list[NoteRow]:
    """The files of a chat's notes, or of one note, in order."""
    where, values = ("", ()) if key is None else (" AND topic=? AND period=?", (key.topic_id, key.period))
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM notes WHERE chat=?{where} ORDER BY topic, period, part", (chat_id, *values)
    ).fetchall()
    return [_row(columns, _named(db, *columns[:4]) if people else ()) for columns in rows]


def load_some(
    db: sqlite3.Connection, chat_id: int, keys: Sequence[NoteKey]
) -> dict[NoteKey, dict[int, NoteRow]]:
    """The files of some notes by part, without whom they name."""
    found: dict[NoteKey, dict[int, NoteRow]] = {key: {} for key in keys}
    rows = db.execute(
        f"WITH wanted AS (VALUES {','.join(['(?, ?)'] * len(keys))})"
        f" SELECT {_COLUMNS} FROM wanted CROSS JOIN notes"
        " ON chat=? AND topic=column1 AND period=column2 ORDER BY topic, period, part",
        [*(value for key in keys for value in (key.topic_id, key.period)), chat_id],
    )
    for row in map(_row, rows):
        found[NoteKey(row.topic_id, row.period)][row.part] = row
    return found


def _row(columns: Sequence[Any], named: tuple[int, ...] = ()) -> NoteRow:
    """A note of `_COLUMNS`."""
    chat, topic, period, part, path, region_hash, planned_hash = columns
    return NoteRow(
        chat_id=chat,
        topic_id=topic,
        period=period,
        part=part,
        path=path,
        region_hash=region_hash,
        planned_hash=planned_hash,
        people=named,
    )


def dirty(db: sqlite3.Connection, chat_id: int) -> list[NoteKey]:
    rows = db.execute("SELECT topic, period FROM dirty WHERE chat=? ORDER BY topic, period", (chat_id,))
    return [NoteKey(topic, period) for topic, period in rows]


def dirty_piece(
    db: sqlite3.Connection, chat_id: int, after: NoteKey | None, upto: int, limit: int
) -> list[NoteKey]:
    """The next dirty notes from behind `after`, but for those that became so later than `upto`."""
    topic, period = _place(after)
    rows = db.execute(
        "SELECT topic, period FROM dirty WHERE chat=? AND (topic, period) > (?, ?) AND generation<=?"
        " ORDER BY topic, period LIMIT ?",
        (chat_id, topic, period, upto, limit),
    )
    return [NoteKey(topic, period) for topic, period in rows]


def dirty_count(db: sqlite3.Connection, chat_id: int) -> int:
    count: int = db.execute("SELECT count(*) FROM dirty WHERE chat=?", (chat_id,)).fetchone()[0]
    return count


def piece(db: sqlite3.Connection, chat_id: int, after: NoteKey | None, limit: int) -> list[NoteKey]:
    """The next notes, published or dirty, from behind `after`."""
    topic, period = _place(after)
    rows = db.execute(
        "SELECT topic, period FROM notes WHERE chat=?1 AND (topic, period) > (?2, ?3)"
        " UNION SELECT topic, period FROM dirty WHERE chat=?1 AND (topic, period) > (?2, ?3)"
        " ORDER BY topic, period LIMIT ?4",
        (chat_id, topic, period, limit),
    )
    return [NoteKey(topic, period) for topic, period in rows]


def paths(db: sqlite3.Connection, chat_id: int, first: NoteKey, last: NoteKey) -> dict[NoteKey, list[str]]:
    """Where the notes from one to another have their files, in order."""
    rows = db.execute(
        "SELECT topic, period, path FROM notes WHERE chat=? AND (topic, period) >= (?, ?)"
        " AND (topic, period) <= (?, ?) ORDER BY topic, period, part",
        (chat_id, first.topic_id, first.period, last.topic_id, last.period),
    )
    found: dict[NoteKey, list[str]] = {}
    for topic, period, path in rows:
        found.setdefault(NoteKey(topic, period), []).append(path)
    return found


def beside(db: sqlite3.Connection, chat_id: int, key: NoteKey) -> tuple[str | None, str | None]:
    """The periods before and after one, of the notes of its topic that are published or dirty."""
    row = db.execute(_BESIDE, (chat_id, key.topic_id, key.period)).fetchone()
    before, dirty_before, after, dirty_after = row
    return (
        max((period for period in (before, dirty_before) if period is not None), default=None),
        min((period for period in (after, dirty_after) if period is not None), default=None),
    )


def has_others(db: sqlite3.Connection, chat_id: int, key: NoteKey) -> bool:
    """Whether a chat has notes, published or dirty, besides one."""
    return any(
        db.execute(
            f"SELECT 1 FROM {table} WHERE chat=? AND (topic, period) <> (?, ?) LIMIT 1",
            (chat_id, key.topic_id, key.period),
        ).fetchone()
        for table in ("notes", "dirty")
    )


def mark_beside_new(db: sqlite3.Connection, chat_id: int, generation: int) -> None:
    """Makes the notes beside new ones dirty: a note that isn't published yet is linked to from those."""
    if db.execute("SELECT 1 FROM notes WHERE chat=? LIMIT 1", (chat_id,)).fetchone() is None:
        return
    for newest, than, nearer in (("max", "<", ">"), ("min", ">", "<")):
        db.execute(
            "INSERT OR IGNORE INTO dirty (chat, topic, period, generation)"
            f" SELECT ?1, topic, near, ?2 FROM (SELECT new.topic,"
            f" (SELECT {newest}(period) FROM notes WHERE chat=?1 AND topic=new.topic"
            f" AND period{than}new.period AND region_hash IS NOT NULL) AS near,"
            f" (SELECT {newest}(period) FROM dirty WHERE chat=?1 AND topic=new.topic"
            f" AND period{than}new.period) AS known"
            " FROM dirty AS new WHERE new.chat=?1 AND NOT EXISTS (SELECT 1 FROM notes WHERE chat=?1"
            " AND topic=new.topic AND period=new.period AND region_hash IS NOT NULL))"
            f" WHERE near IS NOT NULL AND (known IS NULL OR near{nearer}known)",
            (chat_id, generation),
        )


def clean_piece(db: sqlite3.Connection, chat_id: int, after: NoteKey | None, limit: int) -> list[NoteKey]:
    """The next notes that have files but aren't dirty, from behind `after`."""
    topic, period = _place(after)
    rows = db.execute(
        "SELECT DISTINCT topic, period FROM notes WHERE chat=?1 AND (topic, period) > (?2, ?3)"
        " AND NOT EXISTS (SELECT 1 FROM dirty"
        " WHERE chat=?1 AND topic=notes.topic AND period=notes.period)"
        " ORDER BY topic, period LIMIT ?4",
        (chat_id, topic, period, limit),
    )
    return [NoteKey(topic, period) for topic, period in rows]


def dirty_chats(db: sqlite3.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT DISTINCT chat FROM dirty ORDER BY chat")]


def mark(db: sqlite3.Connection, marked: Iterable[tuple[int, NoteKey]], generation: int) -> None:
    """Makes notes dirty, each given by its chat and key."""
    db.executemany(
        "INSERT INTO dirty (chat, topic, period, generation) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (chat, topic, period) DO UPDATE SET generation=excluded.generation",
        [(chat_id, key.topic_id, key.period, generation) for chat_id, key in marked],
    )


def mark_published(db: sqlite3.Connection, chat_id: int | None, generation: int) -> None:
    """Makes every published note (of one chat) dirty."""
    rows = db.execute(
        "SELECT DISTINCT coalesce(part_of, chat) AS whose, topic, period FROM notes"
        " LEFT JOIN chats ON chats.id=notes.chat WHERE ?1 IS NULL OR whose=?1",
        (chat_id,),
    ).fetchall()
    mark(db, [(chat, NoteKey(topic, period)) for chat, topic, period in rows], generation)


def clear_listed(db: sqlite3.Connection, chat_id: int, listed: int) -> None:
    """Takes all of a chat's notes off the dirty list that were on it at that generation."""
    db.execute("DELETE FROM dirty WHERE chat=? AND generation<=?", (chat_id, listed))


def clear_all(db: sqlite3.Connection, chat_id: int | None) -> None:
    """Empties the dirty list (of one chat)."""
    db.execute("DELETE FROM dirty WHERE ?1 IS NULL OR chat=?1", (chat_id,))


def path_of(db: sqlite3.Connection, chat_id: int, key: NoteKey) -> str | None:
    """Where a note was published; its first part, where it has several."""
    row = db.execute(
        "SELECT path FROM notes WHERE chat=? AND topic=? AND period=? ORDER BY part",
        (chat_id, key.topic_id, key.period),
    ).fetchone()
    return None if row is None else str(row[0])


def naming(db: sqlite3.Connection, person_ids: Iterable[int]) -> set[tuple[int, NoteKey]]:
    """The notes that name one of these people."""
    return {
        (chat, NoteKey(topic, period))
        for some in chunks(person_ids)
        for chat, topic, period in db.execute(
            f"SELECT DISTINCT chat, topic, period FROM note_people WHERE person IN ({marks(some)})", some
        )
    }


def plan(db: sqlite3.Connection, rows: Iterable[NoteRow]) -> None:
    """Keeps what is about to be written beside what was written last."""
    db.executemany(
        "INSERT INTO notes (chat, topic, period, part, path, planned_hash) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (chat, topic, period, part)"
        " DO UPDATE SET path=excluded.path, planned_hash=excluded.planned_hash",
        [(row.chat_id, row.topic_id, row.period, row.part, row.path, row.planned_hash) for row in rows],
    )


def written(db: sqlite3.Connection, rows: Iterable[NoteRow]) -> None:
    """Keeps what was written, and whom each file names. Without a `region_hash`, the planned one is taken."""
    by_place = {(row.chat_id, row.topic_id, row.period, row.part): row for row in rows}
    db.executemany(
        "INSERT INTO notes (chat, topic, period, part, path, region_hash) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (chat, topic, period, part)"
        " DO UPDATE SET path=excluded.path, region_hash=excluded.region_hash, planned_hash=NULL",
        [(*place, row.path, row.region_hash or row.planned_hash) for place, row in by_place.items()],
    )
    left: list[tuple[int, int, int, str, int]] = []
    come: list[tuple[int, int, int, str, int]] = []
    named = _all_named(db, by_place)
    for place, row in by_place.items():
        before, now = named.get(place, set()), set(row.people)
        left += [(person, *place) for person in before - now]
        come += [(person, *place) for person in now - before]
    db.executemany(
        "DELETE FROM note_people WHERE person=? AND chat=? AND topic=? AND period=? AND part=?", left
    )
    # In the order of their key: those of a person stand together, so the same pages are written.
    db.executemany(
        "INSERT INTO note_people (person, chat, topic, period, part) VALUES (?, ?, ?, ?, ?)", sorted(come)
    )


def forget(db: sqlite3.Connection, rows: Iterable[NoteRow]) -> None:
    """Drops what was known of files that are no more."""
    for row in rows:
        place = (row.chat_id, row.topic_id, row.period, row.part)
        db.execute("DELETE FROM note_people WHERE chat=? AND topic=? AND period=? AND part=?", place)
        db.execute("DELETE FROM notes WHERE chat=? AND topic=? AND period=? AND part=?", place)


def clear(
    db: sqlite3.Connection, chat_id: int, keys: Iterable[NoteKey], rows: Iterable[NoteRow], listed: int
) -> None:
    """Takes notes off the dirty list, but for those that changed since `listed`, the listing's generation.

    A person of a row's whose name changed since then leaves its note dirty too: it may show the old name.
    """
    named: dict[NoteKey, set[int]] = {}
    for row in rows:
        named.setdefault(row.key, set()).update(row.people)
    if people.newest_generation(db, set().union(*named.values())) > listed:
        keys = [key for key in keys if people.newest_generation(db, named.get(key, ())) <= listed]
    db.executemany(
        "DELETE FROM dirty WHERE chat=? AND topic=? AND period=? AND generation<=?",
        [(chat_id, key.topic_id, key.period, listed) for key in keys],
    )


def _all_named(
    db: sqlite3.Connection, places: Iterable[tuple[int, int, str, int]]
) -> dict[tuple[int, int, str, int], set[int]]:
    """Whom each of these files names, by one question for some of them."""
    found: dict[tuple[int, int, str, int], set[int]] = {}
    every = list(places)
    for start in range(0, len(every), 100):
        some = every[start : start + 100]
        # Joined, in this order: for `IN` the whole table would be looked at.
        rows = db.execute(
            f"WITH wanted AS (VALUES {','.join(['(?, ?, ?, ?)'] * len(some))})"
            " SELECT chat, topic, period, part, person FROM wanted CROSS JOIN note_people"
            " ON chat=column1 AND topic=column2 AND period=column3 AND part=column4",
            [value for place in some for value in place],
        )
        for *place, person in rows:
            found.setdefault(tuple(place), set()).add(person)
    return found


def _place(after: NoteKey | None) -> tuple[int, str]:
    """Where to go on behind a note; before every note's place where there is none."""
    return (-(2**62), "") if after is None else (after.topic_id, after.period)


def _named(db: sqlite3.Connection, chat: int, topic: int, period: str, part: int) -> tuple[int, ...]:
    rows = db.execute(
        "SELECT person FROM note_people WHERE chat=? AND topic=? AND period=? AND part=? ORDER BY person",
        (chat, topic, period, part),
    )
    return tuple(row[0] for row in rows)
