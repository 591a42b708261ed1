"""Is the berkas complete: one verdict per requirement. The machine lists reasons; an officer decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from models.rules.completeness_cross import ApplicantFacts, CrossCheck, HistoryFacts, NamedStr, cross_checks
from models.rules.dates import add_months, long_date
from models.rules.requirements import RequiredItem
from models.rules.sop import FieldCode, Requirement, RequirementField, Sop

State = Literal["ada", "tidak_ada", "bermasalah"]
ReasonGrade = Literal["problem", "warning", "note"]

_REASON_GRADES: dict[str, ReasonGrade] = {"reject": "problem", "warning": "warning"}


class FindingLike(Protocol):
    """A remark of the inspection, as `models.ports.Finding` has it: grade note, warning, repair or reject."""

    @property
    def grade(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What is written on a document: `dated` is its field "date", `lifelong` an expiry that never comes."""

    number: str = ""
    dated: date | None = None
    expiry: date | None = None
    lifelong: bool = False
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """One file for a requirement. `answer` is the inspection's: accept, repair, convert, reject, or pending."""

    requirement: str
    answer: str
    media_type: str = "application/pdf"
    findings: tuple[FindingLike, ...] = ()
    fields: FieldFacts = FieldFacts()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a document is missing or faulty, for the applicant; a warning or note does not make it faulty."""

    code: str
    message: str
    grade: ReasonGrade = "problem"


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one requirement. What is not `required` never holds up an application."""

    requirement: str
    state: State
    reasons: tuple[Reason, ...] = ()
    required: bool = True

    @property
    def holds_up(self) -> bool:
        """Whether the berkas is not complete because of this."""
        return self.required and self.state != "ada"


@dataclass(frozen=True, slots=True)
class Completeness:
    """The machine's whole answer; `complete` is its proposal, never a decision."""

    verdicts: tuple[Verdict, ...]
    checks: tuple[CrossCheck, ...]

    @property
    def complete(self) -> bool:
        """Nothing is missing or faulty, and no check across the data is a problem."""
        return not any(v.holds_up for v in self.verdicts) and not any(c.grade == "problem" for c in self.checks)


def judge(
    sop: Sop,
    application_type: str,
    items: Sequence[RequiredItem],
    documents: Sequence[DocumentFacts],
    applicant: ApplicantFacts,
    history: HistoryFacts,
    today: date,
) -> Completeness:
    """Verdicts for `items` in their order and all checks across the data, as of `today` (Asia/Jakarta).

    Documents for requirements that do not apply are passed over. Raises InvalidInput for an unknown type.
    """
    stated = {"str": FieldFacts(applicant.str_number, None, *_term(applicant.str_valid_until))}
    verdicts = tuple(
        verdict(item, documents, today, stated.get(item.requirement.evidence_of or "", FieldFacts())) for item in items
    )
    asks_str = any(item.requirement.evidence_of == "str" for item in items)
    named = _named_strs(items, documents)
    checks = cross_checks(sop, application_type, applicant, history, today, named, asks_str=asks_str)
    return Completeness(verdicts, checks)


def verdict(
    item: RequiredItem, documents: Sequence[DocumentFacts], today: date, stated: FieldFacts | None = None
) -> Verdict:
    """The verdict on one requirement from the files handed in for it.

    `stated` is what the application already says of this document, so that nothing is asked for twice.
    """
    requirement = item.requirement
    own = [document for document in documents if document.requirement == requirement.code]
    if not own:
        lacks = (_missing(requirement),) if item.required else ()
        return Verdict(requirement.code, "tidak_ada", lacks, item.required)
    reasons = tuple(dict.fromkeys(_reasons(requirement, own, today, stated or FieldFacts())))
    faulty = any(reason.grade == "problem" for reason in reasons)
    return Verdict(requirement.code, "bermasalah" if faulty else "ada", reasons, item.required)


def _named_strs(items: Sequence[RequiredItem], documents: Sequence[DocumentFacts]) -> tuple[NamedStr, ...]:
    codes = {item.requirement.code for item in items if item.requirement.evidence_of == "str"}
    found = [document.fields for document in documents if document.requirement in codes]
    return tuple((fields.number, fields.expiry, fields.lifelong) for fields in found)


