"""One file, whole and right, into a part file: in parts side by side, resumed, refreshed, moved as needed.

A file of at most one part costs one request. What is verified: the exact size, always; a photo's size in its
message is only a hint, so the end that the server tells is taken, after a second look where the two differ.
A document that ends elsewhere for the server is refused with that end (`file_end.py`).
Telegram's own hashes are asked for what an earlier run left, and for samples of large files
(`large_file.py`); smaller ones would pay for them with twice the requests, though all that comes is
authenticated by the wire.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tobs_tui.errors import EndsElsewhere, FileFailed
from tobs_tui.telegram.file_asking import TRIES, FileAsking, OtherLength, Refresh
from tobs_tui.telegram.file_end import end_of
from tobs_tui.telegram.file_requests import BLOCK, PART, Fetchable
from tobs_tui.telegram.large_file import LargeFile
from tobs_tui.telegram.part_file import is_whole, whole_path, write_whole

if TYPE_CHECKING:
    from tobs_tui.telegram.account import Account
    from tobs_tui.telegram.dc_router import DCRouter

AT_ONCE = 32
"""So many small files of one DC may usefully be under way at once."""
UNTOLD_MOST = 16 << 20
"""A file whose size is not told is not followed further than that."""
REMEMBERED = 10_000
"""So many moved files are remembered."""

OnBytes = Callable[[int], None]


class Downloaded(Struct, frozen=True):
    """A file that came: what it is in truth, for whoever keeps that."""

    size: int
    dc: int
    path: Path
    """Where it stands whole: a file of several parts gets a name that says so."""


class FileDownloads:
    """Fetches files for one account through one router; any number at once."""

    def __init__(self, account: Account, router: DCRouter) -> None:
        self._account = account
        self._router = router
        self._moved: OrderedDict[int, int] = OrderedDict()

    async def download(
        self,
        file: Fetchable,
        part: Path,
        *,
        chat_id: int,
        refresh: Refresh,
        on_bytes: OnBytes,
        on_moved: Callable[[int], None] = lambda dc: None,
    ) -> Downloaded:
        """Bring the file whole; `part` and names beside it may hold some of it, or all, from an earlier run.

        :param on_bytes: told how many more bytes are there, first those that were there before; a negative
            number takes back what proved wrong.
        :param on_moved: told of another DC than the file's own as soon as that is known.
        :raises FileGone: when Telegram or the message no longer has it.
        :raises FileFailed: when it does not come whole; what came stays for the next run.
        :raises EndsElsewhere: when Telegram keeps to another size of it than `file` tells.
        :raises Stopped: when the governor was stopped; the parts that had come are kept.
        :raises DiskFull: :raises VaultNotWritable: :raises NotLoggedIn: :raises ServerUnreachable:
        """
        if file.size > PART and await asyncio.to_thread(is_whole, part, file.size):
            on_bytes(file.size)
            return Downloaded(file.size, file.dc, whole_path(part))

        def moved_to(dc: int) -> None:
            self._remember(file.id, dc)
            if dc != file.dc:
                on_moved(dc)

        if (dc := self._moved.get(file.id)) is None:
            dc = self._router.first_dc(file.dc)
        elif dc != file.dc:
            on_moved(dc)
        asking = FileAsking(self._router, file, dc, chat_id, refresh, moved_to)
        if file.thumb is not None or file.size <= 0:
            size = await _fetch_to_its_end(asking, file, part, on_bytes)
        else:
            try:
                size = await _fetch_told(asking, file, part, on_bytes)
            except OtherLength as error:
                if (end := await end_of(asking, file.size)) is None:
                    raise
                raise _ends_elsewhere(file.size, end) from error
            part = part if size <= PART else whole_path(part)
        return Downloaded(size, asking.dc, part)

    def _remember(self, file_id: int, dc: int) -> None:
        self._moved[file_id] = dc
        self._moved.move_to_end(file_id)
        if len(self._moved) > REMEMBERED:
            self._moved.popitem(last=False)


async def _fetch_told(asking: FileAsking, file: Fetchable, part: Path, on_bytes: OnBytes) -> int:
    """A document of the size that its message tells."""
    if file.size <= PART:
        return await _fetch_small(asking, file, part, on_bytes)
    return await LargeFile(asking, file, part, on_bytes).fetch()


def _ends_elsewhere(told: int, end: int) -> EndsElsewhere:
    what = f"Telegram gives {end:,} bytes of it, and its message says {told:,}"
    return EndsElsewhere(what, "If the next run finds the same, it keeps what Telegram gives", end)


async def _fetch_small(asking: FileAsking, file: Fetchable, part: Path, on_bytes: OnBytes) -> int:
    """A document of at most one part, in one request."""
    data = await asking.whole_part(0, file.size)
    await asyncio.to_thread(write_whole, part, data)
    on_bytes(file.size)
    return file.size


async def _fetch_to_its_end(asking: FileAsking, file: Fetchable, part: Path, on_bytes: OnBytes) -> int:
    """A file whose size is not known for sure: part after part up to the first that is not full."""
    pieces: list[memoryview] = []
    size = tries = 0
    while True:
        most = asking.most
        pieces.append(await asking.part(size, max(0, min(PART, file.size - size)) or PART))
        size += len(pieces[-1])
        if len(pieces[-1]) < PART:
            if size == file.size or file.size <= 0 or await _ends(asking, pieces[-1], size):
                break
            tries += 1
            last = pieces.pop()
            size -= len(last)
            if tries == TRIES:
                if not await asking.goes_on(size, len(last), most):
                    raise FileFailed("The file did not come whole", "The next run tries again")
                tries = 0
        elif size >= max(UNTOLD_MOST, 2 * file.size):
            raise FileFailed("The file goes on beyond the size that its message tells")
    await asyncio.to_thread(write_whole, part, pieces[0] if len(pieces) == 1 else b"".join(pieces))
    on_bytes(size)
    return size


async def _ends(asking: FileAsking, last: memoryview, size: int) -> bool:
    """Whether a file ends there, though another end was told."""
    begin = size // BLOCK * BLOCK
    tail = last[len(last) - (size - begin) :]
    return size > 0 and await asking.part(begin, BLOCK, BLOCK) == tail
