"""Receipts by Typst: A5 for an office printer, a strip 80 mm wide for a roll printer."""

from __future__ import annotations

import io
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno

from models.catalogue import load_office
from models.ports import ReceiptFacts, ReceiptSize
from workers.adapters.letter.qr import MASK
from workers.adapters.letter.typst_press import Assets, Typesetter


class TypstReceiptPress:
    """A `ReceiptPress` that keeps one Typst compiler; `templates` is the templates folder. Make it after a fork."""

    def __init__(self, templates: Path) -> None:
        letters = templates / "letters"
        self._typesetter = Typesetter(Assets.below(templates))
        self._layouts: dict[ReceiptSize, str] = {
            "a5": (letters / "receipt_a5.typ").read_text(encoding="utf-8"),
            "80mm": (letters / "receipt_80mm.typ").read_text(encoding="utf-8"),
        }
        self._words: dict[str, Any] = tomllib.loads((letters / "receipt.toml").read_text(encoding="utf-8"))
        office = load_office(templates / "office.toml")
        self._letterhead = {
            "government": office.government,
            "office": office.name,
            "short_office": office.short_name,
            "emblem_alt": f"Lambang {office.region}",
        }

    def receipt(self, facts: ReceiptFacts, size: ReceiptSize) -> bytes:
        """A PDF; the same facts give the same bytes."""
        return self._typesetter.document(self._layouts[size], self._content(facts))

    def _content(self, facts: ReceiptFacts) -> dict[str, Any]:
        day = facts.received_on
        heading = self._words["heading" if facts.round == 1 else "heading_round"]
        return self._letterhead | {
            "words": self._words,
            "title": f"{heading} {facts.registration_number}",
            "heading": heading,
            "date": [day.year, day.month, day.day],
            "number": facts.registration_number,
            "applicant": facts.applicant,
            "licence": facts.licence_name,
            "received": facts.received,
            "promised": facts.promised,
            "items": [list(item) for item in facts.items],
            "follow": facts.follow_url,
            "qr": qr_svg(facts.qr_url),
            "contact": [list(line) for line in facts.contact],
        }


@lru_cache(maxsize=2)  # both sizes of a receipt show the same code
def qr_svg(text: str) -> str:
    """`text` as a QR code in SVG with its quiet zone; error correction M, so that a creased receipt still reads.

    The mask is fixed, as on the letter: weighing all eight costs more than the rest of the receipt.
    """
    out = io.BytesIO()
    segno.make_qr(text, error="m", boost_error=False, mask=MASK).save(out, kind="svg", border=4, xmldecl=False)
    return out.getvalue().decode()
