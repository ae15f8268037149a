"""The sizes, types and names of files that the scripts mention: `FileSpec`s from a few words.

The same words give files of other sizes in another shade, so that two runs of a scene differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from tobs_tui.demo.world.files import FileSpec

LARGE = 2 * 1024 * 1024

_MIME = {
    "pdf": "application/pdf",
    "zip": "application/zip",
    "txt": "text/plain",
    "csv": "text/csv",
    "md": "text/markdown",
    "rs": "text/x-rust",
    "py": "text/x-python",
    "json": "application/json",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "gpx": "application/gpx+xml",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "iso": "application/octet-stream",
    "bin": "application/octet-stream",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
}

_KIND = {
    "pdf": "pdf",
    "zip": "zip",
    "jpg": "jpeg",
    "png": "png",
    "gif": "gif",
    "mp4": "mp4",
    "webm": "webm",
    "mkv": "webm",
    "mp3": "mp3",
    "ogg": "ogg",
    **dict.fromkeys(("txt", "csv", "md", "rs", "py", "json", "ics", "vcf", "gpx"), "text"),
}


def extension(name: str) -> str:
    """The part after the last dot, in lower case."""
    return name.rpartition(".")[2].lower()


def mime_of(name: str) -> str:
    """A MIME type for a file name."""
    return _MIME.get(extension(name), "application/octet-stream")


def kind_of(mime: str, name: str = "") -> str:
    """Which bytes suit a MIME type or name; `bytes` for any other."""
    if name and (kind := _KIND.get(extension(name))):
        return kind
    for ending, known in _MIME.items():
        if known == mime and ending in _KIND:
            return _KIND[ending]
    if mime.startswith("text/"):
        return "text"
    return {"image/webp": "webp", "audio/mp4": "mp4"}.get(mime, "bytes")


def bytes_of(text: str) -> int:
    """`300K`, `18M` or a plain number of bytes."""
    unit = {"K": 1024, "M": 1024 * 1024}.get(text[-1:].upper())
    return int(float(text[:-1]) * unit) if unit else int(text)


def duration_of(text: str) -> int:
    """`3:20` in seconds."""
    minutes, _, rest = text.partition(":")
    return int(minutes) * 60 + int(rest)


def dimensions_of(text: str) -> tuple[int, int]:
    """`1280x960` as two numbers."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def _spread(words: Sequence[str], span: int, shade: int = 0) -> int:
    """A number below `span` that depends on the words and the shade alone."""
    told = (*words, str(shade)) if shade else words
    return crc32(" ".join(told).encode()) % span


def _varied(size: int, words: Sequence[str], shade: int) -> int:
    """From 0.4 to 1.6 of a size by its shade; large files are as large as is written."""
    if not shade or size >= LARGE:
        return size
    return size * (400 + _spread(words, 1_200, shade)) // 1_000


def photo_sizes_of(
    width: int, height: int, variation: int = 0, largest: int = 0
) -> tuple[tuple[str, int, int, int], ...]:
    """The sizes that Telegram would keep of a photo, the largest last; `largest` fixes its bytes.

    By `variation` a pixel takes 0.035 to 0.15 bytes, few more often than many.
    """
    density = 35 + 115 * (variation % 97) ** 2 // 96**2
    sizes = []
    for letter, edge in (("m", 320), ("x", 800), ("y", 1280), ("w", 2560)):
        longest = max(width, height)
        scale = min(1.0, edge / longest)
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        sizes.append((letter, w, h, 1500 + w * h * density // 1_000))
        if scale == 1.0:
            break
    if largest:
        letter, w, h, _ = sizes[-1]
        sizes[-1] = (letter, w, h, largest)
    return tuple(sizes)


def photo_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`1280x960`."""
    width, height = dimensions_of(words[0])
    sizes = photo_sizes_of(width, height, _spread(words, 97, shade))
    _, w, h, size = sizes[-1]
    return FileSpec("jpeg", size, "image/jpeg", w, h, use="photo", sizes=sizes)


def video_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`1280x720 0:42 18M`, a name after them if any."""
    width, height = dimensions_of(words[0])
    duration = duration_of(words[1])
    size = bytes_of(words[2]) if len(words) > 2 and words[2][-1] in "KM" else duration * 96_000
    name = next((word for word in words[2:] if word.endswith(".mp4")), "video.mp4")
    size = _varied(size, words, shade) + _spread(words, 4096)
    return FileSpec("mp4", size, "video/mp4", width, height, duration, use="video", name=name)


def round_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`0:12`: a video note."""
    duration = duration_of(words[0])
    size = _varied(30_000 + duration * 16_000, words, shade) + _spread(words, 3000)
    return FileSpec("mp4", size, "video/mp4", 384, 384, duration, use="round")


def voice_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`0:42`."""
    duration = duration_of(words[0])
    size = 2000 + duration * 2900 + _spread(words, 900, shade)
    return FileSpec("ogg", size, "audio/ogg", duration=duration, use="voice")


def audio_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`3:20 "Performer" "Title"`."""
    duration = duration_of(words[0])
    performer, title = (*words[1:3], "", "")[:2]
    name = f"{performer} - {title}.mp3" if title else "audio.mp3"
    size = 4096 + duration * 16_000 + _spread(words, 2000, shade)
    return FileSpec(
        "mp3", size, "audio/mpeg", duration=duration, use="audio", name=name, title=title, performer=performer
    )


def document_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`"tickets.pdf" 320K`."""
    name = words[0]
    size = _varied(bytes_of(words[1]), words, shade) + _spread(words, 1000)
    kind = _KIND.get(extension(name), "bytes")
    width, height = (1024, 768) if kind in ("jpeg", "png", "gif") else (0, 0)
    return FileSpec(kind, size, mime_of(name), width, height, use="document", name=name)


def animation_spec(words: Sequence[str], shade: int = 0) -> FileSpec:
    """`320x240 0:04`: a GIF, which Telegram keeps as a video without sound."""
    width, height = dimensions_of(words[0])
    duration = duration_of(words[1])
    size = _varied(20_000 + duration * 60_000, words, shade) + _spread(words, 5000)
    return FileSpec(
        "mp4", size, "video/mp4", width, height, duration, use="animation", name="animation.gif.mp4"
    )