def _term(valid_until: date | None) -> tuple[date | None, bool]:
    return valid_until, valid_until is None


def _missing(requirement: Requirement) -> Reason:
    return Reason("missing", f"{requirement.label} belum ada. Unggah dokumen ini. {requirement.hint}".strip())


def _reasons(
    requirement: Requirement, documents: Sequence[DocumentFacts], today: date, stated: FieldFacts
) -> Iterator[Reason]:
    for document in documents:
        yield from _file_reasons(requirement, document)
    fields = _together([*(document.fields for document in documents), stated])
    for field in requirement.fields:
        yield from _field_reasons(requirement, field, fields, today)


def _file_reasons(requirement: Requirement, document: DocumentFacts) -> Iterator[Reason]:
    if document.answer == "pending":
        yield Reason("not-inspected", f"{requirement.label} masih diperiksa sistem. Tunggu sebentar.")
        return
    for finding in document.findings:
        yield Reason(finding.code, finding.message, _REASON_GRADES.get(finding.grade, "note"))
    told = any(finding.grade == "reject" for finding in document.findings)
    if document.answer == "reject" and not told:
        yield Reason("rejected", f"Berkas {requirement.label} tidak dapat dibuka. Pindai ulang, lalu unggah lagi.")
    if document.answer != "reject" and _kind(document.media_type) not in requirement.kinds:
        yield Reason("wrong-kind", f"{requirement.label} harus berupa {_kinds(requirement)}. Unggah ulang.")


def _kind(media_type: str) -> str:
    return "pdf" if media_type == "application/pdf" else media_type.partition("/")[0]


def _kinds(requirement: Requirement) -> str:
    names = {"pdf": "PDF", "image": "gambar (JPG atau PNG)"}
    return " atau ".join(names[kind] for kind in requirement.kinds)


def _together(found: Sequence[FieldFacts]) -> FieldFacts:
    """One set of fields from several sources: the first that says something counts."""
    term = next((fields for fields in found if fields.lifelong or fields.expiry), FieldFacts())
    return FieldFacts(
        number=next((fields.number for fields in found if fields.number.strip()), ""),
        dated=next((fields.dated for fields in found if fields.dated), None),
        expiry=term.expiry,
        lifelong=term.lifelong,
        issuer=next((fields.issuer for fields in found if fields.issuer.strip()), ""),
    )


def _field_reasons(
    requirement: Requirement, field: RequirementField, facts: FieldFacts, today: date
) -> Iterator[Reason]:
    if field.required and not _filled(field.code, facts):
        yield Reason("field-missing", f"{field.label} belum diisi. Salin dari {requirement.label}.")
    if field.code == "date" and facts.dated:
        yield from _date_reasons(requirement, field, facts.dated, today)
    if field.code == "expiry" and facts.expiry and not facts.lifelong and facts.expiry < today:
        ended = f"{requirement.label} sudah berakhir {long_date(facts.expiry)}."
        advice = "Petugas akan memeriksanya." if field.past_allowed else "Unggah yang masih berlaku."
        yield Reason("expired", f"{ended} {advice}", "warning" if field.past_allowed else "problem")


def _filled(code: FieldCode, facts: FieldFacts) -> bool:
    return {
        "number": bool(facts.number.strip()),
        "date": facts.dated is not None,
        "expiry": facts.expiry is not None or facts.lifelong,
        "issuer": bool(facts.issuer.strip()),
    }[code]


def _date_reasons(requirement: Requirement, field: RequirementField, day: date, today: date) -> Iterator[Reason]:
    if day > today:
        yield Reason("future-date", f"{field.label} {long_date(day)} belum terjadi. Periksa tanggalnya.")
    months = requirement.max_age_months
    if months and add_months(day, months) < today:
        message = f"{requirement.label} tertanggal {long_date(day)}, sudah lebih dari {months} bulan. Unggah yang baru."
        yield Reason("too-old", message)
