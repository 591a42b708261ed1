"""Page images for the officials' screens and the text of pages; inside the cage like all parsing."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from workers.adapters.inspect import bounds, kinds
from workers.adapters.inspect.pdf_pictures import refuse_flood
from workers.adapters.inspect.pdfium import opened

WIDEST: Final = 2000
QUALITY: Final = 72
_LONGEST_TEXT: Final = 20_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP")


def _picture(data: bytes, page: int, width: int) -> Image.Image:
    picture = Image.open(BytesIO(data), formats=_FORMATS)
    if page > int(getattr(picture, "n_frames", 1)):
        raise ValueError(f"no page {page}")
    picture.seek(page - 1)
    refuse_flood(picture.width, picture.height, bounds.MAX_PIXELS)
    picture.draft("RGB", (width, width))
    small = ImageOps.exif_transpose(picture).convert("RGB")
    small.thumbnail((width, 2 * WIDEST))
    return small


def look_at_page(data: bytes, media_type: str, page: int, widths: Sequence[int]) -> tuple[list[bytes], str]:
    """Page `page` (from 1) as JPEG of `widths`, at most 4000 pixels high, and its text, at most 20,000 characters.

    It is drawn once, at the first width, which must be the widest. Raises ValueError for a page that is not there.
    """
    if page < 1 or not widths or not all(1 <= width <= widths[0] <= WIDEST for width in widths):
        raise ValueError(f"page {page} at widths {list(widths)}")
    if media_type != kinds.PDF:
        return _in_sizes(_picture(data, page, widths[0]), widths), ""
    with opened(data) as document:
        drawn, text = document.look(page, widths[0], 2 * WIDEST)
        return _in_sizes(drawn, widths), text[:_LONGEST_TEXT]


def _in_sizes(drawn: Image.Image, widths: Sequence[int]) -> list[bytes]:
    drawn = drawn if drawn.mode == "RGB" else drawn.convert("RGB")
    return [_jpeg(drawn)] + [_jpeg(_shrunk(drawn, width)) for width in widths[1:]]


def _shrunk(drawn: Image.Image, width: int) -> Image.Image:
    if width >= drawn.width:
        return drawn
    size = (width, max(1, round(drawn.height * width / drawn.width)))
    # By whole numbers first, which costs a fifth of resizing.
    return drawn.resize(size, Image.Resampling.BOX, reducing_gap=1.0)


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    # WebP would be a fifth smaller, for eight times the CPU, and every letter is drawn.
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
