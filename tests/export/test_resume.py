"""The next run: it asks for what is new, writes what changed, and trusts no saved progress blindly."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.archive.building import GROUP, OWNER, batch, daily, group, message
from tobs_tui.archive import Archive, ArchiveReader, not_opened
from tobs_tui.demo.knobs import Knobs
from tobs_tui.export.report import RunStatus
from tobs_tui.export.saving import Saving
from tobs_tui.model import ExportFormat, Interval, Owner
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.vault.publisher import Publisher

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The chats that are published from now on, in order."""
    chats: list[int] = []
    publish = Publisher.publish

    def noted(self: Publisher, chat_id: int, **more: object) -> object:
        chats.append(chat_id)
        return publish(self, chat_id, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Publisher, "publish", noted)
    return chats


def blooms(one: Lab) -> list[Path]:
    return sorted(one.settings.archive_dir.glob("*.bloom"))


async def test_nothing_new_costs_next_to_nothing(lab: MakeLab, published: list[int]) -> None:
    one = await lab()
    await one.run()
    notes = one.notes()
    published.clear()
    largest = one.largest()
    report = await one.run(only=largest)
    assert report.status is RunStatus.COMPLETE
    assert report.requests <= 2
    assert published == []
    (chat,) = report.chats
    assert (chat.new, chat.notes, chat.failed) == (0, 0, 0)
    assert chat.total == len(one.truth()[largest])
    report = await one.run()
    assert report.status is RunStatus.COMPLETE
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        has_rows = archive.counts()
        assert not not_opened(archive), "what was asked for is kept, though nothing had to be fetched"
    assert not set(published) & set(has_rows), "an empty chat alone is looked at again"
    assert one.notes() == notes


async def test_a_thousand_new_messages_alone_are_fetched(lab: MakeLab) -> None:
    one = await lab(messages=3000)
    largest = one.largest()
    await one.run(only=largest)
    for number in range(1000):
        one.world.post(largest, f"New {number}")
    report = await one.run(only=largest)
    assert report.messages_new == 1000
    assert report.requests <= 12
    assert one.saved()[largest] == one.truth()[largest]


async def test_what_decides_how_notes_look_publishes_again(lab: MakeLab, published: list[int]) -> None:
    one = await lab(messages=400)
    await one.run()
    largest = one.largest()
    published.clear()
    one.world.chats[largest].title = "Another title"
    await one.run()
    assert largest in published
    published.clear()
    await one.run(only=largest)
    assert published == []

    one.settings = one.settings.model_copy(
        update={"export_formats": (ExportFormat.MARKDOWN, ExportFormat.JSON)}
    )
    await one.run(only=largest)
    assert published == [largest]
    published.clear()
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        stored = archive.chat(largest)
    assert stored is not None
    assert stored.folder
    shutil.rmtree(one.settings.export_path / stored.folder)
    await one.run(only=largest)
    assert published == [largest]


async def test_a_drain_saves_how_far_it_came(lab: MakeLab) -> None:
    one = await lab(messages=6000, knobs=Knobs(rtt_ms=30))
    loop = asyncio.get_running_loop()
    report = await one.run(connected=lambda: loop.call_later(0.7, lambda: one.shutdown.request("test")))
    assert report.status is RunStatus.DRAINED
    assert blooms(one)
    with Archive.open(one.settings.archive_dir, _owner(one)) as archive:
        asked: list[str] = []
        archive._db.set_trace_callback(asked.append)
        for chat_id in archive.counts():
            archive.progress(chat_id)
        assert not any("FROM coverage" in statement for statement in asked), "all of it was saved"


@pytest.mark.parametrize("spoil", ["damaged", "missing", "of another chat"])
async def test_saved_progress_is_no_authority(lab: MakeLab, spoil: str) -> None:
    one = await lab(messages=1200)
    loop = asyncio.get_running_loop()
    await one.run(connected=lambda: loop.call_later(0.2, lambda: one.shutdown.request("test")))
    files = blooms(one)
    for place, path in enumerate(files):
        if spoil == "damaged":
            path.write_bytes(path.read_bytes()[:-1] + b"\x55")
        elif spoil == "missing":
            path.unlink()
        else:
            shutil.copy(files[place - 1], path)
    for number in range(30):
        one.world.post(one.largest(), f"Later {number}")
    assert (await one.run()).status is RunStatus.COMPLETE
    one.assert_holds_all()
    with Archive.open(one.settings.archive_dir, _owner(one)) as archive:
        assert archive.check() == []
        for chat_id in archive.counts():
            made = archive._filters.ready(archive._db, chat_id)
            held = archive.live_ids(chat_id, Interval(1, 2**31 - 1))
            assert made is None or made.maybe_held(held) == held


async def test_progress_is_saved_at_intervals(tmp_path: Path) -> None:
    with Archive.open(tmp_path, OWNER) as archive:
        archive.save_chats([group()])
        shutdown = ShutdownManager()
        saving = Saving(archive, shutdown, every=0.01)
        running = asyncio.ensure_future(saving.run())
        archive.commit(batch([message(number) for number in range(1, 50)]), daily)
        path = tmp_path / f"chat{GROUP}.bloom"
        async with asyncio.timeout(10):
            while not path.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        saving.stop()
        await running
        archive.commit(batch([message(number) for number in range(50, 90)]), daily)
        before = path.read_bytes()
        assert await shutdown.run_cleanup() == ()
        assert path.read_bytes() != before, "what came after the last interval is saved by the cleanup"


def _owner(one: Lab) -> Owner:
    with ArchiveReader.open(one.settings.archive_dir) as archive:
        owner = archive.owner()
    assert owner is not None
    return owner
