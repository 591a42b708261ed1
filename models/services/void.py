"""A number that can not be used is voided with a reason and stays in the register; a licence can be revoked."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import Fault, InvalidInput, NotFound, WrongStage
from models.rules.roles import BACK_OFFICE, Actor, person_of, require_role
from models.rules.stages import Command, Stage, decide
from models.services.casework import expect_version, lock_case, move, position_of, record
from models.tables.cases import Application
from models.tables.letters import Licence, RegisterEntry

MIN_REASON = 5


def void_number(
    db: Database, clock: Clock, actor: Actor, application_id: UUID, reason: str, version: int | None = None
) -> int:
    """Void the case's number before hand-over; the case goes back for a new revision. Returns the new version."""
    now = clock.now()
    _need_reason(reason)
    with db.transaction() as session:
        require_role(actor, BACK_OFFICE)
        case = lock_case(session, application_id)
        expect_version(case, version)
        decide(position_of(case), Command.VOID)
        entry, licence = _numbered(session, case)
        licence.status, licence.status_reason, licence.status_at = "void", reason.strip(), now
        session.add(licence)
        entry.state, entry.void_reason = "void", reason.strip()
        entry.voided_by, entry.voided_at = person_of(actor), now
        session.add(entry)
        session.flush()
        case.quarantined_at, case.quarantine_reason = None, ""
        move(session, case, Command.VOID, actor, now, {"number": entry.number})
        return case.version


def end_licence(
    db: Database,
    clock: Clock,
    actor: Actor,
    licence_id: UUID,
    reason: str,
    status: Literal["revoked", "replaced"] = "revoked",
) -> None:
    """Revoke or replace an issued licence; its number and bytes stay, the verification page tells."""
    _need_reason(reason)
    with db.transaction() as session:
        require_role(actor, "kepala_dinas")
        found = session.get(Licence, licence_id)
        if found is None:
            raise NotFound("There is no licence with this id.")
        # The case first, as everywhere: the other way round two acts could wait for each other.
        case = lock_case(session, found.application_id)
        licence = session.get(Licence, licence_id, with_for_update=True, populate_existing=True)
        if licence is None or licence.status != "valid":
            raise WrongStage("This licence is not valid, so it can not be ended.")
        if case.stage not in (Stage.ARCHIVING, Stage.CLOSED):
            raise WrongStage("This licence was not handed over yet: void its number instead.")
        licence.status, licence.status_reason, licence.status_at = status, reason.strip(), clock.now()
        session.add(licence)
        record(session, f"licence_{status}", at=clock.now(), case=case, actor=actor)


def _numbered(session: Session, case: Application) -> tuple[RegisterEntry, Licence]:
    entry = session.exec(
        select(RegisterEntry)
        .where(RegisterEntry.application_id == case.id, RegisterEntry.state == "active")
        .with_for_update()
    ).one_or_none()
    if entry is None:
        raise WrongStage("The case has no number to void.")
    licence = session.exec(
        select(Licence)
        .where(col(Licence.series) == entry.series, col(Licence.year) == entry.year, col(Licence.seq) == entry.seq)
        .with_for_update()
    ).one()
    if licence.status not in ("intended", "valid"):
        raise WrongStage(f"The licence was already {licence.status}; its number stays with it.")
    return entry, licence


def _need_reason(reason: str) -> None:
    if len(reason.strip()) < MIN_REASON:
        raise InvalidInput("This act needs a reason.", faults=[Fault("/reason", "say why", "too_short")])
