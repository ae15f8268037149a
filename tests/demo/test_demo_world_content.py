"""Files hold real bytes of their kind, of the stated size, readable at any offset."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tobs_tui.demo.world import World, generate_world
from tobs_tui.demo.world.content import content_of
from tobs_tui.demo.world.content.sound import _REVERSED
from tobs_tui.demo.world.files import FileSpec
from tobs_tui.demo.world.media import sticker_spec
from tobs_tui.demo.world.specs import (
    animation_spec,
    audio_spec,
    document_spec,
    photo_spec,
    round_spec,
    video_spec,
    voice_spec,
)

SPECS = {
    "photo": photo_spec(("1280x960",)),
    "tall photo": photo_spec(("853x1280",)),
    "photo file": document_spec(("holiday.jpg", "300K")),
    "png": document_spec(("map.png", "200K")),
    "gif": FileSpec("gif", 70_001, "image/gif", 320, 240),
    "webp": sticker_spec(1),
    "tgs": sticker_spec(3),
    "video": video_spec(("1280x720", "0:42", "18M")),
    "round": round_spec(("0:12",)),
    "animation": animation_spec(("320x240", "0:04")),
    "voice": voice_spec(("0:42",)),
    "song": audio_spec(("3:20", "Banda da Rua", "Elétrico 28")),
    "pdf": document_spec(("AIMA formulário.pdf", "320K")),
    "zip": document_spec(("fotos.zip", "2M")),
    "text": document_spec(("checklist.txt", "4K")),
    "calendar": document_spec(("appointment.ics", "2K")),
    "webm": FileSpec("webm", 30_000, "video/webm", 512, 512, 3),
    "other": document_spec(("dump.bin", "1M")),
}


def whole(spec: FileSpec, file_id: int = 4711) -> bytes:
    return content_of(spec, file_id).read(0, spec.size)


@pytest.mark.parametrize("name", SPECS)
def test_a_file_has_its_stated_size(name: str) -> None:
    assert len(whole(SPECS[name])) == SPECS[name].size
    assert content_of(SPECS[name], 4711).read(SPECS[name].size, 4096) == b""


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(SPECS)), share=st.floats(0, 1), length=st.integers(1, 70_000))
def test_any_part_equals_that_part_of_the_whole(name: str, share: float, length: int) -> None:
    spec = SPECS[name]
    offset = int(spec.size * share)
    part = content_of(spec, 99).read(offset, length)
    whole_hash = sha256(whole(spec, 99)[offset : offset + length]).digest()
    assert sha256(part).digest() == whole_hash


def test_two_files_of_one_description_differ() -> None:
    assert whole(SPECS["photo"], 1) != whole(SPECS["photo"], 2)
    assert whole(SPECS["other"], 1) != whole(SPECS["other"], 2)


def jpeg_segments(data: bytes) -> dict[int, bytes]:
    assert data[:2] == b"\xff\xd8"
    at, found = 2, {}
    while True:
        while data[at + 1] == 0xFF:
            at += 1
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        assert data[at] == 0xFF
        found[marker] = data[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xDA:
            found[0] = data[at:]
            return found


@pytest.mark.parametrize("name", ["photo", "tall photo", "photo file"])
def test_a_photo_is_a_jpeg_of_its_width_and_height(name: str) -> None:
    spec = SPECS[name]
    segments = jpeg_segments(whole(spec))
    height, width = struct.unpack(">HH", segments[0xC0][1:5])
    assert (width, height) == (spec.width, spec.height)
    assert segments[0].endswith(b"\xff\xd9")
    entropy = segments[0][:-2]
    assert b"\xff" not in entropy.replace(b"\xff\0", b"")
    blocks = (width + 7) // 8 * ((height + 7) // 8)
    assert len(entropy) * 8 >= blocks * 9


def test_every_size_of_every_photo_fits_into_its_bytes() -> None:
    for width, height in ((1280, 960), (640, 360), (1280, 1280), (800, 800), (320, 240)):
        spec = photo_spec((f"{width}x{height}",))
        for _, w, h, size in spec.sizes:
            data = whole(FileSpec("jpeg", size, "image/jpeg", w, h), w + h)
            assert struct.unpack(">HH", jpeg_segments(data)[0xC0][1:5]) == (h, w)


def test_a_png_has_right_checksums_and_all_its_rows() -> None:
    data, at, pixels = whole(SPECS["png"]), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        pixels += body if kind == b"IDAT" else b""
        at += 12 + length
    assert len(zlib.decompress(pixels)) == 768 * (1024 + 1)


def boxes(data: bytes) -> dict[bytes, bytes]:
    at, found = 0, {}
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        found[kind] = data[at + 8 : at + size]
        at += size
    assert at == len(data)
    return found


@pytest.mark.parametrize("name", ["video", "round", "animation"])
def test_a_video_is_an_mp4_whose_samples_lie_where_it_says(name: str) -> None:
    data = whole(SPECS[name])
    top = boxes(data)
    assert set(top) == {b"ftyp", b"moov", b"mdat", b"free"}
    movie = boxes(top[b"moov"])
    rate, duration = struct.unpack(">II", movie[b"mvhd"][12:20])
    assert duration / rate == SPECS[name].duration
    table = boxes(boxes(boxes(boxes(movie[b"trak"])[b"mdia"])[b"minf"])[b"stbl"])
    offset = struct.unpack(">I", table[b"stco"][8:12])[0]
    sizes = struct.unpack(f">{duration}I", table[b"stsz"][12:])
    assert data[offset : offset + sum(sizes)] == top[b"mdat"]
    assert data[offset + 4] == 0x65, "begins with a key frame"
    assert struct.unpack(">I", data[offset : offset + 4])[0] == sizes[0] - 4


def ogg_crc(page: bytes) -> int:
    crc = 0
    for value in page[:22] + b"\0\0\0\0" + page[26:]:
        crc ^= value << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc >> 31 else crc << 1) & 0xFFFFFFFF
    return crc


def test_a_voice_message_is_opus_of_its_duration() -> None:
    data, at, pages = whole(voice_spec(("0:07",))), 0, []
    while data[at : at + 4] == b"OggS":
        segments = data[at + 26]
        end = at + 27 + segments + sum(data[at + 27 : at + 27 + segments])
        pages.append(data[at:end])
        at = end
    assert len(data) - at <= 1
    assert b"OpusHead" in pages[0]
    assert b"OpusTags" in pages[1]
    assert struct.unpack("<q", pages[-1][6:14])[0] == 7 * 48_000
    assert [struct.unpack("<I", page[18:22])[0] for page in pages] == list(range(len(pages)))
    for page in (pages[0], pages[-1]):
        assert struct.unpack("<I", page[22:26])[0] == ogg_crc(page)
    assert _REVERSED[0x01] == 0x80


def test_a_song_is_mp3_frames_behind_its_title() -> None:
    data = whole(SPECS["song"])
    size = sum((value & 0x7F) << shift for value, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    assert "Elétrico 28".encode("utf-16-le") in data[: 10 + size]
    frames = data[10 + size :]
    assert len(frames) % 384 == 0
    assert len(frames) // 384 == int(200 / 0.024)
    assert all(frames[at : at + 2] == b"\xff\xfb" for at in range(0, len(frames), 384))


def test_papers_are_what_they_say() -> None:
    pdf = whole(SPECS["pdf"])
    start = int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0])
    assert pdf[start : start + 4] == b"xref"
    offsets = [int(row[:10]) for row in pdf[start:].splitlines()[3:8]]
    assert all(pdf[at:].startswith(b"%d 0 obj" % number) for number, at in enumerate(offsets, 1))
    archive = zipfile.ZipFile(io.BytesIO(whole(SPECS["zip"])))
    assert archive.testzip() is None
    assert archive.read("README.txt")
    assert whole(SPECS["calendar"]).startswith(b"BEGIN:VCALENDAR")
    assert whole(SPECS["text"]).decode()


def test_stickers_are_webp_and_lottie() -> None:
    webp = whole(SPECS["webp"])
    assert (webp[:4], webp[8:16]) == (b"RIFF", b"WEBPVP8L")
    assert struct.unpack("<I", webp[4:8])[0] == len(webp) - 8
    assert json.loads(gzip.decompress(whole(SPECS["tgs"])))["w"] == 512
    assert whole(SPECS["gif"])[:6] == b"GIF89a"


def test_two_hundred_megabytes_are_read_without_being_held() -> None:
    spec = video_spec(("1920x1080", "9:00", "200M"))
    content = content_of(spec, 5)
    assert sum(len(part) for part in content._parts if isinstance(part, bytes)) < 200_000
    assert len(content.read(150 * 1024 * 1024, 524_288)) == 524_288
    assert content.read(0, 8)[4:] == b"ftyp"


def test_a_damaged_wish_is_served_all_the_same(tmp_path: Path) -> None:
    for spec in (
        FileSpec("jpeg", 300, "image/jpeg", 800, 600),
        FileSpec("mp4", 100, "video/mp4", 320, 240, 3),
        FileSpec("ogg", 10, "audio/ogg", duration=1),
        FileSpec("pdf", 0, "application/pdf", name="empty.pdf"),
        FileSpec("webp", 11, "image/webp", 512, 512),
        FileSpec("zip", 5_000_000_000, "application/zip"),
        FileSpec("mp4", 5_000_000_000, "video/mp4", 320, 240, 3),
        FileSpec("bytes", 40, "x/y", path=tmp_path / "gone"),
    ):
        assert len(content_of(spec, 7).read(0, 500)) == min(500, spec.size)


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world(messages=1_300)


def test_a_file_id_tells_its_file_without_its_message(world: World) -> None:
    files = world.files
    fresh = generate_world(messages=1_300)
    town = max(world.chats.values(), key=lambda chat: len(chat.history))
    photos = 0
    for index in range(len(town.history)):
        photo = getattr(world.message(town.id, town.history.ids[index]), "photo", None)
        if photo is None or not getattr(photo, "id", None):
            continue
        photos += 1
        file = fresh.files.find(photo.id)
        assert file is not None
        assert file.spec == files.find(photo.id).spec  # type: ignore[union-attr]
        assert (file.dc, files.access_hash(photo.id)) == (photo.dc_id, photo.access_hash)
    assert photos > 20
    assert files.find(12345) is None
    assert files.find(-1) is None
