"""Step 2, the officer's half: confirm that the berkas is complete, return it, or reject it with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from models.db import Database
from models.ports import Clock
from models.rules.errors import Fault, InvalidInput
from models.rules.numbering import jakarta_date
from models.rules.roles import FRONT_OFFICE, Actor, person_of, require_role
from models.rules.sop import Sop
from models.rules.stages import Command, decide
from models.services.casework import expect_version, lock_case, move, position_of
from models.services.check import rules_of
from models.services.inputs import ReturnItem
from models.services.messages import tell
from models.services.rule_changes import asked_anew, not_asked_any_more
from models.tables.cases import Application, CompletenessCheck, Deficiency, Verification


def verify(
    db: Database,
    clock: Clock,
    actor: Actor,
    application_id: UUID,
    version: int | None = None,
    overrides: Mapping[str, str] | None = None,
    note: str = "",
) -> int:
    """Declare the berkas complete and pin its rules. Returns the new version.

    What the machine held against it needs an override with a reason, keyed by requirement or check code.
    """
    now, overrides = clock.now(), dict(overrides or {})
    with db.transaction() as session:
        case = _for_decision(session, actor, application_id, version, Command.VERIFY)
        _refuse_unexplained(session, case, overrides, jakarta_date(now))
        _pin(session, case, now)
        _decide(session, case, actor, now, "complete", note, overrides)
        move(session, case, Command.VERIFY, actor, now, {"round": case.round, "overrides": sorted(overrides)})
        return case.version


def return_to_applicant(
    db: Database,
    clock: Clock,
    actor: Actor,
    application_id: UUID,
    items: Sequence[ReturnItem],
    version: int | None = None,
    note: str = "",
) -> int:
    """Give the berkas back with a reason per requirement; the office's clocks stop. Returns the new version."""
    now = clock.now()
    with db.transaction() as session:
        case = _for_decision(session, actor, application_id, version, Command.RETURN)
        _, sop = rules_of(session, case, jakarta_date(now))
        _refuse_unknown_reasons(sop, items)
        _decide(session, case, actor, now, "returned", note, {})
        for item in items:
            session.add(Deficiency(application_id=case.id, round=case.round, created_at=now, **item.model_dump()))
        codes = [item.requirement for item in items]
        move(session, case, Command.RETURN, actor, now, {"round": case.round, "requirements": codes})
        tell(session, case, "returned", now)
        return case.version


def reject(
    db: Database, clock: Clock, actor: Actor, application_id: UUID, reason: str, version: int | None = None
) -> int:
    """Refuse the application for good; the applicant gets the reason in a letter. Returns the new version."""
    now = clock.now()
    if len(reason.strip()) < 10:
        raise InvalidInput("A rejection needs a reason of at least ten characters.", faults=[_reason_fault()])
    with db.transaction() as session:
        case = _for_decision(session, actor, application_id, version, Command.REJECT)
        _decide(session, case, actor, now, "rejected", reason.strip(), {})
        move(session, case, Command.REJECT, actor, now)
        tell(session, case, "rejected", now)
        return case.version


def _reason_fault() -> Fault:
    return Fault("/reason", "say why, so that the applicant understands", "too_short")


def _for_decision(
    session: Session, actor: Actor, application_id: UUID, version: int | None, command: Command
) -> Application:
    require_role(actor, FRONT_OFFICE)
    case = lock_case(session, application_id)
    expect_version(case, version)
    decide(position_of(case), command)
    return case


def _refuse_unexplained(session: Session, case: Application, overrides: Mapping[str, str], today: date) -> None:
    check = session.get(CompletenessCheck, (case.id, case.round))
    if check is None:
        raise InvalidInput("The machine has not checked this round yet; wait for its answer.")
    against = _against(check, not_asked_any_more(session, case, today)) | asked_anew(session, case, today)
    faults = [
        Fault(f"/overrides/{code}", f"{message} Return the berkas, or override with at least five characters.")
        for code, message in against.items()
        if len(overrides.get(code, "").strip()) < 5
    ]
    # A key goes into the audit trail: nothing but a point of the check may be one.
    known = {*against, *(v["requirement"] for v in check.verdicts), *(c["code"] for c in check.cross_checks)}
    faults += [Fault(f"/overrides/{i}", "is no point of the check") for i, c in enumerate(overrides) if c not in known]
    if faults:
        raise InvalidInput("The check found the berkas not complete; each point needs a reason.", faults=faults)


def _against(check: CompletenessCheck, gone: frozenset[str]) -> dict[str, str]:
    verdicts = [v for v in check.verdicts if v["required"] and v["state"] != "ada" and v["requirement"] not in gone]
    missing = {v["requirement"]: " ".join(str(reason["message"]) for reason in v["reasons"]) for v in verdicts}
    return missing | {c["code"]: str(c["message"]) for c in check.cross_checks if c["grade"] == "problem"}


def _pin(session: Session, case: Application, now: datetime) -> None:
    if case.sop_id is not None:
        return
    sop_id, sop = rules_of(session, case, jakarta_date(now))
    case.sop_id = sop_id
    case.paraf_count = len(sop.initiallers)
    case.complete_at = now


def _decide(
    session: Session,
    case: Application,
    actor: Actor,
    now: datetime,
    decision: str,
    note: str,
    overrides: Mapping[str, str],
) -> None:
    session.add(
        Verification(
            application_id=case.id,
            round=case.round,
            revision=case.revision,
            decision=decision,
            officer_id=person_of(actor),
            note=note,
            overrides=dict(overrides),
            decided_at=now,
        )
    )
    session.flush()


def _refuse_unknown_reasons(sop: Sop, items: Sequence[ReturnItem]) -> None:
    if not items:
        raise InvalidInput("Say which requirement is missing or faulty.", faults=[Fault("/items", "is empty")])
    known = {reason.code for reason in sop.return_reasons}
    requirements = {requirement.code for requirement in sop.requirements} | {"data"}
    faults = [fault for i, item in enumerate(items) for fault in _item_faults(i, item, known, requirements)]
    if faults:
        raise InvalidInput("Some reasons can not be taken as they are.", faults=faults)


def _item_faults(index: int, item: ReturnItem, reasons: set[str], requirements: set[str]) -> list[Fault]:
    faults = []
    if item.requirement not in requirements:
        faults.append(Fault(f"/items/{index}/requirement", "is no requirement of this licence"))
    if item.reason and item.reason not in reasons:
        faults.append(Fault(f"/items/{index}/reason", "is not in the list of reasons; leave it empty and use note"))
    if not item.reason and not item.note:
        faults.append(Fault(f"/items/{index}", "needs a reason from the list or a note"))
    return faults
