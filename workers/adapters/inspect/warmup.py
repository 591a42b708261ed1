"""Loads every parser and uses it once on harmless files of our own, so that forks find all in memory."""

from __future__ import annotations

import codecs
from io import BytesIO

import pikepdf
import pillow_heif
from PIL import Image, ImageDraw

from workers.adapters.inspect import bounds
from workers.adapters.inspect.convert import add_page, saved
from workers.adapters.inspect.pages import look_at_page
from workers.adapters.inspect.verdict import inspect

# Loaded by name when first met; inside a fork the library folder may not be readable.
_CODECS = ("ascii", "latin-1", "cp1252", "cp437", "mac-roman", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig")


def set_up_parsers() -> None:
    """Register HEIC, and set the parsers' own limits as a second line behind ours."""
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # the bounds before each decode are ours: `bounds`
    Image.init()
    pikepdf.settings.set_qpdf_limits(
        parser_max_nesting=200,
        max_stream_filters=bounds.MAX_FILTERS,
        flate_max_memory=bounds.MAX_PICTURE_BYTES,
        run_length_max_memory=bounds.MAX_PICTURE_BYTES,
        png_max_memory=bounds.MAX_PICTURE_BYTES,
        tiff_max_memory=bounds.MAX_PICTURE_BYTES,
        dct_max_memory=bounds.MAX_PICTURE_BYTES,
    )


def _sample() -> Image.Image:
    picture = Image.new("RGB", (400, 600), "white")
    ImageDraw.Draw(picture).rectangle((40, 40, 300, 200), fill="navy")
    return picture


def _encoded(picture: Image.Image, form: str) -> bytes:
    out = BytesIO()
    picture.save(out, form)
    return out.getvalue()


def _pdf_of_pictures(picture: Image.Image) -> bytes:
    with pikepdf.new() as pdf:
        add_page(pdf, picture)
        add_page(pdf, picture.convert("1"))
        return saved(pdf)


def _pdf_with_text() -> bytes:
    """A PDF with metadata and a word, so that both their readers are loaded."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.obj.Contents = pdf.make_stream(b"BT /F1 24 Tf 72 500 Td (Paraf) Tj ET")
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = "Paraf"
        out = BytesIO()
        pdf.save(out)
        return out.getvalue()


def warm_up() -> None:
    """Inspect one small file of each kind (but HEIC, whose decoder starts threads, which do not survive a fork)."""
    set_up_parsers()
    for name in _CODECS:
        codecs.lookup(name)
    picture = _sample()
    pdf = _pdf_of_pictures(picture)
    for form in ("JPEG", "PNG", "WEBP", "TIFF", "BMP"):
        inspect(_encoded(picture, form), f"a.{form.lower()}", "document")
    inspect(_encoded(picture, "JPEG"), "a.jpg", "photo")
    inspect(pdf, "a.pdf", "document")
    inspect(b"junk\n" + pdf, "a.pdf", "document")
    with_text = _pdf_with_text()
    inspect(b"junk\n" + with_text, "a.pdf", "document")
    look_at_page(with_text, "application/pdf", 1, (100, 50))
