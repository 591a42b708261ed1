"""A second reader's opinion: pypdf, which later puts accepted documents into the dossier, must see the same pages.

Two readers that disagree mean a file that shows one thing here and another there; a rebuilt copy shows one thing.
"""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

_NONSENSE = (PyPdfError, ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)


def agrees(data: bytes, pages: int) -> bool:
    """Whether pypdf, too, finds `pages` pages."""
    try:
        return len(PdfReader(BytesIO(data)).pages) == pages
    except _NONSENSE:
        return False
