"""Files where something is wrong with the folder, the disk or the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.export.media_truth import files_of, on_disk, truth_of
from tobs_tui.demo.world.filed import files_of_sizes, world_of_files
from tobs_tui.export.report import RunStatus
from tobs_tui.model import MediaKind
from tobs_tui.telegram.file_requests import PART

if TYPE_CHECKING:
    from tests.export.conftest import Lab

    MakeLab = Callable[..., Awaitable[Lab]]

ALL = frozenset(MediaKind)


async def test_a_part_file_of_full_size_is_not_taken_for_whole_when_a_power_cut_took_its_journal(
    lab: MakeLab, demo_server: Any
) -> None:
    one = await lab(server=await demo_server(world_of_files(files_of_sizes([2 * PART + 9], (4,)))))
    await one.run()
    (file,) = files_of(one)
    part = one.settings.export_path / "media" / ".partial" / str(file.id)
    part.parent.mkdir(parents=True)
    # The last part was written and the first ones were not: a file with a hole, of the right size.
    part.write_bytes(bytes(file.size))
    report = await one.run(media=ALL)
    assert report.status is RunStatus.COMPLETE, report.errors
    assert on_disk(one) == truth_of(one)
