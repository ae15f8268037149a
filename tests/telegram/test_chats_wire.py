"""The list of chats over real sockets: a flood is waited out, and what the server lacks is worked around."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telethon.tl import functions, types

from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.model import ChatType
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import count_messages, list_chats, preview
from tobs_tui.telegram.governor import Governor
from tobs_tui.telegram.resolve import resolve
from tobs_tui.telegram.rpc_errors import flood_seconds

START = datetime(2024, 1, 1, tzinfo=UTC)
COUNT = 230
PINNED = 3


class Dialogs:
    """What the server answers: private chats 1 to COUNT (one is the account itself), some pinned."""

    def __init__(self) -> None:
        self.floods: list[int] = []
        """Numbers of the requests that are answered by a flood wait."""
        self.asked = 0

    async def get_dialogs(self, call: Call, request: functions.messages.GetDialogsRequest) -> Any:
        self.asked += 1
        if self.asked in self.floods:
            raise RpcError(420, "FLOOD_WAIT_3")
        if request.folder_id:
            raise RpcError(400, "FOLDER_ID_INVALID")
        users = list(range(COUNT, PINNED, -1))
        if request.offset_id:
            users = [user for user in users if user < request.offset_peer.user_id]
        if not request.exclude_pinned:
            users = [*range(1, PINNED + 1), *users]
        users = users[: request.limit]
        return types.messages.DialogsSlice(
            count=COUNT,
            dialogs=[_dialog(user) for user in users],
            messages=[_top(user) for user in users],
            chats=[],
            users=[types.User(id=user, first_name=f"Person {user}", access_hash=user) for user in users],
        )


def _dialog(user: int) -> types.Dialog:
    return types.Dialog(
        peer=types.PeerUser(user),
        top_message=5000 + user,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=1,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
        pinned=user <= PINNED,
    )


def _top(user: int) -> types.Message:
    date = START + timedelta(minutes=user)
    return types.Message(id=5000 + user, peer_id=types.PeerUser(user), date=date, message="hi")


@pytest.fixture
def dialogs(small_world: Any) -> Iterator[Dialogs]:
    """The list of dialogs, served beside the small world's own methods."""
    served = Dialogs()
    method(functions.messages.GetDialogsRequest)(served.get_dialogs)
    yield served


class Waits:
    """Flood waits as Telegram asked for them, made short."""

    def __init__(self) -> None:
        self.asked_for: list[float] = []

    def seconds(self, error: BaseException) -> float | None:
        asked = flood_seconds(error)
        if asked is None:
            return None
        self.asked_for.append(asked)
        return 0.01


async def test_all_chats_come_through_a_flood_from_a_server_with_dialogs_alone(
    demo_server: Any, small_world: Any, settings_for: Any, dialogs: Dialogs
) -> None:
    server = await demo_server(small_world)
    waits = Waits()
    dialogs.floods = [2]
    account = await Account.connect(settings_for(server.info), governor=Governor(flood_seconds=waits.seconds))
    async with account:
        await account.send_code(server.info.phone)
        await account.sign_in(server.info.code)
        chats = await list_chats(account)
        assert sorted(chat.id for chat in chats) == list(range(1, COUNT + 1))
        assert [chat.id for chat in chats if chat.type is ChatType.SAVED] == [small_world.account_id]
        assert [chat.id for chat in chats if chat.pinned] == [1, 2, 3]
        by_id = {chat.id: chat for chat in chats}
        assert by_id[9].last_date == int((START + timedelta(minutes=9)).timestamp())
        assert (by_id[9].top_id, by_id[9].unread, by_id[9].title) == (5009, 1, "Person 9")
        assert waits.asked_for == [3.0]
        found = await resolve(account, chats, "Person 17")
        assert found.chat.id == 17


async def test_a_chat_is_counted_and_previewed(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Any
) -> None:
    small_world.gaps = {998}
    account = await logged_in(await demo_server(small_world))
    assert await count_messages(account, channel) == 999
    page = await preview(account, channel, 3)
    assert [message.id for message in page.messages] == [1000, 999, 997]
