"""An Inspection as JSON and back; what a fork says is checked before anyone believes it."""

from __future__ import annotations

from typing import Any, Final

from models.ports import Finding, Inspection

_ANSWERS: Final = {"accept", "repair", "convert", "reject"}
_GRADES: Final = {"note", "warning", "repair", "reject"}
_CLEAN_TYPES: Final = {"", "application/pdf", "image/jpeg", "image/png"}
_TYPES: Final = _CLEAN_TYPES | {"image/webp", "image/heic", "image/tiff", "image/bmp"}
_LONGEST: Final = 600
_MOST: Final = 64


def inspection_to_reply(inspection: Inspection) -> tuple[dict[str, Any], bytes]:
    """Header and body; the body is the clean copy."""
    header = {
        "answer": inspection.answer,
        "media_type": inspection.media_type,
        "pages": inspection.pages,
        "findings": [[f.grade, f.code, f.message] for f in inspection.findings],
        "has_clean": inspection.clean is not None,
        "clean_media_type": inspection.clean_media_type,
    }
    return header, inspection.clean or b""


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("not a short text")
    return value


def _one_of(value: object, allowed: set[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError("not a known word")
    return value


def _finding(row: Any) -> Finding:
    grade, code, message = row
    return Finding(_one_of(grade, _GRADES), _text(code), _text(message))


def inspection_from_reply(header: dict[str, Any], body: bytes) -> Inspection:
    """The inverse; raises ValueError, KeyError or TypeError for anything but a well-formed Inspection."""
    findings = list(header["findings"])[:_MOST]
    answer = _one_of(header["answer"], _ANSWERS)
    if bool(header["has_clean"]) != (answer in {"repair", "convert"}):
        raise ValueError("a clean copy goes with repair and convert alone")
    return Inspection(
        answer=answer,
        media_type=_one_of(header["media_type"], _TYPES),
        pages=int(header["pages"]),
        findings=tuple(_finding(row) for row in findings),
        clean=body if header["has_clean"] else None,
        clean_media_type=_one_of(header["clean_media_type"], _CLEAN_TYPES),
    )
