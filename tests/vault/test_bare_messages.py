"""The short way for the most common message gives what the long one gives, and is taken for no other."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.vault.shelf import ANNA, GROUP, PEOPLE, START
from tobs_tui.archive import StoredMessage
from tobs_tui.model import ChatType, Entity, Message, NoteLayout, Reaction, Reply
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.message_block import _whole_block, message_block
from tobs_tui.vault.scene import Scene

CALENDAR = Calendar("Europe/Lisbon", NoteLayout.DAILY)
MORE: tuple[dict[str, Any], ...] = (
    {},
    {"sender_id": None},
    {"sender_id": GROUP},
    {"sender_id": 999},
    {"post_author": "Ana"},
    {"edit_date": START + 60},
    {"reactions": (Reaction("👍", 2),)},
    {"buttons": (("Yes", "No"),)},
    {"reply": Reply(message_id=4)},
    {"entities": (Entity("bold", 0, 2),)},
    {"via_bot_id": ANNA},
)
TEXTS = st.text(
    st.sampled_from(list("aż #-+>=1.)*_[]~|&;:/%<$^`\\@ \t\n\r\u2028\u202e\x07\u200d😀")), max_size=24
)


def both_ways(text: str, more: dict[str, Any], *, deleted: bool, kind: ChatType) -> None:
    fields: dict[str, Any] = {"chat_id": GROUP, "id": 5, "date": START, "text": text, "sender_id": ANNA}
    message = Message(**(fields | more))
    stored = StoredMessage(message, START if deleted else None)
    written = []
    for way in (message_block, _whole_block):
        scene = Scene(GROUP, kind, CALENDAR, chat_name="T", people={person.id: person for person in PEOPLE})
        written.append((way([stored], scene), scene.named))
    assert written[0] == written[1]


@given(TEXTS, st.sampled_from(MORE), st.booleans(), st.sampled_from((ChatType.GROUP, ChatType.CHANNEL)))
@example("- [ ] a", {}, False, ChatType.GROUP)
@example("see t.me/trip/4", {}, False, ChatType.GROUP)
@example("   ", {}, False, ChatType.GROUP)
def test_a_message_looks_the_same_either_way(
    text: str, more: dict[str, Any], deleted: bool, kind: ChatType
) -> None:
    both_ways(text, more, deleted=deleted, kind=kind)
