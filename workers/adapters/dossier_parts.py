"""One accepted document as pages of a dossier: PDF pages as they are, pictures set on A4."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
)

from models.ports import DossierPart

A4: Final = (595.276, 841.89)
"""Points, portrait."""

A3: Final = (841.89, 1190.55)
_MARGIN: Final = 28.35
_SCAN: Final = (2480, 3508)
_MOST_PIXELS: Final = 64_000_000
_HEAVY: Final = 3 * 1024 * 1024
_COARSEST_DPI: Final = 150
_COLOUR_SPACES: Final = {"L": "/DeviceGray", "RGB": "/DeviceRGB"}

# What the two libraries raise on files that only look whole; never a wider net, or a worker's time limit is caught too.
UNREADABLE: Final = (
    *(PyPdfError, Image.DecompressionBombError, OSError, EOFError, ValueError, TypeError, KeyError, IndexError),
    *(AttributeError, AssertionError, NotImplementedError, ArithmeticError, RecursionError, MemoryError),
    *(struct.error, zlib.error, SyntaxError),
)


def pages_of(part: DossierPart) -> bytes | None:
    """`part` as a PDF of its own, or None when it can not be made into pages."""
    try:
        if part.media_type == "application/pdf":
            return _pdf_pages(part.data)
        if part.media_type.startswith("image/"):
            return _picture_page(part.data)
    except UNREADABLE:
        return None
    return None


def is_signed(part: DossierPart) -> bool:
    """Whether the file carries signatures of its own, which its pages in a dossier can not keep."""
    return part.media_type == "application/pdf" and b"/ByteRange" in part.data


def _pdf_pages(data: bytes) -> bytes | None:
    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return None
    writer = PdfWriter()
    writer.append(reader, import_outline=False)
    for page in writer.pages:
        _keep_sane(page)
    return _written(writer) if len(writer.pages) else None


def _keep_sane(page: PageObject) -> None:
    """A page larger than A3 (a scanner's wrong resolution) is brought to A4."""
    short, long = sorted((float(page.mediabox.width), float(page.mediabox.height)))
    if short > A3[0] * 1.02 or long > A3[1] * 1.02:
        page.scale_by(min(A4[0] / short, A4[1] / long))


def _picture_page(data: bytes) -> bytes | None:
    with Image.open(BytesIO(data)) as picture:
        if _embeds_as_is(picture, data):
            return _on_a4(data, picture.size, picture.mode)
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        fresh = _as_scan(picture)
    out = BytesIO()
    fresh.save(out, "JPEG", quality=85)
    return _on_a4(out.getvalue(), fresh.size, fresh.mode)


def _embeds_as_is(picture: Image.Image, data: bytes) -> bool:
    upright = picture.getexif().get(0x0112, 1) in {0, 1}
    return picture.format == "JPEG" and picture.mode in _COLOUR_SPACES and upright and len(data) <= _HEAVY


def _as_scan(picture: Image.Image) -> Image.Image:
    """Upright, grey or RGB on white, at most 300 dpi of an A4 page."""
    picture.draft("RGB", _SCAN)
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail(_SCAN if upright.height >= upright.width else _SCAN[::-1])
    if upright.mode in {"1", "L"}:
        return upright.convert("L")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return upright.convert("RGB")


def _on_a4(jpeg: bytes, size: tuple[int, int], mode: str) -> bytes:
    """The JPEG, bytes unchanged, in the middle of an A4 page that lies as the picture does."""
    page_size = A4 if size[1] >= size[0] else A4[::-1]
    fit = min((page_size[side] - 2 * _MARGIN) / size[side] for side in (0, 1))
    scale = min(fit, 72 / _COARSEST_DPI)
    width, height = size[0] * scale, size[1] * scale
    left, bottom = (page_size[0] - width) / 2, (page_size[1] - height) / 2
    drawing = f"q {width:.3f} 0 0 {height:.3f} {left:.3f} {bottom:.3f} cm /Picture Do Q"
    writer = PdfWriter()
    page = writer.add_blank_page(*page_size)
    page[NameObject("/MediaBox")] = RectangleObject((0, 0, *page_size))
    picture = writer._add_object(_jpeg_object(jpeg, size, mode))
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject("/Picture"): picture})}
    )
    content = DecodedStreamObject()
    content.set_data(drawing.encode())
    page[NameObject("/Contents")] = ArrayObject([writer._add_object(content)])
    return _written(writer)


def _jpeg_object(jpeg: bytes, size: tuple[int, int], mode: str) -> StreamObject:
    picture = StreamObject()
    picture._data = jpeg
    picture.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(size[0]),
            NameObject("/Height"): NumberObject(size[1]),
            NameObject("/ColorSpace"): NameObject(_COLOUR_SPACES[mode]),
            NameObject("/BitsPerComponent"): NumberObject(8),
            NameObject("/Filter"): NameObject("/DCTDecode"),
        }
    )
    return picture


def _written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
