"""Where a file ends for the server, when that is not where its message says.

It promises to name an end only where all that was looked at agrees: the last part that holds anything, its
tail in a request of its own, nothing behind it, none of Telegram's hashes beyond it.
"""

from __future__ import annotations

from telethon.errors import RPCError
from telethon.tl import functions

from tobs_tui.telegram.file_asking import FileAsking
from tobs_tui.telegram.file_requests import BLOCK, PART

LONGER_MOST = 64 << 20
"""A file is not followed further than so many bytes beyond twice the size that its message tells."""


async def end_of(asking: FileAsking, told: int) -> int | None:
    """The bytes that the server gives of a file; None where it does not keep to one end, or to none else.

    :raises FileFailed: and others as `FileAsking.part`.
    """
    found = await _last_part(asking, told)
    if found is None:
        return None
    begin, last = found
    size = begin + len(last)
    tail = size // BLOCK * BLOCK
    if size == told or await asking.part(tail, BLOCK, BLOCK) != last[tail - begin :]:
        return None
    last_told = (told - 1) // PART * PART
    if last_told >= size and await asking.part(last_told, 0):
        return None
    return None if await _is_hashed_beyond(asking, begin, size) else size


async def _last_part(asking: FileAsking, told: int) -> tuple[int, memoryview] | None:
    """The offset of the last part that holds anything, looked for by halves, and what it holds."""
    low, last = 0, await asking.part(0, PART)
    if not last:
        return None
    high = -(-told // PART) or 1
    while part := await asking.part(high * PART, PART):
        low, last, high = high, part, high * 2
        if high * PART > 2 * told + LONGER_MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if part := await asking.part(middle * PART, PART):
            low, last = middle, part
        else:
            high = middle
    return low * PART, last


async def _is_hashed_beyond(asking: FileAsking, begin: int, size: int) -> bool:
    """Whether Telegram gives hashes of bytes that it doesn't give."""
    try:
        hashes = await asking.send(lambda location: functions.upload.GetFileHashesRequest(location, begin))
    except RPCError:
        return False  # it gives none at all of this file
    return any(hash_.offset + hash_.limit > size for hash_ in hashes)
