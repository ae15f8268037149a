"""File references that expired: asked for again from their messages, a hundred at a time.

References grow old together: where one no longer holds, those of the files that wait beside it don't either,
and one request renews them all. Two parts or files that find out at once ask once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from tobs_tui.archive import Archive, StoredFile
from tobs_tui.errors import ChatUnavailable, FileFailed
from tobs_tui.export.media_lanes import Waiting
from tobs_tui.model import Chat, File
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.file_references import fresh_file, fresh_files
from tobs_tui.telegram.history import BY_ID

OTHER_PLACES = 8
"""So many other messages that show a file are asked for it, where the first has it no more."""
REMEMBERED = 2_000
"""So many renewed references are held until their files are fetched."""


class References:
    """Renews the references of one run's files."""

    def __init__(self, account: Account, archive: Archive) -> None:
        self._account = account
        self._archive = archive
        self._fresh: OrderedDict[int, File] = OrderedDict()
        self._turns: dict[int, asyncio.Lock] = {}
        self.beside: Callable[[Waiting], Iterable[Waiting]] = lambda waiting: ()
        """Gives the files that wait beside one, of the same history."""

    def newest(self, file: StoredFile) -> StoredFile:
        """The file with the reference that was told last."""
        fresh = self._fresh.get(file.id)
        if fresh is None:
            return file
        return replace(file, reference=fresh.reference, access_hash=fresh.access_hash, dc=fresh.dc)

    async def renew(self, waiting: Waiting, used: bytes) -> File | None:
        """The file with another reference than the one that was used; None where nothing shows it any more.

        :raises FileFailed: its messages can't be asked for.
        """
        chat_id = waiting.wanted.chat_id
        refused: ChatUnavailable | None = None
        async with self._turns.setdefault(chat_id, asyncio.Lock()):
            known = self._fresh.get(waiting.file.id)
            if known is not None and known.reference != used:
                return known
            try:
                found = await self._ask(waiting)
            except ChatUnavailable as error:
                refused = error
            else:
                if found is not None:
                    return found
        return await self._elsewhere(waiting, refused)

    async def _ask(self, waiting: Waiting) -> File | None:
        wanted = {(one.wanted.message_id, one.file.id) for one in (waiting, *self.beside(waiting))}
        first = waiting.wanted.message_id
        others = sorted({message_id for message_id, _ in wanted} - {first})
        asked = [first, *others[: BY_ID - 1]]
        files = await fresh_files(self._account, waiting.history.chat, asked)
        found = [file for message_id, file in files if (message_id, file.id) in wanted]
        await self._keep(found)
        return next((file for file in found if file.id == waiting.file.id), None)

    async def _elsewhere(self, waiting: Waiting, refused: ChatUnavailable | None) -> File | None:
        """The file from another message that shows it."""
        first = (waiting.wanted.chat_id, waiting.wanted.message_id)
        places = [place for place in self._archive.file_places(waiting.file.id) if place != first]
        for chat_id, message_id in places[:OTHER_PLACES]:
            chat = self._chat(waiting, chat_id)
            if chat is None:
                continue
            try:
                file = await fresh_file(self._account, chat, message_id, waiting.file.id)
            except ChatUnavailable as error:
                refused = error
                continue
            if file is not None:
                await self._keep([file])
                return file
        if refused is not None:
            raise FileFailed(f"its message can't be asked for: {refused.what}", "The next run tries again")
        return None

    def _chat(self, waiting: Waiting, chat_id: int) -> Chat | None:
        if chat_id == waiting.history.chat.id:
            return waiting.history.chat
        stored = self._archive.chat(chat_id)
        return stored.chat if stored is not None else None

    async def _keep(self, files: list[File]) -> None:
        for file in files:
            self._fresh[file.id] = file
            self._fresh.move_to_end(file.id)
        while len(self._fresh) > REMEMBERED:
            self._fresh.popitem(last=False)
        if files:
            await asyncio.to_thread(self._archive.refresh_file, *files)
