"""What waits for its turn: bounded, lane by lane, and nothing of it forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.test_exporter import READS_ONLY
from tobs_tui.archive import MediaWant, StoredFile, WantedFile
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.job import Target
from tobs_tui.export.media_lanes import LANE, LARGE, QUEUE, UNDER_WAY, Lanes, Waiting, lane_of
from tobs_tui.export.media_plan import MediaHistory, MediaPlan
from tobs_tui.model import Chat, ChatType, Interval, MediaKind

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

READS_FILES = {
    "auth.exportAuthorization",
    "auth.importAuthorization",
    "channels.getMessages",
    "messages.getMessages",
    "upload.getFile",
    "upload.getFileHashes",
}
CHAT = Chat(id=-1_000_000_000_005, type=ChatType.CHANNEL, title="x")


def history() -> MediaHistory:
    return MediaHistory(ChatRun(Target(CHAT)), CHAT, MediaWant(frozenset(MediaKind)))


def wanted(number: int, *, dc: int = 2, size: int = 10) -> WantedFile:
    file = StoredFile(
        id=number,
        kind=MediaKind.DOCUMENT,
        size=size,
        dc=dc,
        mime="",
        name=None,
        access_hash=1,
        reference=b"",
        date=0,
        thumb=None,
    )
    return WantedFile((number, number), CHAT.id, number, file)


def waiting(of: MediaHistory, number: int, **more: int) -> Waiting:
    found = wanted(number, **more)
    return Waiting(of, found, lane_of(found.file))


async def test_an_account_whose_files_are_fetched_is_only_read(lab: MakeLab) -> None:
    one = await lab(messages=300)
    one.world.files.uses_of_reference = 30
    await one.run(media=frozenset({MediaKind.PHOTO, MediaKind.VOICE}))
    asked = {name for name in one.server.requests if not name.startswith(("invoke", "initConnection"))}
    assert "upload.getFile" in asked
    assert asked <= READS_ONLY | READS_FILES


def test_lanes_are_bounded_and_a_large_file_leaves_room_for_small_ones() -> None:
    lanes, of = Lanes(lambda dc: 16), history()
    for number in range(LANE):
        assert lanes.put(waiting(of, number, size=LARGE))
    assert not lanes.put(waiting(of, LANE, size=LARGE))
    assert lanes.put(waiting(of, 1000))
    sizes = [taken.file.size for taken in iter(lanes.take, None)]
    assert sorted(sizes) == [10, LARGE, LARGE, LARGE]


def test_no_more_files_are_under_way_than_may_be_whatever_the_dcs() -> None:
    lanes, of = Lanes(lambda dc: 1000), history()
    for dc in range(1, 9):
        for number in range(LANE):
            lanes.put(waiting(of, dc * 1000 + number, dc=dc))
    assert len(lanes) == QUEUE
    assert not lanes.has_room(None)
    taken = list(iter(lanes.take, None))
    assert len(taken) == lanes.under_way == UNDER_WAY
    by_dc = [sum(one.lane.dc == dc for one in taken) for dc in range(1, 9)]
    assert max(by_dc) - min(by_dc) <= 1


@settings(max_examples=60, deadline=None)
@given(
    files=st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=700),
    cuts=st.lists(st.integers(1, 700), max_size=4),
)
def test_every_file_gets_its_turn_once(files: list[tuple[int, bool]], cuts: list[int]) -> None:
    """Looks as the stage does them, over an archive that is a list; commits come in any order."""
    lanes, plan, of = Lanes(lambda dc: 8), MediaPlan(), history()
    plan.add(of)
    found = [wanted(place, dc=dc, size=LARGE if large else 10) for place, (dc, large) in enumerate(files, 1)]
    edges = sorted({0, len(found), *(cut for cut in cuts if cut < len(found))})
    spans = [Interval(low + 1, high) for low, high in pairwise(edges)]
    come: list[int] = []
    taken: set[int] = set()
    while True:
        if spans:
            plan.know(of, [spans.pop()])
        look = plan.next(lanes.has_room)
        if look is not None:
            left = None
            for one in found[look.ids.low - 1 : look.ids.high]:
                lane = lane_of(one.file)
                if one.file.id in taken or one.file.id in come or look.lane not in (None, lane):
                    continue
                if len(lanes) >= QUEUE:
                    left = one.message_id
                    break
                if lanes.put(Waiting(of, one, lane)):
                    taken.add(one.file.id)
                elif look.lane is not None:
                    left = one.message_id
                    break
                else:
                    plan.hold(of, lane, one.message_id)
            plan.ended(look, left_from=left)
        begun = list(iter(lanes.take, None))
        for one_begun in begun:
            come.append(one_begun.file.id)
            taken.discard(one_begun.file.id)
            lanes.ended(one_begun.lane)
        if look is None and not begun and not spans:
            break
    assert plan.is_through
    assert sorted(come) == list(range(1, len(found) + 1))
