"""The ids of blocks: how they are made, and which stand in a region."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Remote text has `\^` where it says `^`, and code is passed over: so this is always ours.
_BLOCK_ID = re.compile(rb" \^([mg]\d+)$")
_FENCE = re.compile(rb"(?:> )?(`{3,})")


def block_id(chat_id: int, history_id: int, message_id: int) -> str:
    """Return the id of a message's block in a chat's notes: `g` for what an old basic group has."""
    return f"{'m' if history_id == chat_id else 'g'}{message_id}"


def block_ids(region: bytes) -> Iterator[str]:
    """Give the ids in the order in which they stand."""
    fence = b""
    for line in region.replace(b"\r\n", b"\n").split(b"\n"):
        if fence:
            if line.removeprefix(b"> ") == fence:
                fence = b""
        elif found := _FENCE.match(line):
            fence = found[1]
        elif found := _BLOCK_ID.search(line):
            yield found[1].decode()
