"""Who works on a case just now: a claim keeps a second pair of hands off it and ends by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import AlreadyDone, WrongStage
from models.rules.roles import BACK_OFFICE, FRONT_OFFICE, Actor, person_of, require_role
from models.rules.stages import Stage
from models.services.casework import read_case
from models.tables.desks import Claim
from models.tables.people import Person

LASTS = timedelta(minutes=15)
"""From the last time that its holder looked at the case."""

CLERKS: dict[Stage, str] = {
    Stage.VERIFYING: FRONT_OFFICE,
    Stage.AMENDING: BACK_OFFICE,
    Stage.READY: FRONT_OFFICE,
}
"""Stages in which several people may do the same work, and the role that they share."""


def claim(db: Database, clock: Clock, actor: Actor, application_id: UUID) -> datetime:
    """Take the case, or hold it longer; returns when the claim ends.

    Raises WrongStage where nothing is claimed, Forbidden for other roles, AlreadyDone while somebody else holds it.
    """
    now, person_id = clock.now(), person_of(actor)
    with db.transaction() as session:
        case = read_case(session, application_id)
        role = CLERKS.get(Stage(case.stage))
        if role is None:
            raise WrongStage("Nobody claims a case at this stage.")
        require_role(actor, role)
        if not _take(session, application_id, person_id, now):
            raise AlreadyDone("Somebody else works on this case; take another one, or wait until the claim ends.")
    return now + LASTS


def _take(session: Session, application_id: UUID, person_id: UUID, now: datetime) -> bool:
    values = {"person_id": person_id, "claimed_at": now, "expires_at": now + LASTS}
    free = or_(col(Claim.expires_at) <= now, col(Claim.person_id) == person_id)
    statement = (
        insert(Claim)
        .values(application_id=application_id, **values)
        .on_conflict_do_update(index_elements=["application_id"], set_=values, where=free)
        .returning(col(Claim.application_id))
    )
    return session.execute(statement).first() is not None


def release(db: Database, actor: Actor, application_ids: Iterable[UUID]) -> None:
    """Let go of cases; those that the actor does not hold stay as they are."""
    ids = list(application_ids)
    with db.transaction() as session:
        session.execute(
            delete(Claim).where(col(Claim.application_id).in_(ids), col(Claim.person_id) == person_of(actor))
        )


def held_by_another(session: Session, application_id: UUID, actor: Actor, now: datetime) -> tuple[str, datetime] | None:
    """Name of somebody else who holds the case, and until when; None when the way is free."""
    return session.exec(
        select(Person.name, Claim.expires_at)
        .join(Claim, col(Claim.person_id) == col(Person.id))
        .where(Claim.application_id == application_id, Claim.expires_at > now)
        .where(col(Claim.person_id) != actor.person_id)
    ).first()
