"""A note's own lines around its messages: properties, heading, ways to its neighbours, the region.

Pure: what stands in a note follows from its messages, its place among the others and settings alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from tobs_tui.model import ChatType, NoteKey, NoteLayout
from tobs_tui.vault.calendar import first_day, period_in_words, short_period
from tobs_tui.vault.escape import escape_line, link_label, one_line
from tobs_tui.vault.front_matter import Plain, Value
from tobs_tui.vault.region import BEGIN, END, EXPLANATION
from tobs_tui.vault.scene import NAME_LIMIT

PART_BYTES = 5_000_000
"""Of messages in one file; a note that grows past it goes on in a next part."""
MOST_PARTICIPANTS = 25
OUR_KEYS = frozenset(
    (
        "aliases",
        "chat",
        "chat_id",
        "date",
        "layout",
        "messages",
        "month",
        "part",
        "participants",
        "tags",
        "timezone",
        "topic",
        "topic_id",
        "type",
    )
)
"""Every property that some note of ours has."""


class Heading(Struct, frozen=True, kw_only=True):
    """What a note says of itself, the same for all its parts."""

    chat_id: int
    chat_type: ChatType
    chat_name: str
    key: NoteKey
    timezone: str
    layout: NoteLayout
    index: str
    """The base name of the chat's index note."""
    topic: str | None = None


class Neighbour(Struct, frozen=True):
    """A note beside this one, by its base name, and the words of the link to it."""

    note: str
    label: str


@dataclass(slots=True)
class Part:
    """One file of a note while its blocks are gathered."""

    number: int
    size: int = 0
    blocks: list[bytes] = field(default_factory=list)
    messages: int = 0
    writers: dict[str, int] = field(default_factory=dict)
    """Messages by the name of who wrote them, in the order in which they first did."""
    named: set[int] = field(default_factory=set)

    def is_full(self, block: bytes) -> bool:
        """Whether the block should stand in the next part."""
        return self.size > 0 and self.size + len(block) > PART_BYTES

    def add(self, block: bytes) -> None:
        self.blocks.append(block)
        self.size += len(block) + 2

    def wrote(self, name: str) -> None:
        self.writers[name] = self.writers.get(name, 0) + 1


def fields_of(heading: Heading, part: Part) -> dict[str, Value]:
    """Return the properties that are ours."""
    fields: dict[str, Value] = {
        "chat": one_line(heading.chat_name),
        "chat_id": heading.chat_id,
        "type": Plain(heading.chat_type.value),
    }
    if heading.key.topic_id:
        fields["topic"] = one_line(heading.topic or "")
        fields["topic_id"] = heading.key.topic_id
    fields |= _period_fields(heading)
    if part.number > 1:
        fields["part"] = part.number
    fields["timezone"] = Plain(heading.timezone)
    fields["participants"] = most_active(part.writers)
    fields["messages"] = part.messages
    fields["tags"] = (Plain("telegram"), Plain(f"telegram/{heading.chat_type.value}"))
    return fields


def most_active(writers: Mapping[str, int]) -> tuple[str, ...]:
    """Return at most 25 names, those who wrote most first; of equals, who wrote first."""
    ordered = sorted(writers.items(), key=lambda item: -item[1])
    return tuple(name for name, _ in ordered[:MOST_PARTICIPANTS])


def region_of(heading: Heading, part: Part, before: Neighbour | None, after: Neighbour | None) -> bytes:
    """Return the region with its markers."""
    title = period_in_words(heading.key.period) if heading.key.period else _own_title(heading)
    number = f", part {part.number}" if part.number > 1 else ""
    ways = [
        f"[[{before.note}|← {before.label}]]" if before else "",
        f"[[{heading.index}|{link_label(heading.chat_name) or heading.index}]]",
        f"[[{after.note}|{after.label} →]]" if after else "",
    ]
    head = f"{BEGIN}\n{EXPLANATION}\n\n# {title}{number}\n\n{' · '.join(filter(None, ways))}"
    return b"\n\n".join([head.encode(), *part.blocks, END.encode()])


def neighbour(note: str, period: str, beside: str) -> Neighbour:
    """Return the way to another note of the same chat and topic."""
    return Neighbour(note, short_period(period, beside))


def _period_fields(heading: Heading) -> dict[str, Value]:
    # One type a name in the whole vault: `date` is always a day, so a month has another name.
    if heading.layout is NoteLayout.DAILY:
        return {"date": Plain(first_day(heading.key.period).isoformat())}
    if heading.layout is NoteLayout.MONTHLY:
        return {"month": heading.key.period}
    return {"layout": Plain(heading.layout.value)}


def _own_title(heading: Heading) -> str:
    name = one_line(
        heading.topic if heading.key.topic_id and heading.topic else heading.chat_name, NAME_LIMIT
    )
    return escape_line(name) or heading.index
