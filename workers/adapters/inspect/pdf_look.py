"""How the pages of a PDF look, drawn very small: blank, nearly blank, too dark."""

from __future__ import annotations

from typing import Final

import pypdfium2
from PIL import Image

from workers.adapters.inspect.measure import Tone, tone
from workers.adapters.inspect.report import Refused, Report, page_list

_SIDE: Final = 160.0


def draw(page: pypdfium2.PdfPage, side: float) -> Image.Image:
    """One page in grey, `side` pixels on its long side."""
    width, height = page.get_size()
    scale = side / max(width, height, 1.0)
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=True)
    return bitmap.to_pil()


def _tones(document: pypdfium2.PdfDocument) -> list[Tone]:
    tones = []
    for number in range(len(document)):
        page = document[number]
        tones.append(tone(draw(page, _SIDE)))
        page.close()
    return tones


def _numbers(flags: list[bool]) -> list[int]:
    return [number for number, flag in enumerate(flags, 1) if flag]


def look(data: bytes, report: Report) -> None:
    """Warn of blank and dark pages; raises Refused when all are blank or nothing can be drawn."""
    try:
        document = pypdfium2.PdfDocument(data)
        document.init_forms()
        tones = _tones(document)
        document.close()
    except pypdfium2.PdfiumError as error:
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
