"""PDF, ZIP and text files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from tobs_tui.demo.world.content.parts import Filler, Part, Repeat
from tobs_tui.demo.world.files import FileSpec

_LARGEST_ZIP = (1 << 32) - 1


def pdf(spec: FileSpec, seed: int) -> Sequence[Part]:
    """A page with the file's name on it; the rest is an attachment of noise that no page shows."""
    title = "".join(char for char in spec.name or "document" if char.isascii() and char not in "()\\")
    text = f"BT /F1 24 Tf 72 720 Td ({title}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    starts.append(len(out))
    end = b"\nendstream\nendobj\n"

    def tail(filler: int, begin: bytes) -> bytes:
        xref = len(out) + len(begin) + filler + len(end)
        rows = b"".join(b"%010d 00000 n \n" % start for start in starts)
        return (
            end
            + b"xref\n0 6\n0000000000 65535 f \n"
            + rows
            + (b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % xref)
        )

    filler = max(0, spec.size - len(out) - 260)
    for _ in range(3):
        begin = b"5 0 obj\n<< /Length %d >>\nstream\n" % filler
        filler = max(0, spec.size - len(out) - len(begin) - len(tail(filler, begin)))
    begin = b"5 0 obj\n<< /Length %d >>\nstream\n" % filler
    return [out + begin, Filler(filler, seed), tail(filler, begin)]


def zip_archive(spec: FileSpec, seed: int) -> Sequence[Part]:
    """An archive with a short text; noise fills the gap before its directory."""
    if spec.size > _LARGEST_ZIP:
        return [Filler(spec.size, seed)]
    name, data = b"README.txt", b"Packed for the demo.\n"
    about = struct.pack(
        "<HHHHHIIIHH", 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0
    )
    local = b"PK\3\4" + about + name + data
    directory = b"PK\1\2" + struct.pack("<H", 20) + about + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    filler = max(0, spec.size - len(local) - len(directory) - 22)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local) + filler, 0)
    return [local, Filler(filler, seed), directory + end]


_TEXTS = {
    "csv": "date,who,what,euro\n2025-06-04,Anna,taxi,14.20\n2025-06-05,Boris,museum,12.00\n",
    "json": '{"made": "for the demo"}\n',
    "ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tobs//demo//EN\r\nBEGIN:VEVENT\r\n"
    "UID:1@example.org\r\nDTSTAMP:20251101T090000Z\r\nDTSTART:20251120T090000Z\r\nSUMMARY:Appointment\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n",
    "vcf": "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Somebody\r\nEND:VCARD\r\n",
    "gpx": '<?xml version="1.0"?>\n<gpx version="1.1" creator="demo" xmlns="http://www.topografix.com/GPX/1/1"/>\n',
    "py": 'print("olá")\n',
    "rs": 'fn main() {\n    println!("olá");\n}\n',
}
_LINES = {
    "csv": b"2025-06-06,Clara,coffee,2.40\n",
    "txt": b"One more line of the list, so that the file has its size.\n",
    "md": b"- one more point\n",
    "py": b"# one more remark\n",
    "rs": b"// one more remark\n",
}


def text(spec: FileSpec, seed: int) -> Sequence[Part]:
    """Plain text that suits the file's ending, then more lines, then blanks."""
    ending = spec.name.rpartition(".")[2].lower()
    head = _TEXTS.get(ending, f"{spec.name or 'Notes'}\n").encode()
    line = _LINES.get(ending, b"" if ending in _TEXTS else _LINES["txt"])
    missing = max(0, spec.size - len(head))
    lines = missing // len(line) if line else 0
    return [head, Repeat(line or b"\n", lines), Repeat(b"\n", missing - lines * len(line))]
