"""The sweeper: reads stages, not errors, and gives work that got lost back to the outbox. Safe to run at any time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection, delete, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.crash_points import crash_point
from models.db import Database, DatabaseAway, changed_rows
from models.ports import Clock
from models.rules.errors import ParafError
from models.rules.stages import TASKS, Stage
from models.rules.working_time import Calendar
from models.services.casework import enqueue, lock_case, record
from models.services.endorse import waits_for_person, wipe
from models.services.heartbeat import beat
from models.services.tell_official import note_pile_done
from models.services.withdraw import lapse_overdue
from models.tables.cases import Application
from models.tables.letters import Pile
from models.tables.work import Outbox

HEARTBEAT = "sweep"
KEEP_DONE = timedelta(days=14)
"""How long finished outbox rows stay, for whoever asks why something was slow."""

_LOCK = 0x5357454550  # "SWEEP"
_PRUNED_AT_ONCE = 5000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did; `ran` is False when another one was at it."""

    ran: bool = True
    requeued: int = 0
    waiting: int = 0
    lapsed: int = 0
    wiped: int = 0
    pruned: int = 0


def sweep(db: Database, clock: Clock, calendar: Calendar) -> SweepReport:
    """One pass over all machine stages, secrets, returned berkas and old work.

    `waiting` counts cases that only a person's passphrase can take on: they are left alone.
    """
    with _alone(db) as mine:
        if not mine:
            return SweepReport(ran=False)
        wiped = _wipe_expired(db, clock)
        requeued, waiting = _requeue_lost(db, clock)
        lapsed = lapse_overdue(db, clock, calendar)
        report = SweepReport(True, requeued, waiting, lapsed, wiped, _prune(db, clock.now() - KEEP_DONE))
        beat(db, clock, HEARTBEAT, " ".join(f"{name}={value}" for name, value in asdict(report).items()))
        return report


@contextmanager
def _alone(db: Database) -> Iterator[bool]:
    """Whether this is the only sweep now. The lock is the session's, so that no transaction stays open for it."""
    try:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mine = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar_one())
            try:
                yield mine
            finally:
                if mine:
                    _unlock(connection)
    except OperationalError as error:
        raise DatabaseAway("The database can not be reached; the next sweep will do it.") from error


def _unlock(connection: Connection) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    except DBAPIError:
        # Never back to the pool with the lock on it: with the connection goes the lock.
        connection.invalidate()
        raise


def _requeue_lost(db: Database, clock: Clock) -> tuple[int, int]:
    answers = [_requeue_alone(db, clock, case_id) for case_id in _without_work(db)]
    return answers.count("requeued"), answers.count("waiting")


def _without_work(db: Database) -> list[UUID]:
    with db.transaction() as session:
        return list(session.exec(_lost().order_by(col(Application.stage_since))))


def _lost() -> SelectOfScalar[UUID]:
    """Cases in a machine stage, not set aside, whose present version has no undone work; however old they are."""
    open_row = (
        select(Outbox.id)
        .where(Outbox.subject_id == Application.id, Outbox.generation == Application.version)
        .where(col(Outbox.done_at).is_(None), col(Outbox.task).in_(list(TASKS.values())))
    )
    return (
        select(Application.id)
        .where(col(Application.stage).in_([stage.value for stage in TASKS]))
        .where(col(Application.quarantined_at).is_(None), ~open_row.exists())
    )


def _requeue_alone(db: Database, clock: Clock, case_id: UUID) -> str:
    try:
        with db.transaction() as session:
            answer = _requeue(session, case_id, clock.now())
            crash_point("sweep.requeue.before_commit")
        crash_point("sweep.requeue.after_commit")
        return answer
    except DatabaseAway:
        raise
    except ParafError as error:
        # One odd case must not keep all others from going on.
        log.error("requeue_failed", case=str(case_id), error=str(error))
        return "failed"


def _requeue(session: Session, case_id: UUID, now: datetime) -> str:
    case = lock_case(session, case_id)
    # Read, not locked: workers lock outbox rows before the case, and rows come only under the case's lock.
    if session.exec(_lost().where(Application.id == case_id)).first() is None:
        return "moved"
    task = TASKS[Stage(case.stage)]
    if waits_for_person(session, case, now):
        return "waiting"
    enqueue(session, task, case.id, case.version, now, priority=case.priority)
    record(session, "requeued", at=now, case=case, detail={"task": task})
    log.warning("work_was_lost", task=task, case=str(case.id))
    return "requeued"


def _wipe_expired(db: Database, clock: Clock) -> int:
    now = clock.now()
    with db.transaction() as session:
        rows = session.exec(
            select(Pile)
            .where(col(Pile.secret).is_not(None), Pile.expires_at <= now)
            .order_by(col(Pile.id))
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        for pile in rows:
            wipe(session, pile, now)
            note_pile_done(session, pile, now)
        session.flush()
        crash_point("sweep.wipe.before_commit")
    crash_point("sweep.wipe.after_commit")
    return len(rows)


def _prune(db: Database, before: datetime) -> int:
    # The oldest rows alone are looked at: a sweep stays as short as the outbox is long.
    oldest = select(col(Outbox.id)).order_by(col(Outbox.id)).limit(_PRUNED_AT_ONCE).subquery()
    with db.transaction() as session:
        done = delete(Outbox).where(col(Outbox.id).in_(select(oldest.c.id)), col(Outbox.done_at) < before)
        return changed_rows(session, done)
