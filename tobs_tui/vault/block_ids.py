"""Reads the block ids out of a region: which messages stand in a note."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Remote text has `\^` where it says `^`, and code is passed over: so this is always ours.
_BLOCK_ID = re.compile(rb" \^([mg]\d+)$")
_FENCE = re.compile(rb"(?:> )?(`{3,})")


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
