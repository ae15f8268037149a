"""Requests for one file: to the DC that it lives on, with a reference that holds, or the reason why not.

Several may be under way at once: they find out together where the file is, and have it refreshed once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from telethon.errors import RPCError

from tobs_tui.errors import FileFailed, FileGone, RangeFailed
from tobs_tui.telegram.file_requests import (
    BLOCK,
    PART,
    Fetchable,
    GetPart,
    is_gone,
    is_stale,
    location_of,
    new_dc_of,
)
from tobs_tui.telegram.rpc_errors import code_of
from tobs_tui.telegram.sender import Unreadable

if TYPE_CHECKING:
    from tobs_tui.telegram.dc_router import DCRouter

MOVES, TRIES = 3, 3
"""The most DCs that a request follows, and tries of a wrong part."""
SAME, REFRESHES = 3, 24
"""So often the same reference is taken once more, and so many are tried with nothing coming: among many
files that wait for few places one may have expired again before its turn."""

Refresh = Callable[[], Awaitable[Fetchable | None]]
"""Takes the file from its message again; None when nothing shows it any more."""


class OtherLength(FileFailed):
    """A part comes with another length than its place in the file says, each time."""


class FileAsking:
    """Asks for one file. `dc` is where it was found last."""

    def __init__(
        self,
        router: DCRouter,
        file: Fetchable,
        dc: int,
        chat_id: int,
        refresh: Refresh,
        moved_to: Callable[[int], None],
    ) -> None:
        self.dc = dc
        self._router = router
        self._file = file
        self._chat_id = chat_id
        self._refresh = refresh
        self._moved_to = moved_to
        self._refreshing = asyncio.Lock()
        self._fruitless = 0
        self._same = 0

    async def part(self, offset: int, expected: int, limit: int = PART) -> memoryview:
        """The bytes from `offset` on, `limit` of them or fewer at the file's end.

        :param expected: how many there should be.
        :raises FileFailed: when Telegram sends something else.
        """
        pieces: list[memoryview] = []
        came = 0
        while came < limit:
            asked = min(limit - came, self._router.part_most)
            try:
                piece = await self._piece(offset + came, min(asked, max(0, expected - came)), asked)
            except RPCError as error:
                if code_of(error) == "LIMIT_INVALID" and self._ask_for_less(asked, asked // 2):
                    continue
                raise FileFailed(f"Telegram refuses the file ({code_of(error) or error.code})") from error
            pieces.append(piece)
            came += len(piece)
            if len(piece) < asked:
                break
        return pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces))

    async def whole_part(self, offset: int, length: int) -> memoryview:
        """Exactly the `length` bytes that stand at `offset`; one that comes short is asked for again.

        :raises OtherLength: when it comes with another length each time.
        """
        tried = 0
        while tried < TRIES:
            most = self.most
            data = await self.part(offset, length)
            if len(data) == length:
                return data
            tried += 1
            if tried == TRIES and len(data) < length and await self.goes_on(offset, len(data), most):
                tried = 0
        raise OtherLength(
            f"Telegram gives {len(data):,} bytes of the file at {offset:,}, where there should be {length:,}",
            "The next run tries again",
        )

    @property
    def most(self) -> int:
        """The most bytes that are asked for at once."""
        return self._router.part_most

    async def goes_on(self, offset: int, came: int, asked: int) -> bool:
        """Whether the file goes on after the `came` bytes at `offset`, though the part came short.

        The server gives no more at once then, and from now on less is asked for than the `asked` until now.
        """
        at = came // BLOCK * BLOCK
        piece = await self.part(offset + at, BLOCK, BLOCK)
        return len(piece) > came - at and self._ask_for_less(asked, came % asked)

    def _ask_for_less(self, asked: int, most: int) -> bool:
        """Ask for at most so many bytes at once, in parts that divide 1 MiB; False where none are smaller."""
        if self._router.part_most < asked:
            return True  # another part found out meanwhile
        fits = 1 << max(0, most.bit_length() - 1)
        if not BLOCK <= fits < asked:
            return False
        self._router.part_most = fits
        return True

    async def _piece(self, offset: int, expected: int, limit: int) -> memoryview:
        answer = await self.send(lambda location: GetPart(location, offset, limit), size=expected)
        if not isinstance(answer, memoryview):
            raise FileFailed(_not_a_part(answer))
        if len(answer) > limit:
            raise FileFailed("Telegram sent more of the file than was asked for")
        return answer

    async def send(self, request_for: Callable[[Any], Any], *, size: int = 0) -> Any:
        """The answer to a request about the file; raises as `FileDownloads.download`, and RPCError."""
        moves = 0
        while True:
            file = self._file
            try:
                answer = await self._router.call(
                    self.dc, request_for(location_of(file)), chat_id=self._chat_id, size=size
                )
            except RPCError as error:
                new_dc = new_dc_of(error)
                if new_dc is not None and moves < MOVES:
                    moves += 1
                    self._move(new_dc)
                elif is_stale(error) or is_gone(error):
                    await self._renew(file, error)
                else:
                    raise
            except (RangeFailed, Unreadable) as error:
                what = error.what if isinstance(error, RangeFailed) else f"an answer can't be read ({error})"
                raise FileFailed(f"The file did not come: {what}", "The next run tries again") from error
            else:
                self._fruitless = self._same = 0
                return answer

    def _move(self, new_dc: int) -> None:
        if new_dc != self.dc:
            self.dc = new_dc
            self._moved_to(new_dc)

    async def _renew(self, used: Fetchable, error: RPCError) -> None:
        """Take the file from its message again; of several parts that need it, one does so."""
        async with self._refreshing:
            if self._file is not used:
                return
            self._fruitless += 1
            if is_gone(error) and self._fruitless > 1:
                raise FileGone(f"Telegram no longer has this file ({code_of(error)})") from error
            if self._same >= SAME or self._fruitless > REFRESHES:
                raise FileFailed(
                    f"Telegram refuses each reference to this file that it gives ({code_of(error)})",
                    "The next run tries again",
                ) from error
            fresh = await self._refresh()
            if fresh is None:
                raise FileGone("No message shows this file any more") from error
            self._same += fresh.reference == used.reference
            self._file = fresh


def _not_a_part(answer: Any) -> str:
    name = type(answer).__name__
    if name == "FileCdnRedirect":
        return "Telegram would send this file by its CDN alone, which is not supported"
    return f"Telegram sent something else than a part of the file ({name})"
