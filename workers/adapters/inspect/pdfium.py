"""The typed door to PDFium, which draws pages and reads their text."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pypdfium2
from PIL import Image

PdfiumError: type[Exception] = pypdfium2.PdfiumError


class Document:
    """An opened PDF; pages count from 1."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    @contextlib.contextmanager
    def _page(self, number: int) -> Iterator[Any]:
        if not 1 <= number <= len(self):
            raise ValueError(f"no page {number}")
        page = self._document[number - 1]
        try:
            yield page
        finally:
            page.close()

    def draw(self, number: int, width: float, height: float, grey: bool = False) -> Image.Image:
        """The page, form fields included, fitted into `width` x `height` pixels, at least 1 x 1."""
        with self._page(number) as page:
            return _drawn(page, width, height, grey)

    def look(self, number: int, width: float, height: float) -> tuple[Image.Image, str]:
        """The page drawn, and its text in reading order of its content stream; none where it can not be read.

        Both at once: a page that is loaded for drawing gives its text for a tenth of what loading it again costs.
        """
        with self._page(number) as page:
            picture = _drawn(page, width, height, grey=False)
            try:
                return picture, page.get_textpage().get_text_range()
            except PdfiumError:
                # A scan whose text can not be read is still worth looking at.
                return picture, ""


def _drawn(page: Any, width: float, height: float, grey: bool) -> Image.Image:
    across, down = (max(float(side), 1.0) for side in page.get_size())
    scale = min(width / across, height / down)
    # Pillow's order of colours: a page of millions of pixels is not turned round afterwards.
    picture: Image.Image = page.render(scale=scale, grayscale=grey, rev_byteorder=not grey).to_pil()
    return picture


@contextlib.contextmanager
def opened(data: bytes) -> Iterator[Document]:
    """Raises PdfiumError when it can not be read."""
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        yield Document(document)
    finally:
        document.close()
