"""Small deterministic PDFs: scanned pages, and one typed page with real text. No dates, no random identifiers."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import pikepdf

A4 = (595.28, 841.89)
"""Points, portrait."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One typed line: baseline start in points from the lower left, size in points."""

    x: float
    y: float
    text: str
    size: float = 11.5
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Stroke:
    """A pen line through points, in PDF points from the lower left."""

    points: tuple[tuple[float, float], ...]
    width: float = 1.1


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A JPEG that fills a page: its bytes, its size in pixels, and the resolution in dots per inch."""

    jpeg: bytes
    width: int
    height: int
    dpi: int


def _stream(dictionary: str, data: bytes) -> bytes:
    return f"<< {dictionary} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _assemble(objects: Sequence[bytes]) -> bytes:
    """A PDF 1.5 file of `objects` numbered from 1; the first one is the catalogue."""
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    for index, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (index, body))
    start, count = out.tell(), len(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    name = hashlib.sha256(out.getvalue()).hexdigest()[:32].encode()
    out.write(
        b"trailer\n<< /Size %d /Root 1 0 R /ID [<%s> <%s>] >>\nstartxref\n%d\n%%%%EOF\n" % (count, name, name, start)
    )
    return out.getvalue()


def _tree(kids: Sequence[int]) -> list[bytes]:
    refs = " ".join(f"{kid} 0 R" for kid in kids)
    return [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{refs}] /Count {len(kids)} >>".encode()]


def _scan_objects(page: ScanPage, first: int) -> list[bytes]:
    width, height = page.width * 72 / page.dpi, page.height * 72 / page.dpi
    box = f"/MediaBox [0 0 {width:.2f} {height:.2f}]"
    resources = f"/Resources << /XObject << /Scan {first + 2} 0 R >> >>"
    image = (
        f"/Type /XObject /Subtype /Image /Width {page.width} /Height {page.height}"
        " /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
    )
    return [
        f"<< /Type /Page /Parent 2 0 R {box} {resources} /Contents {first + 1} 0 R >>".encode(),
        _stream("", f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /Scan Do Q".encode()),
        _stream(image, page.jpeg),
    ]


def scanned(pages: Sequence[ScanPage]) -> bytes:
    """A PDF whose pages are nothing but RGB JPEGs, as an office scanner makes them."""
    kids = [3 + 3 * index for index in range(len(pages))]
    objects = _tree(kids)
    for first, page in zip(kids, pages, strict=True):
        objects += _scan_objects(page, first)
    return _assemble(objects)


def _shown(line: TextLine) -> str:
    text = line.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{'B' if line.bold else 'R'} {line.size} Tf {line.x:.2f} {line.y:.2f} Td ({text}) Tj ET"


def _drawn(stroke: Stroke) -> str:
    (x, y), *rest = stroke.points
    path = " ".join(f"{px:.1f} {py:.1f} l" for px, py in rest)
    return f"q 1 J 1 j 0.10 0.17 0.45 RG {stroke.width} w {x:.1f} {y:.1f} m {path} S Q"


def typed(lines: Sequence[TextLine], strokes: Sequence[Stroke] = ()) -> bytes:
    """One A4 page of selectable text in the standard Times faces, with pen strokes; the text must fit Windows-1252."""
    content = "\n".join([*map(_shown, lines), *map(_drawn, strokes)]).encode("cp1252")
    faces = [("R", "Times-Roman"), ("B", "Times-Bold")]
    fonts = " ".join(
        f"/{key} << /Type /Font /Subtype /Type1 /BaseFont /{face} /Encoding /WinAnsiEncoding >>" for key, face in faces
    )
    box = f"/MediaBox [0 0 {A4[0]} {A4[1]}]"
    page = f"<< /Type /Page /Parent 2 0 R {box} /Resources << /Font << {fonts} >> >> /Contents 4 0 R >>"
    return _assemble([*_tree([3]), page.encode(), _stream("/Filter /FlateDecode", zlib.compress(content, 6))])


def locked(pdf: bytes, password: str) -> bytes:
    """The same pages behind a password that is needed to open them."""
    out = io.BytesIO()
    # Revision 4 with RC4 is the newest scheme without random vectors, and samples must not change from run to run.
    lock = pikepdf.Encryption(user=password, owner=f"{password} pemilik", R=4, aes=False, metadata=False)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, encryption=lock, deterministic_id=False, static_id=True)
    return out.getvalue()
