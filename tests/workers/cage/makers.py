"""Makes the files that the tests need: honest ones, and hostile ones that only the cage may open."""

from __future__ import annotations

import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageDraw

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def raw_pdf(objects: Mapping[int, bytes], header: bytes = HEADER) -> bytes:
    """A PDF out of numbered object bodies; object 1 is the catalog."""
    out, places = io.BytesIO(), {}
    out.write(header)
    for number, body in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start, top = out.tell(), max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % top)
    for number in range(1, top):
        out.write(b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n")
    out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (top, start))
    return out.getvalue()


def raw_stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


def one_page(content: bytes, page: bytes = b"", **more: bytes) -> bytes:
    """A raw one-page PDF with `content` as object 4; `more` are further objects, o5=..."""
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R%s>>" % page
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: leaf,
        4: content,
    }
    return raw_pdf({**objects, **{int(name[1:]): body for name, body in more.items()}})


MARKS = b"BT /F1 24 Tf 72 700 Td (Surat keterangan) Tj ET 72 500 300 80 re f"


def new_pdf(contents: Sequence[bytes] = (MARKS,), size: tuple[float, float] = (595, 842)) -> Pdf:
    """An opened PDF with a page for each content stream."""
    pdf = pikepdf.new()
    for content in contents:
        page = pdf.add_blank_page(page_size=size)
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.obj.Resources = Dictionary(Font=Dictionary(F1=font))
        page.obj.Contents = pdf.make_stream(content)
    return pdf


def saved(pdf: Pdf, **options: object) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def script(code: str = "app.alert(1)") -> Dictionary:
    return Dictionary(Type=Name.Action, S=Name.JavaScript, JS=code)


def annotated(pdf: Pdf, **entries: Any) -> Dictionary:
    """A link annotation with further entries on the first page."""
    annotation = pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=[0, 0, 9, 9], Subtype=Name.Link, **entries))
    pdf.pages[0].obj.Annots = Array([annotation])
    return annotation


def signed_pdf(extra: Mapping[str, object] | None = None) -> bytes:
    """A PDF whose signature field covers the whole file but its own hole, as a signer would write it."""
    pdf = new_pdf()
    value = Dictionary(Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), SubFilter=Name("/adbe.pkcs7.detached"))
    value.ByteRange = Array([0, 1111111111, 1222222222, 1333333333])
    value.Contents = pikepdf.String(b"\x30" + b"\x00" * 63)
    field = pdf.make_indirect(Dictionary(FT=Name.Sig, T="ttd", V=pdf.make_indirect(value)))
    pdf.Root.AcroForm = Dictionary(Fields=[field], SigFlags=3)
    for key, entry in (extra or {}).items():
        pdf.Root[f"/{key}"] = entry
    data = saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    first = data.index(b"<30")
    second = data.index(b">", first) + 1
    for placeholder, number in ((b"1111111111", first), (b"1222222222", second), (b"1333333333", len(data) - second)):
        data = data.replace(placeholder, b"%-10d" % number)
    return data


@functools.cache
def for_a_certificate() -> bytes:
    """A PDF that only the holder of a certificate may open (ISO 32000-2, 7.6.5)."""
    lock = b"<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 5/R 6/Length 256>>"
    return one_page(raw_stream(MARKS)).replace(b"/Root 1 0 R", b"/Root 1 0 R/ID[<00><00>]/Encrypt" + lock)


def nested_flate(depth: int, size: int) -> tuple[bytes, bytes]:
    """Zeros deflated `depth` times and the filter entry; `size` bytes at the innermost."""
    engine = zlib.compressobj(9)
    step = bytes(1 << 20)
    data = b"".join(engine.compress(step) for _ in range(size // len(step))) + engine.flush()
    for _ in range(depth - 1):
        data = zlib.compress(data, 9)
    return data, b"/Filter[%s]" % (b"/FlateDecode" * depth)


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(10, 10 + count))
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    return raw_pdf({
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        **dict.fromkeys(range(10, 10 + count), leaf),
    })  # fmt: skip


def doubling_tree(depth: int) -> bytes:
    """A page tree of `depth` nodes, each named twice by the one above: 2 ** depth pages in all."""
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>"}
    for level in range(depth):
        here, below = 2 + level, 3 + level
        objects[here] = b"<</Type/Pages/Kids[%d 0 R %d 0 R]/Count 2>>" % (below, below)
    objects[2 + depth] = b"<</Type/Page/MediaBox[0 0 595 842]>>"
    return raw_pdf(objects)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it has `width` x `height` grey pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose frame header says `width` x `height`."""
    data = bytearray(encoded(document(80, 80), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_claiming(width: int, height: int) -> bytes:
    """A lossy WebP whose key frame says `width` x `height` (14 bits each)."""
    data = bytearray(encoded(document(80, 80), "WEBP"))
    place = data.index(b"\x9d\x01\x2a") + 3
    data[place : place + 4] = struct.pack("<HH", width, height)
    return bytes(data)


def zip_of(name: str = "a.txt", data: bytes = b"hello") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


def document(width: int = 900, height: int = 1200, ground: str = "white", ink: str = "black") -> Image.Image:
    """A page with rows of short strokes, like print."""
    picture = Image.new("RGB", (width, height), ground)
    pen = ImageDraw.Draw(picture)
    for row in range(height // 10, height - height // 10, 14):
        for column in range(width // 10, width - width // 10, 11):
            if (row * 7 + column * 3) % 5:
                pen.rectangle((column, row, column + 5, row + 7), fill=ink)
    return picture


def portrait(ground: str = "#c01818", size: tuple[int, int] = (400, 600)) -> Image.Image:
    """Head and shoulders on a coloured ground."""
    width, height = size
    picture = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((width * 0.3, height * 0.2, width * 0.7, height * 0.6), fill="#d9b48f")
    pen.ellipse((width * 0.37, height * 0.33, width * 0.42, height * 0.36), fill="black")
    pen.ellipse((width * 0.58, height * 0.33, width * 0.63, height * 0.36), fill="black")
    pen.rectangle((width * 0.1, height * 0.65, width * 0.9, height), fill="#203050")
    return picture


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def with_camera_data(orientation: int = 1, place: bool = False) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Kamera"
    if place:
        exif.get_ifd(0x8825).update({1: "N", 2: (0.0, 30.0, 0.0), 3: "E", 4: (101.0, 26.0, 0.0)})
    return exif


def codes(findings: Sequence[object]) -> set[str]:
    return {str(getattr(found, "code")) for found in findings}  # noqa: B009
