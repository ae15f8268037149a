"""`publish` with other settings than the vault was begun with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vault.shelf import GROUP, Shelf, message
from tobs_tui.cli.offline import Verdict, publish_notes
from tobs_tui.config import Settings
from tobs_tui.errors import UsageError


def test_another_time_zone_is_asked_for_and_holds_for_all_chats(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    other = GROUP - 1
    for chat_id, title in ((GROUP, "Trip"), (other, "Flat")):
        shelf.chat(chat_id, title=title)
        shelf.add([message(1, chat_id=chat_id)])
        shelf.publish(chat_id)
    shelf.archive.set_meta("timezone", "UTC")
    shelf.archive.set_meta("layout", "daily")
    shelf.close()
    settings = Settings(export_path=shelf.vault, timezone="America/Lima", _env_file=None)  # type: ignore[call-arg]

    with pytest.raises(UsageError, match="America/Lima"):
        publish_notes(settings, ["Trip"])
    assert sorted(path.name for path in shelf.vault.rglob("*2025*.md")) == [
        "Flat 2025-01-05.md",
        "Trip 2025-01-05.md",
    ]

    assert publish_notes(settings, ["Trip"], yes=True) == Verdict.AGREES
    names = [path.name for path in shelf.vault.rglob("*2025*.md")]
    assert sorted(names) == ["Flat 2025-01-04.md", "Trip 2025-01-04.md"]
    assert publish_notes(settings, []) == Verdict.AGREES
