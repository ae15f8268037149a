"""Chance that repeats: the same seed and names give the same draws on every machine and Python.

`random.Random` seeded with a string hashes it with SHA-512, so nothing here depends on PYTHONHASHSEED.
"""

from __future__ import annotations

from random import Random

_MASK = (1 << 64) - 1


def chance(seed: int, *what: object) -> Random:
    """A generator of its own for one thing of one world: `chance(seed, "people")`."""
    return Random("/".join(map(str, (seed, *what))))


def mix64(value: int) -> int:
    """One splitmix64 step: a well spread 64-bit number for each input."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def signed64(value: int) -> int:
    """A 64-bit number as TL's `long` holds it."""
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value
