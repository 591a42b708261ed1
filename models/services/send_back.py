"""An official sends the blanko back with a reason; the back office amends; a new revision starts from no paraf."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from models.db import Database
from models.ports import Clock
from models.rules.errors import Fault, Forbidden, InvalidInput
from models.rules.numbering import jakarta_date
from models.rules.roles import BACK_OFFICE, Actor, person_of, require_role
from models.rules.stages import Command, Stage, decide
from models.services.casework import expect_version, holder_of, lock_case, move, position_of
from models.services.definitions import pinned_sop
from models.services.inputs import Amendment
from models.services.people import post_held_by
from models.tables.letters import SentBack

Target = Literal["blanko", "verification"]
_COMMANDS: dict[str, Command] = {"blanko": Command.SEND_BACK, "verification": Command.SEND_BACK_TO_VERIFY}
MIN_REASON = 5


def send_back(
    db: Database,
    clock: Clock,
    actor: Actor,
    application_id: UUID,
    reason: str,
    target: Target = "blanko",
    version: int | None = None,
) -> int:
    """Send the letter back to the back office, or to the front office's check. Returns the new version.

    Only the official whose turn it is may do it; parafs of the old revision stay on record and count no more.
    """
    if len(reason.strip()) < MIN_REASON:
        raise InvalidInput("Sending back needs a reason.", faults=[Fault("/reason", "say what is wrong", "too_short")])
    now = clock.now()
    with db.transaction() as session:
        case = lock_case(session, application_id)
        expect_version(case, version)
        decide(position_of(case), _COMMANDS[target])
        if case.sop_id is None:
            raise InvalidInput("The case has no pinned definition.")
        sop = pinned_sop(session, case.sop_id)
        signing = case.stage == Stage.AWAITING_SIGNATURE
        role = sop.signatory if signing else sop.initiallers[case.paraf_next - 1]
        if post_held_by(session, person_of(actor), role, jakarta_date(now)) is None:
            raise Forbidden(f"It is the turn of {sop.role_title(role)}; only who holds that post may send it back.")
        session.add(
            SentBack(
                application_id=case.id,
                revision=case.revision,
                person_id=person_of(actor),
                target=target,
                reason=reason.strip()[:500],
                sent_at=now,
            )
        )
        detail = {"target": target, "from_revision": case.revision}
        move(session, case, _COMMANDS[target], actor, now, detail)
        return case.version


def amend(
    db: Database, clock: Clock, actor: Actor, application_id: UUID, changes: Amendment, version: int | None = None
) -> int:
    """Correct what the letter says and let the next blanko be made. Returns the new version."""
    now = clock.now()
    with db.transaction() as session:
        require_role(actor, BACK_OFFICE)
        case = lock_case(session, application_id)
        expect_version(case, version)
        decide(position_of(case), Command.AMEND)
        values = changes.model_dump(exclude_unset=True)
        holder = holder_of(session, case.id)
        for name, value in values.items():
            setattr(holder, name, value)
        session.add(holder)
        session.flush()
        move(session, case, Command.AMEND, actor, now, {"changed": sorted(values)})
        return case.version
