"""Judges a PDF: opens it with qpdf, walks it, decodes it, cleans it, looks at it."""

from __future__ import annotations

import re
import struct
from decimal import DecimalException
from io import BytesIO
from typing import Any, Final

import pikepdf

from models.ports import Finding
from workers.adapters.inspect import bounds, kinds
from workers.adapters.inspect.convert import saved
from workers.adapters.inspect.pdf_active import refuse_wrappers, scrub
from workers.adapters.inspect.pdf_look import look
from workers.adapters.inspect.pdf_place import drop_camera_data
from workers.adapters.inspect.pdf_second import agrees
from workers.adapters.inspect.pdf_signed import is_signed
from workers.adapters.inspect.pdf_streams import check_streams
from workers.adapters.inspect.pdf_walk import Walked, check_pages, refuse_lost_objects, walk
from workers.adapters.inspect.report import Judged, Refused, Report, page_list

# What qpdf and pikepdf raise for structures that make no sense, wherever they are met.
_NONSENSE: Final = (
    pikepdf.PdfError, pikepdf.PikepdfError, AttributeError, DecimalException, IndexError, KeyError, RuntimeError,
    TypeError, ValueError, struct.error,
)  # fmt: skip
_CIRCLE: Final = re.compile("Loop detected in /Pages")
_LOCK: Final = re.compile("unsupported encryption")
_HARMLESS: Final = re.compile("a common error handled correctly|Resources is missing or invalid")
_STANDARD_FONTS: Final = re.compile(r"/(?:Times-|(?:Helvetica|Courier)(?:-|$)|Symbol$|ZapfDingbats$)")


def _open(data: bytes) -> pikepdf.Pdf:
    try:
        return pikepdf.open(BytesIO(data), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except _NONSENSE as error:
        raise Refused(_shut_by(str(error))) from error


def _shut_by(words: str) -> str:
    """What keeps a PDF shut, by qpdf's words for it."""
    if _LOCK.search(words):
        return "protected"
    return "page-tree" if _CIRCLE.search(words) else "damaged"


def _needs_rebuild(pdf: pikepdf.Pdf) -> bool:
    return any(not _HARMLESS.search(str(warning)) for warning in pdf.get_warnings())


def _has_junk(data: bytes) -> bool:
    if data.find(b"%PDF-", 0, kinds.HEAD) > 0:
        return True
    end = data.rfind(b"%%EOF")
    return end >= 0 and bool(data[end + 5 :].strip(b"\r\n\t \x00"))


def _note_sizes(pdf: pikepdf.Pdf, report: Report) -> None:
    large = []
    for number, page in enumerate(pdf.pages, 1):
        left, bottom, right, top = (float(side) for side in page.mediabox)
        unit = float(page.obj.get("/UserUnit", 1))
        short, long = sorted((abs(right - left) * unit, abs(top - bottom) * unit))
        if short > bounds.MAX_SHORT_SIDE or long > bounds.MAX_LONG_SIDE:
            large.append(number)
    if large:
        report.add("page-size", pages=page_list(large))


def _is_missing_font(holder: Any) -> bool:
    return "/FontName" in holder and not any(f"/FontFile{n}" in holder for n in ("", "2", "3"))


def _note_fonts(walked: Walked, report: Report) -> None:
    missing = [str(h.get("/FontName")) for h in walked.telling if _is_missing_font(h)]
    if any(not _STANDARD_FONTS.match(name) for name in missing):
        report.add("fonts-missing")


def _mend(data: bytes, pdf: pikepdf.Pdf, walked: Walked, rebuilt: bool, report: Report) -> None:
    """Clean in memory and say so; a signed file is touched only when it is dangerous or broken as it is."""
    signed = is_signed(data, walked)
    if rebuilt:
        report.add("rebuilt")
    scrub(pdf, walked, report)
    if signed and not report.mended:
        report.add("signed")
        return
    if signed:
        report.add("signature-on-original")
    if pdf.is_encrypted:
        report.add("restrictions-dropped")
    if _has_junk(data):
        report.add("junk-cut")


def _judge(data: bytes, pdf: pikepdf.Pdf, report: Report) -> Judged:
    pages = check_pages(pdf)
    walked = walk(pdf)
    refuse_wrappers(pdf, walked)
    rebuilt = _needs_rebuild(pdf)
    if rebuilt:
        refuse_lost_objects(pdf)
    check_streams(walked.streams, rebuilt)
    _note_sizes(pdf, report)
    _note_fonts(walked, report)
    _mend(data, pdf, walked, rebuilt, report)
    if not report.mended and not report.has("signed") and not agrees(data, pages):
        report.add("rebuilt")
    if not report.mended:
        look(data, pdf, report)
        return Judged(pages)
    # A trailer that was made up may lack its size, and what is written without one opens nowhere.
    if "/Size" not in pdf.trailer:
        pdf.trailer["/Size"] = len(pdf.objects) + 1
    drop_camera_data(walked)
    clean = saved(pdf)
    if not agrees(clean, pages):
        raise Refused("damaged")
    look(clean, pdf, report)
    return Judged(pages, clean, kinds.PDF)


def refusal_to_open(data: bytes) -> Finding | None:
    """Why a PDF does not open, with the empty password too; None when it does."""
    try:
        _open(data).close()
    except Refused as refused:
        return refused.finding
    return None


def judge_pdf(data: bytes, report: Report) -> Judged:
    """Raises Refused when the applicant must send another file."""
    with _open(data) as pdf:
        try:
            return _judge(data, pdf, report)
        except _NONSENSE as error:
            raise Refused("damaged") from error
