"""Paper prints of blankos: KONSEP across each, and from the second on each says that it is a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import Session, func, select

from models.db import Database
from models.ports import Clock, ConceptPress, Vault
from models.rules.errors import NotFound, WrongStage
from models.rules.roles import BACK_OFFICE, Actor, person_of, require_role
from models.rules.stages import Stage
from models.services.casework import enqueue, lock_case, record
from models.services.side_job import run_job
from models.tables.backoffice import ConceptPrint
from models.tables.letters import Blanko

TASK: Final = "paraf.print_concept"
PRINTED_AT: Final = frozenset(
    {Stage.AWAITING_PARAF, Stage.APPLYING_PARAF, Stage.AWAITING_SIGNATURE, Stage.APPLYING_SIGNATURE}
)
"""Where the letter still is a draft; later the licence itself is what is printed."""


@dataclass(frozen=True, slots=True)
class ConceptDesk:
    """What printing a blanko needs of the world."""

    vault: Vault
    press: ConceptPress


def ask_for_print(db: Database, clock: Clock, actor: Actor, application_id: UUID) -> UUID:
    """Have the present blanko printed once more; returns the print's id. Back office alone."""
    now = clock.now()
    with db.transaction() as session:
        require_role(actor, BACK_OFFICE)
        case = lock_case(session, application_id)
        if Stage(case.stage) not in PRINTED_AT:
            raise WrongStage("There is no blanko to print at this stage.")
        row = ConceptPrint(
            application_id=case.id,
            revision=case.revision,
            copy_number=prints_of(session, case.id, case.revision) + 1,
            requested_by=person_of(actor),
            requested_at=now,
        )
        session.add(row)
        session.flush()
        record(session, "print_concept", at=now, case=case, actor=actor, detail={"copy": row.copy_number})
        enqueue(session, TASK, row.id, 1, now, priority=2)
        return row.id


def prints_of(session: Session, application_id: UUID, revision: int) -> int:
    """How often a revision was printed."""
    counted = select(func.count()).select_from(ConceptPrint)
    mine = counted.where(ConceptPrint.application_id == application_id, ConceptPrint.revision == revision)
    return int(session.exec(mine).one())


def make_print(db: Database, clock: Clock, desk: ConceptDesk, print_id: UUID, generation: int) -> bool:
    """Make and store one print."""
    return run_job(db, clock, TASK, print_id, generation, lambda: _make(db, clock, desk, print_id))


def _make(db: Database, clock: Clock, desk: ConceptDesk, print_id: UUID) -> None:
    with db.transaction() as session:
        row, blanko = _print(session, print_id)
    stored = desk.vault.put(desk.press.concept(desk.vault.get(blanko.sha256), row.copy_number))
    with db.transaction() as session:
        row, _ = _print(session, print_id)
        row.sha256, row.made_at = stored.sha256, clock.now()
        session.add(row)


def _print(session: Session, print_id: UUID) -> tuple[ConceptPrint, Blanko]:
    row = session.get(ConceptPrint, print_id)
    blanko = session.get(Blanko, (row.application_id, row.revision)) if row else None
    if row is None or blanko is None:
        raise NotFound("There is no such print.")
    return row, blanko
