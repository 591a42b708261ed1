"""How the pages of a PDF look, drawn very small: blank, nearly blank, too dark."""

from __future__ import annotations

from typing import Final

from pikepdf import Pdf

from workers.adapters.inspect.measure import Tone, tone
from workers.adapters.inspect.pdf_scan import scan_tone
from workers.adapters.inspect.pdfium import PdfiumError, opened
from workers.adapters.inspect.report import Refused, Report, page_list

_SIDE: Final = 160.0


def _tones(data: bytes, pdf: Pdf) -> list[Tone]:
    """Of each page; PDFium opens `data` only when a page is more than a scan."""
    known = [scan_tone(page) for page in pdf.pages]
    if all(known):
        return [found for found in known if found]
    with opened(data) as document:
        pairs = enumerate(known, 1)
        return [found or tone(document.draw(number, _SIDE, _SIDE, grey=True)) for number, found in pairs]


def _numbers(flags: list[bool]) -> list[int]:
    return [number for number, flag in enumerate(flags, 1) if flag]


def look(data: bytes, pdf: Pdf, report: Report) -> None:
    """Warn of blank and dark pages of `pdf`, saved as `data`.

    Raises Refused when all are blank or nothing can be drawn.
    """
    try:
        tones = _tones(data, pdf)
    except PdfiumError as error:
        raise Refused("damaged") from error
    blank = _numbers([t.blank for t in tones])
    if len(blank) == len(tones):
        raise Refused("blank")
    if blank:
        report.add("blank-pages", pages=page_list(blank))
    if nearly := _numbers([t.nearly_blank and not t.blank for t in tones]):
        report.add("nearly-blank", pages=page_list(nearly))
    if any(t.dark for t in tones):
        report.add("dark")
