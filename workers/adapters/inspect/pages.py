"""Page images for the officials' screens and the text of pages; inside the cage like all parsing."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import pypdfium2
from PIL import Image, ImageOps

from workers.adapters.inspect import kinds

WIDEST: Final = 2000
_LONGEST_TEXT: Final = 20_000


def _pdf_page(data: bytes, page: int, width: int) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    leaf = document[page - 1]
    across, down = leaf.get_size()
    scale = min(width / max(across, 1.0), 2 * WIDEST / max(down, 1.0))
    return leaf.render(scale=scale).to_pil().convert("RGB")


def _picture(data: bytes, width: int) -> Image.Image:
    picture = Image.open(BytesIO(data), formats=["JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP"])
    picture.draft("RGB", (width, width))
    small = ImageOps.exif_transpose(picture).convert("RGB")
    small.thumbnail((width, 2 * WIDEST))
    return small


def render_page(data: bytes, media_type: str, page: int, width: int) -> bytes:
    """Page `page` (from 1) as WebP, `width` pixels wide at most; raises ValueError for a page that is not there."""
    if page < 1 or not 1 <= width <= WIDEST:
        raise ValueError(f"page {page} at width {width}")
    try:
        picture = _pdf_page(data, page, width) if media_type == kinds.PDF else _picture(data, width)
    except IndexError as error:
        raise ValueError(f"no page {page}") from error
    out = BytesIO()
    picture.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def page_texts(data: bytes) -> list[str]:
    """The text of each page of a PDF, at most 20,000 characters each."""
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range()[:_LONGEST_TEXT] for page in document]
