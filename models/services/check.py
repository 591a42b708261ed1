"""Step 2, the machine's half: inspect what was handed in and say per requirement what is there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from models.db import Database, changed_rows
from models.ports import Clock, Finding, Inspection, NikCipher, Scanner, Vault
from models.rules.completeness import Completeness, DocumentFacts, FieldFacts, judge
from models.rules.completeness_cross import ApplicantFacts, HeldLicence, HistoryFacts
from models.rules.errors import TemporaryFailure
from models.rules.numbering import jakarta_date
from models.rules.personal import same_place
from models.rules.requirements import applicable
from models.rules.sop import Sop
from models.rules.stages import FINAL, WITH_APPLICANT, Command, Stage
from models.services.casework import holder_of
from models.services.definitions import current_sop, pinned_sop
from models.services.keeping import keep_object
from models.services.machine import Ticket, finish, run_step, still_mine
from models.services.page_images import ask_for_images
from models.tables.cases import Application, CompletenessCheck, Document, HolderData
from models.tables.columns import table_of
from models.tables.letters import Licence, RegisterEntry

_DOCUMENTS = table_of(Document)
_KEEP_FOUND = (
    update(_DOCUMENTS)
    .where(_DOCUMENTS.c.id == bindparam("document"))
    .where(_DOCUMENTS.c.replaced_at.is_(None), _DOCUMENTS.c.inspected_at.is_(None))
    .values(
        {name: bindparam(name) for name in ("answer", "pages", "findings", "clean_sha256", "clean_media_type")}
        | {"inspected_at": bindparam("inspected_at")}
    )
)
"""What was found of a file, unless it was replaced or looked at meanwhile."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """What the check needs of the world."""

    vault: Vault
    scanner: Scanner
    cipher: NikCipher
    home_area: str = "1471"


def check_completeness(db: Database, clock: Clock, inspector: Inspector, ticket: Ticket) -> bool:
    """Inspect every new document, judge the round, hand it to the front office."""
    return run_step(db, clock, ticket, lambda case: _check(db, clock, inspector, ticket, case))


def _check(db: Database, clock: Clock, inspector: Inspector, ticket: Ticket, case: Application) -> None:
    for row, profile in _to_inspect(db, clock, case):
        inspect_document(db, clock, inspector, row, profile)
    now = clock.now()
    with db.transaction() as session:
        found = still_mine(session, ticket)
        if found is None:
            return
        sop_id, sop = rules_of(session, found, jakarta_date(now))
        answer = _judge(session, inspector, found, sop, jakarta_date(now))
        session.add(_row(found, sop_id, answer, clock))
        session.flush()
        detail = {"round": found.round, "complete": answer.complete}
        finish(session, ticket, now, Command.FINISH_CHECK, detail)


def rules_of(session: Session, case: Application, today: date) -> tuple[UUID, Sop]:
    """The pinned rules of a case, or today's while its berkas was not yet declared complete."""
    if case.sop_id is not None:
        return case.sop_id, pinned_sop(session, case.sop_id)
    return current_sop(session, case.licence_code, today)


def _to_inspect(db: Database, clock: Clock, case: Application) -> list[tuple[Document, str]]:
    with db.transaction() as session:
        rows = uninspected(session, case.id)
        if not rows:
            return []
        _, sop = rules_of(session, case, jakarta_date(clock.now()))
        profiles = {requirement.code: requirement.profile for requirement in sop.requirements}
        return [(row, profiles.get(row.requirement, "document")) for row in rows]


def uninspected(session: Session, case_id: UUID) -> list[Document]:
    """The files of a berkas that nobody looked at yet."""
    return list(
        session.exec(
            select(Document)
            .where(Document.application_id == case_id, col(Document.replaced_at).is_(None))
            .where(col(Document.inspected_at).is_(None))
            .order_by(col(Document.id))
        )
    )


def inspect_document(db: Database, clock: Clock, inspector: Inspector, row: Document, profile: str) -> None:
    """Look at one file in the cage and keep what was found; the original bytes stay as they are."""
    data = inspector.vault.get(row.sha256)
    inspection = inspector.scanner.inspect(data, row.name, profile)
    clean = inspector.vault.put(inspection.clean).sha256 if inspection.clean is not None else ""
    now = clock.now()
    found = _found(inspection, clean or (row.sha256 if inspection.answer != "reject" else ""))
    with db.transaction() as session:
        if changed_rows(session, _KEEP_FOUND, {"document": row.id, "inspected_at": now, **found}) == 0:
            return
        if clean:
            keep_object(session, clean)
        if found["clean_sha256"]:
            ask_for_images(session, row.id, 1, now)
        if clean and not inspector.vault.has(clean):
            raise TemporaryFailure("The clean copy left the vault meanwhile; it is made again.")


