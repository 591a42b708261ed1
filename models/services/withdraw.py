"""The applicant takes his application back, or it lapses because he never mended it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlmodel import Session, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import ParafError
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor, Verb, require_owner_or_staff, require_scope
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
        require_owner_or_staff(actor, case.id, case.applicant_id, case.client_id)
        require_scope(actor, Verb.WRITE, case.licence_code)
        expect_version(case, version)
        move(session, case, Command.WITHDRAW, actor, clock.now())
        return case.version


def lapse_overdue(db: Database, clock: Clock, calendar: Calendar) -> int:
    """Lapse every berkas that was not mended within the SOP's working days; returns how many. Safe to repeat."""
    with db.transaction() as session:
        # Read without locks: most are not due, and this runs every few seconds.
        waiting = session.exec(select(Application).where(Application.stage == Stage.RETURNED)).all()
        due = _Due(session, calendar, clock.now())
        ids = [case.id for case in waiting if due.holds(case)]
    return sum(_lapse_if_due(db, clock, calendar, application_id) for application_id in ids)


class _Due:
    """Whether a correction is overdue; the rules of many cases are read once."""

    def __init__(self, session: Session, calendar: Calendar, now: datetime) -> None:
        self._session, self._calendar, self._today = session, calendar, jakarta_date(now)
        self._days: dict[object, int] = {}

    def holds(self, case: Application) -> bool:
        try:
            return self._today > self._calendar.add_working_days(jakarta_date(case.stage_since), self._allowed(case))
        except ParafError as error:
            # One odd case must not keep all others from lapsing.
            log.error("lapse_failed", case=str(case.id), error=str(error))
            return False

    def _allowed(self, case: Application) -> int:
        rules = case.sop_id or case.licence_code
        if rules not in self._days:
            self._days[rules] = rules_of(self._session, case, self._today)[1].correction_working_days
        return self._days[rules]


def _lapse_if_due(db: Database, clock: Clock, calendar: Calendar, application_id: UUID) -> bool:
    now = clock.now()
    with db.transaction() as session:
        case = lock_case(session, application_id)
        if case.stage != Stage.RETURNED or not _Due(session, calendar, now).holds(case):
            return False
        move(session, case, Command.LAPSE, SYSTEM, now, {"round": case.round})
        tell(session, case, "lapsed", now)
        return True
