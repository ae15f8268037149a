"""The filter: what was added is never called new, and little else is called known."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tobs_tui.archive import bloom
from tobs_tui.archive.bloom import BloomFilter, Origin

MILLION = 1_000_000
ORIGIN = Origin(b"archive!", b"epoch...", -1000000000005, 77)
IDS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=300)


def filled(ids: Sequence[int], *, rate: float = 0.01, capacity: int | None = None) -> BloomFilter:
    made = BloomFilter(rate, len(ids) if capacity is None else capacity)
    for start in range(0, len(ids), 500):
        made.add_many(ids[start : start + 500])
    return made


def wrong_share(made: BloomFilter, probes: Sequence[int]) -> float:
    wrong = sum(len(made.maybe_held(probes[at : at + 500])) for at in range(0, len(probes), 500))
    return wrong / len(probes)


@given(IDS, IDS, st.integers(1, 50), st.floats(0.0001, 0.5))
def test_what_was_added_is_never_new(ids: list[int], others: list[int], capacity: int, rate: float) -> None:
    made = BloomFilter(rate, capacity)
    made.add_many(ids)
    for one in others:
        made.add(one)
    assert made.maybe_held([*ids, *others]) == [*ids, *others]
    assert not any(map(made.surely_new, ids))
    probes = range(1000, 1200)
    assert made.maybe_held(probes) == [number for number in probes if not made.surely_new(number)]
    assert len(made) == len(ids) + len(others)
    again, origin = BloomFilter.unpacked(made.packed(ORIGIN))
    assert origin == ORIGIN
    assert again.maybe_held(ids) == ids


@pytest.mark.parametrize("order", ["sequential", "random"])
def test_a_million_ids_at_one_in_a_hundred(order: str) -> None:
    if order == "sequential":
        ids: Sequence[int] = range(1, MILLION + 1)
        probes: Sequence[int] = range(MILLION + 1, 2 * MILLION + 1)
    else:
        drawn = random.Random(8).sample(range(1, 2**31), 2 * MILLION)
        ids, probes = drawn[:MILLION], drawn[MILLION:]
    made = filled(ids)
    assert 1_150_000 < made.size < 1_300_000
    assert 0.001 < wrong_share(made, probes) < 0.011
    assert made.maybe_held(ids[::1000]) == list(ids[::1000])


@pytest.mark.parametrize("rate", [0.2, 0.05, 0.001])
def test_another_rate_is_another_size_and_holds(rate: float) -> None:
    ids = range(2, 100_002, 2)
    made = filled(ids, rate=rate)
    assert rate / 3 < wrong_share(made, range(1, 200_001, 2)) < rate * 1.1
    assert (made.size < filled(ids).size) == (rate > 0.01)


def test_it_grows_when_full_and_keeps_the_rate() -> None:
    ids = range(1, 40_001)
    made = filled(ids, capacity=1_000)
    assert made.layers > 3
    assert made.maybe_held(ids) == list(ids)
    assert wrong_share(made, range(1_000_001, 1_060_001)) < 0.011


def test_a_rate_must_be_a_share() -> None:
    for rate in (0.0, 1.0, -0.1, 2.0):
        with pytest.raises(ValueError, match="rate"):
            BloomFilter(rate)


def test_a_file_means_the_same_on_every_machine() -> None:
    packed = filled([1, 2, 3, -7, 2**40], capacity=20).packed(ORIGIN)
    assert (
        hashlib.sha256(packed).hexdigest()
        == "32eb050f8e63c8827b54d76abf499d46b6b1008f39cf8e2ec803f37e7eb7cdb6"
    )


def test_a_spoilt_file_is_none_at_all() -> None:
    packed = filled(range(200), capacity=50).packed(ORIGIN)
    chance = random.Random(5)
    for place in [*range(80), *chance.sample(range(len(packed)), 60)]:
        bent = bytearray(packed)
        bent[place] ^= 1 << chance.randrange(8)
        with pytest.raises(ValueError):
            BloomFilter.unpacked(bytes(bent))
    for length in [*range(100), *chance.sample(range(len(packed)), 60)]:
        with pytest.raises(ValueError):
            BloomFilter.unpacked(packed[:length])
    with pytest.raises(ValueError):
        BloomFilter.unpacked(packed + b"\0")
    with pytest.raises(ValueError):
        BloomFilter.unpacked(chance.randbytes(500))


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "chat5.bloom"
    first, second = (filled(range(n)).packed(ORIGIN) for n in (10, 20))
    bloom.save(path, first)
    (tmp_path / "chat5.bloom.new").write_bytes(b"left by a kill")
    bloom.save(path, second)
    assert [each.name for each in tmp_path.iterdir()] == ["chat5.bloom"]
    loaded = bloom.load(path)
    assert loaded is not None
    assert len(loaded[0]) == 20
    assert bloom.load(tmp_path / "none.bloom") is None
    with pytest.raises(OSError):
        bloom.save(tmp_path / "no folder" / "chat5.bloom", first)
