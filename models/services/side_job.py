"""How work runs that is no stage of a case: a message, a receipt, a look at one document.

Its outbox row is all there is: delivered twice, late or in the middle of a crash, it has one effect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session

from models.crash_points import crash_point
from models.db import Database, DatabaseAway
from models.ports import Clock
from models.rules.errors import ParafError, TemporaryFailure
from models.services.casework import Work, count_attempt, end_work, open_work, record
from models.services.machine import MAX_ATTEMPTS
from models.services.tracing import follow
from models.tables.work import Outbox

PAUSES = (10, 60, 300, 1800)
"""Seconds before the next attempt: a mail server that is away is away for minutes, not for seconds."""

log = structlog.get_logger()


def run_job(
    db: Database, clock: Clock, task: str, subject_id: UUID, generation: int, work: Callable[[], bool | None]
) -> bool:
    """Run `work` if its outbox row is still open; True when it was run to its end.

    A temporary failure is tried again later, at most five times in all; a permanent one ends the job with its
    error kept. A bug is tried again and raised. `work` must bear being run twice; it returns True when it marked its
    outbox row as done itself, in the transaction of its effect (`end_work`).
    """
    job = Work(task, subject_id, generation)
    if not _begin(db, clock, job):
        return False
    crash_point("job.begin.after_commit", task)
    try:
        ended = work()
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
    if not ended:
        _end(db, clock, job, "")
    return True


def _begin(db: Database, clock: Clock, job: Work) -> bool:
    """Count the attempt before the work, so that a crash counts too."""
    with db.transaction() as session:
        attempt = count_attempt(session, job)
        if attempt is None:
            return False
        follow(attempt.trace)
        if attempt.number > MAX_ATTEMPTS:
            _give_up(session, clock.now(), job, _rows(session, job), attempt.error or "it crashed")
            return False
        crash_point("job.begin.before_commit", job.task)
        return True


def _postpone(db: Database, clock: Clock, job: Work, error: str) -> None:
    with db.transaction() as session:
        rows, now = _rows(session, job), clock.now()
        if rows and max(row.attempts for row in rows) >= MAX_ATTEMPTS:
            _give_up(session, now, job, rows, error)
            return
        for row in rows:
            row.due_at = now + timedelta(seconds=PAUSES[min(max(row.attempts, 1), len(PAUSES)) - 1])
            row.sent_at = None
            row.error = error[:500]
            session.add(row)
        session.flush()
        crash_point("job.postpone.before_commit", job.task)
    crash_point("job.postpone.after_commit", job.task)
    log.warning("job_postponed", task=job.task, subject=str(job.subject_id), error=error)


def _end(db: Database, clock: Clock, job: Work, error: str) -> None:
    with db.transaction() as session:
        rows = _rows(session, job) if error else []
        if rows:
            _give_up(session, clock.now(), job, rows, error)
        else:
            end_work(session, job, clock.now(), error)
        crash_point("job.end.before_commit", job.task)
    crash_point("job.end.after_commit", job.task)


def _rows(session: Session, job: Work) -> list[Outbox]:
    return open_work(session, job.task, job.subject_id, job.generation)


def _give_up(session: Session, now: datetime, job: Work, rows: list[Outbox], error: str) -> None:
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
