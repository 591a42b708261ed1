"""An official puts a letter off: it leaves his pile until a day, with the case's clock running on."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from models.db import Database
from models.ports import Clock
from models.rules.errors import Fault, Forbidden, InvalidInput, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor, person_of
from models.rules.stages import Stage
from models.services.casework import expect_version, lock_case, record
from models.services.definitions import pinned_sop
from models.services.people import post_held_by
from models.tables.desks import PutOff

LONGEST = timedelta(days=30)
_WAITING = (Stage.AWAITING_PARAF, Stage.AWAITING_SIGNATURE)


def put_off(
    db: Database,
    clock: Clock,
    actor: Actor,
    application_id: UUID,
    until: date,
    reason: str = "",
    version: int | None = None,
) -> None:
    """Leave the letter until the day `until`; only the official whose turn it is may, at most 30 days ahead."""
    now, person_id = clock.now(), person_of(actor)
    _refuse_odd_day(until, jakarta_date(now))
    with db.transaction() as session:
        case = lock_case(session, application_id)
        expect_version(case, version)
        if case.stage not in _WAITING or case.sop_id is None:
            raise WrongStage("Only a letter that waits for a paraf or a signature can be put off.")
        sop = pinned_sop(session, case.sop_id)
        signing = case.stage == Stage.AWAITING_SIGNATURE
        role = sop.signatory if signing else sop.initiallers[case.paraf_next - 1]
        if post_held_by(session, person_id, role, jakarta_date(now)) is None:
            raise Forbidden(f"It is the turn of {sop.role_title(role)}; only who holds that post may put it off.")
        values = {"until": until, "reason": reason.strip()[:500], "made_at": now}
        session.execute(
            insert(PutOff)
            .values(application_id=case.id, revision=case.revision, person_id=person_id, **values)
            .on_conflict_do_update(index_elements=["application_id", "revision", "person_id"], set_=values)
        )
        record(session, "put_off", at=now, case=case, actor=actor, detail={"until": until.isoformat()})


def _refuse_odd_day(until: date, today: date) -> None:
    if not today < until <= today + LONGEST:
        raise InvalidInput(
            "A letter can be put off until a later day, 30 days ahead at most.",
            faults=[Fault("/until", "Pilih hari sesudah hari ini, paling lama 30 hari lagi.", "date_range")],
        )
