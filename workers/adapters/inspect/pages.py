"""Page images for the officials' screens and the text of pages; inside the cage like all parsing."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from workers.adapters.inspect import bounds, kinds
from workers.adapters.inspect.pdf_pictures import refuse_flood
from workers.adapters.inspect.pdfium import opened

WIDEST: Final = 2000
_LONGEST_TEXT: Final = 20_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP")


def _pdf_page(data: bytes, page: int, width: int) -> Image.Image:
    with opened(data) as document:
        return document.draw(page, width, 2 * WIDEST).convert("RGB")


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


def render_page(data: bytes, media_type: str, page: int, width: int) -> bytes:
    """Page `page` (from 1) as WebP, at most `width` x 4000 pixels; raises ValueError for a page that is not there."""
    if page < 1 or not 1 <= width <= WIDEST:
        raise ValueError(f"page {page} at width {width}")
    picture = _pdf_page(data, page, width) if media_type == kinds.PDF else _picture(data, page, width)
    out = BytesIO()
    # The fastest method: a sixth more bytes for a third less CPU, and every letter is drawn.
    picture.save(out, "WEBP", quality=80, method=0)
    return out.getvalue()


def page_texts(data: bytes) -> list[str]:
    """The text of each page of a PDF, at most 20,000 characters each."""
    with opened(data) as document:
        return [document.text(number)[:_LONGEST_TEXT] for number in range(1, len(document) + 1)]
