"""What files a Lab's server has and what a vault holds, side by side."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from tobs_tui.archive import ArchiveReader, FileState, StoredFile
from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.world.content import content_of
from tobs_tui.export.report import RunStatus
from tobs_tui.model import MediaKind

if TYPE_CHECKING:
    from tests.export.conftest import Lab


def files_of(lab: Lab) -> list[StoredFile]:
    """Every file that the archive knows from live messages, once."""
    found: dict[int, StoredFile] = {}
    with ArchiveReader.open(lab.settings.archive_dir) as archive:
        for stored in archive.chats():
            for _, file in archive.files(stored.chat.id):
                found[file.id] = file
    return list(found.values())


def digest_at_server(lab: Lab, file_id: int) -> str:
    """The hash of what the server gives as this file."""
    file = lab.world.files.find(file_id)
    assert file is not None
    content = content_of(file.spec, file.id)
    return sha256(content.read(0, file.spec.size)).hexdigest()


def truth_of(
    lab: Lab, kinds: frozenset[MediaKind] = frozenset(MediaKind), most: int | None = None
) -> dict[int, str]:
    """By id: the hash at the server of each known file of these kinds, up to a size."""
    return {
        file.id: digest_at_server(lab, file.id)
        for file in files_of(lab)
        if file.kind in kinds and (most is None or file.size <= most)
    }


def dated(lab: Lab) -> list[tuple[int, StoredFile]]:
    """Every place of a file: the message's date and the file."""
    found = []
    with ArchiveReader.open(lab.settings.archive_dir) as archive:
        for stored in archive.chats():
            for message_id, file in archive.files(stored.chat.id):
                message = archive.message(stored.chat.id, message_id)
                assert message is not None
                found.append((message.message.date, file))
    return found


def shown_at(lab: Lab) -> dict[int, set[int]]:
    """By id of each file that is here: the chats that show it."""
    with ArchiveReader.open(lab.settings.archive_dir) as archive:
        return {
            file.id: {chat_id for chat_id, _ in archive.file_places(file.id)} for file in archive.done_files()
        }


async def asked_by(lab: Lab, kinds: frozenset[MediaKind], **more: Any) -> int:
    """How many requests for history a complete run sends."""
    before = lab.server.requests["messages.getHistory"]
    report = await lab.run(media=kinds, **more)
    assert report.status is RunStatus.COMPLETE, report.errors
    return lab.server.requests["messages.getHistory"] - before


def lose_one(lab: Lab) -> Callable[[], int]:
    """Let Telegram lose the first photo that is asked for; gives its id once that has happened."""
    lost: list[int] = []

    def refuse(call: Any, request: Any) -> None:
        location = request.location
        if not lost and isinstance(location, types.InputPhotoFileLocation):
            lost.append(location.id)
        if location.id in lost:
            raise RpcError(400, "FILE_ID_INVALID")

    lab.server.faults.before("upload.getFile", refuse, times=None)
    return lambda: lost[0]


def on_disk(lab: Lab) -> dict[int, str]:
    """By id: the hash of each file that the archive calls done, as it stands in the vault.

    No other file stands in the media folder, and nothing is left of those that came in part.
    """
    vault = lab.settings.export_path
    done = [file for file in files_of(lab) if file.state is FileState.DONE]
    named = {file.path for file in done}
    there = {str(path.relative_to(vault)) for path in (vault / "media").rglob("*") if path.is_file()}
    assert there == named
    assert all(file.path for file in done)
    return {file.id: sha256((vault / str(file.path)).read_bytes()).hexdigest() for file in done}
