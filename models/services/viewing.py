"""Who looked at personal papers: an event once in a while for each person and case, not one a click."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from models.db import Database
from models.ports import Clock, NikCipher
from models.rules.roles import FRONT_OFFICE, Actor, person_of, require_role
from models.services.casework import holder_of, read_case, record
from models.tables.cases import Event

ONE_LOOK = timedelta(minutes=30)
"""Paging to and fro in this time is one look."""


def note_view(db: Database, clock: Clock, actor: Actor, application_id: UUID) -> None:
    """Record that the actor looked at the papers, unless he just did."""
    now, person_id = clock.now(), person_of(actor)
    with db.transaction() as session:
        just = session.exec(
            select(Event.id)
            .where(
                Event.application_id == application_id, Event.kind == "viewed_documents", Event.actor_id == person_id
            )
            .where(col(Event.at) > now - ONE_LOOK)
            .limit(1)
        ).first()
        if just is None:
            case = read_case(session, application_id)
            record(session, "viewed_documents", at=now, case=case, actor=actor)


def reveal_nik(db: Database, clock: Clock, cipher: NikCipher, actor: Actor, application_id: UUID) -> str:
    """The NIK in full, for the front office alone; each look is recorded before it is given."""
    require_role(actor, FRONT_OFFICE)
    with db.transaction() as session:
        case = read_case(session, application_id)
        sealed = holder_of(session, application_id).nik_sealed
        record(session, "viewed_nik", at=clock.now(), case=case, actor=actor)
    return cipher.open(sealed)
