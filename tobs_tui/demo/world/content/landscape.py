"""A small landscape for each picture: sky, sun, hills and water as a grid of colours."""

from __future__ import annotations

from dataclasses import dataclass
from math import sin
from random import Random

Colour = tuple[int, int, int]

_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((92, 148, 214), (214, 230, 240)),
    ((38, 52, 110), (240, 150, 90)),
    ((20, 24, 60), (70, 84, 140)),
    ((150, 190, 220), (250, 240, 220)),
    ((110, 60, 120), (250, 190, 150)),
)
_LANDS: tuple[Colour, ...] = ((70, 110, 70), (120, 100, 70), (60, 90, 110), (150, 110, 80), (80, 80, 100))
_BANDS = 14


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of numbers into a palette of RGB colours."""

    palette: tuple[Colour, ...]
    rows: tuple[bytes, ...]


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def landscape(width: int, height: int, seed: int) -> Picture:
    """A picture of `width` x `height` cells; the same seed gives the same picture in every size."""
    draw = Random(seed)
    top, bottom = draw.choice(_SKIES)
    land = draw.choice(_LANDS)
    palette = [_between(top, bottom, band / (_BANDS - 1)) for band in range(_BANDS)]
    sun_colour, water = len(palette), len(palette) + 1
    palette += [_between(bottom, (255, 246, 200), 0.8), _between(bottom, (30, 60, 90), 0.6)]
    ridges = []
    for depth in range(3):
        palette.append(_between(land, bottom, 0.55 - depth * 0.25))
        base = 0.55 + depth * 0.11
        waves = [(draw.uniform(0.02, 0.09), draw.uniform(3, 16), draw.uniform(0, 6)) for _ in range(3)]
        ridges.append((base, waves, len(palette) - 1))
    sun_x, sun_y, sun_r = draw.uniform(0.15, 0.85), draw.uniform(0.12, 0.4), draw.uniform(0.04, 0.1)
    horizon = 0.9
    profiles = [
        [
            base - sum(size * sin(x / width * rate + phase) for size, rate, phase in waves)
            for x in range(width)
        ]
        for base, waves, _ in ridges
    ]
    rows = []
    for y in range(height):
        level = y / height
        band = min(_BANDS - 1, int(level / 0.7 * _BANDS))
        row = bytearray((band,)) * width
        _put_sun(row, width, height, y, (sun_x, sun_y, sun_r), sun_colour)
        for (_, _, colour), profile in zip(ridges, profiles, strict=True):
            for x in range(width):
                if profile[x] < level:
                    row[x] = colour
        if level > horizon:
            row = bytearray((water,)) * width
        rows.append(bytes(row))
    return Picture(tuple(palette), tuple(rows))


def _put_sun(
    row: bytearray, width: int, height: int, y: int, sun: tuple[float, float, float], colour: int
) -> None:
    across, down, radius = sun[0] * width, sun[1] * height, sun[2] * max(width, height)
    rest = radius * radius - (y - down) ** 2
    if rest > 0:
        half = rest**0.5
        for x in range(max(0, int(across - half)), min(width, int(across + half) + 1)):
            row[x] = colour
