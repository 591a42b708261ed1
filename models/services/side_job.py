"""How work runs that is no stage of a case: a message, a receipt, a look at one document.

Its outbox row is all there is: delivered twice, late or in the middle of a crash, it has one effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session

from models.db import Database, DatabaseAway
from models.ports import Clock
from models.rules.errors import ParafError, TemporaryFailure
from models.services.casework import open_work, record
from models.services.machine import MAX_ATTEMPTS
from models.services.tracing import TRACEPARENT
from models.tables.work import Outbox

PAUSES = (10, 60, 300, 1800)
"""Seconds before the next attempt: a mail server that is away is away for minutes, not for seconds."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Job:
    task: str
    subject_id: UUID
    generation: int

    def rows(self, session: Session) -> list[Outbox]:
        return open_work(session, self.task, self.subject_id, self.generation)


def run_job(db: Database, clock: Clock, task: str, subject_id: UUID, generation: int, work: Callable[[], None]) -> bool:
    """Run `work` if its outbox row is still open; True when it was run to its end.

    A temporary failure is tried again later, at most five times in all; a permanent one ends the job with its
    error kept. A bug is tried again and raised. `work` must bear being run twice.
    """
    job = _Job(task, subject_id, generation)
    if not _begin(db, clock, job):
        return False
    try:
        work()
    except DatabaseAway:
        raise
    except TemporaryFailure as error:
        _postpone(db, clock, job, str(error))
        return False
    except ParafError as error:
        _end(db, clock, job, f"{error.code}: {error}")
        return False
    except Exception as error:
        _postpone(db, clock, job, f"{type(error).__name__} in {task}")
        raise
    _end(db, clock, job, "")
    return True


def _begin(db: Database, clock: Clock, job: _Job) -> bool:
    """Count the attempt before the work, so that a crash counts too."""
    with db.transaction() as session:
        rows = job.rows(session)
        if not rows:
            return False
        for row in rows:
            row.attempts += 1
            session.add(row)
        TRACEPARENT.set(rows[0].trace)
        if max(row.attempts for row in rows) > MAX_ATTEMPTS:
            _give_up(session, clock.now(), job, rows, rows[0].error or "it crashed")
            return False
        return True


def _postpone(db: Database, clock: Clock, job: _Job, error: str) -> None:
    with db.transaction() as session:
        rows, now = job.rows(session), clock.now()
        if rows and max(row.attempts for row in rows) >= MAX_ATTEMPTS:
            _give_up(session, now, job, rows, error)
            return
        for row in rows:
            row.due_at = now + timedelta(seconds=PAUSES[min(max(row.attempts, 1), len(PAUSES)) - 1])
            row.sent_at = None
            row.error = error[:500]
            session.add(row)
    log.warning("job_postponed", task=job.task, subject=str(job.subject_id), error=error)


def _end(db: Database, clock: Clock, job: _Job, error: str) -> None:
    with db.transaction() as session:
        rows = job.rows(session)
        if error and rows:
            _give_up(session, clock.now(), job, rows, error)
        else:
            _done(session, clock.now(), rows, error)


def _give_up(session: Session, now: datetime, job: _Job, rows: list[Outbox], error: str) -> None:
    _done(session, now, rows, error)
    # The error's words may name an address: they stay in the outbox row, outside the chain of events.
    detail = {"task": job.task, "subject": str(job.subject_id), "attempts": max(row.attempts for row in rows)}
    record(session, "side_job_given_up", at=now, detail=detail)
    log.error("job_given_up", task=job.task, subject=str(job.subject_id), error=error)


def _done(session: Session, now: datetime, rows: list[Outbox], error: str) -> None:
    for row in rows:
        row.done_at = now
        row.error = error[:500]
        session.add(row)