def _found(inspection: Inspection, clean_sha256: str) -> dict[str, Any]:
    """What an inspection says, as the columns of a document."""
    return {
        "answer": inspection.answer,
        "pages": inspection.pages,
        "findings": [asdict(finding) for finding in inspection.findings],
        "clean_sha256": clean_sha256,
        "clean_media_type": inspection.clean_media_type or (inspection.media_type if clean_sha256 else ""),
    }


def _judge(session: Session, inspector: Inspector, case: Application, sop: Sop, today: date) -> Completeness:
    holder = holder_of(session, case.id)
    # A pinned case keeps the rules of the day on which its berkas was declared complete.
    rules_day = jakarta_date(case.complete_at) if case.complete_at else today
    items = applicable(sop, case.application_type, rules_day, frozenset(holder.conditions))
    applicant = ApplicantFacts(
        inspector.cipher.open(holder.nik_sealed),
        holder.birth_date,
        "L" if holder.sex == "L" else "P",
        holder.str_number,
        holder.str_valid_until,
        holder.place_order,
        inspector.home_area,
    )
    documents = [document_facts(row) for row in current_documents(session, case.id)]
    history = _history(session, case, holder)
    return judge(sop, case.application_type, items, documents, applicant, history, today)


def current_documents(session: Session, case_id: UUID) -> list[Document]:
    """The documents of a berkas as it is now, in the order they came."""
    return list(
        session.exec(
            select(Document)
            .where(Document.application_id == case_id, col(Document.replaced_at).is_(None))
            .order_by(Document.requirement, col(Document.part))
        )
    )


def document_facts(row: Document) -> DocumentFacts:
    """A stored document as the pure rules read it."""
    findings = tuple(Finding(**finding) for finding in row.findings)
    media_type = row.clean_media_type or row.media_type
    return DocumentFacts(row.requirement, row.answer or "pending", media_type, findings, field_facts(row.fields))


def field_facts(fields: dict[str, Any]) -> FieldFacts:
    """What was typed beside a document; a date that is none counts as not filled in."""
    expiry = str(fields.get("expiry", "")).strip().lower()
    lifelong = expiry in {"seumur hidup", "lifelong"}
    return FieldFacts(
        number=str(fields.get("number", "")),
        dated=_date(fields.get("date")),
        expiry=None if lifelong else _date(expiry),
        lifelong=lifelong,
        issuer=str(fields.get("issuer", "")),
    )


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _history(session: Session, case: Application, holder: HolderData) -> HistoryFacts:
    return HistoryFacts(_running(session, case, holder), _licences(session, case, holder))


def _running(session: Session, case: Application, holder: HolderData) -> tuple[str, ...]:
    """Other applications of this person for this place; one that came back to him runs, until it lapses."""
    over = [stage.value for stage in FINAL | (WITH_APPLICANT - {Stage.RETURNED})]
    rows = session.exec(
        select(Application.registration_number, HolderData.workplace_name)
        .join(HolderData, col(HolderData.application_id) == col(Application.id))
        .where(HolderData.nik_blind == holder.nik_blind)
        .where(Application.licence_code == case.licence_code, Application.id != case.id)
        .where(col(Application.stage).not_in(over))
    )
    return tuple(number for number, place in rows if number and same_place(place, holder.workplace_name))


def _licences(session: Session, case: Application, holder: HolderData) -> tuple[HeldLicence, ...]:
    rows = session.exec(
        select(RegisterEntry.number, Licence, HolderData.workplace_name)
        .join(Licence, _same_number())
        .join(HolderData, col(HolderData.application_id) == col(Licence.application_id))
        .join(Application, col(Application.id) == col(Licence.application_id))
        .where(HolderData.nik_blind == holder.nik_blind, Application.licence_code == case.licence_code)
        .where(Licence.status == "valid", Application.id != case.id)
    )
    return tuple(
        HeldLicence(number, held.valid_until, same_place(place, holder.workplace_name)) for number, held, place in rows
    )


def _same_number() -> Any:
    return (
        (col(Licence.series) == col(RegisterEntry.series))
        & (col(Licence.year) == col(RegisterEntry.year))
        & (col(Licence.seq) == col(RegisterEntry.seq))
    )


def _row(case: Application, sop_id: UUID, answer: Completeness, clock: Clock) -> CompletenessCheck:
    return CompletenessCheck(
        application_id=case.id,
        round=case.round,
        sop_id=sop_id,
        complete=answer.complete,
        verdicts=[asdict(verdict) for verdict in answer.verdicts],
        cross_checks=[asdict(check) for check in answer.checks],
        made_at=clock.now(),
    )
