"""Sizes, durations, counts and money in words."""

from __future__ import annotations

_NO_CENTS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_PLACES = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_PERIODS = ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def size(count: int) -> str:
    """`84 MB`, of 1024 * 1024 bytes, as `MEDIA_MAX_FILE_SIZE` counts them."""
    if count < 1024:
        return f"{count} byte" if count == 1 else f"{count} bytes"
    amount, units = count / 1024, ["TB", "GB", "MB", "KB"]
    while amount >= 1023.5 and len(units) > 1:
        amount /= 1024
        units.pop()
    unit = units[-1]
    return f"{amount:.1f} {unit}" if amount < 9.95 and unit != "KB" else f"{amount:.0f} {unit}"


def duration(seconds: float) -> str:
    """`0:42`, `3:12`, `1:02:03`."""
    minutes, left = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def period(seconds: int) -> str:
    """`1 day`, `2 weeks`, `90 minutes`: by the largest unit that divides it."""
    for length, unit in _PERIODS:
        if seconds >= length and seconds % length == 0:
            return counted(seconds // length, unit)
    return counted(seconds, "second")


def number(count: int) -> str:
    """`12,408`."""
    return f"{count:,}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `31 files`, `9 people`."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def money(amount: int, currency: str) -> str:
    """`12.00 EUR`, `500 JPY`, `50 ⭐`, `1.5 TON`; `amount` is in the smallest unit."""
    if currency == "XTR":
        return f"{number(amount)} ⭐"
    if currency == "TON":
        return f"{amount / 1_000_000_000:,.9f}".rstrip("0").rstrip(".") + " TON"
    places = 0 if currency in _NO_CENTS.split() else 3 if currency in _THREE_PLACES else 2
    return f"{amount / 10**places:,.{places}f} {currency}".strip()


def listed(names: list[str]) -> str:
    """`Anna`, `Anna and Boris`, `Anna, Boris and Clara`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
