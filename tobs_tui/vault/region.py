"""The part of a note that is ours, between two marker lines, and the rest, which is the person's.

The region goes from the first line that is exactly the begin marker to the last that is exactly the end
marker. Markers of other counts and orders (code blocks may hold anything) are nobody's to repair.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from tobs_tui.vault import front_matter
from tobs_tui.vault.front_matter import Fields, Unreadable

BEGIN = "%% tobs:begin %%"
END = "%% tobs:end %%"
EXPLANATION = (
    "%% The next export rewrites what stands between the two tobs lines. Above and below is yours. %%"
)

_BEGIN, _END = BEGIN.encode(), END.encode()
_FENCE = re.compile(rb"(`{3,}|~{3,})")
_BOM = b"\xef\xbb\xbf"


class Unclear(Exception):
    """It can't be told which part of a note is ours; it is left alone. The text says why."""


class Parted(NamedTuple):
    """A note as it is on disk: the bytes above, of and below the region."""

    head: bytes
    region: bytes
    tail: bytes

    def rewritten(self, fields: Fields, region: bytes) -> bytes:
        """Return the whole note with our keys and region as they should be.

        :raises Unclear: the front matter can't be read.
        """
        return _merged_head(self.head, fields) + region + self.tail


def new_note(fields: Fields, region: bytes) -> bytes:
    """Return a whole note that has nobody's words but ours."""
    return front_matter.write(fields).encode() + b"\n" + region + b"\n"


def region_hash(region: bytes) -> str:
    """Return a stable hash of a region, the same for either kind of line ends."""
    return hashlib.blake2b(region.replace(b"\r\n", b"\n"), digest_size=16).hexdigest()


def part(content: bytes, known: frozenset[str] = frozenset()) -> Parted:
    """Find the region of a note; one whose hash is among `known` is ours whatever stands in it.

    :raises Unclear: markers are missing, doubled or reordered.
    """
    lines = content.splitlines(keepends=True)
    begins = [place for place, line in enumerate(lines) if line.rstrip(b"\r\n") == _BEGIN]
    ends = [place for place, line in enumerate(lines) if line.rstrip(b"\r\n") == _END]
    if not begins or not ends:
        raise Unclear("a tobs marker is missing")
    first, last = begins[0], ends[-1]
    if last < first or ends[0] < first:
        raise Unclear("its tobs markers are out of order")
    after = lines[last][len(_END) :]
    parted = Parted(
        b"".join(lines[:first]),
        b"".join(lines[first:last]) + _END,
        after + b"".join(lines[last + 1 :]),
    )
    if region_hash(parted.region) not in known and _holds_markers(lines[first + 1 : last]):
        raise Unclear("its tobs markers are doubled")
    return parted


def front_matter_of(content: bytes) -> str | None:
    """Return what stands between the dashes at a file's start; None when there is none.

    :raises Unclear: it never ends, or isn't UTF-8.
    """
    found = _front_matter(content)
    return None if found is None else found[1]


def below_front_matter(content: bytes) -> bytes:
    """Return what stands below the front matter; all where there is none.

    :raises Unclear: it never ends, or isn't UTF-8.
    """
    found = _front_matter(content)
    return content.removeprefix(_BOM) if found is None else found[2].partition(b"\n")[2]


def _holds_markers(lines: list[bytes]) -> bool:
    """Whether a marker stands outside of every code block."""
    fence = b""
    for line in lines:
        bare = line.strip().lstrip(b"> ")
        if fence:
            if bare.startswith(fence) and not bare.strip(fence[:1]):
                fence = b""
        elif found := _FENCE.match(bare):
            fence = found[1]
        elif line.rstrip(b"\r\n") in (_BEGIN, _END):
            return True
    return False


def _merged_head(head: bytes, fields: Fields) -> bytes:
    found = _front_matter(head)
    if found is None:
        bom = _BOM if head.startswith(_BOM) else b""
        return bom + front_matter.write(fields).encode() + b"\n" + head.removeprefix(_BOM).lstrip(b"\n")
    before, text, after = found
    ends = "\r\n" if "\r\n" in text else "\n"
    try:
        merged = front_matter.merge(text.replace("\r\n", "\n"), fields)
    except Unreadable as error:
        raise Unclear(f"its front matter can't be read: {error}") from error
    return before + merged.replace("\n", ends).encode() + after


def _front_matter(content: bytes) -> tuple[bytes, str, bytes] | None:
    start = len(_BOM) if content.startswith(_BOM) else 0
    opening = re.compile(rb"---[ \t]*\r?\n").match(content, start)
    if opening is None:
        return None
    closing = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE).search(content, opening.end())
    if closing is None:
        raise Unclear("its front matter never ends")
    try:
        text = content[opening.end() : closing.start()].decode()
    except UnicodeDecodeError as error:
        raise Unclear("its front matter is no UTF-8") from error
    return content[: opening.end()], text, content[closing.start() :]
