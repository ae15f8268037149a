from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.shelf import Shelf, shelf_in


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    yield from shelf_in(tmp_path)
