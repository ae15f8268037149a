"""The dialog list comes whole from servers that page as Telegram does, and ends with every other one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from telethon.tl import functions, types

from tobs_tui.telegram.dialogs import DialogList, list_dialogs

OWN = 999
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """One dialog as the simulated server has it."""

    user_id: int
    minute: int
    pinned: bool = False
    told: bool = True
    """Whether its top message comes along."""
    folder: int = 0

    @property
    def date(self) -> datetime:
        return EPOCH + timedelta(minutes=self.minute)

    @property
    def top(self) -> int:
        return 1000 + self.user_id


@dataclass
class Server:
    """Pages as Telegram documents it: https://core.telegram.org/api/offsets."""

    known: list[Known]
    page: int = 100
    between: Callable[[int], None] = lambda asked: None
    """Called before each answer with the number of requests so far."""
    own_id: int = OWN
    asked: list[Any] = field(default_factory=list)

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        assert of == "dialogs"
        if isinstance(request, functions.messages.GetPinnedDialogsRequest):
            return self.slice([d for d in self.known if d.pinned and d.folder == request.folder_id], 0)
        assert isinstance(request, functions.messages.GetDialogsRequest)
        assert len(self.asked) < 1000, "an endless loop"
        self.between(len(self.asked))
        self.asked.append(request)
        mine = [dialog for dialog in self.known if dialog.folder == (request.folder_id or 0)]
        by_date = sorted(mine, key=lambda dialog: (dialog.date, dialog.top), reverse=True)
        rest = [dialog for dialog in by_date if not dialog.pinned]
        if request.offset_id:
            place = next((i for i, d in enumerate(rest) if d.user_id == request.offset_peer.user_id), None)
            if place is None or rest[place].top != request.offset_id:
                rest = [d for d in rest if (d.date, d.top) < (request.offset_date, request.offset_id)]
            else:
                rest = rest[place + 1 :]
        pinned = [] if request.exclude_pinned else [dialog for dialog in by_date if dialog.pinned]
        return self.slice((pinned + rest)[: min(self.page, request.limit)], len(mine))

    def slice(self, dialogs: list[Known], count: int) -> Any:
        return types.messages.DialogsSlice(
            count=count,
            dialogs=[tl_dialog(dialog) for dialog in dialogs],
            messages=[tl_message(dialog) for dialog in dialogs if dialog.told],
            chats=[],
            users=[types.User(id=d.user_id, access_hash=d.user_id * 7, first_name="A") for d in dialogs],
        )


def tl_dialog(dialog: Known) -> Any:
    return types.Dialog(
        peer=types.PeerUser(dialog.user_id),
        top_message=dialog.top,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
        pinned=dialog.pinned,
        folder_id=dialog.folder or None,
    )


def tl_message(dialog: Known) -> Any:
    return types.Message(id=dialog.top, peer_id=types.PeerUser(dialog.user_id), date=dialog.date, message="m")


async def listed(server: Any, folder: int = 0) -> DialogList:
    dialogs = DialogList()
    await list_dialogs(server, dialogs, folder=folder)
    return dialogs


known_dialogs = st.lists(
    st.builds(
        Known,
        user_id=st.integers(1, 60),
        minute=st.integers(0, 20),
        pinned=st.booleans(),
        told=st.booleans(),
        folder=st.sampled_from((0, 0, 1)),
    ),
    unique_by=lambda dialog: dialog.user_id,
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(known=known_dialogs, page=st.integers(3, 12))
async def test_every_dialog_is_listed_once_however_they_are_paged(known: list[Known], page: int) -> None:
    # Where no message is told at all, dates can't be walked.
    known = [d if i % 2 else Known(d.user_id, d.minute, folder=d.folder) for i, d in enumerate(known)]
    for folder in (0, 1):
        server = Server(known, page)
        result = await listed(server, folder)
        assert sorted(result.dialogs) == sorted(d.user_id for d in known if d.folder == folder)
        assert result.complete
        assert result.archived == {d.user_id for d in known if d.folder == 1 == folder}


async def test_more_pinned_dialogs_than_a_page_holds_hide_no_others() -> None:
    known = [Known(i, i, pinned=i < 8) for i in range(1, 20)]
    assert len((await listed(Server(known, page=5))).dialogs) == 19


async def test_a_page_is_asked_after_the_last_dialog_that_is_not_pinned() -> None:
    server = Server([Known(1, 0, pinned=True), Known(2, 50), Known(3, 40), Known(4, 30)], page=3)
    await listed(server)
    first, second = server.asked[:2]
    assert (first.exclude_pinned, second.exclude_pinned) == (False, True)
    assert (second.offset_id, second.offset_peer.user_id, second.offset_date) == (
        1003,
        3,
        EPOCH + timedelta(minutes=40),
    )
    assert second.offset_peer.access_hash == 21


async def test_dialogs_with_no_message_are_not_lost() -> None:
    known = [Known(i, 100 - i, told=i % 3 == 0) for i in range(1, 40)]
    assert len((await listed(Server(known, page=6))).dialogs) == 39


async def test_a_chat_that_moves_up_while_listing_is_found() -> None:
    server = Server([Known(i, 100 - i) for i in range(1, 20)], page=5)

    def bump(asked: int) -> None:
        if asked == 1:
            server.known = [Known(d.user_id, 500 if d.user_id == 12 else d.minute) for d in server.known]

    server.between = bump
    assert len((await listed(server)).dialogs) == 19


async def test_a_server_that_repeats_its_page_ends_and_is_told() -> None:
    class Stuck(Server):
        async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
            self.asked.append(request)
            assert len(self.asked) < 20
            return self.slice(self.known[:3], 10)

    server = Stuck([Known(i, 100 - i) for i in range(1, 10)])
    result = await listed(server)
    assert (len(result.dialogs), result.complete) == (3, False)
    assert len(server.asked) <= 4


async def test_a_server_without_paging_is_listed_whole() -> None:
    class Unpaged(Server):
        async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
            return self.slice(self.known, len(self.known))

    result = await listed(Unpaged([Known(i, 100 - i) for i in range(1, 10)]))
    assert (len(result.dialogs), result.complete) == (9, True)


async def test_a_whole_list_is_one_request() -> None:
    class Whole(Server):
        async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
            self.asked.append(request)
            part = self.slice(self.known, 0)
            return types.messages.Dialogs(part.dialogs, part.messages, part.chats, part.users)

    server = Whole([Known(i, i) for i in range(1, 10)])
    assert len((await listed(server)).dialogs) == 9
    assert len(server.asked) == 1


async def test_the_entry_of_the_archive_is_no_chat() -> None:
    class WithArchive(Server):
        async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
            answer = await super().ask(request, of=of, chat=chat)
            entry = types.DialogFolder(types.Folder(1, "Archive"), types.PeerUser(99), 5, 0, 0, 0, 0, True)
            if not request.exclude_pinned:
                answer.dialogs.insert(0, entry)
            return answer

    assert 99 not in (await listed(WithArchive([Known(1, 1)]))).dialogs


async def test_progress_tells_how_far_it_is() -> None:
    told: list[tuple[int, int | None]] = []
    server = Server([Known(i, i) for i in range(1, 12)], page=5)
    await list_dialogs(server, DialogList(), folder=0, progress=lambda done, all_: told.append((done, all_)))
    assert told[0] == (5, 11)
    assert told[-1] == (11, 11)
