"""Whose turn it is: by stage, and by the case's own SOP for the officials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_
from sqlmodel import Session, col, select

from models.rules.roles import APPLICANT, BACK_OFFICE, FRONT_OFFICE, Actor
from models.rules.sop import Sop
from models.rules.stages import Stage
from models.services.definitions import pinned_sop
from models.tables.cases import Application
from models.tables.definitions import SopVersion
from models.tables.letters import Endorsement

TURNS: dict[Stage, str] = {
    Stage.DRAFT: APPLICANT,
    Stage.RETURNED: APPLICANT,
    Stage.LAPSED: APPLICANT,
    Stage.VERIFYING: FRONT_OFFICE,
    Stage.READY: FRONT_OFFICE,
    Stage.AMENDING: BACK_OFFICE,
}
Sops = Mapping[UUID, Sop]


def all_sops(session: Session) -> dict[UUID, Sop]:
    """Every stored version, the first loaded first; there are few, and each is read once by a process."""
    ids = session.exec(select(SopVersion.id).order_by(col(SopVersion.loaded_at), col(SopVersion.id))).all()
    return {sop_id: pinned_sop(session, sop_id) for sop_id in ids}


def waiting_for(case: Application, sops: Sops) -> str:
    """The role whose turn it is, "" while a machine works or at the end."""
    if case.quarantined_at is not None:
        return ""
    sop = sops.get(case.sop_id) if case.sop_id else None
    if sop is not None and case.stage == Stage.AWAITING_PARAF and case.paraf_next <= len(sop.initiallers):
        return sop.initiallers[case.paraf_next - 1]
    if sop is not None and case.stage == Stage.AWAITING_SIGNATURE:
        return sop.signatory
    return TURNS.get(Stage(case.stage), "")


def my_turn(actor: Actor, sops: Sops) -> ColumnElement[bool]:
    """SQL condition: the case waits for a role that the actor holds, and he has not acted on this revision."""
    stages = [stage.value for stage, role in TURNS.items() if role in actor.roles and role != APPLICANT]
    turns: list[ColumnElement[bool]] = [col(Application.stage).in_(stages)] if stages else []
    official = [turn for sop_id, sop in sops.items() for turn in officials_turns(actor, sop_id, sop)]
    # Whether he has acted is asked of officials' letters alone: it is a look into another table for each.
    turns += [and_(or_(*official), ~_acted(actor))] if official else []
    if not actor.is_staff:
        turns.append(col(Application.stage).in_([stage.value for stage, role in TURNS.items() if role == APPLICANT]))
    return and_(or_(false(), *turns), col(Application.quarantined_at).is_(None))


def officials_turns(actor: Actor, sop_id: UUID, sop: Sop) -> Iterable[ColumnElement[bool]]:
    """SQL conditions: a case of this SOP waits for a paraf or signature of a post that the actor holds."""
    mine: Any = col(Application.sop_id) == sop_id
    ordinals = [place for place, role in enumerate(sop.initiallers, 1) if role in actor.roles]
    if ordinals:
        paraf = col(Application.stage) == Stage.AWAITING_PARAF.value
        yield and_(mine, paraf, col(Application.paraf_next).in_(ordinals))
    if sop.signatory in actor.roles:
        yield and_(mine, col(Application.stage) == Stage.AWAITING_SIGNATURE.value)


def _acted(actor: Actor) -> ColumnElement[bool]:
    return exists().where(
        col(Endorsement.application_id) == col(Application.id),
        col(Endorsement.revision) == col(Application.revision),
        col(Endorsement.person_id) == actor.person_id,
    )
