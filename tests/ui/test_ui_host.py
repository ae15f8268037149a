"""The host's own pieces: what is kept, what is hidden, what a lost terminal does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TextIO, cast

import pytest
from msgspec.structs import replace

from tests.ui.fake_host import report
from tobs_tui.cli.screen import kept
from tobs_tui.cli.screen.login import _hidden, keep_api
from tobs_tui.cli.screen.terminal import LastingStream
from tobs_tui.cli.screen.workers import WorkersAsked
from tobs_tui.cli.summary import print_summary
from tobs_tui.errors import LoginFailed, SettingsError
from tobs_tui.model import MediaKind, NoteLayout
from tobs_tui.ui.ports import ExportOptions, Preset


def test_what_was_chosen_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "config" / "screen.json"
    options = ExportOptions(media=frozenset({MediaKind.PHOTO}), max_file_size=None, layout=NoteLayout.MONTHLY)
    chosen = kept.Kept(theme="nord", options=options, presets=(Preset("mine", options),))
    kept.save(chosen, file)
    assert kept.load(file) == chosen


@pytest.mark.parametrize("content", [b"", b"{", b'{"theme": 5}', b"\xff"])
def test_a_broken_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "screen.json"
    file.write_bytes(content)
    assert kept.load(file) == kept.Kept()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"screen\.json can't be written"):
        kept.save(kept.Kept(), tmp_path / "file" / "screen.json")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("+351912345689", "+351 ••• ••• 89"), ("351912", "+3 ••• ••• 12"), ("12", "•••"), ("", "")],
)
def test_a_phone_number_is_hidden_but_for_its_ends(phone: str, shown: str) -> None:
    assert _hidden(phone) == shown


@pytest.mark.parametrize(
    ("api_id", "api_hash", "field"), [("abc", "0" * 32, "api_id"), ("123", "short", "api_hash")]
)
def test_wrong_api_values_name_their_field(api_id: str, api_hash: str, field: str) -> None:
    with pytest.raises(LoginFailed) as failed:
        keep_api(api_id, api_hash)
    assert failed.value.field == field
    assert api_hash not in failed.value.line()


def test_a_stream_whose_terminal_has_gone_takes_what_is_written() -> None:
    class Gone:
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

        def flush(self) -> None:
            raise OSError(5, "Input/output error")

    stream = LastingStream(cast(TextIO, Gone()))
    assert stream.write("words") == 5
    stream.flush()


async def test_workers_asked_for_one_by_one_are_all_there_in_the_end() -> None:
    reached, changes = asyncio.Event(), []

    async def change(count: int) -> None:
        changes.append(count)
        await reached.wait()

    asked = WorkersAsked(change)
    for count in (5, 6, 7):
        asked.ask(count)
        await asyncio.sleep(0)
        assert asked.wanted == count
    reached.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert asked.wanted is None
    assert changes == [5, 7]


def test_the_end_on_stdout_breaks_no_word_and_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    drained = replace(report(), messages_new=188_829, flood_wait_s=26.0, media_files=1_869)
    print_summary(drained, from_screen=True)
    said = capsys.readouterr().out
    totals = said[said.index("188,829 new messages") : said.index("What failed")]
    assert max(map(len, totals.splitlines())) <= 80
    assert "26 s of flood waits" in " ".join(totals.split())
    assert "To go on: export the same chats again; it fetches only what is missing." in said
