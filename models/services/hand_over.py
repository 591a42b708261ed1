"""Step 9: the applicant, or who may act for him, receives the licence."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import select

from models.db import Database
from models.ports import Clock
from models.rules.errors import Fault, InvalidInput, WrongStage
from models.rules.roles import FRONT_OFFICE, Actor, person_of, require_role
from models.rules.stages import Command, decide
from models.services.casework import expect_version, lock_case, move, position_of
from models.services.inputs import HandOverInput
from models.tables.letters import HandOver, Licence


def hand_over(
    db: Database,
    clock: Clock,
    actor: Actor,
    application_id: UUID,
    taken: HandOverInput,
    version: int | None = None,
    proof_sha256: str = "",
) -> int:
    """Record who took the licence and what was seen of him; closes the register's line. Returns the new version.

    `proof_sha256` names the receiver's signature on screen in the vault, when he gave one.
    """
    now = clock.now()
    if taken.relation == "kuasa" and taken.identity != "surat_kuasa_dan_ktp":
        fault = Fault("/identity", "a representative shows a power of attorney and a KTP: surat_kuasa_dan_ktp")
        raise InvalidInput("A representative needs a power of attorney; ask for it and a KTP.", faults=[fault])
    with db.transaction() as session:
        require_role(actor, FRONT_OFFICE)
        case = lock_case(session, application_id)
        expect_version(case, version)
        decide(position_of(case), Command.HAND_OVER)
        licence = session.exec(
            select(Licence).where(Licence.application_id == case.id, Licence.status == "valid")
        ).one_or_none()
        if licence is None:
            raise WrongStage("The case has no valid licence to hand over.")
        # A clock that was set back must not put the hand-over before the issue.
        now = max(now, licence.issued_at or now)
        session.add(
            HandOver(
                licence_id=licence.id,
                application_id=case.id,
                officer_id=person_of(actor),
                handed_over_at=now,
                proof_sha256=proof_sha256,
                **taken.model_dump(),
            )
        )
        session.flush()
        move(session, case, Command.HAND_OVER, actor, now, {"relation": taken.relation, "identity": taken.identity})
        return case.version
