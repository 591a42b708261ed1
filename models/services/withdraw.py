"""The applicant takes his application back, or it lapses because he never mended it."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlmodel import select

from models.db import Database, DatabaseAway
from models.ports import Clock
from models.rules.errors import ParafError
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor, require_owner_or_staff
from models.rules.stages import Command, Stage
from models.rules.working_time import Calendar
from models.services.casework import SYSTEM, expect_version, lock_case, move
from models.services.check import rules_of
from models.services.messages import tell
from models.tables.cases import Application

log = structlog.get_logger()


def withdraw(db: Database, clock: Clock, actor: Actor, application_id: UUID, version: int | None = None) -> int:
    """End an application at the applicant's wish, while no blanko exists. Returns the new version."""
    with db.transaction() as session:
        case = lock_case(session, application_id)
        require_owner_or_staff(actor, case.id, case.applicant_id)
        expect_version(case, version)
        move(session, case, Command.WITHDRAW, actor, clock.now())
        return case.version


def lapse_overdue(db: Database, clock: Clock, calendar: Calendar) -> int:
    """Lapse every berkas that was not mended within the SOP's working days; returns how many. Safe to repeat."""
    with db.transaction() as session:
        ids = list(session.exec(select(Application.id).where(Application.stage == Stage.RETURNED)))
    return sum(_lapse_alone(db, clock, calendar, application_id) for application_id in ids)


def _lapse_alone(db: Database, clock: Clock, calendar: Calendar, application_id: UUID) -> bool:
    try:
        return _lapse_if_due(db, clock, calendar, application_id)
    except DatabaseAway:
        raise
    except ParafError as error:
        # One odd case must not keep all others from lapsing.
        log.error("lapse_failed", case=str(application_id), error=str(error))
        return False


def _lapse_if_due(db: Database, clock: Clock, calendar: Calendar, application_id: UUID) -> bool:
    now = clock.now()
    with db.transaction() as session:
        case = lock_case(session, application_id)
        if case.stage != Stage.RETURNED:
            return False
        _, sop = rules_of(session, case, jakarta_date(now))
        last_day = calendar.add_working_days(jakarta_date(case.stage_since), sop.correction_working_days)
        if jakarta_date(now) <= last_day:
            return False
        move(session, case, Command.LAPSE, SYSTEM, now, {"round": case.round})
        tell(session, case, "lapsed", now)
        return True
