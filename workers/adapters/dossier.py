"""The archive copy of a case: made pages by Typst, documents bound in by pypdf, the licence attached whole."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
    create_string_object,
)

from models.catalogue import load_office
from models.ports import DossierFacts, DossierPart
from workers.adapters.dossier_parts import is_signed, pages_of
from workers.adapters.letter.typst_press import Assets, Typesetter

LICENCE_NAME: Final = "izin.pdf"
"""The name under which the licence is attached."""

_NO_DAY: Final = (2000, 1, 1)
_ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Bound:
    """A document on its way into the dossier: `pages` is a PDF, `attached` its name as an attachment, if it is one."""

    title: str
    pages: bytes | None = field(repr=False)
    count: int
    attached: str


class TypstDossierPress:
    """A `DossierPress` that keeps one Typst compiler; `templates` is the templates folder. Make it after a fork."""

    def __init__(self, templates: Path) -> None:
        self._typesetter = Typesetter(Assets.below(templates))
        self._layout = (templates / "letters" / "dossier.typ").read_text(encoding="utf-8")
        self._words: Json = tomllib.loads((templates / "letters" / "dossier.toml").read_text(encoding="utf-8"))
        office = load_office(templates / "office.toml")
        self._letterhead = {
            "government": office.government,
            "office": office.name,
            "emblem_alt": f"Lambang {office.region}",
        }

    def dossier(self, facts: DossierFacts, parts: Sequence[DossierPart], licence: bytes) -> bytes:
        """One PDF; the same facts and bytes give the same PDF. A document that can not be merged is attached."""
        bound = [_bound(number, part) for number, part in enumerate(parts, 1)]
        plan = self._plan(facts, bound)
        writer = PdfWriter()
        self._append(writer, self._front(facts, plan), plan.front)
        for (title, first), one in zip(plan.documents, bound, strict=True):
            pages = one.pages or self._notice(facts, one, first, plan.total)
            self._append(writer, pages, ((title, 0),))
        self._append(writer, self._audit(facts, plan.audit_at, plan.total), ((self._part("audit"), 0),))
        for part, one in zip(parts, bound, strict=True):
            if one.attached:
                _attach(writer, one.attached, part.data, part.title, "/Source")
        _attach(writer, LICENCE_NAME, licence, self._part("licence"), "/Data")
        _finish(writer, facts.title)
        return _written(writer)

    def _plan(self, facts: DossierFacts, bound: Sequence[_Bound]) -> _Plan:
        """Page numbers of everything: the front is set once to see how long it is."""
        blank = [(one.title, 0) for one in bound]
        draft = _Plan(0, ((self._part("cover"), 0), (self._part("checks"), 1)), blank, 0, 0)
        front = self._front(facts, draft)
        front_count = _count(front)
        first, documents = front_count + 1, []
        for one in bound:
            documents.append((one.title, first))
            first += one.count
        total = first - 1 + _count(self._audit(facts, first, first))
        return _Plan(front_count, self._front_outline(front), documents, first, total)

    def _front_outline(self, front: bytes) -> tuple[tuple[str, int], ...]:
        heading = self._words["checks_heading"]
        texts = [page.extract_text() for page in PdfReader(BytesIO(front)).pages]
        at = next((index for index, text in enumerate(texts) if index and heading in text), 1)
        return (self._part("cover"), 0), (self._part("checks"), at)

    def _front(self, facts: DossierFacts, plan: _Plan) -> bytes:
        word = self._words["page_word"]
        places = [*plan.front_places(), *plan.documents, (self._part("audit"), plan.audit_at)]
        contents = [[title, f"{word} {page}"] for title, page in places]
        contents.append([self._part("licence"), f"{self._words['attachment_word']} {LICENCE_NAME}"])
        results: Mapping[str, str] = self._words["results"]
        return self._set(
            facts,
            section="front",
            first_page=1,
            page_count=plan.total,
            cover=[list(row) for row in facts.cover],
            contents=contents,
            checks=[[label, results.get(state, state), note] for label, state, note in facts.checks],
        )

    def _audit(self, facts: DossierFacts, first: int, total: int) -> bytes:
        kinds, stages = self._words["kinds"], self._words["stages"]
        events = [[at, kinds.get(kind, kind), stages.get(stage, stage)] for at, kind, stage in facts.events]
        return self._set(facts, section="audit", first_page=first, page_count=total, events=events)

    def _notice(self, facts: DossierFacts, one: _Bound, first: int, total: int) -> bytes:
        return self._set(facts, section="notice", first_page=first, page_count=total, part=one.title, file=one.attached)

    def _set(self, facts: DossierFacts, **content: Any) -> bytes:
        day = _day(facts.events)
        common = {"title": facts.title, "date": list(day), "words": self._words, **self._letterhead}
        return self._typesetter.document(self._layout, common | content)

    def _part(self, name: str) -> str:
        title: str = self._words["parts"][name]
        return title

    @staticmethod
    def _append(writer: PdfWriter, pdf: bytes, outline: Sequence[tuple[str, int]]) -> None:
        start = len(writer.pages)
        writer.append(PdfReader(BytesIO(pdf)), import_outline=False)
        for title, page in outline:
            writer.add_outline_item(title=title, page_number=start + page)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything stands: `front` are outline titles with page indices, `documents` titles with page numbers."""

    front_count: int
    front: tuple[tuple[str, int], ...]
    documents: list[tuple[str, int]]
    audit_at: int
    total: int

    def front_places(self) -> list[tuple[str, int]]:
        return [(title, page + 1) for title, page in self.front]


def _bound(number: int, part: DossierPart) -> _Bound:
    pages = pages_of(part)
    name = f"{number:02}-{_slug(part.title)}.{_ENDINGS.get(part.media_type, 'bin')}"
    attached = name if pages is None or is_signed(part) else ""
    return _Bound(part.title, pages, _count(pages) if pages else 1, attached)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-") or "dokumen"


def _count(pdf: bytes) -> int:
    return len(PdfReader(BytesIO(pdf)).pages)


def _day(events: Sequence[tuple[str, str, str]]) -> tuple[int, int, int]:
    """The day of the last event: the made pages are dated by the case, not by the machine's clock."""
    try:
        last = datetime.strptime(events[-1][0][:10], "%d-%m-%Y").date()  # noqa: DTZ007 - a day of words, no moment
    except (IndexError, ValueError):
        return _NO_DAY
    return last.year, last.month, last.day


def _attach(writer: PdfWriter, name: str, data: bytes, description: str, relation: str) -> None:
    entry = writer.add_attachment(name, data).pdf_object
    entry[NameObject("/UF")] = TextStringObject(name)
    entry[NameObject("/Desc")] = create_string_object(description)
    entry[NameObject("/AFRelationship")] = NameObject(relation)


def _finish(writer: PdfWriter, title: str) -> None:
    writer.metadata = {"/Title": title, "/Producer": "Paraf"}
    root = writer.root_object
    root[NameObject("/Lang")] = TextStringObject("id-ID")
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/ViewerPreferences")] = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})


def _written(writer: PdfWriter) -> bytes:
    """The file, named by the hash of its content: no clock and no chance in it."""
    draft = BytesIO()
    writer.write(draft)
    name = ByteStringObject(hashlib.sha256(draft.getvalue()).digest()[:16])
    writer._ID = ArrayObject([name, name])
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
