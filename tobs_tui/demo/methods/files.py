"""upload.getFile and getFileHashes: any part of any file, from the DC that it lives on."""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import Any

from telethon.tl import functions, types

from tobs_tui.demo.rpc import Call, RpcError, method
from tobs_tui.demo.wire.intake import tl_bytes
from tobs_tui.demo.world.content import Content, content_of
from tobs_tui.demo.world.files import FileSpec, StoredFile
from tobs_tui.demo.world.world import World

BLOCK = 1024 * 1024
"""A part may not cross a multiple of this."""
STEP = 4096
FINE_STEP = 1024
"""What offsets and limits must be multiples of, without and with `precise`."""
HASHED = 128 * 1024
HASHES = 8
"""How many hashes one answer holds."""

_FILE = Struct("<IIi")

_TYPES = {
    "image/jpeg": types.storage.FileJpeg,
    "image/png": types.storage.FilePng,
    "image/gif": types.storage.FileGif,
    "image/webp": types.storage.FileWebp,
    "application/pdf": types.storage.FilePdf,
    "audio/mpeg": types.storage.FileMp3,
    "video/mp4": types.storage.FileMp4,
    "video/quicktime": types.storage.FileMov,
}


def _located(call: Call, location: Any) -> tuple[StoredFile, FileSpec, Content]:
    """The file that a location names, checked; for a photo, the size asked for.

    :raises RpcError: LOCATION_INVALID, FILE_ID_INVALID, FILE_REFERENCE_…, FILE_MIGRATE_X.
    """
    if not isinstance(location, types.InputDocumentFileLocation | types.InputPhotoFileLocation):
        raise RpcError(400, "LOCATION_INVALID")
    world: World = call.world
    file = world.files.find(location.id)
    if file is None or world.files.access_hash(location.id) != location.access_hash:
        raise RpcError(400, "FILE_ID_INVALID")
    if not location.file_reference:
        raise RpcError(400, "FILE_REFERENCE_EMPTY")
    if not world.files.reference_fits(location.file_reference):
        raise RpcError(400, "FILE_REFERENCE_EXPIRED")
    if file.dc != call.dc_id:
        raise RpcError(303, f"FILE_MIGRATE_{file.dc}")
    is_photo = isinstance(location, types.InputPhotoFileLocation)
    if is_photo is not (file.spec.use == "photo"):
        raise RpcError(400, "FILE_ID_INVALID")
    spec = sized(file.spec, location.thumb_size)
    return file, spec, content_of(spec, file.id)


def sized(spec: FileSpec, thumb: str) -> FileSpec:
    """The file itself, or the size of a photo that `thumb` names.

    :raises RpcError: FILE_ID_INVALID for a size that there is not.
    """
    if not thumb and spec.use != "photo":
        return spec
    for letter, width, height, size in spec.sizes:
        if letter == thumb:
            if letter == spec.sizes[-1][0]:
                return spec
            return FileSpec(spec.kind, size, spec.mime, width, height, use=spec.use)
    raise RpcError(400, "FILE_ID_INVALID")


def check_part(offset: int, limit: int, *, precise: bool | None) -> None:
    """Telegram's rules for parts (core.telegram.org/api/files).

    :raises RpcError: OFFSET_INVALID, LIMIT_INVALID.
    """
    step = FINE_STEP if precise else STEP
    if offset < 0 or offset % step:
        raise RpcError(400, "OFFSET_INVALID")
    if limit <= 0 or limit % step or limit > BLOCK or (not precise and BLOCK % limit):
        raise RpcError(400, "LIMIT_INVALID")
    if offset // BLOCK != (offset + limit - 1) // BLOCK:
        raise RpcError(400, "LIMIT_INVALID")


@method(functions.upload.GetFileRequest, any_dc=True)
async def get_file(call: Call, request: Any) -> bytes:
    """One part of a file; shorter at its end, empty beyond it. Files go out as they are, never gzipped."""
    check_part(request.offset, request.limit, precise=request.precise)
    _, spec, content = _located(call, request.location)
    data = content.read(request.offset, min(request.limit, max(0, spec.size - request.offset)))
    kind = _TYPES.get(spec.mime, types.storage.FileUnknown)
    call.world.files.used()
    return _FILE.pack(types.upload.File.CONSTRUCTOR_ID, kind.CONSTRUCTOR_ID, 0) + tl_bytes(data)


@method(functions.upload.GetFileHashesRequest, any_dc=True)
async def get_file_hashes(call: Call, request: Any) -> Any:
    """SHA-256 of the file's parts of 128 KiB from the one that `offset` lies in, eight at a time."""
    _, spec, content = _located(call, request.location)
    begin = max(0, request.offset) // HASHED * HASHED
    hashes = []
    for offset in range(begin, min(spec.size, begin + HASHES * HASHED), HASHED):
        length = min(HASHED, spec.size - offset)
        hashes.append(types.FileHash(offset, length, sha256(content.read(offset, length)).digest()))
    return hashes
