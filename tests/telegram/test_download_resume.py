"""What an earlier run left of a file is taken up, as far as it can be trusted, and not fetched again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telegram.filing import AWAY, GET_FILE, HASHES, Filing
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world.filed import files_of_sizes
from tobs_tui.errors import FileFailed
from tobs_tui.model import File
from tobs_tui.telegram.file_requests import PART
from tobs_tui.telegram.part_file import PartFile, PartPlan, journal_path

SIZE = 8 * PART + 4321
LEFT = 5
"""So many parts are there before the run that is looked at."""


async def half_there(files_on: Any) -> tuple[Filing, File]:
    """A file of which the first parts are on disk, as a run that was killed leaves them."""
    filing = await files_on(files_of_sizes([SIZE], (AWAY,)))
    file = await filing.file(1)
    leave(filing.path(file), file, filing.truth(file))
    return filing, file


def leave(path: Path, file: File, truth: bytes) -> None:
    plan = PartPlan(file.id, file.size, PART)
    left = PartFile.open(path, plan)
    for index in range(LEFT):
        left.write(index, truth[index * PART : index * PART + plan.length(index)])
    left.close()


async def test_only_what_is_missing_is_fetched_and_what_was_there_is_checked(files_on: Any) -> None:
    filing, file = await half_there(files_on)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert sorted(filing.seen.offsets(file)) == [index * PART for index in range(LEFT, 9)]
    assert filing.server.requests[HASHES] == 3, "parts of an earlier run are held against Telegram's hashes"
    assert filing.bytes == SIZE
    assert filing.leftovers() == set()


async def test_altered_bytes_are_found_and_fetched_again(files_on: Any) -> None:
    filing, file = await half_there(files_on)
    with filing.path(file).open("r+b") as part:
        part.seek(2 * PART + 999)
        part.write(b"not what stood here")
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert 2 * PART in filing.seen.offsets(file)
    assert 3 * PART not in filing.seen.offsets(file)


async def test_a_journal_that_lies_with_the_right_checksums_is_found_out_by_hash(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([SIZE], (AWAY,)))
    file = await filing.file(1)
    leave(filing.path(file), file, bytes(SIZE))
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert len(filing.seen.offsets(file)) == 9


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"",
        lambda text: b"\xff\xfenonsense\n" + text,
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b"%d" % PART, b"%d" % (2 * PART)),
        lambda text: text + b"5 deadbeef\n6 00000000\nffff 1\n-1 1\nx y\n7",
        lambda text: text.splitlines(keepends=True)[0] + b"".join(b"%x 00000000\n" % i for i in range(9)),
    ],
    ids=["empty", "nonsense", "cut", "other-parts", "invented", "all-there"],
)
async def test_an_altered_journal_costs_parts_and_never_the_file(files_on: Any, spoil: Any) -> None:
    filing, file = await half_there(files_on)
    journal = journal_path(filing.path(file))
    journal.write_bytes(spoil(journal.read_bytes()))
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert filing.leftovers() == set()


async def test_a_part_file_without_its_journal_is_begun_anew(files_on: Any) -> None:
    filing, file = await half_there(files_on)
    journal_path(filing.path(file)).unlink()
    with filing.path(file).open("ab") as part:
        part.truncate(SIZE + 5_000)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert len(filing.seen.offsets(file)) == 9


@pytest.mark.parametrize("size", [5_000, SIZE])
async def test_bytes_that_have_their_place_already_are_not_written_over(files_on: Any, size: int) -> None:
    filing = await files_on(files_of_sizes([size], (AWAY,)))
    file = await filing.file(1)
    placed = filing.folder / "placed.bin"
    placed.write_bytes(b"placed by a run that was killed then")
    os.link(placed, filing.path(file))
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert placed.read_bytes() == b"placed by a run that was killed then"


async def test_a_part_file_that_was_cut_counts_as_far_as_it_goes(files_on: Any) -> None:
    filing, file = await half_there(files_on)
    os.truncate(filing.path(file), 2 * PART + 10)
    await filing.fetch(file)
    assert filing.is_whole(file)
    assert min(filing.seen.offsets(file)) == 2 * PART


async def test_a_file_that_fails_is_taken_up_by_the_next_run(files_on: Any) -> None:
    filing = await files_on(files_of_sizes([SIZE], (AWAY,)))
    file = await filing.file(1)
    last = {"when": lambda call, request: request.offset == 8 * PART}
    filing.server.faults.fail(GET_FILE, RpcError(400, "SOMETHING_NEW"), **last)
    filing.server.faults.slow(GET_FILE, 0.5, times=1, when=lambda call, request: request.offset == 8 * PART)
    with pytest.raises(FileFailed):
        await filing.fetch(file)
    fetched = filing.bytes // PART
    asked = len(filing.seen.parts)
    await filing.fetch(file)
    assert filing.is_whole(file)
    # A part whose writing was under way is there, too, though nobody counted it.
    assert 0 < len(filing.seen.parts) - asked <= 9 - fetched


KILLED = """
import asyncio, sys
from pathlib import Path
from tobs_tui.config import Settings
from tobs_tui.model import File, MediaKind
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.dc_router import DCRouter
from tobs_tui.telegram.download import FileDownloads

async def main(session_dir, server, dc, key, part, file_id, size, access_hash, reference):
    settings = Settings(api_id=12345, api_hash="0123456789abcdef", session_dir=session_dir,
        telegram_server=server, telegram_dc_id=int(dc), telegram_public_key=key)
    file = File(id=int(file_id), kind=MediaKind.DOCUMENT, size=int(size), dc=4,
        access_hash=int(access_hash), reference=bytes.fromhex(reference), date=0)
    async with await Account.connect(settings) as account, DCRouter(account, settings) as router:
        def told(count):
            print(count, flush=True)
        await FileDownloads(account, router).download(
            file, Path(part), chat_id=1, refresh=lambda: None, on_bytes=told)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_killed_in_the_middle_leaves_what_the_next_one_goes_on_from(
    files_on: Any, tmp_path: Path
) -> None:
    filing = await files_on(files_of_sizes([SIZE], (AWAY,)))
    file = await filing.file(1)
    info = filing.server.info
    await filing.account.close()
    filing.server.faults.hang(GET_FILE, when=lambda call, request: request.offset >= 4 * PART)
    words = (
        tmp_path / "sessions",
        f"{info.host}:{info.port}",
        info.dc_id,
        info.public_key,
        filing.path(file),
    )
    more = (file.id, file.size, file.access_hash, file.reference.hex())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, *map(str, words + more), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(4):
        assert await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    filing.server.faults.clear()
    before = filing.server.requests[GET_FILE]
    again = await files_on((), server=filing.server)
    await again.fetch(file)
    assert filing.is_whole(file)
    assert filing.server.requests[GET_FILE] - before == 5
    assert again.bytes == SIZE


@given(st.binary(max_size=200), st.integers(1, 40), st.integers(1, 8))
def test_whatever_stands_in_a_journal_no_part_counts_that_is_not_there(
    tmp_path_factory: pytest.TempPathFactory, nonsense: bytes, size: int, part: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "part"
    plan = PartPlan(7, size, part)
    begun = PartFile.open(path, plan)
    begun.write(0, b"x" * plan.length(0))
    begun.close()
    journal = journal_path(path)
    journal.write_bytes(journal.read_bytes() + nonsense)
    opened = PartFile.open(path, plan)
    assert set(opened.missing) | {0} == set(range(plan.count))
    opened.close()
