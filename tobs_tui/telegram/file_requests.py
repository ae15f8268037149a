"""What is asked of Telegram to get a file, read with as few copies as can be, and what its refusals mean.

The rules for parts are Telegram's (https://core.telegram.org/api/files): offsets and limits in multiples of
4 KiB, a limit that divides 1 MiB, a part within one block of 1 MiB.
"""

from __future__ import annotations

import struct
from typing import Any, Protocol

from telethon.errors import RPCError
from telethon.tl import functions, types

from tobs_tui.telegram.rpc_errors import code_of

PART = 1 << 19
"""Bytes of one part. Telegram gives up to twice that, which was no faster here (the same CPU for us, more for
the server), keeps the event loop busy for 5 ms at a time, and is more to lose on a slow line."""
BLOCK = 4096
"""What offsets and limits are multiples of."""

_FILE = struct.Struct("<IIi")
_GONE = frozenset(
    ("FILE_ID_INVALID", "LOCATION_INVALID", "LOCATION_NOT_AVAILABLE", "VOLUME_LOC_NOT_FOUND", "PHOTO_INVALID")
)


class Fetchable(Protocol):
    """What fetching needs of a file; `model.File` and `archive.StoredFile` have it."""

    @property
    def id(self) -> int: ...

    @property
    def size(self) -> int:
        """Bytes, as the message tells them; of a photo a hint only."""

    @property
    def dc(self) -> int: ...

    @property
    def access_hash(self) -> int: ...

    @property
    def reference(self) -> bytes: ...

    @property
    def thumb(self) -> str | None:
        """The size to ask for, of a photo; None for a document."""


def location_of(file: Fetchable) -> Any:
    """The file as requests name it."""
    if file.thumb is not None:
        return types.InputPhotoFileLocation(file.id, file.access_hash, file.reference, file.thumb)
    return types.InputDocumentFileLocation(file.id, file.access_hash, file.reference, "")


class GetPart(functions.upload.GetFileRequest):  # type: ignore[misc]
    """`upload.getFile`, answered by a memoryview of the part's bytes, or by whatever else came.

    Telegram's CDN is not asked for: its files would come from machines that do not know the login.
    """

    def __init__(self, location: Any, offset: int, limit: int) -> None:
        super().__init__(location, offset, limit, precise=False, cdn_supported=False)

    def read_result(self, reader: Any) -> Any:
        view = memoryview(reader.get_bytes())[reader.tell_position() :]
        if len(view) < _FILE.size + 4 or _FILE.unpack_from(view)[0] != types.upload.File.CONSTRUCTOR_ID:
            return reader.tgread_object()
        return _tl_bytes(view[_FILE.size :])


def _tl_bytes(view: memoryview) -> memoryview:
    """The TL `bytes` that stand at the beginning. :raises BufferError: when they are cut short."""
    length, start = view[0], 1
    if length == 254:
        length, start = int.from_bytes(view[1:4], "little"), 4
    data = view[start : start + length]
    if len(data) != length:
        raise BufferError("the part is cut short")
    return data


def new_dc_of(error: RPCError) -> int | None:
    """The DC that Telegram says the file lives on; None when the error says something else."""
    name = code_of(error)
    if not name.startswith("FILE_MIGRATE"):
        return None
    told = getattr(error, "new_dc", None) or name.rpartition("_")[2]
    return int(told) if str(told).isdecimal() else None


def is_stale(error: RPCError) -> bool:
    """Whether the file has to be taken from its message anew: its reference no longer holds."""
    return code_of(error).startswith(("FILE_REFERENCE", "FILEREF_"))


def is_gone(error: RPCError) -> bool:
    """Whether Telegram does not know such a file, at least not by what was sent."""
    return code_of(error) in _GONE
