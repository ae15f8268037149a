"""The ending that a media file's name gets: what the file is, whatever its sender called it.

Photos, sounds and films end as their kind and MIME type say. A document keeps the ending of its own name
where that is a known one, or may run: so `photo.jpg.exe` shows what it is. The tables are ours alone, for
Python's `mimetypes` reads the system's too, and a name must not depend on the machine.
"""

from __future__ import annotations

import re

from tobs_tui.model import MediaKind

_SOUNDS = {
    "audio/ogg": ".ogg",
    "audio/opus": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/m4a": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".aac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/webm": ".webm",
    "audio/3gpp": ".3gp",
    "audio/amr": ".amr",
    "audio/midi": ".mid",
    "audio/aiff": ".aiff",
    "audio/x-aiff": ".aiff",
    "audio/x-ms-wma": ".wma",
    "audio/x-matroska": ".mka",
}
_FILMS = {
    "video/mp4": ".mp4",
    "video/x-m4v": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/matroska": ".mkv",
    "video/3gpp": ".3gp",
    "video/ogg": ".ogv",
    "video/mpeg": ".mpg",
    "video/x-msvideo": ".avi",
    "video/avi": ".avi",
    "video/x-ms-wmv": ".wmv",
    "video/x-flv": ".flv",
    "video/mp2t": ".ts",
    "image/gif": ".gif",
}
_STICKERS = {
    "image/webp": ".webp",
    "image/png": ".png",
    "application/x-tgsticker": ".tgs",
    "video/webm": ".webm",
}
_OTHERS = {
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "image/vnd.adobe.photoshop": ".psd",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/x-mobipocket-ebook": ".mobi",
    "application/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/x-rar-compressed": ".rar",
    "application/vnd.rar": ".rar",
    "application/x-7z-compressed": ".7z",
    "application/x-tar": ".tar",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    "application/x-bzip2": ".bz2",
    "application/x-xz": ".xz",
    "application/json": ".json",
    "application/xml": ".xml",
    "application/javascript": ".js",
    "application/x-sh": ".sh",
    "application/x-msdownload": ".exe",
    "application/x-msdos-program": ".exe",
    "application/vnd.android.package-archive": ".apk",
    "application/java-archive": ".jar",
    "application/x-apple-diskimage": ".dmg",
    "application/x-iso9660-image": ".iso",
    "application/x-bittorrent": ".torrent",
    "application/x-tgsticker": ".tgs",
    "application/x-tgtheme-android": ".attheme",
    "application/vnd.sqlite3": ".sqlite",
    "application/gpx+xml": ".gpx",
    "application/vnd.google-earth.kml+xml": ".kml",
    "font/ttf": ".ttf",
    "font/otf": ".otf",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/markdown": ".md",
    "text/x-python": ".py",
    "text/javascript": ".js",
    "text/xml": ".xml",
}
_BY_MIME = _OTHERS | _SOUNDS | _FILMS
_GENERIC = frozenset(("text/plain", "application/octet-stream", "application/zip", "application/xml"))
"""Types of many sorts of files, whose own names say more."""
_PROGRAM_ENDINGS = (
    "apk app bat cmd com command cpl desktop dll docm exe gadget hta htm html inf jar js jse lnk msc msi pif"
    " pkg pptm ps1 psm1 reg run scr sh svg url vbe vbs wsf wsh xll xlsm"
)
_PROGRAMS = frozenset(f".{name}" for name in _PROGRAM_ENDINGS.split())
"""What may run where it is opened: never to be hidden behind another ending."""
_DEFAULTS = {
    MediaKind.PHOTO: ".jpg",
    MediaKind.VIDEO: ".mp4",
    MediaKind.AUDIO: ".mp3",
    MediaKind.VOICE: ".ogg",
    MediaKind.VIDEO_NOTE: ".mp4",
    MediaKind.STICKER: ".webp",
    MediaKind.ANIMATION: ".mp4",
    MediaKind.DOCUMENT: ".bin",
}
"""Where nothing tells. Without any ending a wikilink would mean a note."""
_TABLES = {
    MediaKind.PHOTO: {"image/jpeg": ".jpg"},
    MediaKind.VIDEO: _FILMS,
    MediaKind.VIDEO_NOTE: _FILMS,
    MediaKind.ANIMATION: _FILMS,
    MediaKind.AUDIO: _SOUNDS,
    MediaKind.VOICE: _SOUNDS,
    MediaKind.STICKER: _STICKERS,
}
_RENAMED = {".oga": ".ogg", ".jpeg": ".jpg", ".jpe": ".jpg"}
_NOTES = frozenset((".md", ".canvas", ".base"))
"""What Obsidian opens as its own, and plugins run: from a stranger it is text."""

_ENDING = re.compile(r"[A-Za-z0-9]{1,12}\Z")


def parted(name: str, kind: MediaKind, mime: str) -> tuple[str, str]:
    """Return a name without its ending, and the right ending; `name` is one line, safe to show, or empty."""
    mime = mime.partition(";")[0].strip().lower()
    by_mime = _TABLES.get(kind, _BY_MIME).get(mime)
    stem, own = _split(name.rstrip(". "))
    if kind is not MediaKind.DOCUMENT:
        known = own in _TABLES[kind].values()
        ending = by_mime or (own if known else _DEFAULTS[kind])
        return (stem if known or own in _PROGRAMS or own in _BY_MIME.values() else name), ending
    if own and (by_mime is None or mime in _GENERIC or own in _PROGRAMS or own in _BY_MIME.values()):
        packed = stem[-4:].lower() == ".tar" and stem[:-4].strip(". ")
        return (stem[:-4], _safe(f".tar{own}")) if packed else (stem, _safe(own))
    return name, _safe(by_mime or _DEFAULTS[kind])


def _split(name: str) -> tuple[str, str]:
    """A name and its ending in small letters; all of it and nothing, where it has none."""
    stem, _, own = name.rpartition(".")
    if not stem.strip(". ") or _ENDING.match(own) is None:
        return name, ""
    ending = f".{own.lower()}"
    return stem, _RENAMED.get(ending, ending)


def _safe(ending: str) -> str:
    return f"{ending}.txt" if ending in _NOTES else ending
