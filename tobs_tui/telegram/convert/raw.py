"""One answer to `messages.getHistory`, as it came, with what was asked: what fetching hands to conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page of history before conversion.

    `below` is the exclusive upper bound that was asked (0: from the newest on), `answer` Telethon's
    `messages.Messages`, `MessagesSlice` or `ChannelMessages`. Asked without `min_id` and `max_id`.
    """

    chat_id: int
    """The marked id of the history asked for."""
    own_id: int
    """The account's own user id: the sender of outgoing messages that name none."""
    below: int
    limit: int
    answer: Any
    add_offset: int = 0
    forum: bool = False
    """Whether the chat is known to be a forum; the answer may tell it too."""
    failed: tuple[tuple[int, str], ...] = ()
    """Ids in the window whose message no answer could be read for, each with the reason."""
    lowest: int = 1
    """The lowest id that was asked for: above 1 in a split range of a takeout."""
