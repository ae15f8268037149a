"""A still video in H.264: one key frame of coloured bands, then frames that say "as before".

Constrained baseline, CAVLC. In the key frame the first macroblock of each row changes the colour by its
DC coefficients and the others repeat their left neighbour; a later frame skips all macroblocks. Source of
the syntax: ITU-T H.264, 7.3 and 9.2.
"""

from __future__ import annotations

from collections.abc import Sequence

QP = 36
"""At this quantiser one step of luma DC is 2.5 levels, one of chroma DC four."""
_LUMA_STEP, _CHROMA_STEP = 2.5, 4.0


class Bits:
    """A string of bits with the standard's codes."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def u(self, value: int, size: int) -> None:
        self._parts.append(format(value, f"0{size}b"))

    def ue(self, value: int) -> None:
        self._parts.append(exp_golomb(value))

    def se(self, value: int) -> None:
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def raw(self, bits: str) -> None:
        self._parts.append(bits)

    def unit(self, kind: int) -> bytes:
        """The NAL unit with a stop bit and emulation prevention."""
        text = "".join(self._parts) + "1"
        text += "0" * (-len(text) % 8)
        body = int(text, 2).to_bytes(len(text) // 8, "big")
        return bytes((kind,)) + _escaped(body)


def exp_golomb(value: int) -> str:
    """An unsigned Exp-Golomb code."""
    text = format(value + 1, "b")
    return "0" * (len(text) - 1) + text


def _escaped(body: bytes) -> bytes:
    out = bytearray()
    zeros = 0
    for value in body:
        if zeros >= 2 and value <= 3:
            out.append(3)
            zeros = 0
        out.append(value)
        zeros = zeros + 1 if value == 0 else 0
    return bytes(out)


def sequence_parameters(width: int, height: int) -> bytes:
    """The SPS: size in macroblocks, cropped to the real one."""
    columns, rows = (width + 15) // 16, (height + 15) // 16
    bits = Bits()
    bits.u(66, 8)
    bits.u(0xC0, 8)
    bits.u(31 if columns * rows <= 3600 else 51, 8)
    bits.ue(0)
    bits.ue(0)
    bits.ue(2)
    bits.ue(1)
    bits.u(0, 1)
    bits.ue(columns - 1)
    bits.ue(rows - 1)
    bits.u(1, 1)
    bits.u(1, 1)
    right, bottom = columns * 16 - width, rows * 16 - height
    cropped = bool(right or bottom)
    bits.u(cropped, 1)
    if cropped:
        for edge in (0, right // 2, 0, bottom // 2):
            bits.ue(edge)
    bits.u(0, 1)
    return bits.unit(0x67)


def picture_parameters() -> bytes:
    """The PPS."""
    bits = Bits()
    bits.ue(0)
    bits.ue(0)
    bits.u(0, 1)
    bits.u(0, 1)
    bits.ue(0)
    bits.ue(0)
    bits.ue(0)
    bits.u(0, 1)
    bits.u(0, 2)
    bits.se(QP - 26)
    bits.se(0)
    bits.se(0)
    bits.u(0, 1)
    bits.u(0, 1)
    bits.u(0, 1)
    return bits.unit(0x68)


def _level(value: int) -> str:
    """A block's single coefficient (at least 2 in size): level_prefix and level_suffix."""
    code = 2 * abs(value) - (2 if value > 0 else 1) - 2
    if code < 14:
        return "0" * code + "1"
    if code < 30:
        return "0" * 14 + "1" + format(code - 14, "04b")
    return "0" * 15 + "1" + format(code - 30, "012b")


def _coefficient(value: int, *, chroma: bool) -> str:
    """A DC block with one coefficient, or none."""
    if abs(value) < 2:
        return "01" if chroma else "1"
    return ("000111" if chroma else "000101") + _level(value) + "1"


def key_frame(width: int, height: int, bands: Sequence[tuple[int, int, int]]) -> bytes:
    """The IDR frame: `bands` are colours as Y, Cb, Cr, spread from top to bottom."""
    columns, rows = (width + 15) // 16, (height + 15) // 16
    bits = Bits()
    bits.ue(0)
    bits.ue(7)
    bits.ue(0)
    bits.u(0, 4)
    bits.ue(0)
    bits.u(0, 2)
    bits.se(0)
    shown = [128.0, 128.0, 128.0]
    repeat = exp_golomb(2) + exp_golomb(1) + "1" + "1"
    for row in range(rows):
        target = bands[row * len(bands) // rows]
        steps = (_LUMA_STEP, _CHROMA_STEP, _CHROMA_STEP)
        levels = [round((want - have) / step) for want, have, step in zip(target, shown, steps, strict=True)]
        levels = [level if abs(level) >= 2 else 0 for level in levels]
        shown = [have + level * step for have, level, step in zip(shown, levels, steps, strict=True)]
        bits.ue(7)
        bits.ue(0)
        bits.se(0)
        bits.raw(_coefficient(levels[0], chroma=False))
        bits.raw(_coefficient(levels[1], chroma=True))
        bits.raw(_coefficient(levels[2], chroma=True))
        bits.raw(repeat * (columns - 1))
    return bits.unit(0x65)


def skipped_frame(width: int, height: int, number: int) -> bytes:
    """A frame that repeats the one before."""
    bits = Bits()
    bits.ue(0)
    bits.ue(5)
    bits.ue(0)
    bits.u(number % 16, 4)
    bits.u(0, 1)
    bits.u(0, 1)
    bits.u(0, 1)
    bits.se(0)
    bits.ue(((width + 15) // 16) * ((height + 15) // 16))
    return bits.unit(0x41)
