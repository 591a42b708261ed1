"""Step 1, second half: the applicant hands the berkas in, for the first time or after a correction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import Fault, InvalidInput
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor, Verb, require_owner_or_staff, require_scope
from models.rules.sop import Sop
from models.rules.stages import Command, Stage, decide
from models.rules.working_time import Calendar
from models.services.casework import enqueue, expect_version, lock_case, move, position_of
from models.services.check import rules_of
from models.services.clocks import pauses_of
from models.services.messages import tell
from models.tables.cases import Application, Deficiency, Document, HolderData


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the applicant is told: the number to follow and the moment promised."""

    application_id: UUID
    registration_number: str
    submitted_at: datetime
    promised_at: datetime
    version: int


def submit(
    db: Database, clock: Clock, calendar: Calendar, actor: Actor, application_id: UUID, version: int | None = None
) -> Receipt:
    """Hand the berkas in. A berkas without data or any document is refused; whether it is complete, step 2 tells."""
    now = clock.now()
    with db.transaction() as session:
        case = lock_case(session, application_id)
        require_owner_or_staff(actor, case.id, case.applicant_id, case.client_id)
        require_scope(actor, Verb.WRITE, case.licence_code)
        expect_version(case, version)
        decide(position_of(case), Command.SUBMIT)
        _refuse_empty(session, case)
        _, sop = rules_of(session, case, jakarta_date(now))
        registration, submitted_at = _register(session, case, sop, now)
        pauses = pauses_of(session, case.id, until=now)
        case.promised_at = calendar.deadline(submitted_at, sop.promise_working_days, pauses)
        _resolve_deficiencies(session, case, now)
        case.round += 1
        move(session, case, Command.SUBMIT, actor, now, {"round": case.round, "channel": case.channel})
        # Nobody stands at a printer for a row of a batch.
        receipt = case.priority if case.channel == "batch" else 4
        enqueue(session, "paraf.make_receipt", case.id, case.round, now, priority=receipt)
        tell(session, case, "received", now)
        return Receipt(case.id, registration, submitted_at, case.promised_at, case.version)


def _register(session: Session, case: Application, sop: Sop, now: datetime) -> tuple[str, datetime]:
    if case.stage == Stage.DRAFT:
        today = jakarta_date(now)
        values = {"series": sop.registration_series, "year": today.year}
        seq = session.execute(text("SELECT take_registration(:series, :year)"), values).scalar_one()
        case.registration_number = sop.registration_number(seq, today)
        case.submitted_at = now
    if case.registration_number is None or case.submitted_at is None:
        raise InvalidInput("The application has no registration number; tell the office.")
    return case.registration_number, case.submitted_at


def _resolve_deficiencies(session: Session, case: Application, now: datetime) -> None:
    rows = session.exec(
        select(Deficiency).where(Deficiency.application_id == case.id, col(Deficiency.resolved_at).is_(None))
    )
    for row in rows:
        row.resolved_at = now
        session.add(row)


def _refuse_empty(session: Session, case: Application) -> None:
    faults = []
    holder = session.get(HolderData, case.id)
    if holder is None:
        faults.append(Fault("/holder", "The applicant's data is missing: fill it in first.", "missing"))
    elif not (holder.str_number and holder.workplace_name):
        faults.append(Fault("/holder/workplace_name", "The workplace is missing: fill it in first.", "missing"))
    documents = session.exec(
        select(Document.id).where(Document.application_id == case.id, col(Document.replaced_at).is_(None)).limit(1)
    ).first()
    if documents is None:
        faults.append(Fault("/documents", "No document is attached: upload the berkas first.", "missing"))
    if faults:
        raise InvalidInput("The berkas is empty; nothing was handed in.", faults=faults)
