"""One application with all that belongs to it, in a bounded number of queries."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from api.shapes import (
    ApplicationDetail,
    BlankoShape,
    CheckShape,
    DeficiencyShape,
    DocumentShape,
    EndorsementShape,
    HandOverShape,
    HolderShape,
    LicenceShape,
    RuleChangeShape,
)
from api.views.inbox import summary
from api.views.turns import all_sops
from models.rules.roles import Actor
from models.services.check import current_documents
from models.services.rule_changes import rule_changes
from models.tables.cases import Application, CompletenessCheck, Deficiency, Document, HolderData
from models.tables.letters import Blanko, Endorsement, HandOver, Letter, Licence, RegisterEntry
from models.tables.people import Person


def detail(session: Session, case: Application, actor: Actor, today: date) -> ApplicationDetail:
    """The whole case; what the office alone needs (why it was set aside, the blanko's hash) staff alone see."""
    holder = session.get(HolderData, case.id)
    # Before the first submission nothing was judged, and before the rules are pinned there is no letter.
    submitted, pinned = case.round > 0, case.sop_id is not None
    blanko = session.get(Blanko, (case.id, case.revision)) if actor.is_staff and pinned else None
    line = summary(case, holder, blanko.sha256 if blanko else "", all_sops(session))
    return ApplicationDetail(
        **line.model_dump(),
        created_at=case.created_at,
        complete_at=case.complete_at,
        set_aside_reason=case.quarantine_reason if actor.is_staff else "",
        holder=_holder(holder) if holder else None,
        documents=[document(row) for row in current_documents(session, case.id)],
        check=_check(session, case) if submitted else None,
        deficiencies=_deficiencies(session, case.id) if submitted else [],
        rule_changes=_rule_changes(session, case, today) if holder and submitted else [],
        blanko=_blanko(blanko) if blanko else None,
        endorsements=_endorsements(session, case.id) if pinned else [],
        licence=_licence(session, case.id) if pinned else None,
        hand_over=_hand_over(session, case.id) if pinned else None,
    )


def _holder(row: HolderData) -> HolderShape:
    kept = {"application_id", "nik_sealed", "nik_blind", "nik_tail", "conditions"}
    values = row.model_dump(exclude=kept)
    represented = "represented" in row.conditions
    return HolderShape(**values, nik=f"{'*' * 12}{row.nik_tail}", represented=represented)


def document(row: Document) -> DocumentShape:
    """A file of the berkas."""
    hidden = {"application_id", "replaced_at", "clean_sha256", "clean_media_type", "inspected_at"}
    return DocumentShape(**row.model_dump(exclude=hidden), has_clean_copy=row.clean_sha256 != "")


def _check(session: Session, case: Application) -> CheckShape | None:
    row = session.exec(
        select(CompletenessCheck)
        .where(CompletenessCheck.application_id == case.id)
        .order_by(col(CompletenessCheck.round).desc())
        .limit(1)
    ).first()
    return CheckShape.model_validate(row.model_dump(exclude={"application_id", "sop_id"})) if row else None


def _deficiencies(session: Session, case_id: UUID) -> list[DeficiencyShape]:
    rows = session.exec(
        select(Deficiency)
        .where(Deficiency.application_id == case_id)
        .order_by(col(Deficiency.created_at), col(Deficiency.id))
    )
    return [DeficiencyShape(**row.model_dump(exclude={"id", "application_id"})) for row in rows]


def _rule_changes(session: Session, case: Application, today: date) -> list[RuleChangeShape]:
    """Until the berkas is complete the rules of the day hold; what they ask otherwise than at the last check."""
    return [RuleChangeShape(**asdict(change)) for change in rule_changes(session, case, today)]


def _blanko(row: Blanko) -> BlankoShape:
    return BlankoShape(revision=row.revision, sha256=row.sha256, size=row.size, made_at=row.made_at)


def _endorsements(session: Session, case_id: UUID) -> list[EndorsementShape]:
    on_letter = (
        (col(Letter.application_id) == col(Endorsement.application_id))
        & (col(Letter.revision) == col(Endorsement.revision))
        & (col(Letter.ordinal) == col(Endorsement.ordinal))
    )
    rows = session.exec(
        select(Endorsement, Person.name, Letter.sha256)
        .join(Person, col(Person.id) == col(Endorsement.person_id))
        .outerjoin(Letter, on_letter)
        .where(Endorsement.application_id == case_id)
        .order_by(col(Endorsement.revision), col(Endorsement.ordinal))
    )
    return [_endorsement(row, name, sha256 is not None) for row, name, sha256 in rows]


def _endorsement(row: Endorsement, name: str, applied: bool) -> EndorsementShape:
    kept: dict[str, Any] = row.model_dump(include={"revision", "ordinal", "kind", "role", "acted_at"})
    return EndorsementShape(**kept, name=name, applied=applied)


def _licence(session: Session, case_id: UUID) -> LicenceShape | None:
    """The newest licence of the case."""
    same = (
        (col(Licence.series) == col(RegisterEntry.series))
        & (col(Licence.year) == col(RegisterEntry.year))
        & (col(Licence.seq) == col(RegisterEntry.seq))
    )
    found = session.exec(
        select(Licence, RegisterEntry)
        .join(RegisterEntry, same)
        .where(Licence.application_id == case_id)
        .order_by(col(Licence.revision).desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    licence, entry = found
    hidden = {"application_id", "series", "year", "seq", "intended_at", "status_at", "code"}
    return LicenceShape(**licence.model_dump(exclude=hidden), number=entry.number, signed_on=entry.signed_on)


def _hand_over(session: Session, case_id: UUID) -> HandOverShape | None:
    row = session.exec(select(HandOver).where(HandOver.application_id == case_id)).one_or_none()
    include = {"receiver", "relation", "identity", "handed_over_at"}
    return HandOverShape(**row.model_dump(include=include)) if row else None
